package main

import (
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"daemun/shared/fault"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/provider/providertest"
)

// ST-14: what the provider says instead of a code. The login is spent, no code
// is sent, and none of its words go on.
func TestResponse_ProviderErrors(t *testing.T) {
	w := open(t)
	claims := 0
	for answer, want := range map[string]fault.Code{
		"error=access_denied": fault.AccessDenied,
		"error=access_denied&error_description=%3Cscript%3E&error_uri=javascript:x": fault.AccessDenied,
		"error=server_error":                             fault.ProviderUnavailable,
		"error=temporarily_unavailable":                  fault.ProviderUnavailable,
		"error=invalid_scope":                            fault.BadProviderResponse,
		"error=ACCESS_DENIED":                            fault.BadProviderResponse,
		"error=%3Cscript%3E%22%27&error_description=%22": fault.BadProviderResponse,
		"error=x&code={code}":                            fault.BadProviderResponse,
		"error=access_denied&code={code}":                fault.AccessDenied,
		"code=":                                          fault.InvalidRequest,
		"error=&code=":                                   fault.InvalidRequest,
		"code=" + strings.Repeat("a", 8192):              fault.InvalidRequest, // IN-01
		"iss=https://evil.example&code={code}":           fault.InvalidState,   // ST-05
		"iss=https://kauth.kakao.com/&code={code}":       fault.InvalidState,
		"iss=HTTPS://kauth.kakao.com&code={code}":        fault.InvalidState,
		"iss=kakao&error=access_denied":                  fault.InvalidState,
	} {
		b := w.begin(person(1))
		raw := "state=" + b.State + "&" + strings.ReplaceAll(answer, "{code}", b.Code)
		a := w.finish(b, query(raw))
		if a.Headers["Location"] != lambdatest.FrontURL+"?error="+string(want)+"&request_id=JKJaXmPLvHcESHA%3D" || len(a.Cookies) != 1 {
			t.Errorf("%.60q: goes to %q with cookies %q, want %s", answer, a.Headers["Location"], a.Cookies, want)
		}
		w.noToken(a)
		w.refused(w.finish(b), fault.InvalidState)
		// With a state that is not this browser's, nothing of it is believed.
		w.refused(w.finish(w.begin(person(1)), query(raw)), fault.InvalidState)
		claims++
		w.nothingHappened(claims)
	}
}

// ST-15, IN-02: repeated parameters, and what two parsers could read differently.
func TestResponse_QueryIsReadInOneWay(t *testing.T) {
	w := open(t)
	b := w.begin(person(1))
	const good = "state={state}&code={code}"
	for raw, want := range map[string]fault.Code{
		good + "&state={state}":          fault.InvalidRequest,
		good + "&code=":                  fault.InvalidRequest,
		good + "&c%6fde=x":               fault.InvalidRequest,
		"code=&" + good:                  fault.InvalidRequest,
		good + "&iss=a&iss=a":            fault.InvalidRequest, // ST-05
		good + "&error=&error=":          fault.InvalidRequest,
		good + "&x=1&x=1":                fault.InvalidRequest,
		good + "&x=%":                    fault.InvalidRequest,
		good + ";x=1":                    fault.InvalidRequest,
		good + "&x=%FF":                  fault.InvalidRequest,
		good + "&x=%C0%AF":               fault.InvalidRequest,
		good + "&x=%0D%0ASet-Cookie:y=z": fault.InvalidRequest, // HD-01
		good + "&x=%00":                  fault.InvalidRequest,
		"state={state}&code=%1B[31m":     fault.InvalidRequest,
		"STATE={state}&code={code}":      fault.InvalidState,
		"state[]={state}&code={code}":    fault.InvalidState,
		"state={state},{state}&code=x":   fault.InvalidState,
		"#state={state}&code={code}":     fault.InvalidState,
		"":                               fault.InvalidState,
	} {
		raw = strings.NewReplacer("{state}", b.State, "{code}", b.Code).Replace(raw)
		w.refused(w.finish(b, query(raw)), want)
	}
	// The gateway's own, lossy reading counts for nothing.
	w.refused(w.finish(b, query(""), func(e *events.APIGatewayV2HTTPRequest) {
		e.QueryStringParameters = map[string]string{"state": b.State, "code": b.Code}
	}), fault.InvalidState)
	w.nothingHappened(0)
	w.loggedIn(w.finish(b), lambdatest.FrontURL)
}

// CB-06: tokens from outside count for nothing, wherever they come from.
func TestResponse_TokensFromOutside(t *testing.T) {
	w := open(t)
	foreign := w.LogIn(person(1))
	const tokens = "access_token=foreign&id_token=foreign&token_type=bearer&expires_in=9&refresh_token=foreign"
	b := w.begin(person(2))
	a := w.finish(b, query(tokens+"&state="+b.State+"&code="+b.Code), header("authorization", "Bearer "+foreign.AccessToken),
		func(e *events.APIGatewayV2HTTPRequest) { e.Body = tokens })
	if got := w.loggedIn(a, lambdatest.FrontURL); got == foreign.User.ID {
		t.Error("logged in as another")
	}
	hits := w.Kakao.Hits(providertest.Token)
	for _, raw := range []string{tokens + "&state={state}", "id_token=x&state={state}", "access_token=x"} {
		b := w.begin(person(3))
		if a := w.finish(b, query(strings.ReplaceAll(raw, "{state}", b.State))); a.Failure() == "" {
			t.Errorf("%q is taken", raw)
		}
	}
	if got := w.Kakao.Hits(providertest.Token); got != hits {
		t.Error("the provider was asked without a code")
	}
	w.stored(2, 2)
}

// CB-16: who only looks does not use the login up.
func TestResponse_PrefetchAndHeadConsumeNothing(t *testing.T) {
	w := open(t)
	b := w.begin(person(1))
	for _, h := range [][2]string{{"sec-purpose", "prefetch"}, {"sec-purpose", "prefetch;prerender"}, {"purpose", "prefetch"}, {"x-moz", "prefetch"}} {
		a := w.finish(b, header(h[0], h[1]))
		if a.StatusCode != 503 || a.Failure() != fault.TemporarilyUnavailable || len(a.Cookies) > 0 {
			t.Errorf("%s: status %d, %s, cookies %q", h, a.StatusCode, a.Body, a.Cookies)
		}
	}
	// HD-05.
	for _, method := range []string{"HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "get"} {
		a := w.finish(b, header("x-http-method-override", "GET"), func(e *events.APIGatewayV2HTTPRequest) {
			e.RouteKey, e.RequestContext.HTTP.Method = method+" /auth/{provider}/callback", method
		})
		w.refusedJSON(a, fault.NotFound)
	}
	post := func(e *events.APIGatewayV2HTTPRequest) {
		e.RouteKey, e.RequestContext.HTTP.Method = "POST /auth/{provider}/callback", "POST"
		e.Body = url.Values{"state": {b.State}, "code": {b.Code}}.Encode()
	}
	w.refused(w.finish(b, post), fault.MethodNotAllowed)
	w.refusedJSON(w.finish(b, post, asJSON()), fault.MethodNotAllowed)
	w.nothingHappened(0)
	w.loggedIn(w.finish(b), lambdatest.FrontURL)
}
