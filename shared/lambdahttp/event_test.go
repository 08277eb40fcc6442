package lambdahttp_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/lambdahttp"
	"daemun/shared/lambdahttp/lambdatest"
)

// seen sends an event and returns what the route saw; nil if it saw nothing.
func seen(t *testing.T, e events.APIGatewayV2HTTPRequest) (*lambdahttp.Request, lambdatest.Answer) {
	t.Helper()
	var got *lambdahttp.Request
	h, _ := serve(func(_ context.Context, r *lambdahttp.Request) (*lambdahttp.Response, error) {
		got = r
		return lambdahttp.NoContent(), nil
	})
	a := lambdatest.Invoke(t, h, text(t, e))
	return got, a
}

// refusedEvent wants an event to reach no route.
func refusedEvent(t *testing.T, name string, e events.APIGatewayV2HTTPRequest, want string) {
	t.Helper()
	if r, a := seen(t, e); r != nil || a.Outcome() != want {
		t.Errorf("%s: answer %s, want %s; reached the route: %v", name, a.Outcome(), want, r != nil)
	}
}

// HD-06: who it was is what the gateway says, whatever the headers say.
func TestEvent_BecomesARequest(t *testing.T) {
	e := request("POST /x")
	e.PathParameters = map[string]string{"provider": "kakao"}
	e.RawQueryString = "code=a%2Bb&empty="
	e.Headers = map[string]string{"Accept": "text/html", "x-forwarded-for": "203.0.113.9", "user-agent": "spoofed"}
	e.Cookies = []string{"a=1", "b=x=y", "nameless"}
	e.RequestContext.HTTP.SourceIP, e.RequestContext.HTTP.UserAgent = "192.0.2.1", "Mozilla/5.0"
	r, _ := seen(t, e)
	a, _ := r.Cookie("a")
	b, _ := r.Cookie("b")
	got := []any{
		r.ID, r.Route, r.SourceIP, r.UserAgent, r.Path["provider"], r.Header("accept"), r.Query("code"), r.Query("none"),
		r.HasQuery("empty"), r.HasQuery("none"), a, b, len(r.CookieNames("")),
	}
	want := []any{
		"JKJaXmPLvHcESHA=", "POST /x", "192.0.2.1", "Mozilla/5.0", "kakao", "text/html", "a+b", "",
		true, false, "1", "x=y", 2,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

// IN-03: whatever is no event of an HTTP API is a bad request, and no panic.
func TestEvent_OfNoGatewayIsRefused(t *testing.T) {
	h, log := serve(succeeds)
	for event, want := range map[string]string{
		``:                  "400 invalid_request",
		`{}`:                "400 invalid_request",
		`[]`:                "400 invalid_request",
		`"x"`:               "400 invalid_request",
		`null`:              "400 invalid_request",
		`{"version":`:       "400 invalid_request",
		`{"version":"1.0"}`: "400 invalid_request",
		`{"version":2.0}`:   "400 invalid_request",
		`{"version":"2.0","routeKey":"POST /x","routeKey":"GET /x"}`:    "400 invalid_request",
		`{"version":"2.0","routeKey":"POST /x","headers":[]}`:           "400 invalid_request",
		"{\"version\":\"2.0\",\"routeKey\":\"POST /x\",\"x\":\"\xff\"}": "400 invalid_request",
		`{"version":"2.0"}`:                       "404 not_found",
		`{"version":"2.0","routeKey":"$default"}`: "404 not_found",
		`{"version":"2.0","routeKey":"post /x"}`:  "404 not_found",
		`{"Version":"2.0","RouteKey":"POST /x"}`:  "400 invalid_request",
		`{"version":"2.0","routeKey":"POST /x"}`:  "204",
		`{"version":"2.0","routeKey":"POST /x","headers":null,"cookies":null,"requestContext":null,"body":null}`: "204",
	} {
		if got := lambdatest.Invoke(t, h, []byte(event)).Outcome(); got != want {
			t.Errorf("%s: answer %s, want %s", event, got, want)
		}
	}
	if strings.Contains(log.String(), "routeKey") {
		t.Error("the log has an event")
	}
}

// Headers come in lower case; an event with one header in two spellings is not
// the gateway's.
func TestEvent_HeaderInTwoSpellingsIsRefused(t *testing.T) {
	e := request("POST /x")
	e.Headers = map[string]string{"Origin": "https://app.example.com", "origin": "https://evil.example"}
	refusedEvent(t, "two origins", e, "400 invalid_request")
}

// CK-02, CK-03.
func TestEvent_CookiesComeFromTheListAlone(t *testing.T) {
	e := request("POST /x")
	e.Headers["cookie"] = "daemun-at=planted"
	refusedEvent(t, "header without a list", e, "400 invalid_request")
	e.Cookies = []string{"daemun-at=real"}
	refusedEvent(t, "header and list differ", e, "400 invalid_request")
	e.Headers["cookie"], e.Cookies = "a=1; b=2", []string{"a=1", "b=2"}
	if r, _ := seen(t, e); r == nil {
		t.Error("header and list that agree were refused")
	}
}

// CK-02: which of two cookies is the planted one, nobody can tell. Other
// spellings of a name are other names.
func TestRequest_CookieRefusesTwoOfOneName(t *testing.T) {
	e := request("POST /x")
	e.Cookies = []string{"__Host-daemun-at=1", "__host-daemun-at=2", "=__Host-daemun-at=3", "__Host-daemun-at =4", " __Host-daemun-at=5"}
	r, _ := seen(t, e)
	if got, err := r.Cookie("__Host-daemun-at"); got != "1" || err != nil {
		t.Errorf("cookie %q, %v, want the one of our name", got, err)
	}
	e.Cookies = append(e.Cookies, "__Host-daemun-at=1")
	r, _ = seen(t, e)
	if got, err := r.Cookie("__Host-daemun-at"); got != "" || err == nil {
		t.Errorf("two cookies of one name gave %q", got)
	}
}

// IN-02: decoded once; what no client of good faith sends is refused.
func TestEvent_QueryIsDecodedOnceAndStrictly(t *testing.T) {
	for raw, want := range map[string]string{
		"q=a%20b":     "a b",
		"q=a+b":       "a b",
		"q=%2500":     "%00",
		"q=%252e":     "%2e",
		"q=%EA%B9%80": "김",
		"q=":          "",
		"":            "",
		"x=1&q=2":     "2",
	} {
		e := request("POST /x")
		e.RawQueryString = raw
		r, a := seen(t, e)
		if r == nil || r.Query("q") != want {
			t.Errorf("%s: answer %s, want q=%q", raw, a.Outcome(), want)
		}
	}
	for _, raw := range []string{
		"q=1&q=2", "q=1&q=1", "q=%", "q=%zz", "q=%00", "q=%0d%0a", "q=%C0%AE", "q=%FF", "%00=1", "q=1;r=2", "q=%C2%85",
	} {
		e := request("POST /x")
		e.RawQueryString = raw
		refusedEvent(t, raw, e, "400 invalid_request")
	}
}

// IN-01: a great many parameters are work, and no more.
func TestEvent_ManyParametersAreTaken(t *testing.T) {
	query := url.Values{}
	for i := range 2000 {
		query.Set(fmt.Sprintf("p%d", i), "x")
	}
	e := request("POST /x")
	e.RawQueryString = query.Encode()
	if r, a := seen(t, e); r == nil || r.Query("p1999") != "x" {
		t.Errorf("answer %s", a.Outcome())
	}
}

// RG-06, RG-07: bounds of the decoded body.
func TestEvent_BodyIsBoundedAndDecodedOnce(t *testing.T) {
	const limit = 16 << 10
	pad := func(n int) string { return strings.Repeat("x", n) }
	encode := base64.StdEncoding.EncodeToString
	for name, c := range map[string]struct {
		body   string
		base64 bool
		want   string
	}{
		"at the limit":           {pad(limit), false, "204"},
		"over the limit":         {pad(limit + 1), false, "413 payload_too_large"},
		"base64 at the limit":    {encode([]byte(pad(limit))), true, "204"},
		"base64 over the limit":  {encode([]byte(pad(limit + 1))), true, "413 payload_too_large"},
		"6 MB":                   {pad(6 << 20), false, "413 payload_too_large"},
		"6 MB of no base64":      {strings.Repeat("!", 6<<20), true, "413 payload_too_large"},
		"no base64":              {"{}", true, "400 invalid_request"},
		"base64 without padding": {"e30", true, "400 invalid_request"},
		"base64 with stray bits": {"e31=", true, "400 invalid_request"},
		"base64url":              {"-_-_", true, "400 invalid_request"},
		"base64 of nothing":      {"", true, "204"},
	} {
		e := request("POST /x")
		e.Body, e.IsBase64Encoded = c.body, c.base64
		if _, a := seen(t, e); a.Outcome() != c.want {
			t.Errorf("%s: answer %s, want %s", name, a.Outcome(), c.want)
		}
	}
}

// IN-04.
func FuzzInvoke(f *testing.F) {
	for _, function := range []string{"refresh", "logout", "account", "keys"} {
		for _, name := range lambdatest.EventNames(f, function) {
			f.Add(lambdatest.Event(f, function, name))
		}
	}
	f.Fuzz(func(t *testing.T, event []byte) {
		h, _ := serve(nil)
		h.Routes = nil
		for _, key := range []string{"POST /auth/refresh", "POST /auth/logout", "GET /me"} {
			h.Routes = append(h.Routes, lambdahttp.Route{Key: key, Handle: everything, Browser: key == "GET /me"})
		}
		if a := lambdatest.Invoke(t, h, event); a.StatusCode >= 500 {
			t.Errorf("answer %s", a.Outcome())
		}
	})
}

// everything asks a request all that it can be asked.
func everything(_ context.Context, r *lambdahttp.Request) (*lambdahttp.Response, error) {
	d := lambdahttp.Delivery{Origins: []string{"https://app.example.com"}}
	d.Cookies.Transactions(r)
	r.IsPrefetch()
	var body struct {
		RefreshToken string `json:"refresh_token"`
		All          bool   `json:"all"`
	}
	if err := r.JSON(&body); err != nil {
		return nil, err
	}
	if _, _, err := d.AccessToken(r); err != nil {
		return nil, err
	}
	if _, _, err := d.RefreshToken(r, body.RefreshToken); err != nil {
		return nil, err
	}
	return lambdahttp.NoContent(), nil
}
