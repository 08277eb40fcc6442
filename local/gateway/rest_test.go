package gateway_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"daemun/local/gateway"
	"daemun/local/template"

	"github.com/google/go-cmp/cmp"
)

// newREST is like newGateway, with the stage v1.
func newREST(t *testing.T, options gateway.Options) *gateway.REST {
	t.Helper()
	options.APIID, options.AccountID, options.Stage = "api", "123456789012", "v1"
	options.Random = zeros{}
	if options.Now == nil {
		options.Now = func() time.Time { return time.UnixMilli(1_700_000_000_123) }
	}
	g, err := gateway.NewREST(options)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// rest is a REST authorizer of the kind, keyed by the Authorization header and whatever else.
func (g *guard) rest(kind template.AuthorizerKind, ttl time.Duration, more ...string) gateway.Authorizer {
	return gateway.Authorizer{Function: g.invoke, Authorizer: template.Authorizer{
		Name: "Gate", Kind: kind, TTL: ttl, IdentitySources: append([]string{"$request.header.Authorization"}, more...),
	}}
}

const (
	notAllowed = `{"Message":"User is not authorized to access this resource"}`
	explicitly = `{"Message":"User is not authorized to access this resource with an explicit deny"}`
	nullError  = `{"message":null}`
	badGateway = `{"message":"Internal server error"}`
)

func TestREST_StageIsThePathsFirstSegment(t *testing.T) {
	g := newREST(t, gateway.Options{Routes: []gateway.Route{route("GET", "/", echo), route("GET", "/things/{id}", echo)}})
	const noRoute = `{"message":"Missing Authentication Token"}`
	tests := map[string]struct {
		status int
		body   string
		kind   string
	}{
		"GET /v1":             {200, "null", ""},
		"GET /v1/":            {200, "null", ""},
		"GET /v1/things/1":    {200, "null", ""},
		"GET /v1/things":      {403, noRoute, "MissingAuthenticationTokenException"},
		"POST /v1/things/1":   {403, noRoute, "MissingAuthenticationTokenException"},
		"OPTIONS /v1":         {403, noRoute, "MissingAuthenticationTokenException"},
		"GET /":               {403, forbidden, "ForbiddenException"},
		"GET /v2/things/1":    {403, forbidden, "ForbiddenException"},
		"GET /things/1":       {403, forbidden, "ForbiddenException"},
		"GET /v1%2Fthings/1":  {403, forbidden, "ForbiddenException"},
		"GET /v1/things/1/2/": {403, noRoute, "MissingAuthenticationTokenException"},
	}
	for request, test := range tests {
		method, target, _ := strings.Cut(request, " ")
		response := want(t, g, with(method, target), test.status, test.body)
		if kind := response.Header.Get("X-Amzn-Errortype"); kind != test.kind {
			t.Errorf("%s: error type %q", request, kind)
		}
		if response.Header.Get("X-Amzn-Requestid") != "00000000-0000-4000-8000-000000000000" {
			t.Errorf("%s: %v", request, response.Header)
		}
	}
}

func TestREST_EventHasTheShapeOfPayloadFormat1(t *testing.T) {
	for name, r := range map[string]*http.Request{
		"rest":      with("PUT", "/v1/things/a%2Fb?a=1&a=%20&b", "Cookie", "c=1", "X-Two", "1", "X-Two", "2", "X-Forwarded-For", "198.51.100.1"),
		"rest-bare": with("GET", "/v1"),
	} {
		if name == "rest" {
			r.Body = http.NoBody
			r = httptest.NewRequest(r.Method, r.URL.String(), strings.NewReader(`{"a":"☕"}`))
			r.Header = http.Header{"Cookie": {"c=1"}, "X-Two": {"1", "2"}, "X-Forwarded-For": {"198.51.100.1"}, "Content-Type": {"image/png"}}
		}
		r.RemoteAddr = "203.0.113.7:54321"
		var event []byte
		record := func(_ context.Context, payload []byte) ([]byte, error) {
			event = payload
			return []byte(`{"statusCode":200}`), nil
		}
		gate := &guard{answer: `{"principalId":"u","policyDocument":{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}},"context":{"s":"t","n":1.50,"b":true}}`}
		g := newREST(t, gateway.Options{
			Authorizers: []gateway.Authorizer{{Authorizer: template.Authorizer{Name: "Gate"}, Function: gate.invoke}},
			Routes:      []gateway.Route{guarded("ANY", "/things/{id}", record), route("GET", "/", record)},
		})
		want(t, g, r, 200, "")
		t.Run(name, func(t *testing.T) { wantGolden(t, "testdata/"+name+".json", event) })
	}
}

func TestREST_AnswerBecomesAResponse(t *testing.T) {
	type got struct {
		Status int
		Body   string
		Header http.Header
	}
	typed := func(kind string, more ...string) http.Header {
		header := http.Header{"Content-Type": {kind}}
		for i := 0; i < len(more); i += 2 {
			header.Add(more[i], more[i+1])
		}
		return header
	}
	tests := map[string]got{
		`{"statusCode":200}`: {200, "", typed("application/json")},
		`{"statusCode":201,"headers":{"content-type":"text/html","x-a":1},"body":"<p>"}`:         {201, "<p>", typed("text/html", "X-A", "1")},
		`{"statusCode":200,"multiValueHeaders":{"set-cookie":["a=1","b=2"]}}`:                    {200, "", typed("application/json", "Set-Cookie", "a=1", "Set-Cookie", "b=2")},
		`{"statusCode":200,"headers":{"x":"1"},"multiValueHeaders":{"X":["1","2"]}}`:             {200, "", typed("application/json", "X", "1", "X", "2")},
		`{"statusCode":200,"body":"aGk=","isBase64Encoded":true}`:                                {200, "aGk=", typed("application/json")},
		`{"statusCode":401,"headers":{"www-authenticate":"Bearer"},"multiValueHeaders":null}`:    {401, "", typed("application/json", "X-Amzn-Remapped-Www-Authenticate", "Bearer")},
		`{"statusCode":200,"headers":null,"body":null,"isBase64Encoded":false}`:                  {200, "", typed("application/json")},
		`{"statusCode":200,"headers":{"connection":"close"},"multiValueHeaders":{"date":["x"]}}`: {200, "", typed("application/json")},
	}
	for answer, expected := range tests {
		response := do(newREST(t, gateway.Options{Routes: []gateway.Route{route("GET", "/", answering(answer))}}), with("GET", "/v1"))
		response.Header.Del("X-Amzn-Requestid")
		if diff := cmp.Diff(expected, got{response.StatusCode, body(t, response), response.Header}); diff != "" {
			t.Errorf("%s: %s", answer, diff)
		}
	}
}

func TestREST_FailureOrMalformedAnswerIsBadGateway(t *testing.T) {
	functions := map[string]gateway.Function{
		"error": func(context.Context, []byte) ([]byte, error) { return nil, errors.New("a secret") },
		"answered error": func(context.Context, []byte) ([]byte, error) {
			return nil, &gateway.FunctionError{Message: "Unauthorized"}
		},
	}
	for _, answer := range []string{
		``, `"text"`, `{}`, `{"message":"bare"}`, `{"statusCode":"200"}`, `{"statusCode":99}`, `{"statusCode":200,"body":{}}`,
		`{"statusCode":200,"cookies":["a=1"]}`, `{"statusCode":200,"headers":{"x":[]}}`, `{"statusCode":200,"multiValueHeaders":{"x":"a"}}`,
		`{"statusCode":200,"multiValueHeaders":{"x":["a\r\nb: c"]}}`,
	} {
		functions[answer] = answering(answer)
	}
	for name, function := range functions {
		t.Run(name, func(t *testing.T) {
			want(t, newREST(t, gateway.Options{Routes: []gateway.Route{route("GET", "/", function)}}), with("GET", "/v1"), 502, badGateway)
		})
	}
}

func TestREST_TimeoutAndSize(t *testing.T) {
	slow := route("GET", "/", func(ctx context.Context, _ []byte) ([]byte, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	slow.Timeout = time.Nanosecond
	g := newREST(t, gateway.Options{Routes: []gateway.Route{slow, route("POST", "/", answering(`{"statusCode":200}`))}})
	want(t, g, with("GET", "/v1"), 504, `{"message":"Endpoint request timed out"}`)
	want(t, g, httptest.NewRequest("POST", "/v1", strings.NewReader(strings.Repeat("x", gateway.MaxBody+1))), 413, `{"message":"Request Too Long"}`)
	want(t, g, with("GET", "/v1", "X-Filler", strings.Repeat("x", gateway.MaxHeader)), 431, `{"message":"Request Header Fields Too Large"}`)
}

func TestREST_AuthorizersDecide(t *testing.T) {
	const arn = "arn:aws:execute-api:eu-west-1:123456789012:api/v1/GET/things/1"
	tests := map[string]struct {
		guard  guard
		status int
		body   string
	}{
		"allowed":        {guard{answer: allow(arn)}, 200, `{"a":"1","principalId":"u"}`},
		"nothing allows": {guard{answer: allow(arn + "/x")}, 403, notAllowed},
		"denied":         {guard{answer: deny(arn)}, 403, explicitly},
		"Unauthorized":   {guard{err: &gateway.FunctionError{Message: "Unauthorized"}}, 401, unauthorized},
		"other error":    {guard{err: &gateway.FunctionError{Message: "Forbidden"}}, 500, nullError},
		"crash":          {guard{err: errors.New("Unauthorized")}, 500, nullError},
		"malformed":      {guard{answer: `{"isAuthorized":true}`}, 500, nullError},
		"context a list": {guard{answer: strings.Replace(allow(arn), `{"a":1}`, `{"a":[1]}`, 1)}, 500, nullError},
		"context null":   {guard{answer: strings.Replace(allow(arn), `{"a":1}`, `{"a":null}`, 1)}, 500, nullError},
		"no context":     {guard{answer: strings.Replace(allow(arn), `,"context":{"a":1}`, ``, 1)}, 200, `{"principalId":"u"}`},
	}
	for name, test := range tests {
		for _, kind := range []template.AuthorizerKind{template.RequestAuthorizer, template.TokenAuthorizer} {
			t.Run(name, func(t *testing.T) {
				g := newREST(t, gateway.Options{
					Region: "eu-west-1", Authorizers: []gateway.Authorizer{test.guard.rest(kind, 0)},
					Routes: []gateway.Route{guarded("GET", "/things/{id}", echo)},
				})
				want(t, g, with("GET", "/v1/things/1", "Authorization", "x"), test.status, test.body)
				want(t, g, with("GET", "/v1/things/1"), 401, unauthorized)
			})
		}
	}
}

func TestREST_TokenMustMatchTheValidationExpression(t *testing.T) {
	gate := &guard{answer: allow("*")}
	described := gate.rest(template.TokenAuthorizer, 0)
	described.ValidationExpression = `Bearer [a-z]+$`
	g := newREST(t, gateway.Options{Authorizers: []gateway.Authorizer{described}, Routes: []gateway.Route{guarded("GET", "/", echo)}})
	for _, token := range []string{"abc", "Bearer", "xBearer abc", "Bearer abc1"} {
		want(t, g, with("GET", "/v1", "Authorization", token), 401, unauthorized)
	}
	if len(gate.asked) != 0 {
		t.Errorf("asked %d times", len(gate.asked))
	}
	want(t, g, with("GET", "/v1", "Authorization", "Bearer abc"), 200, `{"a":"1","principalId":"u"}`)
}

// AZ-02: a policy that is kept is judged again for every method that finds it.
func TestREST_KeptPolicyIsJudgedForEachMethod(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	gate := &guard{answer: allow("arn:aws:execute-api:*:*:api/v1/GET/*")}
	g := newREST(t, gateway.Options{
		Now: func() time.Time { return now }, Authorizers: []gateway.Authorizer{gate.rest(template.TokenAuthorizer, time.Minute)},
		Routes: []gateway.Route{guarded("ANY", "/a", echo), guarded("GET", "/b", echo)},
	})
	ask := func(method, path string, status, asked int) {
		t.Helper()
		if response := do(g, with(method, path, "Authorization", "x")); response.StatusCode != status || len(gate.asked) != asked {
			t.Errorf("%s %s: %d, asked %d times; want %d and %d", method, path, response.StatusCode, len(gate.asked), status, asked)
		}
	}
	ask("GET", "/v1/a", 200, 1)
	gate.answer = allow("*")
	ask("GET", "/v1/b", 200, 1)
	ask("PUT", "/v1/a", 403, 1)
	now = now.Add(time.Minute)
	ask("PUT", "/v1/a", 200, 2)
}

func TestREST_PathAndMethodAmongTheSourcesKeepPoliciesApart(t *testing.T) {
	gate := &guard{answer: allow("*/GET/a/1")}
	described := gate.rest(template.RequestAuthorizer, time.Minute, "$context.httpMethod", "$context.path")
	g := newREST(t, gateway.Options{Authorizers: []gateway.Authorizer{described}, Routes: []gateway.Route{guarded("ANY", "/a/{id}", echo)}})
	want(t, g, with("GET", "/v1/a/1", "Authorization", "x"), 200, `{"a":"1","principalId":"u"}`)
	gate.answer = deny("*")
	want(t, g, with("GET", "/v1/a/1", "Authorization", "x"), 200, `{"a":"1","principalId":"u"}`)
	want(t, g, with("GET", "/v1/a/2", "Authorization", "x"), 403, explicitly)
	want(t, g, with("PUT", "/v1/a/1", "Authorization", "x"), 403, explicitly)
}

func TestNewREST_RefusesWhatItWouldIgnore(t *testing.T) {
	gate := &guard{}
	jwt := gate.rest(template.JWTAuthorizer, 0)
	expression := gate.rest(template.TokenAuthorizer, 0)
	expression.ValidationExpression = "("
	for name, test := range map[string]struct {
		want    string
		options gateway.Options
	}{
		"stage":      {"no stage", gateway.Options{}},
		"CORS":       {"are for HTTP APIs", gateway.Options{Stage: "v1", CORS: cors}},
		"fallback":   {"are for HTTP APIs", gateway.Options{Stage: "v1", Fallback: http.NotFoundHandler()}},
		"JWT":        {"REST APIs have no JWT authorizers", gateway.Options{Stage: "v1", Authorizers: []gateway.Authorizer{jwt}}},
		"expression": {"validation expression", gateway.Options{Stage: "v1", Authorizers: []gateway.Authorizer{expression}}},
		"source":     {"$context.routeKey is not understood", gateway.Options{Stage: "v1", Authorizers: []gateway.Authorizer{gate.rest(0, 0, "$context.routeKey")}}},
		"unknown":    {"there is no authorizer Gate", gateway.Options{Stage: "v1", Routes: []gateway.Route{guarded("GET", "/", echo)}}},
	} {
		if _, err := gateway.NewREST(test.options); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
