package main

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/provider/providertest"
)

// RT-13, HD-03: the cookie counts only for our own pages. What the gateway hands
// on of two Origin headers is joined by a comma.
func TestRefresh_CookieObeysTheOriginRule(t *testing.T) {
	const absent = "absent"
	w := start(t)
	w.Env["ALLOWED_ORIGINS"] = lambdatest.Front + ",https://admin.example.com"
	w.h = w.Build(build)
	for _, c := range []struct {
		origin, fetchSite string
		allowed           bool
	}{
		{lambdatest.Front, absent, true},
		{"https://admin.example.com", absent, true},
		{lambdatest.Front, "cross-site", true},
		{absent, "same-origin", true},
		{absent, absent, false},
		{absent, "same-site", false},
		{absent, "cross-site", false},
		{absent, "none", false},
		{absent, "Same-Origin", false},
		{"", "same-origin", false},
		{"null", "same-origin", false},
		{"https://evil.example", "same-origin", false},
		{"https://evil." + "app.example.com", absent, false},
		{lambdatest.Front + ".evil.example", absent, false},
		{lambdatest.Front + ":443", absent, false},
		{lambdatest.Front + "/", absent, false},
		{"http://app.example.com", absent, false},
		{"https://APP.example.com", absent, false},
		{lambdatest.Front + ", https://evil.example", absent, false},
		{lambdatest.PublicURL, absent, false},
		{"*", absent, false},
	} {
		t.Run(c.origin+" "+c.fetchSite, func(t *testing.T) {
			login := w.again()
			event := lambdatest.With(t, w.event("cookie-unmarked", login.RefreshToken), func(e *events.APIGatewayV2HTTPRequest) {
				for name, value := range map[string]string{"origin": c.origin, "sec-fetch-site": c.fetchSite} {
					if value != absent {
						e.Headers[name] = value
					}
				}
			})
			a := lambdatest.Invoke(t, w.h, event)
			if c.allowed {
				w.tokens(a)
				w.alive(2)
				return
			}
			if a.Outcome() != "403 origin_not_allowed" || len(a.Cookies) > 0 {
				t.Errorf("answer %s, cookies %v", a.Outcome(), a.Cookies)
			}
			w.requests(map[string]int{})
			w.alive(1)
		})
	}
}

// A client that carries its token itself needs no origin.
func TestRefresh_JSONTokenNeedsNoOrigin(t *testing.T) {
	w := start(t)
	event := lambdatest.With(t, w.event("json", w.login.RefreshToken), func(e *events.APIGatewayV2HTTPRequest) {
		e.Headers["origin"], e.Headers["sec-fetch-site"] = "https://evil.example", "cross-site"
	})
	w.tokens(lambdatest.Invoke(t, w.h, event))
}

// RG-06, RG-07.
func TestRefresh_BodyIsHeldToItsForm(t *testing.T) {
	w := start(t)
	good := `{"refresh_token":"` + w.login.RefreshToken + `"}`
	const limit = 16 << 10
	padded := func(size int) string { return good + strings.Repeat(" ", size-len(good)) }
	for name, c := range map[string]struct {
		contentType, encoding, body string
		base64                      bool
		want                        string
	}{
		"charset":                {"application/json; charset=UTF-8", "", good, false, "200"},
		"type in capitals":       {"Application/JSON", "", good, false, "200"},
		"base64":                 {"application/json", "", base64.StdEncoding.EncodeToString([]byte(good)), true, "200"},
		"at the limit":           {"application/json", "", padded(limit), false, "200"},
		"base64 at the limit":    {"application/json", "", base64.StdEncoding.EncodeToString([]byte(padded(limit))), true, "200"},
		"over the limit":         {"application/json", "", padded(limit + 1), false, "413 payload_too_large"},
		"base64 over the limit":  {"application/json", "", base64.StdEncoding.EncodeToString([]byte(padded(limit + 1))), true, "413 payload_too_large"},
		"far over the limit":     {"application/json", "", strings.Repeat("[", 6<<20), false, "413 payload_too_large"},
		"deep":                   {"application/json", "", strings.Repeat("[", limit), false, "400 invalid_request"},
		"no type":                {"", "", good, false, "415 unsupported_media_type"},
		"text":                   {"text/plain", "", good, false, "415 unsupported_media_type"},
		"two types":              {"application/json, text/plain", "", good, false, "415 unsupported_media_type"},
		"UTF-16":                 {"application/json; charset=utf-16", "", good, false, "415 unsupported_media_type"},
		"gzip":                   {"application/json", "gzip", good, false, "415 unsupported_media_type"},
		"plain marked as base64": {"application/json", "", good, true, "400 invalid_request"},
		"base64 twice": {"application/json", "",
			base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(good)))), true, "400 invalid_request"},
		"other case":          {"application/json", "", strings.Replace(good, "refresh", "Refresh", 1), false, "400 invalid_request"},
		"trailing text":       {"application/json", "", good + "{}", false, "400 invalid_request"},
		"array":               {"application/json", "", "[" + good + "]", false, "400 invalid_request"},
		"string":              {"application/json", "", `"x"`, false, "400 invalid_request"},
		"token is no string":  {"application/json", "", `{"refresh_token":7}`, false, "400 invalid_request"},
		"lone surrogate":      {"application/json", "", `{"refresh_token":"\ud800"}`, false, "400 invalid_request"},
		"null":                {"application/json", "", `null`, false, "401 invalid_grant"},
		"token is null":       {"application/json", "", `{"refresh_token":null}`, false, "401 invalid_grant"},
		"token is empty":      {"application/json", "", `{"refresh_token":""}`, false, "401 invalid_grant"},
		"no body and no type": {"", "", "", false, "401 invalid_grant"},
	} {
		t.Run(name, func(t *testing.T) {
			event := lambdatest.With(t, w.event("json", ""), func(e *events.APIGatewayV2HTTPRequest) {
				e.Headers["content-type"], e.Headers["content-encoding"] = c.contentType, c.encoding
				e.Body, e.IsBase64Encoded = c.body, c.base64
			})
			if got := lambdatest.Invoke(t, w.h, event).Outcome(); got != c.want {
				t.Errorf("answer %s, want %s", got, c.want)
			}
		})
	}
	w.alive(2)
}

// IN-03: events that are none of the gateway's, as a direct invocation may send.
func TestRefresh_EventsOfNoGateway(t *testing.T) {
	w := start(t)
	for _, event := range []string{
		`{}`, `[]`, `"x"`, `null`, `7`, ``, `{`, `{"version":"2.0"}`, `{"version":"1.0","httpMethod":"POST","path":"/auth/refresh"}`,
		`{"version":"2.0","routeKey":"POST /auth/refresh","headers":null,"body":null}`,
		`{"version":"2.0","version":"2.0","routeKey":"POST /auth/refresh"}`,
	} {
		a := lambdatest.Invoke(t, w.h, []byte(event))
		if a.StatusCode < 400 || a.StatusCode >= 500 {
			t.Errorf("event %s: answer %s, want a 4xx", event, a.Outcome())
		}
	}
	w.requests(map[string]int{})
}

// RT-09, RT-11: a token that is not ours, byte for byte, costs no request.
func TestRefresh_ForgedTokensAreRefusedWithoutTheDatabase(t *testing.T) {
	w := start(t)
	person := providertest.Persons()[1]
	stranger := strings.Split(w.LogIn(person).RefreshToken, ".")
	own := strings.Split(w.again().RefreshToken, ".")
	with := func(i int, part string) string {
		parts := append([]string{}, own...)
		parts[i] = part
		return strings.Join(parts, ".")
	}
	for name, forged := range map[string]string{
		"version":                with(0, "r2"),
		"unknown key":            with(1, "AAAAAAAAAAAA"),
		"another's user id":      with(2, stranger[2]),
		"another's session id":   with(3, stranger[3]),
		"next generation":        with(4, "2"),
		"generation spelt +1":    with(4, "+1"),
		"generation spelt 01":    with(4, "01"),
		"another's MAC":          with(5, stranger[5]),
		"no MAC":                 with(5, ""),
		"MAC cut by one":         with(5, own[5][:len(own[5])-1]),
		"MAC cut to one":         with(5, own[5][:1]),
		"MAC with more":          with(5, own[5]+"A"),
		"MAC padded":             with(5, own[5]+"="),
		"MAC, last bits":         with(5, own[5][:len(own[5])-1]+otherBits(own[5])),
		"a part more":            with(5, own[5]+".x"),
		"a part less":            strings.Join(own[:5], "."),
		"space before":           " " + strings.Join(own, "."),
		"space after":            strings.Join(own, ".") + " ",
		"capitals":               strings.ToUpper(strings.Join(own, ".")),
		"too long":               strings.Join(own, ".") + strings.Repeat("A", 300),
		"dots":                   ".....",
		"a JSON Web Token":       "eyJhbGciOiJub25lIn0.e30.",
		"access token (TK-02)":   w.login.AccessToken,
		"transaction (TK-02)":    w.Begin(person, "").Transaction,
		"provider's own refresh": providertest.Marker,
	} {
		t.Run(name, func(t *testing.T) {
			w.refused(forged)
			w.requests(map[string]int{})
		})
	}
	w.alive(1)
}

// otherBits is a last character of base64url that a lax decoder reads as the
// same bytes.
func otherBits(mac string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, mac[len(mac)-1])^1])
}

// TK-02: a refresh token opens no transaction, nor does an access token.
func TestRefresh_ItsTokensOpenNoTransaction(t *testing.T) {
	w := start(t)
	for _, foreign := range []string{w.login.RefreshToken, w.login.AccessToken} {
		if _, err := w.Keys.Transaction.Open(foreign); err == nil {
			t.Errorf("%.12s… opened as a transaction", foreign)
		}
	}
	if _, err := w.Keys.Transaction.Open(w.Begin(lambdatest.Person(), "").Transaction); err != nil {
		t.Error(err)
	}
}

// Not even the same key set makes one kind of token pass for another.
func TestRefresh_KindsOfTokensStayApartUnderOneKeySet(t *testing.T) {
	w := start(t)
	w.Env["TRANSACTION_KEYS"] = w.Env["REFRESH_KEYS"]
	if err := w.Keys.Transaction.UnmarshalText([]byte(w.Env["REFRESH_KEYS"])); err != nil {
		t.Fatal(err)
	}
	w.refused(w.Begin(lambdatest.Person(), "").Transaction)
	if _, err := w.Keys.Transaction.Open(w.login.RefreshToken); err == nil {
		t.Error("a refresh token opened as a transaction")
	}
}

// HD-05: headers that rewrite a method are nothing to us.
func TestRefresh_MethodsOtherThanPOSTAreNotThere(t *testing.T) {
	w := start(t)
	for _, method := range []string{"GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "OPTIONS"} {
		event := lambdatest.With(t, w.event("put", w.login.RefreshToken), func(e *events.APIGatewayV2HTTPRequest) {
			e.RouteKey = method + " /auth/refresh"
			e.RequestContext.RouteKey, e.RequestContext.HTTP.Method = e.RouteKey, method
		})
		if got := lambdatest.Invoke(t, w.h, event).Outcome(); got != "404 not_found" {
			t.Errorf("%s: answer %s, want 404 not_found", method, got)
		}
	}
	w.requests(map[string]int{})
}
