package lambdaauth_test

import (
	"runtime"
	"strings"
	"testing"

	"daemun/shared/gate"
	"daemun/shared/lambdaauth/authtest"
)

// AZ-02. A client writes the path. Kept, an allow for "GET /orders/*" would be
// one for every order and what is below.
func TestHandler_AllowsNoPatterns(t *testing.T) {
	const stage = "arn:aws:execute-api:ap-northeast-2:123456789012:a1b2c3d4e5/prod/"
	long := "GET/orders/" + strings.Repeat("9", 512-len(stage)-len("GET/orders/"))
	for path, want := range map[string]string{
		"GET/orders/42": allow, "GET/orders/$42": allow, "GET/orders/%2A": allow, long: allow,
		"GET/orders/*": deny, "GET/*": deny, "GET/orders/4?": deny, "GET/orders/${aws:username}": deny, long + "9": deny,
	} {
		for _, shape := range []string{"http-1", "rest-request"} {
			w := newWorld(t).demand(`{"GET /orders/{id}":{"roles":["buyer"]}}`)
			event := w.event(shape)
			event["methodArn"] = stage + path
			got, resource := authtest.Ask(t, &w.handler, encode(t, event))
			if got != want || got == allow && resource != stage+path || got == deny && resource != stage+"*" {
				t.Errorf("%s %.40s: %s of %s, want %s", shape, path, got, resource, want)
			}
			w.handler.Demands = gate.Demands{} // one verdict for all: what was asked for does not matter
			if got, resource := authtest.Ask(t, &w.handler, encode(t, event)); got != allow || resource != stage+"*" {
				t.Errorf("%s %.40s without demands: %s of %s", shape, path, got, resource)
			}
		}
	}
}

// AZ-02. What the client says itself is not $context.routeKey: the gateway does
// not tell which source a value comes from, and a verdict kept by a header of the
// client's choice would be one for every route.
func TestHandler_ClientCannotSpeakForTheRoute(t *testing.T) {
	const route = "GET /orders/{id}"
	for name, echo := range map[string]func(object){
		"header":              func(o object) { o.in("headers")["x-route"] = route },
		"header, twice":       func(o object) { o.in("headers")["x-route"] = "x," + route },
		"user agent":          func(o object) { o.in("headers")["user-agent"] = route },
		"query":               func(o object) { o["queryStringParameters"] = map[string]string{"route": route} },
		"query, twice":        func(o object) { o["queryStringParameters"] = map[string]string{"route": route + ",x"} },
		"cookie":              func(o object) { o["cookies"] = []string{"theme=dark", "route=" + route} },
		"cookie without name": func(o object) { o["cookies"] = []string{route} },
	} {
		w := newWorld(t).demand(`{"` + route + `":{"roles":["buyer"]}}`)
		event := w.event("http-2-route-in-key")
		echo(event)
		if got := w.ask(event); got != deny {
			t.Errorf("%s: %s, want %s", name, got, deny)
		}
		event["identitySource"] = nil // nothing is kept: nothing can be kept for another route
		if got := w.ask(event); got != allow {
			t.Errorf("%s, nothing kept: %s, want %s", name, got, allow)
		}
	}
	w := newWorld(t).demand(`{"` + route + `":{"roles":["buyer"]}}`)
	event := w.event("http-2-route-in-key")
	event.in("headers")["x-route"] = "GET /orders"
	if got := w.ask(event); got != allow {
		t.Errorf("a header with another route: %s, want %s", got, allow)
	}
}

// AZ-04. A panic is a refusal, and an error in the log without the token.
func TestHandler_PanicRefuses(t *testing.T) {
	for shape, refusal := range refusals {
		w := newWorld(t)
		w.handler.Gate.Now = nil
		accessToken := w.mint(buyer)
		if got := w.ask(w.eventWith(shape, accessToken)); got != refusal {
			t.Errorf("%s: %s, want %s", shape, got, refusal)
		}
		log := w.log.String()
		if !strings.Contains(log, `"level":"ERROR"`) || !strings.Contains(log, "internal: panic: runtime.") {
			t.Errorf("%s: log %s", shape, log)
		}
		if strings.Contains(log, accessToken[len(accessToken)-16:]) {
			t.Errorf("%s: the log holds the token", shape)
		}
	}
}

// AZ-06. The largest header that API Gateway takes costs little to refuse, and so
// does the longest token that is looked into.
func TestHandler_OversizedTokensAreCheap(t *testing.T) {
	const rounds = 20
	w := newWorld(t).cookies()
	for _, text := range []string{".", "{", "eyJ", "[", "a", `\"`, "é", "e30.", "Bearer ", ","} {
		for _, size := range []int{8192, 10240} {
			event := encode(t, w.eventWith("http-2-uncached", strings.Repeat(text, size/len(text))))
			refuse := func() {
				if got, _ := authtest.Ask(t, &w.handler, event); got != deny {
					t.Errorf("%.10q: %s", text, got)
				}
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range rounds {
				refuse()
			}
			runtime.ReadMemStats(&after)
			bytes, count := (after.TotalAlloc-before.TotalAlloc)/rounds, testing.AllocsPerRun(rounds, refuse)
			if bytes > 128<<10 || count > 100 {
				t.Errorf("%d of %q: %d bytes in %.0f allocations", size, text, bytes, count)
			}
		}
	}
}

// AZ-03. The gateway takes 8 KB of answer. The longest token that is accepted at
// all makes a shorter one.
func TestHandler_ContextIsBounded(t *testing.T) {
	w := newWorld(t)
	who := buyer
	var largest string
	for roles := 300; ; roles += 5 {
		who.Roles = make([]string, roles)
		for i := range who.Roles {
			who.Roles[i] = "\"\\role\u0001"
		}
		accessToken := w.mint(who)
		if w.ask(w.eventWith("rest-request", accessToken)) != allow {
			break
		}
		largest = accessToken
	}
	out, err := w.handler.Invoke(t.Context(), encode(t, w.eventWith("rest-request", largest)))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("a token of %d bytes makes an answer of %d", len(largest), len(out))
	if len(largest) < 8000 || len(out) > 8192 {
		t.Errorf("a token of %d bytes makes an answer of %d", len(largest), len(out))
	}
}
