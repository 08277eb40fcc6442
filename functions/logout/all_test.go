package main

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/provider/providertest"
	"daemun/shared/store/storetest"
	"daemun/shared/token"
)

// LO-05: every session of the person, the current one last, nobody else's.
func TestLogoutAll_EndsEverySessionTheCurrentOneLast(t *testing.T) {
	w := start(t)
	sessions := []flow.Completed{w.login, w.again(), w.again()}
	stranger := w.LogIn(providertest.Persons()[1])
	w.login = sessions[1]
	ended := w.updates()
	a := w.invoke("all-cookie")
	if a.Outcome() != "204" {
		t.Fatalf("answer %s", a.Outcome())
	}
	w.requests(map[string]int{"Query": 1, "UpdateItem": 3})
	if got := ended(); len(got) != 3 || !strings.Contains(got[2], w.login.SessionID) {
		t.Errorf("the current session %s was not ended last: %v", w.login.SessionID, got)
	}
	for _, s := range sessions {
		if !w.isEnded(s) {
			t.Errorf("session %s lives", s.SessionID)
		}
	}
	if w.isEnded(stranger) {
		t.Error("another person was logged out")
	}
}

// updates counts from now on, and returns what collects the bodies of updates in
// their order.
func (w *world) updates() func() []string {
	var mu sync.Mutex
	var bodies []string
	w.DB.Proxy.Reset()
	w.DB.Proxy.Hook(func(c storetest.Call, p storetest.Point) {
		mu.Lock()
		defer mu.Unlock()
		if c.Operation == "UpdateItem" && p == storetest.BeforeForward {
			bodies = append(bodies, string(c.Body))
		}
	})
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return bodies
	}
}

// Sessions that ended cost nothing: they stay listed until the cleaner comes.
func TestLogoutAll_PassesOverEndedSessions(t *testing.T) {
	w := start(t)
	w.invoke("json")
	w.again()
	w.invoke("all")
	w.requests(map[string]int{"Query": 1, "UpdateItem": 1})
	if !w.isEnded(w.login) {
		t.Error("the current session lives")
	}
}

// The session of the access token was ended, and the token lives its minutes
// out: it may still log the others out.
func TestLogoutAll_IsIdempotent(t *testing.T) {
	w := start(t)
	for range 2 {
		if a := w.invoke("all"); a.Outcome() != "204" {
			t.Errorf("answer %s", a.Outcome())
		}
	}
}

// AZ-01, TK-02, RT-11: who has no good access token ends nothing.
func TestLogoutAll_NeedsAGoodAccessToken(t *testing.T) {
	w := start(t)
	expired := w.login.AccessToken
	w.Wait(token.MaxAccessLifetime)
	login := w.again()
	for name, authorization := range map[string]string{
		"expired":             "Bearer " + expired,
		"tampered":            "Bearer " + login.AccessToken[:len(login.AccessToken)-2] + "AA",
		"refresh token":       "Bearer " + login.RefreshToken,
		"transaction":         "Bearer " + w.Begin(lambdatest.Person(), "").Transaction,
		"another scheme":      "Basic " + login.AccessToken,
		"no scheme":           login.AccessToken,
		"scheme alone":        "Bearer",
		"joined with another": "Bearer " + login.AccessToken + ", Bearer " + login.AccessToken,
	} {
		t.Run(name, func(t *testing.T) {
			// The good cookie must not make up for the bad header.
			event := lambdatest.With(t, w.event("all-cookie", login.RefreshToken, login.AccessToken), func(e *events.APIGatewayV2HTTPRequest) {
				e.Headers["authorization"] = authorization
			})
			if a := lambdatest.Invoke(t, w.h, event); a.Outcome() != "401 invalid_token" || len(a.Cookies) > 0 {
				t.Errorf("answer %s, cookies %v", a.Outcome(), a.Cookies)
			}
		})
	}
	w.requests(map[string]int{})
	if w.isEnded(login) {
		t.Error("the session ended")
	}
}

// The access token's cookie is not cleared by a page that has the token in hand:
// that page's cookies may be somebody else's.
func TestLogoutAll_ByBearerLeavesCookiesAlone(t *testing.T) {
	w := start(t)
	event := lambdatest.With(t, w.event("all", "", w.login.AccessToken), func(e *events.APIGatewayV2HTTPRequest) {
		e.Cookies = []string{"__Host-daemun-at=another", "__Host-daemun-rt=another"}
		e.Headers["origin"] = "https://evil.example"
	})
	a := lambdatest.Invoke(t, w.h, event)
	if a.Outcome() != "204" || len(a.Cookies) > 0 {
		t.Errorf("answer %s, cookies %v", a.Outcome(), a.Cookies)
	}
}

// LO-02, F-20, F-21, F-32, V7: what was not done is not said, and the browser keeps
// its cookies to try again.
func TestLogout_FaultIsOursAndKeepsTheCookies(t *testing.T) {
	w := start(t)
	for _, event := range []string{"cookie", "all-cookie"} {
		for name, f := range map[string]storetest.Fault{
			"throttled":    storetest.Error("ThrottlingException"),
			"request lost": storetest.RequestLost(),
			"not allowed":  storetest.Error("AccessDeniedException"),
		} {
			t.Run(event+" "+name, func(t *testing.T) {
				login := w.again()
				w.DB.Proxy.On("UpdateItem", 0, f)
				w.DB.Proxy.On("Query", 0, f)
				w.busy(w.invoke(event))
				w.DB.Proxy.Reset()
				if w.isEnded(login) {
					t.Error("the session ended")
				}
				if diff := cmp.Diff(cleared(), w.invoke(event).Cookies); diff != "" {
					t.Errorf("cookies when it was tried again (-want +got):\n%s", diff)
				}
				if !w.isEnded(login) {
					t.Error("the session lives")
				}
			})
		}
	}
}

// busy wants the answer to a fault of ours.
func (w *world) busy(a lambdatest.Answer) {
	w.t.Helper()
	if a.Outcome() != "503 temporarily_unavailable" || a.Headers["Retry-After"] != "1" || len(a.Cookies) > 0 {
		w.t.Errorf("answer %s, Retry-After %q, cookies %v", a.Outcome(), a.Headers["Retry-After"], a.Cookies)
	}
}

// Half-way is not there: the current session is left to try again with.
func TestLogoutAll_FaultHalfWayLeavesTheCurrentSession(t *testing.T) {
	w := start(t)
	phone := w.login
	w.again()
	for n := 2; n <= 4; n++ {
		w.DB.Proxy.On("UpdateItem", n, storetest.Error("ThrottlingException"))
	}
	w.busy(w.invoke("all-cookie"))
	w.DB.Proxy.Reset()
	if !w.isEnded(phone) || w.isEnded(w.login) {
		t.Error("want the other session ended and the current one alive")
	}
	if a := w.invoke("all-cookie"); a.Outcome() != "204" || !w.isEnded(w.login) {
		t.Errorf("answer %s when it was tried again", a.Outcome())
	}
}

// F-22, F-23, F-24: what passes, a client does not notice.
func TestLogout_PassingFaultIsInvisible(t *testing.T) {
	w := start(t)
	for name, f := range map[string]storetest.Fault{
		"throttled":    storetest.Error("ThrottlingException"),
		"request lost": storetest.RequestLost(),
		"answer lost":  storetest.AnswerLost(),
		"slow":         storetest.Slow(300 * time.Millisecond),
	} {
		t.Run(name, func(t *testing.T) {
			w.again()
			w.DB.Proxy.On("UpdateItem", 1, f)
			if a := w.invoke("cookie"); a.Outcome() != "204" || !w.isEnded(w.login) {
				t.Errorf("answer %s", a.Outcome())
			}
		})
	}
}

// F-27: the list of sessions is read consistently, so the newest is on it.
func TestLogoutAll_SeesTheNewestSession(t *testing.T) {
	w := start(t)
	w.DB.Proxy.ServeStale(t)
	current := w.login
	newest := w.again()
	w.login = current
	w.invoke("all")
	if !w.isEnded(newest) || !w.isEnded(current) {
		t.Error("a session lives")
	}
}

// F-31: a session that cannot be read ends like the others, and is an alarm.
func TestLogoutAll_CorruptSessionEndsToo(t *testing.T) {
	w := start(t)
	broken, phone := w.login, w.again()
	w.again()
	key := storetest.Item{"user_id": broken.User.ID, "session_id": broken.SessionID}
	w.DB.Set(t, w.DB.RefreshTokens, key, storetest.Item{"created_at": "yesterday"})
	if a := w.invoke("all"); a.Outcome() != "204" {
		t.Fatalf("answer %s", a.Outcome())
	}
	w.requests(map[string]int{"Query": 1, "UpdateItem": 3})
	if got := w.Log.Last(t); got["level"] != "ERROR" || got["corrupt_sessions"] != 1.0 || got["event"] != "logout_all" {
		t.Errorf("logged %v", got)
	}
	if w.session(broken)["ended_why"] != "logout" || !w.isEnded(phone) || !w.isEnded(w.login) {
		t.Error("a session lives")
	}
}

// RT-05, LO-05: no refresh that was in flight escapes: when the logout is
// answered, no token of any session is good.
func TestLogoutAll_OutrunsRefreshesInFlight(t *testing.T) {
	refresh := func(w *world, token string) (string, error) {
		r := flow.Refresh{Users: w.Store(), Sessions: w.Store(), Issuer: w.Issuer(), Now: w.Now}
		done, err := r.Refresh(t.Context(), token)
		return done.RefreshToken, err
	}
	for range 10 {
		w := start(t)
		tokens := []string{w.login.RefreshToken, w.again().RefreshToken, w.again().RefreshToken}
		var mu sync.Mutex
		var group sync.WaitGroup
		for _, token := range tokens {
			group.Go(func() {
				if next, err := refresh(w, token); err == nil {
					mu.Lock()
					defer mu.Unlock()
					tokens = append(tokens, next)
				}
			})
		}
		group.Go(func() { w.invoke("all") })
		group.Wait()
		for _, token := range tokens {
			if _, err := refresh(w, token); fault.CodeOf(err) != fault.InvalidGrant {
				t.Fatalf("a token is good after the logout: %v", err)
			}
		}
	}
}
