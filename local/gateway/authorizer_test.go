package gateway_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"daemun/local/gateway"
	"daemun/local/template"

	"github.com/go-json-experiment/json"
)

// A guard is an authorizer's function that answers as a test wants and remembers what it was asked.
type guard struct {
	answer string
	err    error
	asked  [][]byte
}

func (g *guard) invoke(_ context.Context, event []byte) ([]byte, error) {
	g.asked = append(g.asked, bytes.Clone(event))
	return []byte(g.answer), g.err
}

// simple is an authorizer with simple responses, keyed by the Authorization header and whatever else.
func (g *guard) simple(ttl time.Duration, more ...string) gateway.Authorizer {
	return gateway.Authorizer{Function: g.invoke, Authorizer: template.Authorizer{
		Name: "Gate", FunctionARN: "arn:gate", PayloadVersion: "2.0", SimpleResponses: true, TTL: ttl,
		IdentitySources: append([]string{"$request.header.Authorization"}, more...),
	}}
}

func guarded(method, path string, function gateway.Function) gateway.Route {
	r := route(method, path, function)
	r.Authorizer = "Gate"
	return r
}

// echo answers with what the authorizer told the function.
func echo(_ context.Context, event []byte) ([]byte, error) {
	var told struct {
		RequestContext struct {
			Authorizer any `json:"authorizer"`
		} `json:"requestContext"`
	}
	if err := json.Unmarshal(event, &told); err != nil {
		return nil, err
	}
	body, err := json.Marshal(told.RequestContext.Authorizer, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"statusCode": 200, "body": string(body)})
}

func with(method, target string, header ...string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

// want asks g and compares status and body.
func want(t *testing.T, g http.Handler, r *http.Request, status int, text string) *http.Response {
	t.Helper()
	response := do(g, r)
	if got := body(t, response); response.StatusCode != status || got != text {
		t.Errorf("%s %s: %d %s, want %d %s", r.Method, r.URL, response.StatusCode, got, status, text)
	}
	return response
}

const (
	unauthorized = `{"message":"Unauthorized"}`
	forbidden    = `{"message":"Forbidden"}`
	internal     = `{"message":"Internal Server Error"}`
)

func TestAuthorizer_SimpleResponseDecides(t *testing.T) {
	tests := map[string]struct {
		guard  guard
		status int
		body   string
	}{
		"allowed":         {guard{answer: `{"isAuthorized":true,"context":{"a":"b","n":1,"l":[true]}}`}, 200, `{"lambda":{"a":"b","l":[true],"n":1}}`},
		"without context": {guard{answer: `{"isAuthorized":true}`}, 200, `{"lambda":null}`},
		"denied":          {guard{answer: `{"isAuthorized":false,"context":{"a":"b"}}`}, 403, forbidden},
		"Unauthorized":    {guard{err: &gateway.FunctionError{Message: "Unauthorized"}}, 401, unauthorized},
		"other case":      {guard{err: &gateway.FunctionError{Message: "unauthorized"}}, 500, internal},
		"longer":          {guard{err: &gateway.FunctionError{Message: "Unauthorized: no"}}, 500, internal},
		"crash":           {guard{err: errors.New("Unauthorized")}, 500, internal},
		"no JSON":         {guard{answer: `yes`}, 500, internal},
		"nothing":         {guard{answer: ``}, 500, internal},
		"null":            {guard{answer: `null`}, 500, internal},
		"empty":           {guard{answer: `{}`}, 500, internal},
		"text":            {guard{answer: `{"isAuthorized":"true"}`}, 500, internal},
		"a policy":        {guard{answer: allow("*")}, 500, internal},
		"twice":           {guard{answer: `{"isAuthorized":false,"isAuthorized":true}`}, 500, internal},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			reached := false
			g := newGateway(t, gateway.Options{
				Authorizers: []gateway.Authorizer{test.guard.simple(0)},
				Routes: []gateway.Route{guarded("GET", "/", func(ctx context.Context, event []byte) ([]byte, error) {
					reached = true
					return echo(ctx, event)
				})},
			})
			want(t, g, with("GET", "/", "Authorization", "x"), test.status, test.body)
			if reached != (test.status == 200) {
				t.Errorf("the function behind was reached: %v", reached)
			}
		})
	}
}

func TestAuthorizer_MissingIdentitySourceIsUnauthorizedWithoutInvoking(t *testing.T) {
	gate := &guard{answer: `{"isAuthorized":true}`}
	g := newGateway(t, gateway.Options{
		Authorizers: []gateway.Authorizer{gate.simple(0, "$request.querystring.v")},
		Routes:      []gateway.Route{guarded("GET", "/", echo), route("GET", "/open", echo)},
	})
	want(t, g, with("GET", "/"), 401, unauthorized)
	want(t, g, with("GET", "/", "Authorization", ""), 401, unauthorized)
	want(t, g, with("GET", "/", "Authorization", "x"), 401, unauthorized)
	want(t, g, with("GET", "/?v=", "Authorization", "x"), 401, unauthorized)
	want(t, g, with("GET", "/?v=1"), 401, unauthorized)
	want(t, g, with("GET", "/open"), 200, "null")
	if len(gate.asked) != 0 {
		t.Errorf("asked %d times", len(gate.asked))
	}
	want(t, g, with("GET", "/?v=1", "authorization", "x"), 200, `{"lambda":null}`)
}

// AZ-02
func TestAuthorizer_KeptVerdictCoversEveryRouteUnlessTheRouteIsASource(t *testing.T) {
	for _, more := range [][]string{nil, {"$context.routeKey"}} {
		gate := &guard{answer: `{"isAuthorized":true}`}
		g := newGateway(t, gateway.Options{
			Authorizers: []gateway.Authorizer{gate.simple(time.Minute, more...)},
			Routes:      []gateway.Route{guarded("GET", "/a/{id}", echo), guarded("DELETE", "/a/{id}", echo)},
		})
		want(t, g, with("GET", "/a/1", "Authorization", "x"), 200, `{"lambda":null}`)
		gate.answer = `{"isAuthorized":false}`
		want(t, g, with("GET", "/a/2", "Authorization", "x"), 200, `{"lambda":null}`)
		status, text, asked := 200, `{"lambda":null}`, 1
		if more != nil {
			status, text, asked = 403, forbidden, 2
		}
		want(t, g, with("DELETE", "/a/1", "Authorization", "x"), status, text)
		if len(gate.asked) != asked {
			t.Errorf("sources %v: asked %d times", more, len(gate.asked))
		}
		want(t, g, with("GET", "/a/1", "Authorization", "y"), 403, forbidden)
	}
}

func TestAuthorizer_VerdictIsKeptForItsTimeByIdentityAlone(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	gate := &guard{answer: `{"isAuthorized":false}`}
	g, err := gateway.New(gateway.Options{
		Now:         func() time.Time { return now },
		Authorizers: []gateway.Authorizer{gate.simple(time.Minute, "$request.querystring.v")},
		Routes:      []gateway.Route{guarded("GET", "/", echo)},
	})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(token, v string, status int, asked int) {
		t.Helper()
		r := with("GET", "/?v="+v, "Authorization", token)
		if response := do(g, r); response.StatusCode != status || len(gate.asked) != asked {
			t.Errorf("%s %s: %d, asked %d times; want %d and %d", token, v, response.StatusCode, len(gate.asked), status, asked)
		}
	}
	ask("x", "1", 403, 1) // a denial is kept, too
	gate.answer = `{"isAuthorized":true}`
	now = now.Add(time.Minute - time.Nanosecond)
	ask("x", "1", 403, 1)
	ask("x", "2", 200, 2)
	ask("x%22,%221", "2", 200, 3)
	now = now.Add(time.Nanosecond)
	ask("x", "1", 200, 4)
	gate.err = &gateway.FunctionError{Message: "Unauthorized"}
	ask("z", "1", 401, 5) // no error is
	gate.err = errors.New("crash")
	ask("z", "1", 500, 6)
	ask("x", "1", 200, 6)
}

func TestAuthorizer_TimeoutIsInternalServerError(t *testing.T) {
	waits := func(ctx context.Context, _ []byte) ([]byte, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	gate := (&guard{}).simple(0)
	gate.Function = waits
	g := newGateway(t, gateway.Options{
		AuthorizerTimeout: time.Nanosecond, Authorizers: []gateway.Authorizer{gate}, Routes: []gateway.Route{guarded("GET", "/", echo)},
	})
	want(t, g, with("GET", "/", "Authorization", "x"), 500, internal)
}

// HD-03: a front end must be able to read why it was refused.
func TestAuthorizer_RefusalsHaveCORSAndPreflightsAreNotGuarded(t *testing.T) {
	gate := &guard{answer: `{"isAuthorized":false}`}
	g := newGateway(t, gateway.Options{
		CORS: cors, Authorizers: []gateway.Authorizer{gate.simple(0)}, Routes: []gateway.Route{guarded("ANY", "/", echo)},
	})
	want(t, g, preflight("https://app.example"), 204, "")
	for _, r := range []*http.Request{request("GET", "https://app.example"), with("GET", "/", "Origin", "https://app.example", "Authorization", "x")} {
		if got := do(g, r).Header.Get("Access-Control-Allow-Origin"); got != "https://app.example" {
			t.Errorf("allowed origin %q", got)
		}
	}
	if len(gate.asked) != 1 {
		t.Errorf("asked %d times", len(gate.asked))
	}
}

func TestAuthorizer_PolicyOfAnHTTPAPIDecides(t *testing.T) {
	const arn = "arn:aws:execute-api:eu-west-1:123456789012:api/$default/GET/things/1"
	tests := map[string]struct {
		answer string
		status int
		body   string
	}{
		"allowed":         {allow(arn), 200, `{"lambda":{"a":1}}`},
		"other method":    {allow(strings.Replace(arn, "GET", "PUT", 1)), 403, forbidden},
		"denied":          {deny("*"), 403, forbidden},
		"simple":          {`{"isAuthorized":true}`, 500, internal},
		"nobody":          {`{"policyDocument":{"Statement":[]}}`, 500, internal},
		"effect":          {strings.Replace(allow(arn), "Allow", "allow", 1), 500, internal},
		"condition":       {strings.Replace(allow(arn), `"Action"`, `"Condition":{},"Action"`, 1), 500, internal},
		"no statements":   {`{"principalId":"u","policyDocument":{}}`, 403, forbidden},
		"no document":     {`{"principalId":"u"}`, 500, internal},
		"document a list": {`{"principalId":"u","policyDocument":[]}`, 500, internal},
	}
	for name, test := range tests {
		for _, version := range []string{"1.0", "2.0"} {
			gate := (&guard{answer: test.answer}).simple(0)
			gate.PayloadVersion, gate.SimpleResponses = version, false
			g := newGateway(t, gateway.Options{
				Region: "eu-west-1", Authorizers: []gateway.Authorizer{gate}, Routes: []gateway.Route{guarded("GET", "/things/{id}", echo)},
			})
			t.Run(name+" "+version, func(t *testing.T) {
				want(t, g, with("GET", "/things/1", "Authorization", "x"), test.status, test.body)
			})
		}
	}
}

func TestNew_RefusesAuthorizersThatItDoesNotUnderstand(t *testing.T) {
	for _, source := range []string{"$stageVariables.v", "$request.cookie.a", "$context.nothing", "$context.resourcePath", "Authorization", "path", ""} {
		gate := (&guard{}).simple(0, source)
		_, err := gateway.New(gateway.Options{Authorizers: []gateway.Authorizer{gate}})
		if err == nil || !strings.Contains(err.Error(), "authorizer Gate: identity source "+source+" is not understood") {
			t.Errorf("%s: %v", source, err)
		}
	}
}

func allow(resource string) string { return policyOf("Allow", resource) }
func deny(resource string) string  { return policyOf("Deny", resource) }

func policyOf(effect, resource string) string {
	return `{"principalId":"u","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"` + effect +
		`","Action":"execute-api:Invoke","Resource":"` + resource + `"}]},"context":{"a":1}}`
}
