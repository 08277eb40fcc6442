package main

import (
	"net"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/lambdahost"
	"daemun/shared/lambdahttp"
	"daemun/shared/lambdahttp/lambdatest"
)

// refusals are how each shape says that there is no good token.
var refusals = map[string]string{
	"http-2": deny, "http-1": deny, "rest-token": unauthorized, "rest-request": unauthorized, "websocket": unauthorized,
}

// AZ-01, AZ-02, AZ-07. Every golden event, with a good token in it, with cookies
// and without.
func TestAuthorizer_GoldenEvents(t *testing.T) {
	want := map[string][2]string{ // by default; where the access cookie counts
		"http-2":                            {allow, allow},
		"http-2-route-in-key":               {allow, allow},
		"http-2-route-echoed":               {allow, allow}, // nothing is demanded here
		"http-2-uncached":                   {allow, allow},
		"http-2-cached-without-token":       {deny, deny},
		"http-2-anonymous":                  {deny, deny},
		"http-2-basic":                      {deny, deny},
		"http-2-bare":                       {deny, deny},
		"http-2-two-headers":                {deny, deny},
		"http-2-in-query":                   {deny, deny},
		"http-2-cookie":                     {deny, allow},
		"http-2-cookie-cached":              {deny, deny},
		"http-2-cookie-twice":               {deny, deny},
		"http-2-cookie-post":                {deny, allow},
		"http-2-cookie-post-same-origin":    {deny, allow},
		"http-2-cookie-foreign-origin":      {deny, deny},
		"http-2-cookie-post-foreign-origin": {deny, deny},
		"http-2-cookie-post-unmarked":       {deny, deny},
		"http-1":                            {allow, allow},
		"http-1-anonymous":                  {deny, deny},
		"rest-token":                        {allow, allow},
		"rest-token-bare":                   {unauthorized, unauthorized},
		"rest-request":                      {allow, allow},
		"rest-request-anonymous":            {unauthorized, unauthorized},
		"rest-request-two-headers":          {unauthorized, unauthorized},
		"rest-request-cookie":               {unauthorized, allow},
		"websocket":                         {allow, allow},
		"websocket-anonymous":               {unauthorized, unauthorized},
		"websocket-in-query":                {unauthorized, unauthorized},
		"websocket-cookie":                  {unauthorized, allow},
		"websocket-cookie-foreign-origin":   {unauthorized, unauthorized},
	}
	for _, name := range lambdatest.EventNames(t, "authorizer") {
		if want[name][0] == "" {
			t.Errorf("golden event %s is not in the table", name)
		}
	}
	w := newWorld(t)
	byHeader := w.function()
	w.env["AUTHORIZER_COOKIE"] = "true"
	byCookie := w.function()
	for name, verdicts := range want {
		event := w.event(name, w.with())
		if got := ask(t, byHeader, event); got != verdicts[0] {
			t.Errorf("%s: %s, want %s", name, got, verdicts[0])
		}
		if got := ask(t, byCookie, event); got != verdicts[1] {
			t.Errorf("%s where the cookie counts: %s, want %s", name, got, verdicts[1])
		}
	}
}

// TK-02 (the authorizer's column), TK-03, TK-05, AZ-01. Nothing but a good access
// token passes, in no shape, be it in the header or in the cookie.
func TestAuthorizer_BadTokensNeverPass(t *testing.T) {
	w := newWorld(t)
	f := w.function()
	w.env["AUTHORIZER_COOKIE"] = "true"
	byCookie := w.function()
	w.env["AUTHORIZER_HTTP_401"] = "true"
	by401 := w.function()
	for what, bad := range w.badTokens() {
		for shape, refusal := range refusals {
			if got := ask(t, f, w.event(shape, bad)); got != refusal {
				t.Errorf("%s in %s: %s, want %s", what, shape, got, refusal)
			}
			if got := ask(t, by401, w.event(shape, bad)); got != unauthorized {
				t.Errorf("%s in %s with AUTHORIZER_HTTP_401: %s, want %s", what, shape, got, unauthorized)
			}
		}
		if got := ask(t, byCookie, w.event("http-2-cookie", bad)); got != deny {
			t.Errorf("%s in the cookie: %s, want %s", what, got, deny)
		}
	}
	for shape := range refusals {
		if got := ask(t, f, w.event(shape, w.with())); got != allow {
			t.Errorf("a good token in %s: %s", shape, got)
		}
	}
}

// Good people who may not do this are told 403 and not 401, by whatever means
// the shape has. Where the route is not told, or a verdict could be kept for
// another one, demands let nobody in.
func TestAuthorizer_Demands(t *testing.T) {
	w := newWorld(t)
	w.env["AUTHORIZER_HTTP_401"] = "true" // changes nothing for good tokens
	w.env["AUTHORIZER_DEMANDS"] = `{"a1b2c3d4e5": {
		"GET /orders/{id}": {"roles": ["admin"], "profile_complete": true},
		"$connect": {"roles": ["admin"]},
		"*": {}
	}}`
	f := w.function()
	for shape, met := range map[string]string{
		"http-2-route-in-key": allow, "http-2-uncached": allow, "http-2": deny, "http-2-route-echoed": deny,
		"http-1": allow, "rest-request": allow, "rest-token": deny, "websocket": allow,
	} {
		if got := ask(t, f, w.event(shape, w.with())); got != met {
			t.Errorf("%s, demands met: %s, want %s", shape, got, met)
		}
		if got := ask(t, f, w.event(shape, w.with("roles", []string{"buyer"}))); got != deny {
			t.Errorf("%s, demands not met: %s, want %s", shape, got, deny)
		}
	}
	if got := ask(t, f, w.event("rest-request", w.with("profile_complete", false))); got != deny {
		t.Errorf("an unfinished profile: %s, want %s", got, deny)
	}
}

// AZ-02, AZ-03. The answers, to the letter. Context is four strings of our own.
// Where demands are, an allow is for the one method and path that was asked for.
func TestAuthorizer_Answers(t *testing.T) {
	const (
		about  = `"context":{"profile_complete":"true","roles":"buyer,admin","session_id":"` + session + `","user_id":"` + userID + `"}`
		stage  = "arn:aws:execute-api:ap-northeast-2:123456789012:a1b2c3d4e5/prod/"
		before = `","policyDocument":{"Version":"2012-10-17","Statement":[{"Action":["execute-api:Invoke"],"Effect":"`
	)
	allowing := func(resource string) string {
		return `{"principalId":"` + userID + before + `Allow","Resource":["` + stage + resource + `"]}]},` + about + `}`
	}
	denying := func(principal string) string {
		return `{"principalId":"` + principal + before + `Deny","Resource":["` + stage + `*"]}]}}`
	}
	w := newWorld(t)
	open := w.function()
	w.env["AUTHORIZER_DEMANDS"] = `{"*": {"*": {"roles": ["admin"]}}}`
	demanding := w.function()
	good, buyer := w.with(), w.with("roles", []string{"buyer"})
	for _, c := range []struct {
		name        string
		function    *lambdahost.Function
		event       string
		accessToken string
		want        string
	}{
		{"good, HTTP API 2.0", open, "http-2", good, `{"isAuthorized":true,` + about + `}`},
		{"good, HTTP API 1.0", open, "http-1", good, allowing("*")},
		{"good, REST TOKEN", open, "rest-token", good, allowing("*")},
		{"good, REST REQUEST", open, "rest-request", good, allowing("*")},
		{"good, WebSocket", open, "websocket", good, allowing("*")},
		{"none, HTTP API 2.0", open, "http-2", "", `{"isAuthorized":false}`},
		{"none, HTTP API 1.0", open, "http-1", "", denying("anonymous")},
		{"demands met, HTTP API 2.0", demanding, "http-2-route-in-key", good, `{"isAuthorized":true,` + about + `}`},
		{"demands met, HTTP API 1.0", demanding, "http-1", good, allowing("GET/orders/42")},
		{"demands met, REST REQUEST", demanding, "rest-request", good, allowing("GET/orders/42")},
		{"demands met, WebSocket", demanding, "websocket", good, allowing("$connect")},
		{"demands not met, HTTP API 2.0", demanding, "http-2-route-in-key", buyer, `{"isAuthorized":false}`},
		{"demands not met, HTTP API 1.0", demanding, "http-1", buyer, denying(userID)},
		{"demands not met, REST TOKEN", demanding, "rest-token", good, denying(userID)},
		{"demands not met, REST REQUEST", demanding, "rest-request", buyer, denying(userID)},
		{"demands not met, WebSocket", demanding, "websocket", buyer, denying(userID)},
	} {
		out, err := c.function.Invoke(t.Context(), w.event(c.event, c.accessToken))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got := jsontext.Value(out)
		if err := got.Canonicalize(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		want := jsontext.Value(c.want)
		if err := want.Canonicalize(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// It asks nobody. Where every service is down, good tokens pass.
func TestAuthorizer_NeedsNoService(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	down := "http://" + listener.Addr().String()
	listener.Close()
	for _, name := range []string{"SSM_ENDPOINT", "DYNAMODB_ENDPOINT", "AWS_ENDPOINT_URL", "HTTP_PROXY", "HTTPS_PROXY"} {
		t.Setenv(name, down)
	}
	w := newWorld(t)
	f := w.function()
	for shape := range refusals {
		if got := ask(t, f, w.event(shape, w.with())); got != allow {
			t.Errorf("%s: %s", shape, got)
		}
	}
}

// AZ-04, F-70, F-75. Where its keys cannot be had, or its configuration is wrong, it lets
// nobody in and says so; each event is a new attempt.
func TestAuthorizer_UnbuiltLetsNobodyIn(t *testing.T) {
	for name, spoil := range map[string]func(*world){
		"secret store down":   func(w *world) { w.env["VERIFICATION_KEYS"] = "ssm:/daemun/test/keys/verification/" },
		"no keys":             func(w *world) { w.env["VERIFICATION_KEYS"] = "" },
		"empty key set":       func(w *world) { w.env["VERIFICATION_KEYS"] = `{"keys":[]}` },
		"secret keys":         func(w *world) { w.env["VERIFICATION_KEYS"] = string(w.secretKeys()) }, // TK-04
		"no public URL":       func(w *world) { w.env["PUBLIC_URL"] = "" },
		"broken demands":      func(w *world) { w.env["AUTHORIZER_DEMANDS"] = `{"a1b2c3d4e5":{"/orders":{}}}` },
		"cookie mode unclear": func(w *world) { w.env["AUTHORIZER_COOKIE"] = "perhaps" },
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			listener.Close()
			t.Setenv("SSM_ENDPOINT", "http://"+listener.Addr().String())
			w := newWorld(t)
			spoil(w)
			f := w.function()
			for shape, refusal := range refusals {
				if got := ask(t, f, w.event(shape, w.with())); got != refusal {
					t.Errorf("%s: %s, want %s", shape, got, refusal)
				}
			}
			if log := w.log.String(); strings.Count(log, `"level":"ERROR"`) != len(refusals) {
				t.Errorf("log: %s", log)
			}
		})
	}
}

// The cookie's name is the one that logins set.
func TestAuthorizer_AccessCookieIsTheOneThatLoginsSet(t *testing.T) {
	for _, insecure := range []bool{false, true} {
		var c Config
		c.CookieMode, c.InsecureCookies = true, insecure
		want := lambdahttp.Cookies{Insecure: insecure}.Name(lambdahttp.AccessCookie)
		if got := c.AccessCookie(); got != want {
			t.Errorf("insecure %v: %q, want %q", insecure, got, want)
		}
	}
}

// LG-01. A line says who asked for which route, and never with what.
func TestAuthorizer_LogHoldsNoToken(t *testing.T) {
	w := newWorld(t)
	w.env["AUTHORIZER_COOKIE"] = "true"
	f := w.function()
	tokens := w.badTokens()
	tokens["good"] = w.with()
	for _, accessToken := range tokens {
		for _, name := range lambdatest.EventNames(t, "authorizer") {
			ask(t, f, w.event(name, accessToken))
		}
	}
	log := w.log.String()
	for what, accessToken := range tokens {
		if len(accessToken) > 16 && strings.Contains(log, accessToken[len(accessToken)-16:]) {
			t.Errorf("the log holds the token %q", what)
		}
	}
	for _, part := range []string{"eyJ", "Bearer ey", "daemun-at="} {
		if strings.Contains(log, part) {
			t.Errorf("the log holds %q", part)
		}
	}
	want := `"msg":"authorize","request_id":"JKJaXmPLvHcESHA=","api_id":"a1b2c3d4e5","route":"GET /orders/{id}","allowed":true,` +
		`"user_id":"` + userID + `","session_id":"` + session + `"}`
	if !strings.Contains(log, want) {
		t.Errorf("no line with %s", want)
	}
}
