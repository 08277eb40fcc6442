package main

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"daemun/shared/fault"
	"daemun/shared/lambdahttp/lambdatest"
)

// CK-02: of two cookies of one name nobody knows which was planted; names that
// are ours but for a letter are not ours.
func TestRequest_PlantedCookies(t *testing.T) {
	w := open(t)
	b, other := w.begin(person(1)), w.begin(person(2))
	name := "__Host-daemun-tx-" + b.ID
	for _, twice := range [][]string{
		{b.Cookie, b.Cookie}, {name + "=evil", b.Cookie}, {b.Cookie, name + "=evil"}, {b.Cookie, other.Cookie, name + "="}, {name + "=" + other.Transaction, b.Cookie},
	} {
		w.refused(w.finish(b, cookies(twice...)), fault.InvalidState)
	}
	planted := func(with string) []string {
		return []string{
			"__host-daemun-tx-" + b.ID + "=" + with, "__HOST-daemun-tx-" + b.ID + "=" + with, "=" + name + "=" + with, "daemun-tx-" + b.ID + "=" + with,
			" " + name + "=" + with, name + " =" + with, "__Secure-daemun-tx-" + b.ID + "=" + with, name + "%00=" + with, name, "", "=", "%5F" + name[1:] + "=" + with,
		}
	}
	for _, alone := range planted(b.Transaction) {
		w.refused(w.finish(b, cookies(alone)), fault.InvalidState)
	}
	w.refused(w.finish(b, cookies(name+`="`+b.Transaction+`"`)), fault.InvalidState)
	w.nothingHappened(0)
	w.loggedIn(w.finish(b, cookies(slices.Concat(planted("evil"), []string{b.Cookie}, planted("evil"))...)), lambdatest.FrontURL)
}

// CK-03: cookies come in the event's list. A header that says something else is
// not the gateway's.
func TestRequest_CookieHeader(t *testing.T) {
	w := open(t)
	b := w.begin(person(1))
	w.refused(w.finish(b, cookies(), header("cookie", b.Cookie)), fault.InvalidRequest)
	w.refused(w.finish(b, header("cookie", "a=b")), fault.InvalidRequest)
	w.refused(w.finish(b, header("Cookie", "a=b"), header("cookie", b.Cookie)), fault.InvalidRequest)
	w.nothingHappened(0)
	w.loggedIn(w.finish(b, cookies("a=b", b.Cookie), header("Cookie", "a=b; "+b.Cookie)), lambdatest.FrontURL)
}

// HD-01, HD-07: a line break anywhere in the request is in no header of the
// answer, and is no fault of ours.
func TestRequest_LineBreaksReachNoHeader(t *testing.T) {
	w := open(t)
	for _, evil := range []string{"\r\nSet-Cookie: x=y", "\n", "\r", "\x00", "\u0085", "\u560a\u560d", "é"} {
		for name, c := range map[string]change{
			"request id":   func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.RequestID = "id" + evil },
			"source ip":    func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.HTTP.SourceIP = "x" + evil },
			"user agent":   func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.HTTP.UserAgent = "x" + evil },
			"path":         func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = evil },
			"header":       header("accept", evil),
			"header name":  header("x"+evil, "x"),
			"cookie name":  func(e *events.APIGatewayV2HTTPRequest) { e.Cookies = append(e.Cookies, "__Host-daemun-tx-"+evil+"=x") },
			"cookie value": func(e *events.APIGatewayV2HTTPRequest) { e.Cookies = append(e.Cookies, "__Host-daemun-at="+evil) },
		} {
			if a := w.finish(w.begin(person(1)), c); a.Failure() != "" || a.StatusCode != 302 {
				t.Errorf("%s with %q: status %d, %s", name, evil, a.StatusCode, a.Failure())
			}
		}
		bad := func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.RequestID = "id" + evil }
		w.refused(w.finish(w.begin(person(1)), bad, providerName(evil)), fault.UnknownProvider)
		w.refused(w.finish(w.begin(person(1)), bad, cookies("__Host-daemun-tx-"+evil+"=x")), fault.InvalidState)
	}
}

// ST-18: one answer for every provider that there is not.
func TestRequest_UnknownProvider(t *testing.T) {
	w := open(t)
	b := w.begin(person(1))
	for _, name := range []string{"", "..", "%2e%2e", "KAKAO", "kakao\x00", "kakao%00", "kakao/", "__proto__", strings.Repeat("k", 1<<10), "google", "<script>"} {
		w.refused(w.finish(b, providerName(name)), fault.UnknownProvider)
		w.refusedJSON(w.finish(b, providerName(name), asJSON()), fault.UnknownProvider)
	}
	w.refused(w.finish(b, func(e *events.APIGatewayV2HTTPRequest) { e.PathParameters = nil }), fault.UnknownProvider)
	w.nothingHappened(0)
}

// IN-01: sizes up to what API Gateway and Lambda let through.
func TestRequest_Sizes(t *testing.T) {
	w := open(t)
	b := w.begin(person(1))
	var many []string
	for i := range 2000 {
		many = append(many, "p"+strconv.Itoa(i)+"=1")
	}
	for name, c := range map[string]struct {
		change change
		want   fault.Code
	}{
		"state of 4 KB":       {query("code=" + b.Code + "&state=" + strings.Repeat("a", 4096)), fault.InvalidState},
		"2000 parameters":     {query(strings.Join(many, "&")), fault.InvalidState},
		"20000 parameters":    {query(strings.Repeat("a&", 20000)), fault.InvalidRequest},
		"1000 cookies":        {cookies(slices.Repeat([]string{"a=b"}, 1000)...), fault.InvalidState},
		"cookie of 8 KB":      {cookies("__Host-daemun-tx-" + b.ID + "=" + strings.Repeat("a", 8192)), fault.InvalidState},
		"body of 16 KB":       {func(e *events.APIGatewayV2HTTPRequest) { e.Body, e.Cookies = strings.Repeat("x", 16<<10), nil }, fault.InvalidState},
		"body of 16 KB and 1": {func(e *events.APIGatewayV2HTTPRequest) { e.Body = strings.Repeat("x", 16<<10+1) }, fault.PayloadTooLarge},
		"body of 6 MB":        {func(e *events.APIGatewayV2HTTPRequest) { e.Body = strings.Repeat("x", 6<<20) }, fault.PayloadTooLarge},
		"body in base64": {func(e *events.APIGatewayV2HTTPRequest) {
			e.Body, e.IsBase64Encoded = strings.Repeat("AAAA", 6<<10), true
		}, fault.PayloadTooLarge},
		"no base64": {func(e *events.APIGatewayV2HTTPRequest) { e.Body, e.IsBase64Encoded = "{}", true }, fault.InvalidRequest},
	} {
		if a := w.finish(b, c.change); a.StatusCode != 302 || a.Failure() != c.want {
			t.Errorf("%s: status %d, %s; want %s", name, a.StatusCode, a.Failure(), c.want)
		}
	}
	w.nothingHappened(0)
	w.loggedIn(w.finish(b, header("x-long", strings.Repeat("x", 10240)), func(e *events.APIGatewayV2HTTPRequest) {
		e.RequestContext.HTTP.UserAgent = strings.Repeat("가", 3000)
	}), lambdatest.FrontURL)
}

// IN-03: whatever arrives has a defined answer.
func TestRequest_OddEventsHaveAnswers(t *testing.T) {
	w := open(t)
	good := string(w.event("login", w.begin(person(1))))
	for _, raw := range []string{
		``, `{}`, `[]`, `"x"`, `null`, `1`, `{`, "\xff", `{"version":"2.0"}`, `{"version":2}`, `{"version":"2.0","routeKey":"$default"}`,
		`{"version":"2.0","routeKey":null,"body":null,"headers":null,"cookies":null,"queryStringParameters":null,"pathParameters":null,"requestContext":null}`,
		strings.Replace(good, `"2.0"`, `"1.0"`, 1), strings.Replace(good, `"cookies":`, `"cookies":[],"cookies":`, 1), good + good, good[:len(good)-3],
		strings.Replace(good, `"headers": {`, `"headers": {"x":"\ud800",`, 1), strings.Replace(good, `"headers": {`, `"headers": {"x":["a"],`, 1),
		`{"x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`,
	} {
		a := lambdatest.Invoke(t, w.handler, []byte(raw))
		if f := a.Failure(); f != fault.InvalidRequest && f != fault.NotFound {
			t.Errorf("%.40q: status %d, %q", raw, a.StatusCode, f)
		}
	}
	w.refused(lambdatest.Invoke(t, w.handler, []byte(`{"version":"2.0","routeKey":"GET /auth/{provider}/callback"}`)), fault.UnknownProvider)
	w.nothingHappened(0)
}
