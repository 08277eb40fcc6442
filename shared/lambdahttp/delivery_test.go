package lambdahttp_test

import (
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/lambdahttp"
)

// CK-01, LO-03.
func TestCookies_HaveTheirAttributes(t *testing.T) {
	secure, insecure := lambdahttp.Cookies{}, lambdahttp.Cookies{Insecure: true}
	for want, got := range map[string]string{
		"__Host-daemun-at=v; Path=/; Max-Age=900; HttpOnly; Secure; SameSite=Lax":    secure.Set(lambdahttp.AccessCookie, "v", 15*time.Minute),
		"__Host-daemun-rt=v; Path=/; Max-Age=1; HttpOnly; Secure; SameSite=Strict":   secure.Set(lambdahttp.RefreshCookie, "v", 1999*time.Millisecond),
		"__Host-daemun-tx-ab=v; Path=/; Max-Age=600; HttpOnly; Secure; SameSite=Lax": secure.Set(lambdahttp.TransactionCookie("ab"), "v", 10*time.Minute),
		"__Host-daemun-rt=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict":    secure.Clear(lambdahttp.RefreshCookie),
		"daemun-at=v; Path=/; Max-Age=900; HttpOnly; SameSite=Lax":                   insecure.Set(lambdahttp.AccessCookie, "v", 15*time.Minute),
		"daemun-rt=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict":                   insecure.Clear(lambdahttp.RefreshCookie),
	} {
		if got != want {
			t.Errorf("cookie %q, want %q", got, want)
		}
	}
}

// The plain names of a loopback address count for nothing elsewhere, nor the
// other way round.
func TestDelivery_NamesOfTheOtherModeAreNotOurs(t *testing.T) {
	e := request("POST /x")
	e.Cookies = []string{"daemun-rt=plain", "__Host-daemun-rt=host", "daemun-at=plain", "__Host-daemun-at=host"}
	e.Headers["origin"] = "https://app.example.com"
	r, _ := seen(t, e)
	for want, cookies := range map[string]lambdahttp.Cookies{"host": {}, "plain": {Insecure: true}} {
		d := lambdahttp.Delivery{Cookies: cookies, Origins: []string{"https://app.example.com"}}
		refresh, _, err := d.RefreshToken(r, "")
		if refresh != want || err != nil {
			t.Errorf("refresh token %q, %v, want %q", refresh, err, want)
		}
		access, byCookie, err := d.AccessToken(r)
		if access != want || !byCookie || err != nil {
			t.Errorf("access token %q, by cookie %v, %v, want %q", access, byCookie, err, want)
		}
	}
}

// RT-17: one refresh token, in one of its two places.
func TestDelivery_FindsTheRefreshToken(t *testing.T) {
	const cookie = "__Host-daemun-rt=c"
	for name, c := range map[string]struct {
		cookies  []string
		query    string
		inBody   string
		token    string
		byCookie bool
		fault    fault.Code
	}{
		"none":                   {nil, "", "", "", false, ""},
		"body":                   {nil, "", "b", "b", false, ""},
		"cookie":                 {[]string{cookie}, "", "", "c", true, ""},
		"both the same":          {[]string{cookie}, "", "c", "c", false, ""},
		"both, different":        {[]string{cookie}, "", "b", "", false, fault.InvalidRequest},
		"empty cookie":           {[]string{"__Host-daemun-rt="}, "", "", "", false, ""},
		"two cookies":            {[]string{cookie, cookie}, "", "", "", false, fault.InvalidRequest},
		"query":                  {nil, "refresh_token=q", "", "", false, fault.InvalidRequest},
		"empty in the query":     {nil, "refresh_token=", "b", "", false, fault.InvalidRequest},
		"query beside a cookie":  {[]string{cookie}, "refresh_token=c", "", "", false, fault.InvalidRequest},
		"another query is fine":  {[]string{cookie}, "x=1", "", "c", true, ""},
		"cookie of another name": {[]string{"__Host-daemun-rt2=c"}, "", "", "", false, ""},
	} {
		e := request("POST /x")
		e.Cookies, e.RawQueryString, e.Headers["origin"] = c.cookies, c.query, "https://app.example.com"
		r, _ := seen(t, e)
		d := lambdahttp.Delivery{Origins: []string{"https://app.example.com"}}
		token, byCookie, err := d.RefreshToken(r, c.inBody)
		if token != c.token || byCookie != c.byCookie || fault.CodeOf(err) != c.fault {
			t.Errorf("%s: %q, by cookie %v, %v", name, token, byCookie, err)
		}
	}
}

// AZ-01: a header that is there decides, however bad.
func TestDelivery_HeaderGoesBeforeTheCookie(t *testing.T) {
	e := request("POST /x")
	e.Cookies, e.Headers["authorization"] = []string{"__Host-daemun-at=c"}, "Bearer h"
	r, _ := seen(t, e)
	if token, byCookie, err := (lambdahttp.Delivery{}).AccessToken(r); token != "h" || byCookie || err != nil {
		t.Errorf("token %q, by cookie %v, %v", token, byCookie, err)
	}
	e.Headers["authorization"] = "Basic h"
	r, _ = seen(t, e)
	if token, _, err := (lambdahttp.Delivery{}).AccessToken(r); token != "" || fault.CodeOf(err) != fault.InvalidToken {
		t.Errorf("token %q, %v", token, err)
	}
}

// RT-13: the rule itself; functions are tested with more spellings.
func TestCheckOrigin(t *testing.T) {
	for _, c := range []struct {
		headers map[string]string
		allowed bool
	}{
		{map[string]string{"origin": "https://app.example.com"}, true},
		{map[string]string{"origin": "https://app.example.com", "sec-fetch-site": "cross-site"}, true},
		{map[string]string{"sec-fetch-site": "same-origin"}, true},
		{map[string]string{}, false},
		{map[string]string{"origin": ""}, false},
		{map[string]string{"origin": "null", "sec-fetch-site": "same-origin"}, false},
		{map[string]string{"origin": "https://evil.example", "sec-fetch-site": "same-origin"}, false},
		{map[string]string{"sec-fetch-site": "same-site"}, false},
		{map[string]string{"sec-fetch-site": "none"}, false},
		{map[string]string{"referer": "https://app.example.com/"}, false},
	} {
		e := request("POST /x")
		e.Headers = c.headers
		r, _ := seen(t, e)
		err := lambdahttp.CheckOrigin(r, []string{"https://app.example.com"})
		if (err == nil) != c.allowed || err != nil && fault.CodeOf(err) != fault.OriginNotAllowed {
			t.Errorf("%v: %v", c.headers, err)
		}
	}
}

// RT-13: an access cookie counts by the same rule, on every route; a request
// without one is nobody's, wherever it comes from.
func TestDelivery_AccessCookieIsForItsPages(t *testing.T) {
	const cookie, own, foreign = "__Host-daemun-at=c", "https://app.example.com", "https://evil.example"
	for _, c := range []struct {
		route, cookie, origin string // origin "": none
		want                  fault.Code
	}{
		{"POST /x", cookie, own, ""},
		{"POST /x", cookie, "", fault.OriginNotAllowed},
		{"POST /x", cookie, foreign, fault.OriginNotAllowed},
		{"POST /x", "", foreign, ""},
		{"GET /me", cookie, own, ""},
		{"GET /me", cookie, "", ""},
		{"GET /me", cookie, foreign, fault.OriginNotAllowed},
		{"GET /me", "", foreign, ""},
	} {
		e := request("POST /x")
		e.Cookies = []string{c.cookie}
		if c.origin != "" {
			e.Headers["origin"] = c.origin
		}
		r, _ := seen(t, e)
		r.Route = c.route
		if _, byCookie, err := (lambdahttp.Delivery{Origins: []string{own}}).AccessToken(r); !byCookie || fault.CodeOf(err) != c.want {
			t.Errorf("%+v: by cookie %v, %v", c, byCookie, err)
		}
	}
}

// RT-14: a late answer must not put an old refresh cookie over a newer one.
func TestDelivery_RefreshSetsTheRefreshCookieOnlyIfItChanged(t *testing.T) {
	done := flow.Refreshed{Tokens: flow.Tokens{
		AccessToken: "a", AccessExpiresIn: time.Minute, RefreshToken: "r", RefreshExpiresIn: time.Hour,
	}}
	access := lambdahttp.Cookies{}.Set(lambdahttp.AccessCookie, "a", time.Minute)
	refresh := lambdahttp.Cookies{}.Set(lambdahttp.RefreshCookie, "r", time.Hour)
	for changed, want := range map[bool][]string{false: {access}, true: {access, refresh}} {
		done.Changed = changed
		response := lambdahttp.NoContent()
		lambdahttp.Delivery{}.Refresh(response, done)
		if diff := cmp.Diff(want, response.Cookies); diff != "" {
			t.Errorf("changed %v: cookies (-want +got):\n%s", changed, diff)
		}
	}
}

// A guess that somebody may come is known by three headers.
func TestRequest_IsPrefetch(t *testing.T) {
	for name, want := range map[string]string{"sec-purpose": "prefetch;prerender", "purpose": "prefetch", "x-moz": "prefetch", "accept": ""} {
		r, _ := seen(t, with(request("POST /x"), name, want))
		if r.IsPrefetch() != (want != "") {
			t.Errorf("%s: %s: prefetch %v", name, want, r.IsPrefetch())
		}
	}
}

func with(e events.APIGatewayV2HTTPRequest, header, value string) events.APIGatewayV2HTTPRequest {
	e.Headers[header] = value
	return e
}
