package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"daemun/local/gateway"
	"daemun/local/template"

	"github.com/google/go-cmp/cmp"
)

var cors = &template.CORS{
	AllowOrigins:     []string{"https://app.example", "http://localhost:3000"},
	AllowMethods:     []string{"GET", "POST"},
	AllowHeaders:     []string{"content-type", "authorization"},
	ExposeHeaders:    []string{"retry-after"},
	AllowCredentials: true,
	MaxAge:           600,
}

// corsHeaders are what a response says about other origins.
func corsHeaders(response *http.Response) map[string]string {
	said := map[string]string{}
	for name, values := range response.Header {
		if strings.HasPrefix(name, "Access-Control-") || name == "Vary" {
			said[name] = strings.Join(values, " | ")
		}
	}
	return said
}

func request(method, origin string) *http.Request {
	r := httptest.NewRequest(method, "/", nil)
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	return r
}

func preflight(origin string) *http.Request {
	r := request(http.MethodOptions, origin)
	r.Header.Set("Access-Control-Request-Method", "POST")
	return r
}

// HD-03
func TestCORS_IsAnsweredByTheGateway(t *testing.T) {
	const says = `{"statusCode":200,"headers":{"Access-Control-Allow-Origin":"*","access-control-max-age":"1","vary":"Cookie"}}`
	g := newGateway(t, gateway.Options{CORS: cors, Routes: []gateway.Route{route("GET", "/", answering(says))}})
	allowed := map[string]string{
		"Access-Control-Allow-Origin":      "https://app.example",
		"Access-Control-Allow-Credentials": "true",
		"Access-Control-Expose-Headers":    "retry-after",
		"Vary":                             "Origin | Cookie",
	}
	preflighted := map[string]string{
		"Access-Control-Allow-Origin":      "https://app.example",
		"Access-Control-Allow-Credentials": "true",
		"Access-Control-Allow-Methods":     "GET,POST",
		"Access-Control-Allow-Headers":     "content-type,authorization",
		"Access-Control-Max-Age":           "600",
		"Vary":                             "Origin",
	}
	tests := map[string]struct {
		request *http.Request
		status  int
		want    map[string]string
	}{
		"allowed":              {request("GET", "https://app.example"), 200, allowed},
		"no origin":            {request("GET", ""), 200, map[string]string{"Vary": "Origin | Cookie"}},
		"null":                 {request("GET", "null"), 200, map[string]string{"Vary": "Origin | Cookie"}},
		"other case":           {request("GET", "https://APP.example"), 200, map[string]string{"Vary": "Origin | Cookie"}},
		"sub-domain":           {request("GET", "https://evil.app.example"), 200, map[string]string{"Vary": "Origin | Cookie"}},
		"suffix":               {request("GET", "https://app.example.evil"), 200, map[string]string{"Vary": "Origin | Cookie"}},
		"other port":           {request("GET", "http://localhost:3001"), 200, map[string]string{"Vary": "Origin | Cookie"}},
		"preflight":            {preflight("https://app.example"), 204, preflighted},
		"preflight of another": {preflight("https://evil.example"), 204, map[string]string{"Vary": "Origin"}},
		"OPTIONS that is none": {request("OPTIONS", ""), 404, map[string]string{"Vary": "Origin"}},
		"not found, allowed": {request("PUT", "https://app.example"), 404, map[string]string{
			"Access-Control-Allow-Origin": "https://app.example", "Access-Control-Allow-Credentials": "true",
			"Access-Control-Expose-Headers": "retry-after", "Vary": "Origin",
		}},
	}
	for name, test := range tests {
		response := do(g, test.request)
		if response.StatusCode != test.status {
			t.Errorf("%s: status %d", name, response.StatusCode)
		}
		if diff := cmp.Diff(test.want, corsHeaders(response)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestCORS_PatternsOfOrigins(t *testing.T) {
	tests := []struct{ pattern, origin, want string }{
		{"*", "https://any.example", "*"},
		{"https://*", "https://any.example", "https://any.example"},
		{"https://*", "http://any.example", ""},
		{"http://*", "http://any.example", "http://any.example"},
		{"https://*.example", "https://any.example", ""},
	}
	for _, test := range tests {
		g := newGateway(t, gateway.Options{CORS: &template.CORS{AllowOrigins: []string{test.pattern}}, Routes: []gateway.Route{route("GET", "/", answering(`{}`))}})
		if got := do(g, request("GET", test.origin)).Header.Get("Access-Control-Allow-Origin"); got != test.want {
			t.Errorf("%s for %s: %q", test.pattern, test.origin, got)
		}
	}
}

func TestCORS_WithoutConfigurationTheFunctionSpeaks(t *testing.T) {
	g := newGateway(t, gateway.Options{Routes: []gateway.Route{
		route("ANY", "/", answering(`{"statusCode":200,"headers":{"Access-Control-Allow-Origin":"https://a.example"}}`)),
	}})
	response := do(g, preflight("https://a.example"))
	want := map[string]string{"Access-Control-Allow-Origin": "https://a.example"}
	if diff := cmp.Diff(want, corsHeaders(response)); response.StatusCode != 200 || diff != "" {
		t.Errorf("%d %s", response.StatusCode, diff)
	}
}
