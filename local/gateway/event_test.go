package gateway_test

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"daemun/local/gateway"
	"daemun/local/template"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the events that the gateway makes into testdata")

// Each testdata/*.http is a request as it comes over the wire; the .json beside it is the event that the function gets.
// CK-03, HD-06
func TestEvent_HasTheShapeOfPayloadFormat2(t *testing.T) {
	files, err := filepath.Glob("testdata/*.http")
	if err != nil || len(files) == 0 {
		t.Fatalf("no requests: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			wantGolden(t, strings.TrimSuffix(file, ".http")+".json", eventOf(t, file))
		})
	}
}

func wantGolden(t *testing.T, golden string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, append(indented(t, got), '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(decoded(t, want), decoded(t, got)); diff != "" {
		t.Error(diff)
	}
}

func eventOf(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := bytes.Cut(content, []byte("\n\n"))
	raw := append(bytes.ReplaceAll(head, []byte("\n"), []byte("\r\n")), "\r\n\r\n"...)
	request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(append(raw, rest...))))
	if err != nil {
		t.Fatal(err)
	}
	request.RemoteAddr = "203.0.113.7:54321"
	var event []byte
	record := func(_ context.Context, payload []byte) ([]byte, error) {
		event = payload
		return []byte(`{}`), nil
	}
	g := newGateway(t, gateway.Options{Routes: []gateway.Route{
		route("GET", "/auth/{provider}/callback", record), route("POST", "/auth/{provider}/callback", record),
		route("ANY", "/files/{rest+}", record), route("ANY", "$default", record),
	}})
	if response := do(g, request); response.StatusCode != http.StatusOK {
		t.Fatalf("status %d: %s", response.StatusCode, body(t, response))
	}
	return event
}

func indented(t *testing.T, text []byte) []byte {
	t.Helper()
	value := jsontext.Value(bytes.Clone(text))
	if err := value.Indent(jsontext.WithIndent("  ")); err != nil {
		t.Fatal(err)
	}
	return value
}

func decoded(t *testing.T, text []byte) (value any) {
	t.Helper()
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// The events that authorizers get, as documented. CK-03, AZ-01
func TestAuthorizer_EventsHaveTheirShapes(t *testing.T) {
	const target = "/v1/things/1?token=t&a=1&a=2"
	ask := func(described template.Authorizer) []byte {
		gate := &guard{err: &gateway.FunctionError{Message: "Unauthorized"}}
		described.Name = "Gate"
		options := gateway.Options{Region: "eu-west-1", Authorizers: []gateway.Authorizer{{Authorizer: described, Function: gate.invoke}}}
		var g http.Handler
		r := with("DELETE", target, "Authorization", "Bearer x", "Cookie", "a=1; b=2", "X-Two", "1", "X-Two", "2")
		r.RemoteAddr = "203.0.113.7:54321"
		if described.PayloadVersion != "" {
			r.URL.Path = strings.TrimPrefix(r.URL.Path, "/v1")
			options.Routes = []gateway.Route{guarded("DELETE", "/things/{id}", echo)}
			g = newGateway(t, options)
		} else {
			options.Routes = []gateway.Route{guarded("ANY", "/things/{id}", echo)}
			g = newREST(t, options)
		}
		want(t, g, r, 401, unauthorized)
		return gate.asked[0]
	}
	header := "$request.header.Authorization"
	for name, described := range map[string]template.Authorizer{
		"authorizer-http-2.0":     {PayloadVersion: "2.0", IdentitySources: []string{header, "$context.routeKey"}},
		"authorizer-http-1.0":     {PayloadVersion: "1.0", IdentitySources: []string{header, "$request.querystring.token"}},
		"authorizer-rest-request": {IdentitySources: []string{header, "$context.path"}},
		"authorizer-rest-token":   {Kind: template.TokenAuthorizer, IdentitySources: []string{header}},
	} {
		t.Run(name, func(t *testing.T) { wantGolden(t, "testdata/"+name+".json", ask(described)) })
	}
}
