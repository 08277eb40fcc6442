package main

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"daemun/shared/fault"
	"daemun/shared/lambdahttp/lambdatest"
)

// ST-10: wherever a login wants to return to, it stays on an allowed origin or
// is refused. The large list of payloads is tested beside the rule.
func TestLogin_ReturnToStaysOnAllowedOrigins(t *testing.T) {
	w := open(t, "ALLOWED_ORIGINS", "https://app.example.com,https://shop.example.com:8443")
	for payload, want := range map[string]string{
		"":                         lambdatest.FrontURL,
		"/":                        lambdatest.Front + "/",
		"/orders?page=2#top":       lambdatest.Front + "/orders?page=2#top",
		"/a%2500":                  lambdatest.Front + "/a%2500", // IN-02: decoded once
		"/..//evil.example":        lambdatest.Front + "/..//evil.example",
		"https://app.example.com":  "https://app.example.com",
		"https://app.example.com/": "https://app.example.com/",
		"https://shop.example.com:8443?x=https://evil.example": "https://shop.example.com:8443?x=https://evil.example",
	} {
		_, tx := w.begun(w.login(query("return_to=" + url.QueryEscape(payload))))
		if tx.ReturnTo != want {
			t.Errorf("%q: %q, want %q", payload, tx.ReturnTo, want)
		}
	}
	for _, payload := range []string{
		"https://evil.example", "//evil.example", "///evil.example", "////evil.example", `/\evil.example`, `\/evil.example`,
		`\\evil.example`, "/\t/evil.example", "/\n/evil.example", "/\r\nSet-Cookie: a=b", "\t//evil.example", " //evil.example",
		"%2f%2fevil.example", "/ /evil.example", "https:evil.example", "https:/evil.example", `https:\\evil.example`, "https:///evil.example",
		"http://app.example.com/", "HTTPS://app.example.com/", "https://APP.example.com/", "https://app.example.com.evil.example/",
		"https://app.example.comevil.example", "https://app.example.com@evil.example/", "https://app.example.com:443@evil.example",
		"https://app.example.com:444/", "https://app.example.com;evil.example", `https://app.example.com\@evil.example`,
		"https://evil.example/https://app.example.com/", "https://evil.example?https://app.example.com", "https://evil.example#@app.example.com/",
		"https://user@app.example.com/", "https://sub.app.example.com/", "https://shop.example.com/", "https://shop.example.com:84430/",
		"javascript:alert(1)", "JaVaScRiPt:alert(1)//app.example.com", "data:text/html,x", "file:///etc/passwd", "//app.example.com/", "orders", "?x", "#x",
		"https://app.example.com。evil.example/", "https://app.example.com／evil", "/\u2028/evil.example", "/가", "/\u0085", "/" + strings.Repeat("a", 512),
	} {
		w.refused(w.login(query("return_to="+url.QueryEscape(payload))), fault.InvalidRequest)
	}
}

// ST-15, IN-02: what two parsers could read differently is refused.
func TestLogin_QueryIsReadInOneWay(t *testing.T) {
	w := open(t)
	for _, raw := range []string{
		"return_to=/a&return_to=/a", "return_to=&return_to=/a", "return_to=/a&return%5Fto=/b", "return_to=%", "return_to=%zz", "%=1",
		"return_to=/a;b=c", "return_to=%C0%AF", "return_to=%FF", "return_to=/%00", "return_to=/%0d%0aSet-Cookie:x=y", "return_to=/%0A", "x=%E2%28%A1",
		"return_to=/a+b", "return_to=/%C2%85", "return_to=%2500", "return_to=%252e%252e", "return_to=/a&state=1&state=2",
	} {
		w.refused(w.login(query(raw)), fault.InvalidRequest)
	}
	for _, raw := range []string{"RETURN_TO=https://evil.example", "return_to[]=https://evil.example", "return_to.x=https://evil.example", "&&&", "=x"} {
		if _, tx := w.begun(w.login(query(raw))); tx.ReturnTo != lambdatest.FrontURL {
			t.Errorf("%q: goes to %q", raw, tx.ReturnTo)
		}
	}
}

// ST-18: one answer for every provider that there is not.
func TestLogin_UnknownProvider(t *testing.T) {
	w := open(t)
	for _, name := range []string{
		"", ".", "..", "%2e%2e", "KAKAO", "Kakao", "kakao ", " kakao", "kakao\x00", "kakao%00", "kakao/", "kakao/../kakao", "kakaο",
		"__proto__", "constructor", strings.Repeat("k", 1<<10), "google", "kakao\r\nX: y", `kakao"`, "<script>",
	} {
		w.refused(w.login(providerName(name)), fault.UnknownProvider)
		a := w.login(providerName(name), header("accept", "application/json"))
		if a.StatusCode != 404 || a.Body != `{"error":"unknown_provider","error_description":"There is no such login provider.","request_id":"JKJaXmPLvHcESHA="}` {
			t.Errorf("%q: status %d, %s", name, a.StatusCode, a.Body)
		}
	}
	w.refused(w.login(func(e *events.APIGatewayV2HTTPRequest) { e.PathParameters = nil }), fault.UnknownProvider)
}

// HD-05: the route decides, whatever the rest of the request says of its method.
func TestLogin_OtherMethodsDoNothing(t *testing.T) {
	w := open(t)
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "OPTIONS", "HEAD", "get", "ANY"} {
		a := w.login(header("x-http-method-override", "GET"), func(e *events.APIGatewayV2HTTPRequest) {
			e.RouteKey = method + " /auth/{provider}/login"
			e.RequestContext.HTTP.Method = method
		})
		if a.StatusCode != 404 || a.Failure() != fault.NotFound || len(a.Cookies) > 0 {
			t.Errorf("%s: status %d, %s", method, a.StatusCode, a.Body)
		}
	}
}

// HD-01: a line break anywhere in the request is in no header of the answer, and
// is no fault of ours.
func TestLogin_LineBreaksReachNoHeader(t *testing.T) {
	w := open(t)
	for _, evil := range []string{"\r\nSet-Cookie: x=y", "\r", "\n", "\x00", "\u0085", "\u560a\u560d", "é"} {
		planted := make([]string, 6) // enough for some of them to be expired
		for i := range planted {
			planted[i] = fmt.Sprintf("__Host-daemun-tx-%d%s=old", i, evil)
		}
		for name, c := range map[string]change{
			"request id":   func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.RequestID = "id" + evil },
			"user agent":   func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.HTTP.UserAgent = evil },
			"source ip":    func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.HTTP.SourceIP = evil },
			"path":         func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = evil },
			"accept":       header("accept", evil),
			"cookie names": cookies(planted...),
			"cookie value": cookies("__Host-daemun-tx-abcdefgh=" + evil),
		} {
			a := w.login(c)
			w.begun(a)
			if a.Failure() != "" {
				t.Errorf("%s with %q: %s", name, evil, a.Failure())
			}
		}
		w.refused(w.login(query("return_to=/"+url.QueryEscape(evil))), fault.InvalidRequest)
		w.refused(w.login(query("return_to=x"), func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.RequestID = "id" + evil }), fault.InvalidRequest)
	}
}

// IN-01, IN-03: whatever arrives has a defined answer.
func TestLogin_OddEventsHaveAnswers(t *testing.T) {
	w := open(t)
	for _, raw := range []string{
		``, `{}`, `[]`, `"x"`, `null`, `1`, `{`, "\xff", `{"version":"2.0"}`, `{"version":2}`, `{"version":"2.0","routeKey":"$default"}`,
		`{"version":"2.0","version":"2.0"}`, `{"version":"2.0","headers":{"a":1}}`, `{"version":"2.0","routeKey":null,"body":null,"headers":null,"requestContext":null}`,
		`{"x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`,
	} {
		a := lambdatest.Invoke(t, w.handler, []byte(raw))
		if a.StatusCode != 400 && a.StatusCode != 404 {
			t.Errorf("%.40q: status %d", raw, a.StatusCode)
		}
	}
	nilMaps := `{"version":"2.0","routeKey":"GET /auth/{provider}/login"}`
	w.refused(lambdatest.Invoke(t, w.handler, []byte(nilMaps)), fault.UnknownProvider)

	var many []string
	for i := range 2000 {
		many = append(many, "p"+strconv.Itoa(i)+"=1")
	}
	w.begun(w.login(query(strings.Join(many, "&"))))
	w.begun(w.login(header("x-long", strings.Repeat("x", 10240))))
	w.refused(w.login(query("return_to=/"+strings.Repeat("a", 9000))), fault.InvalidRequest)
	for size, want := range map[int]fault.Code{16 << 10: "", 16<<10 + 1: fault.PayloadTooLarge, 6 << 20: fault.PayloadTooLarge} {
		a := w.login(func(e *events.APIGatewayV2HTTPRequest) { e.Body = strings.Repeat("x", size) })
		if a.Failure() != want {
			t.Errorf("body of %d bytes: %q, want %q", size, a.Failure(), want)
		}
	}
}
