package gateway_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"

	"daemun/local/gateway"

	"github.com/google/go-cmp/cmp"
)

func TestAnswer_BecomesAResponse(t *testing.T) {
	type got struct {
		Status  int
		Type    string
		Body    string
		Cookies []string
		X       string
	}
	const plain = "text/plain;charset=UTF-8"
	tests := map[string]got{
		`{"statusCode":201,"headers":{"content-type":"text/html","X-Test":"a"},"body":"<p>"}`: {201, "text/html", "<p>", nil, "a"},
		`{"statusCode":200,"body":"hi"}`:                                           {200, plain, "hi", nil, ""},
		`{"statusCode":200}`:                                                       {200, plain, "", nil, ""},
		`{"statusCode":200,"body":"aGk=","isBase64Encoded":true}`:                  {200, plain, "hi", nil, ""},
		`{"statusCode":302,"cookies":["a=1; Path=/","b=2"]}`:                       {302, plain, "", []string{"a=1; Path=/", "b=2"}, ""},
		`{"statusCode":200,"headers":{"x-test":7},"unknown":1}`:                    {200, plain, "", nil, "7"},
		`{"statusCode":200,"headers":null,"body":null,"cookies":null}`:             {200, plain, "", nil, ""},
		`{"statusCode":200,"multiValueHeaders":{"x-test":["a"]}}`:                  {200, plain, "", nil, ""},
		`{"statusCode":200,"headers":{"connection":"close","content-length":"9"}}`: {200, plain, "", nil, ""},
		`{"message":"bare"}`:                                                       {200, "application/json", `{"message":"bare"}`, nil, ""},
		`"bare text"`:                                                              {200, "application/json", "bare text", nil, ""},
		`[1, 2]`:                                                                   {200, "application/json", "[1, 2]", nil, ""},
		`null`:                                                                     {200, "application/json", "null", nil, ""},
	}
	for answer, want := range tests {
		g := newGateway(t, gateway.Options{Routes: []gateway.Route{route("GET", "/", answering(answer))}})
		response := do(g, httptest.NewRequest("GET", "/", nil))
		header := response.Header
		if header.Get("Connection") != "" || header.Get("Content-Length") != "" {
			t.Errorf("%s: %v", answer, header)
		}
		if header.Get("Apigw-Requestid") != "AAAAAAAAAAAAAAA=" {
			t.Errorf("request id %q", header.Get("Apigw-Requestid"))
		}
		result := got{response.StatusCode, header.Get("Content-Type"), body(t, response), header["Set-Cookie"], header.Get("X-Test")}
		if diff := cmp.Diff(want, result); diff != "" {
			t.Errorf("%s: %s", answer, diff)
		}
	}
}

// HD-04
func TestAnswer_WWWAuthenticateIsRenamed(t *testing.T) {
	g := newGateway(t, gateway.Options{Routes: []gateway.Route{
		route("GET", "/", answering(`{"statusCode":401,"headers":{"www-authenticate":"Bearer"}}`)),
	}})
	header := do(g, httptest.NewRequest("GET", "/", nil)).Header
	if header.Get("WWW-Authenticate") != "" || header.Get("x-amzn-Remapped-www-authenticate") != "Bearer" {
		t.Errorf("got %v", header)
	}
}

// HD-01, HD-07
func TestAnswer_FailureOrMalformedAnswerIsInternalServerError(t *testing.T) {
	functions := map[string]gateway.Function{
		"error": func(context.Context, []byte) ([]byte, error) { return nil, errors.New("a secret") },
	}
	for _, answer := range []string{
		``, `{`, `not JSON`, `{"statusCode":"x"}`, `{"statusCode":99}`, `{"statusCode":101}`, `{"statusCode":600}`, `{"statusCode":200.5}`,
		`{"statusCode":200,"body":{}}`, `{"statusCode":200,"body":"%","isBase64Encoded":true}`, `{"statusCode":200,"headers":[]}`,
		`{"statusCode":200,"headers":{"x":[]}}`, `{"statusCode":200,"headers":{"x":"a\r\nSet-Cookie: b=c"}}`,
		`{"statusCode":200,"headers":{"x\ny":"a"}}`, `{"statusCode":200,"cookies":["a=b\r\nx: y"]}`, `{"statusCode":200,"cookies":"a=b"}`,
	} {
		functions[answer] = answering(answer)
	}
	for name, function := range functions {
		g := newGateway(t, gateway.Options{Routes: []gateway.Route{route("GET", "/", function)}})
		response := do(g, httptest.NewRequest("GET", "/", nil))
		if got := body(t, response); response.StatusCode != 500 || got != `{"message":"Internal Server Error"}` {
			t.Errorf("%s: %d %s", name, response.StatusCode, got)
		}
	}
}
