package main

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/flow"
	"daemun/shared/lambdahttp"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/provider/providertest"
	"daemun/shared/store/storetest"
)

// world is a person with a session, in front of the function. Its clock stands
// still.
type world struct {
	*lambdatest.World
	t     *testing.T
	h     *lambdahttp.Handler
	login flow.Completed
}

func start(t *testing.T) *world {
	t.Helper()
	w := &world{World: lambdatest.New(t), t: t}
	w.StopClock()
	w.h = w.Build(build)
	w.again()
	return w
}

// again logs the person in once more: a session of its own.
func (w *world) again() flow.Completed {
	w.t.Helper()
	w.login = w.LogIn(lambdatest.Person())
	w.DB.Proxy.Reset()
	return w.login
}

// invoke sends a golden event with the tokens of the last login.
func (w *world) invoke(name string) lambdatest.Answer {
	w.t.Helper()
	return lambdatest.Invoke(w.t, w.h, w.event(name, w.login.RefreshToken, w.login.AccessToken))
}

func (w *world) event(name, refreshToken, accessToken string) []byte {
	w.t.Helper()
	return lambdatest.Event(w.t, "logout", name, "refresh_token", refreshToken, "access_token", accessToken)
}

func (w *world) session(login flow.Completed) storetest.Item {
	w.t.Helper()
	return w.DB.Get(w.t, w.DB.RefreshTokens, storetest.Item{"user_id": login.User.ID, "session_id": login.SessionID})
}

// isEnded reports whether the login's session has ended, and wants that its
// refresh token is worth accordingly much.
func (w *world) isEnded(login flow.Completed) bool {
	w.t.Helper()
	refresh := flow.Refresh{Users: w.Store(), Sessions: w.Store(), Issuer: w.Issuer(), Now: w.Now}
	_, err := refresh.Refresh(context.Background(), login.RefreshToken)
	ended := w.session(login)["ended_at"] != nil
	if ended != (err != nil) {
		w.t.Errorf("session ended: %v; a refresh says %v", ended, err)
	}
	return ended
}

// requests wants these requests to the database since the last login or Reset.
func (w *world) requests(want map[string]int) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.DB.Proxy.Counts()); diff != "" {
		w.t.Errorf("requests to the database (-want +got):\n%s", diff)
	}
}

// cleared are the cookies that take a browser's tokens away: LO-03.
func cleared() []string {
	return []string{
		"__Host-daemun-at=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax",
		"__Host-daemun-rt=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict",
		"__Host-daemun-reg=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax",
	}
}

// LO-01, LO-03, LO-04, RT-17, HD-05, IN-03.
func TestLogout_GoldenEvents(t *testing.T) {
	one, all := map[string]int{"UpdateItem": 1}, map[string]int{"Query": 1, "UpdateItem": 1}
	want := map[string]struct {
		outcome  string
		ended    bool
		cookies  bool // cleared
		requests map[string]int
	}{
		"json":                         {"204", true, false, one},
		"cookie":                       {"204", true, true, one},
		"cookie-same-origin":           {"204", true, true, one},
		"cookie-foreign-origin":        {"403 origin_not_allowed", false, false, nil},
		"cookie-unmarked":              {"403 origin_not_allowed", false, false, nil},
		"access-cookie":                {"204", true, true, one},
		"access-cookie-foreign-origin": {"403 origin_not_allowed", false, false, nil},
		"bearer":                       {"204", true, false, one},
		"none":                         {"204", false, false, nil},
		"garbage":                      {"204", false, false, nil},
		"forged":                       {"204", false, false, nil},
		"in-query":                     {"400 invalid_request", false, false, nil},
		"form":                         {"415 unsupported_media_type", false, false, nil},
		"get":                          {"404 not_found", false, false, nil},
		"all":                          {"204", true, false, all},
		"all-cookie":                   {"204", true, true, all},
		"all-cookie-foreign-origin":    {"403 origin_not_allowed", false, false, nil},
		"all-anonymous":                {"401 invalid_token", false, false, nil},
		"payload-v1":                   {"400 invalid_request", false, false, nil},
	}
	for _, name := range lambdatest.EventNames(t, "logout") {
		if want[name].outcome == "" {
			t.Errorf("golden event %s is not in the table", name)
		}
	}
	for name, c := range want {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			a := w.invoke(name)
			if a.Outcome() != c.outcome {
				t.Fatalf("answer %s, want %s", a.Outcome(), c.outcome)
			}
			if c.requests == nil {
				c.requests = map[string]int{}
			}
			w.requests(c.requests)
			var cookies []string
			if c.cookies {
				cookies = cleared()
			}
			if diff := cmp.Diff(cookies, a.Cookies); diff != "" {
				t.Errorf("cookies (-want +got):\n%s", diff)
			}
			if got := w.isEnded(w.login); got != c.ended {
				t.Errorf("session ended: %v, want %v", got, c.ended)
			}
		})
	}
}

// Who gives up signing up leaves no register token to the next person at the
// browser; only a page that may use it takes it away.
func TestLogout_TakesARegisterToken(t *testing.T) {
	w := start(t)
	for origin, want := range map[string]string{lambdatest.Front: "204", "https://evil.example": "403 origin_not_allowed"} {
		event := lambdatest.With(t, w.event("none", "", ""), func(e *events.APIGatewayV2HTTPRequest) {
			e.Cookies, e.Headers["origin"] = []string{"__Host-daemun-reg=x"}, origin
		})
		a := lambdatest.Invoke(t, w.h, event)
		if cleared := slices.Equal(cleared(), a.Cookies); a.Outcome() != want || cleared != (want == "204") {
			t.Errorf("%s: %s, cookies %q", origin, a.Outcome(), a.Cookies)
		}
	}
	w.requests(map[string]int{})
}

// LO-01, F-45: the same answer whatever the token is worth; any generation ends
// the session, and the first end stays.
func TestLogout_IsIdempotent(t *testing.T) {
	w := start(t)
	first := w.invoke("json")
	ended := w.session(w.login)
	w.Wait(lambdatest.Rule.Absolute)
	for name, refreshToken := range map[string]string{
		"again, long after":     w.login.RefreshToken,
		"garbage":               "garbage",
		"session gone":          w.gone(),
		"access token":          w.login.AccessToken,
		"transaction":           w.Begin(lambdatest.Person(), "").Transaction,
		"MAC cut":               w.login.RefreshToken[:len(w.login.RefreshToken)-1],
		"none, in an empty one": "",
	} {
		a := lambdatest.Invoke(t, w.h, w.event("json", refreshToken, ""))
		if diff := cmp.Diff(first, a); diff != "" {
			t.Errorf("%s: answer (-first +this):\n%s", name, diff)
		}
	}
	now := w.session(w.login)
	now["expires_at"] = ended["expires_at"] // the cleaner's time, a day after the last one
	if diff := cmp.Diff(ended, now); diff != "" {
		t.Errorf("session (-first +now):\n%s", diff)
	}
	if ended["ended_why"] != "logout" {
		t.Errorf("session %v, want it ended by logout", ended)
	}
}

// TK-02: only a refresh token ends a session by itself.
func TestLogout_OtherTokensEndNothing(t *testing.T) {
	w := start(t)
	for _, foreign := range []string{w.login.AccessToken, w.Begin(lambdatest.Person(), "").Transaction} {
		if a := lambdatest.Invoke(t, w.h, w.event("json", foreign, "")); a.Outcome() != "204" {
			t.Errorf("answer %s", a.Outcome())
		}
	}
	w.requests(map[string]int{})
	if w.isEnded(w.login) {
		t.Error("the session ended")
	}
}

// gone is the refresh token of a session that the cleaner took.
func (w *world) gone() string {
	w.t.Helper()
	login := w.LogIn(lambdatest.Person())
	w.DB.Delete(w.t, w.DB.RefreshTokens, storetest.Item{"user_id": login.User.ID, "session_id": login.SessionID})
	return login.RefreshToken
}

// A token that is no longer the current one still says whose session it is.
func TestLogout_AnyGenerationEndsTheSession(t *testing.T) {
	w := start(t)
	refresh := flow.Refresh{Users: w.Store(), Sessions: w.Store(), Issuer: w.Issuer(), Now: w.Now}
	next, err := refresh.Refresh(context.Background(), w.login.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	w.invoke("json")
	if _, err := refresh.Refresh(context.Background(), next.RefreshToken); err == nil {
		t.Error("the successor lives on")
	}
}

// A cookie that is worth nothing is taken away too.
func TestLogout_ClearsCookiesOfADeadSession(t *testing.T) {
	w := start(t)
	event := w.event("cookie", "garbage", "garbage")
	if diff := cmp.Diff(cleared(), lambdatest.Invoke(t, w.h, event).Cookies); diff != "" {
		t.Errorf("cookies (-want +got):\n%s", diff)
	}
}

// Others stay: a person's other sessions, and other persons'.
func TestLogout_EndsThisSessionOnly(t *testing.T) {
	w := start(t)
	phone := w.login
	other := w.LogIn(providertest.Persons()[1])
	w.again()
	w.invoke("json")
	if w.isEnded(phone) || w.isEnded(other) || !w.isEnded(w.login) {
		t.Error("another session ended, or this one did not")
	}
}

// LG-02.
func TestLogout_IsLogged(t *testing.T) {
	for name, event := range map[string]string{"cookie": "logout", "all": "logout_all"} {
		w := start(t)
		w.invoke(name)
		got := w.Log.Last(t)
		delete(got, "time")
		want := map[string]any{
			"level": "INFO", "msg": "request", "request_id": "JKJaXmPLvHcESHA=", "route": "POST /auth/logout", "status": 204.0,
			"event": event, "user_id": w.login.User.ID, "session_id": w.login.SessionID,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
	}
}

// IN-03: events that are none of the gateway's.
func TestLogout_EventsOfNoGateway(t *testing.T) {
	w := start(t)
	for _, event := range []string{`{}`, `[]`, `"x"`, `null`, ``, `{"version":"2.0"}`} {
		if a := lambdatest.Invoke(t, w.h, []byte(event)); a.StatusCode < 400 || a.StatusCode >= 500 {
			t.Errorf("event %s: answer %s, want a 4xx", event, a.Outcome())
		}
	}
	w.requests(map[string]int{})
}

// RG-06, RG-07: the body is held to its form, and nothing happens meanwhile.
func TestLogout_BodyIsHeldToItsForm(t *testing.T) {
	w := start(t)
	for body, want := range map[string]string{
		`{"all":"true"}`:           "400 invalid_request",
		`{"all":true,"all":false}`: "400 invalid_request",
		`{"everything":true}`:      "400 invalid_request",
		`{"All":true}`:             "400 invalid_request",
		`[]`:                       "400 invalid_request",
		`{"all":false}` + strings.Repeat(" ", 16<<10): "413 payload_too_large",
	} {
		event := lambdatest.With(t, w.event("all", "", w.login.AccessToken), func(e *events.APIGatewayV2HTTPRequest) { e.Body = body })
		if got := lambdatest.Invoke(t, w.h, event).Outcome(); got != want {
			t.Errorf("body %.30s: answer %s, want %s", body, got, want)
		}
	}
	w.requests(map[string]int{})
}
