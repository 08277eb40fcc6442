package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"daemun/shared/fault"
	"daemun/shared/lambdaauth/authtest"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/provider/providertest"
	"daemun/shared/session"
	"daemun/shared/store/storetest"
)

// AZ-01, AZ-02, AZ-03. While its session lives, an event gets the very answer of
// the authorizer that reads none, with cookies and without, at the price of one
// read where that allows.
func TestAuthorizerSession_LiveSessionChangesNothing(t *testing.T) {
	w := start(t)
	for _, cookie := range []string{"false", "true"} {
		w.Env["AUTHORIZER_COOKIE"] = cookie
		reading := w.handler()
		plain := *reading
		plain.Sessions = nil
		for _, function := range []string{"authorizer", "authorizer-session"} {
			for _, name := range lambdatest.EventNames(t, function) {
				w.DB.Proxy.Reset()
				event := lambdatest.Event(t, function, name, "access_token", w.login.AccessToken)
				want, wantErr := plain.Invoke(t.Context(), event)
				got, gotErr := reading.Invoke(t.Context(), event)
				if canonical(t, got) != canonical(t, want) || !errors.Is(gotErr, wantErr) {
					t.Errorf("%s: %s, %v; want %s, %v", name, got, gotErr, want, wantErr)
				}
				if verdict, _ := authtest.Ask(t, &plain, event); verdict != allow {
					w.requests(map[string]int{})
					continue
				}
				w.requests(map[string]int{"GetItem": 1})
			}
		}
	}
}

func canonical(t *testing.T, answer jsontext.Value) string {
	t.Helper()
	if answer == nil {
		return ""
	}
	if err := answer.Canonicalize(); err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

// What a deployer sets counts here as for the authorizer that reads no sessions.
func TestAuthorizerSession_SettingsCount(t *testing.T) {
	w := start(t)
	for variable, c := range map[string]struct{ value, function, event, before, after string }{
		"AUTHORIZER_DEMANDS":  {`{"*":{"GET /orders/{id}":{"roles":["admin"]}}}`, "authorizer-session", "rest-request", allow, deny},
		"AUTHORIZER_HTTP_401": {"true", "authorizer", "http-2-bare", deny, unauthorized},
		"AUTHORIZER_COOKIE":   {"true", "authorizer", "http-2-cookie-post", deny, allow},
	} {
		event := lambdatest.Event(t, c.function, c.event, "access_token", w.login.AccessToken)
		before, _ := authtest.Ask(t, w.f, event)
		w.Env[variable] = c.value
		after, _ := authtest.Ask(t, w.function(), event)
		if before != c.before || after != c.after {
			t.Errorf("%s: %s before %s, %s after; want %s, %s", c.event, before, variable, after, c.before, c.after)
		}
		delete(w.Env, variable)
	}
}

// The connection is opened while the function starts, and not by its first event.
func TestAuthorizerSession_StartsWarm(t *testing.T) {
	w := start(t)
	w.f = w.function()
	w.requests(map[string]int{"GetItem": 1})
	w.asks("warm", allow)
	w.requests(map[string]int{"GetItem": 1 + len(refusals)})
}

// AZ-05, RT-05. Whatever ended the session, or made it old: the token is refused
// from then on, in every shape, and every other session's is not.
func TestAuthorizerSession_SessionThatIsOverIsRefused(t *testing.T) {
	w := start(t)
	for name, over := range map[string]func(){
		"logged out":     func() { w.end(session.EndedByLogout) },
		"reused":         func() { w.end(session.EndedByReuse) },
		"user gone":      func() { w.end(session.EndedByUserGone) },
		"over its cap":   func() { w.set("created_at", w.ago(90*24*time.Hour), "rotated_at", w.ago(0)) },
		"never used":     func() { w.set("created_at", w.ago(7*24*time.Hour)) },
		"idle":           func() { w.set("rotated_at", w.ago(7*24*time.Hour)) },
		"removed":        func() { w.DB.Delete(t, w.DB.RefreshTokens, w.key()) },                          // F-28
		"ended, no time": func() { w.end(session.EndedByLogout); w.set("expires_at", int64(4102444800)) }, // F-28
	} {
		t.Run(name, func(t *testing.T) {
			other := w.login
			w.login = w.LogIn(lambdatest.Person())
			w.asks("before", allow)
			over()
			w.DB.Proxy.Reset()
			w.asks(name, "")
			w.requests(map[string]int{"GetItem": len(refusals)})
			log := w.Log.Last(t)
			if log["level"] != "INFO" || log["user_id"] != w.login.User.ID || log["session_id"] != w.login.SessionID || log["error"] == nil {
				t.Errorf("log %v", log)
			}
			w.login = other
			w.asks("another session", allow)
		})
	}
}

// set changes attributes of the session: name, value and so on.
func (w *world) set(pairs ...any) {
	w.t.Helper()
	attributes := storetest.Item{}
	for i := 0; i < len(pairs); i += 2 {
		attributes[pairs[i].(string)] = pairs[i+1]
	}
	w.DB.Set(w.t, w.DB.RefreshTokens, w.key(), attributes)
}

// F-28, RT-10. Time to live decides nothing.
func TestAuthorizerSession_TimeToLiveDecidesNothing(t *testing.T) {
	w := start(t)
	w.set("expires_at", int64(1))
	w.asks("past its time to live", allow)
}

// F-27. A login is seen at once, and so is its end.
func TestAuthorizerSession_ReadsConsistently(t *testing.T) {
	w := start(t)
	w.DB.Proxy.ServeStale(t)
	w.login = w.LogIn(providertest.Persons()[1])
	w.asks("just begun", allow)
	w.end(session.EndedByLogout)
	w.asks("just ended", "")
}

// A refresh, a repeated one too, costs no access token of the session its life.
func TestAuthorizerSession_RefreshEndsNothing(t *testing.T) {
	w := start(t)
	w.Wait(time.Minute)
	w.set("generation", 2, "rotated_at", w.ago(0))
	w.asks("after a refresh", allow)
	w.Wait(14 * time.Minute)
	w.asks("at its end", "")
}

// What it promises of a disabled or deleted user is what it promises of their
// sessions: they end with the next refresh, and so does the access token's time.
func TestAuthorizerSession_ReadsNoUser(t *testing.T) {
	w := start(t)
	w.DB.Delete(t, w.DB.Users, storetest.Item{"pk": "USER#" + w.login.User.ID, "sk": "USER"})
	w.asks("the user is gone", allow)
	w.end(session.EndedByUserGone)
	w.asks("and was seen to be", "")
}

// AZ-04, F-70, F-75. Where its keys cannot be had, or its configuration is wrong,
// it lets nobody in, as the authorizer that reads no sessions.
func TestAuthorizerSession_UnbuiltLetsNobodyIn(t *testing.T) {
	w := start(t)
	for variable, value := range map[string]string{
		"PUBLIC_URL": "", "VERIFICATION_KEYS": "", "INSECURE_COOKIES": "true",
		"REFRESH_IDLE_SECONDS": "2592001", "REFRESH_ABSOLUTE_SECONDS": "0", "ACCESS_TOKEN_SECONDS": "901",
	} {
		good := w.Env[variable]
		w.Env[variable] = value
		if _, err := build(t.Context(), w.Host()); fault.CodeOf(err) != fault.NotConfigured || !strings.Contains(err.Error(), variable) {
			t.Errorf("%s: %v", variable, err)
		}
		w.f = w.function()
		w.asks(variable, "")
		if w.Env[variable] = good; good == "" {
			delete(w.Env, variable)
		}
	}
}
