package lambdaauth_test

import (
	"strings"
	"testing"

	"daemun/shared/lambdaauth/authtest"
)

// refusals are how each shape says that there is no good token.
var refusals = map[string]string{
	"http-2": deny, "http-1": deny, "rest-token": unauthorized, "rest-request": unauthorized, "websocket": unauthorized,
}

// IN-03. What is not an authorizer event lets nobody in.
func TestHandler_RawEvents(t *testing.T) {
	w := newWorld(t).cookies()
	for _, event := range []string{
		"", "{}", "[]", `"x"`, "null", "true", "1", "{", "\xff", "\x00",
		strings.Repeat("[", 1<<20), strings.Repeat(`{"a":`, 1<<18), `{"headers":` + strings.Repeat("[", 1<<16) + strings.Repeat("]", 1<<16) + "}",
		`{"type":"REQUEST"}`, `{"type":"TOKEN"}`, `{"type":"request","version":"2.0"}`, `{"type":"REQUEST","version":"3.0"}`,
		`{"type":["TOKEN"]}`, `{"type":"REQUEST","version":2.0}`, `{"type":"REQUEST","type":"TOKEN"}`,
		`{"type":"REQUEST","version":"2.0"}`, `{"type":"REQUEST","version":"2.0","requestContext":null}`,
		`{"type":"REQUEST","version":"2.0","requestContext":{"apiId":"a"},"headers":null,"cookies":null,"identitySource":null}`,
		`{"type":"REQUEST","version":"2.0","requestContext":{"apiId":"a"},"headers":{"authorization":null}}`,
		`{"type":"REQUEST","version":"1.0","methodArn":"*"}`, `{"type":"TOKEN","authorizationToken":{},"methodArn":7}`,
		`{"type":"TOKEN","authorizationToken":"Bearer x","methodArn":null}`,
	} {
		if got, _ := authtest.Ask(t, &w.handler, []byte(event)); got == allow {
			t.Errorf("%.80q: %s", event, got)
		}
	}
}

// A good token does not make an event of anything that merely holds one.
func TestHandler_BrokenEventsRefuseGoodTokens(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name, event string
		change      func(object)
		want        string
	}{
		{"no API id", "http-2", func(o object) { delete(o.in("requestContext"), "apiId") }, deny},
		{"unknown version", "http-2", func(o object) { o["version"] = "2.1" }, deny},
		{"unknown type", "http-2", func(o object) { o["type"] = "JWT" }, deny},
		{"identity sources of another kind", "http-2", func(o object) { o["identitySource"] = true }, deny},
		{"identity sources that are no texts", "http-2", func(o object) { o["identitySource"] = []int{1} }, deny},
		{"no ARN, 1.0", "http-1", func(o object) { delete(o, "methodArn") }, deny},
		{"a wildcard for an ARN, 1.0", "http-1", func(o object) { o["methodArn"] = "*" }, deny},
		{"no ARN", "rest-request", func(o object) { delete(o, "methodArn") }, unauthorized},
		{"an ARN of another service", "rest-token", func(o object) {
			o["methodArn"] = "arn:aws:lambda:ap-northeast-2:123456789012:a1b2c3d4e5/prod/GET/orders/42"
		}, unauthorized},
		{"an ARN without a method", "websocket", func(o object) {
			o["methodArn"] = "arn:aws:execute-api:ap-northeast-2:123456789012:a1b2c3d4e5/prod"
		}, unauthorized},
		{"no token in TOKEN", "rest-token", func(o object) { delete(o, "authorizationToken") }, unauthorized},
		{"token in the header of TOKEN", "rest-token", func(o object) {
			o["headers"] = map[string]string{"Authorization": o["authorizationToken"].(string)}
			o["authorizationToken"] = ""
		}, unauthorized},
	} {
		event := w.event(c.event)
		c.change(event)
		if got := w.ask(event); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// AZ-01. The header's case and the scheme's are free; two headers are none.
func TestHandler_Headers(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name, event string
		change      func(o object, bearer string)
		want        string
	}{
		{"as it is", "rest-request", func(object, string) {}, allow},
		{"upper case", "http-2-uncached", func(o object, bearer string) {
			delete(o.in("headers"), "authorization")
			o.in("headers")["AUTHORIZATION"] = strings.Replace(bearer, "Bearer", "BEARER", 1)
		}, allow},
		{"lower case", "rest-request", func(o object, bearer string) {
			delete(o.in("headers"), "Authorization")
			o.in("headers")["authorization"] = strings.Replace(bearer, "Bearer", "bearer", 1)
		}, allow},
		{"twice, spelt differently", "rest-request", func(o object, bearer string) {
			o.in("headers")["authorization"] = bearer
		}, unauthorized},
		{"twice, one of them empty", "http-2-uncached", func(o object, _ string) {
			o.in("headers")["Authorization"] = ""
		}, deny},
		{"twice, by its values", "rest-request", func(o object, bearer string) {
			o.in("multiValueHeaders")["authorization"] = []string{bearer, "Bearer x"}
		}, unauthorized},
		{"another header twice", "rest-request", func(o object, _ string) {
			o.in("headers")["ACCEPT"] = "*/*"
			o.in("multiValueHeaders")["Accept"] = []string{"*/*", "text/html"}
		}, allow},
		{"in a header of ours", "http-2-uncached", func(o object, bearer string) {
			delete(o.in("headers"), "authorization")
			o.in("headers")["x-user-id"], o.in("headers")["x-authorization"] = buyer.UserID, bearer
		}, deny},
		{"two spaces", "http-2-uncached", func(o object, bearer string) {
			o.in("headers")["authorization"] = strings.Replace(bearer, " ", "  ", 1)
		}, deny},
	} {
		accessToken := w.mint(buyer)
		event := w.eventWith(c.event, accessToken)
		c.change(event, "Bearer "+accessToken)
		if got := w.ask(event); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// AZ-02. Where the gateway says by what it keeps verdicts, the token is among it:
// else one person's verdict would be another's.
func TestHandler_VerdictsAreKeptByTheToken(t *testing.T) {
	for _, shape := range []string{"http-2", "http-1"} {
		w := newWorld(t)
		accessToken := w.mint(buyer)
		for _, c := range []struct {
			sources []string
			want    string
		}{
			{nil, allow},
			{[]string{"Bearer " + accessToken}, allow},
			{[]string{"GET /orders/{id}", "Bearer " + accessToken}, allow},
			{[]string{"GET /orders/{id}"}, deny},
			{[]string{accessToken}, deny},
			{[]string{"Bearer " + w.mint(buyer)}, deny},
		} {
			event := w.eventWith(shape, accessToken)
			if event["identitySource"] = c.sources; shape == "http-1" {
				event["identitySource"] = strings.Join(c.sources, ",")
			}
			if got := w.ask(event); got != c.want {
				t.Errorf("%s kept by %.30q: %s, want %s", shape, c.sources, got, c.want)
			}
		}
	}
}

// Where the cookie counts, the header still goes first, and the origin rule holds:
// a page that is named has to be one of ours, whatever it asks.
func TestHandler_Cookies(t *testing.T) {
	w := newWorld(t).cookies()
	for _, c := range []struct {
		name, event string
		change      func(o object)
		want        string
	}{
		{"GET of a link elsewhere", "http-2-cookie", func(o object) {
			o.in("headers")["sec-fetch-site"] = "cross-site"
		}, allow},
		{"GET of our page", "http-2-cookie-foreign-origin", func(o object) {
			o.in("headers")["origin"] = "https://app.example.com"
		}, allow},
		{"GET of a null origin", "http-2-cookie-foreign-origin", func(o object) {
			o.in("headers")["origin"] = "null"
		}, deny},
		{"another cookie of a longer name", "http-2-cookie", func(o object) {
			o["cookies"] = []string{"x__Host-daemun-at=" + w.mint(buyer), "__Host-daemun-at2=" + w.mint(buyer)}
		}, deny},
		{"the cookie without its prefix", "http-2-cookie", func(o object) {
			o["cookies"] = []string{"daemun-at=" + w.mint(buyer)}
		}, deny},
		{"a bad header beside a good cookie", "http-2-cookie", func(o object) {
			o.in("headers")["authorization"] = "Bearer x"
		}, deny},
		{"a header of another scheme beside a good cookie", "http-2-cookie", func(o object) {
			o.in("headers")["authorization"] = "Basic eDp5"
		}, deny},
		{"no origin, no mark", "http-2-cookie-post", func(o object) {
			delete(o.in("headers"), "origin")
		}, deny},
		{"null origin", "http-2-cookie-post", func(o object) {
			o.in("headers")["origin"] = "null"
		}, deny},
		{"empty origin with a mark", "http-2-cookie-post-same-origin", func(o object) {
			o.in("headers")["origin"] = ""
		}, deny},
		{"same site is not same origin", "http-2-cookie-post-same-origin", func(o object) {
			o.in("headers")["sec-fetch-site"] = "same-site"
		}, deny},
		{"origin twice", "rest-request-cookie", func(o object) {
			o.in("multiValueHeaders")["Origin"] = []string{"https://app.example.com", "https://evil.example"}
		}, unauthorized},
		{"cookies without a space between", "rest-request-cookie", func(o object) {
			o.in("headers")["Cookie"] = "theme=dark;__Host-daemun-at=" + w.mint(buyer)
		}, allow},
		{"two access cookies", "rest-request-cookie", func(o object) {
			o.in("headers")["Cookie"] = "__Host-daemun-at=" + w.mint(buyer) + ";__Host-daemun-at=" + w.mint(buyer)
		}, unauthorized},
		{"PUT to REST", "rest-request-cookie", func(o object) {
			o.in("requestContext")["httpMethod"] = "PUT"
		}, unauthorized},
	} {
		event := w.event(c.event)
		c.change(event)
		if got := w.ask(event); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// The gateway tells REST and payload 1.0 authorizers a method and a resource, and
// not whether the route is for any method.
func TestHandler_DemandsFindTheRoute(t *testing.T) {
	for _, c := range []struct {
		event, key, resource string
		want                 string
	}{
		{"rest-request", "GET /orders/{id}", "", deny},
		{"rest-request", "ANY /orders/{id}", "", deny},
		{"rest-request", "POST /orders/{id}", "", allow},
		{"rest-request", "*", "", deny},
		{"http-1", "ANY /orders/{id}", "", deny},
		{"http-1", "$default", "$default", deny},
		{"http-1", "$default", "", allow},
		{"http-2-uncached", "GET /orders/{id}", "", deny},
		{"http-2-uncached", "POST /orders/{id}", "", allow},
		{"websocket", "$connect", "", deny},
		{"websocket", "$default", "", allow},
	} {
		w := newWorld(t).demand(`{"` + c.key + `":{"roles":["admin"]}}`)
		event := w.event(c.event)
		if c.resource != "" {
			event.in("requestContext")["resourcePath"] = c.resource
		}
		if got := w.ask(event); got != c.want {
			t.Errorf("%s with demands of %s: %s, want %s", c.event, c.key, got, c.want)
		}
	}
}

// Demands that everybody meets still hold for one route: where it is not told,
// nobody enters.
func TestHandler_DemandsNeedTheRoute(t *testing.T) {
	for event, forget := range map[string]func(object){
		"http-2-uncached": func(o object) { o["routeKey"] = "" },
		"http-1":          func(o object) { delete(o.in("requestContext"), "resourcePath") },
		"rest-request":    func(o object) { delete(o.in("requestContext"), "httpMethod") },
		"websocket":       func(o object) { delete(o.in("requestContext"), "routeKey") },
		"rest-token":      func(object) {},
	} {
		w := newWorld(t).demand(`{"*":{}}`)
		o := w.event(event)
		forget(o)
		if got := w.ask(o); got != deny {
			t.Errorf("%s: %s, want %s", event, got, deny)
		}
	}
}
