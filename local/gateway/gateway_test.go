package gateway_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"daemun/local/gateway"
	"daemun/local/template"
)

// zeros makes request ids and trace ids predictable.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func route(method, path string, function gateway.Function) gateway.Route {
	return gateway.Route{Route: template.Route{Method: method, Path: path, Timeout: time.Minute}, Function: function}
}

// answering makes a function that always answers the same.
func answering(answer string) gateway.Function {
	return func(context.Context, []byte) ([]byte, error) { return []byte(answer), nil }
}

func newGateway(t *testing.T, options gateway.Options) *gateway.Gateway {
	t.Helper()
	options.APIID, options.AccountID = "api", "123456789012"
	options.Now = func() time.Time { return time.UnixMilli(1_700_000_000_123) }
	options.Random = zeros{}
	g, err := gateway.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func do(g http.Handler, r *http.Request) *http.Response {
	recorder := httptest.NewRecorder()
	g.ServeHTTP(recorder, r)
	return recorder.Result()
}

func body(t *testing.T, response *http.Response) string {
	t.Helper()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestTimeout_OfTheIntegrationIsServiceUnavailable(t *testing.T) {
	waits := func(ctx context.Context, _ []byte) ([]byte, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	slow := route("GET", "/", waits)
	slow.Timeout = time.Nanosecond
	g := newGateway(t, gateway.Options{Routes: []gateway.Route{slow}})
	response := do(g, httptest.NewRequest("GET", "/", nil))
	if got := body(t, response); response.StatusCode != 503 || got != `{"message":"Service Unavailable"}` {
		t.Errorf("%d %s", response.StatusCode, got)
	}
}

// IN-01
func TestLimits_HeaderAndBody(t *testing.T) {
	g := newGateway(t, gateway.Options{Routes: []gateway.Route{route("POST", "/", answering(`{}`))}})
	post := func(header, body int, contentType string) *http.Request {
		request := httptest.NewRequest("POST", "/", strings.NewReader(strings.Repeat("x", body)))
		request.Header.Set("Content-Type", contentType)
		used := len("POST / HTTP/1.1\r\n") + len("example.com") + len(contentType)
		request.Header.Set("X-Filler", strings.Repeat("x", header-used))
		return request
	}
	tests := map[string]struct {
		request *http.Request
		status  int
	}{
		"largest header":   {post(gateway.MaxHeader, 0, "text/plain"), 200},
		"header":           {post(gateway.MaxHeader+1, 0, "text/plain"), 431},
		"text of 5 MB":     {post(100, 5<<20, "text/plain"), 200},
		"binary of 5 MB":   {post(100, 5<<20, "image/png"), 413},
		"event of 6 MB":    {post(100, gateway.MaxEvent, "text/plain"), 413},
		"body above 10 MB": {post(100, gateway.MaxBody+1, "text/plain"), 413},
	}
	for name, test := range tests {
		if response := do(g, test.request); response.StatusCode != test.status {
			t.Errorf("%s: %d %s", name, response.StatusCode, body(t, response))
		}
	}
}
