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

// end ends a session by bearer.
func (w *world) end(id string) lambdatest.Answer {
	w.t.Helper()
	return lambdatest.Invoke(w.t, w.h, w.ending("end-session", id))
}

// ending is a golden event that ends this session.
func (w *world) ending(name, id string) []byte {
	w.t.Helper()
	return lambdatest.With(w.t, w.event(name, w.login.AccessToken), func(e *events.APIGatewayV2HTTPRequest) {
		e.PathParameters["id"] = id
	})
}

// What is ended is ended at once, and nothing else is.
func TestEndSession_EndsThatOneOnly(t *testing.T) {
	w := start(t)
	lost, other := w.again(time.Second), w.again(time.Second)
	if a := w.end(lost.SessionID); a.Outcome() != "204" || a.Body != "" || len(a.Cookies) > 0 {
		t.Errorf("answer %s %q, cookies %v", a.Outcome(), a.Body, a.Cookies)
	}
	w.wantListed(other, w.login)
	if w.refresh(lost) == nil || w.refresh(other) != nil || w.refresh(w.login) != nil {
		t.Error("another session ended, or this one did not")
	}
	if got := w.session(lost)["ended_why"]; got != "logout" {
		t.Errorf("ended by %v", got)
	}
}

// CK-01, LO-03: a browser that ends its own session is logged out of it; ending
// another's takes no cookie away.
func TestEndSession_OwnOneTakesTheCookies(t *testing.T) {
	w := start(t)
	other := w.again(time.Second)
	if a := lambdatest.Invoke(t, w.h, w.ending("end-session-cookie", other.SessionID)); a.Outcome() != "204" || len(a.Cookies) > 0 {
		t.Errorf("another: %s, cookies %v", a.Outcome(), a.Cookies)
	}
	cleared := []string{
		"__Host-daemun-at=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax",
		"__Host-daemun-rt=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict",
		"__Host-daemun-reg=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax",
	}
	a := lambdatest.Invoke(t, w.h, w.ending("end-session-cookie", w.login.SessionID))
	if diff := cmp.Diff(cleared, a.Cookies); diff != "" || a.Outcome() != "204" {
		t.Errorf("own: %s, cookies (-want +got):\n%s", a.Outcome(), diff)
	}
	if w.refresh(w.login) == nil {
		t.Error("the session lives")
	}
}

// By bearer it takes none: the page's cookies may be somebody else's.
func TestEndSession_ByBearerLeavesCookiesAlone(t *testing.T) {
	w := start(t)
	event := lambdatest.With(t, w.ending("end-session", w.login.SessionID), func(e *events.APIGatewayV2HTTPRequest) {
		e.Cookies = []string{"__Host-daemun-at=another", "__Host-daemun-rt=another"}
		e.Headers["origin"] = "https://evil.example" // nor does it need an origin of ours
	})
	if a := lambdatest.Invoke(t, w.h, event); a.Outcome() != "204" || len(a.Cookies) > 0 {
		t.Errorf("answer %s, cookies %v", a.Outcome(), a.Cookies)
	}
}

// RT-11: another person's session is out of reach, and the answer does not tell
// whether there is one. To end what has ended changes nothing
// but for the cleaner.
func TestEndSession_TellsNothingOfWhatIsThere(t *testing.T) {
	w := start(t)
	stranger := w.LogIn(providertest.Persons()[1])
	lost := w.again(time.Second)
	w.end(lost.SessionID)
	before := w.session(lost)
	w.Wait(time.Minute)
	var first lambdatest.Answer
	for i, id := range []string{lost.SessionID, stranger.SessionID, strings.Repeat("A", 43)} {
		a := w.end(id)
		if i == 0 {
			first = a
		}
		if diff := cmp.Diff(first, a); diff != "" || a.Outcome() != "204" {
			t.Errorf("session %d: answer %s (-first +this):\n%s", i, a.Outcome(), diff)
		}
	}
	now := w.session(lost)
	now["expires_at"] = before["expires_at"] // the cleaner's time, a day after the last one
	if diff := cmp.Diff(before, now); diff != "" {
		t.Errorf("the first end does not stay:\n%s", diff)
	}
	if w.refresh(stranger) != nil {
		t.Error("a stranger was logged out")
	}
	if got := len(w.DB.Scan(t, w.DB.RefreshTokens)); got != 3 {
		t.Errorf("%d sessions stored, want 3", got)
	}
}

// What cannot be an id is asked of nobody.
func TestEndSession_WhatIsNoIDIsNotFound(t *testing.T) {
	w := start(t)
	for _, id := range []string{
		"", "x", strings.Repeat("A", 42), strings.Repeat("A", 44), strings.Repeat("A", 5000), w.login.SessionID[:42] + "=",
		w.login.SessionID[:42] + "/", w.login.SessionID[:42] + "\n", w.login.SessionID + " ", "../" + w.login.SessionID[3:], strings.Repeat("가", 43),
	} {
		w.DB.Proxy.Reset()
		if a := w.end(id); a.Outcome() != "404 not_found" {
			t.Errorf("%.50q: answer %s", id, a.Outcome())
		}
		w.requests(map[string]int{})
	}
}

// TK-02: nothing but a good access token ends a session.
func TestEndSession_NeedsAGoodAccessToken(t *testing.T) {
	w := start(t)
	for name, foreign := range map[string]string{
		"refresh token": w.login.RefreshToken,
		"transaction":   w.Begin(lambdatest.Person(), "").Transaction,
		"tampered":      w.login.AccessToken[:len(w.login.AccessToken)-2] + "AA",
		"expired":       w.mint(func(*token.AccessIssuer, *token.Access) {}, w.Now().Add(-token.MaxAccessLifetime)),
	} {
		w.DB.Proxy.Reset()
		w.refused(lambdatest.Invoke(t, w.h, w.event("end-session", foreign)))
		w.refused(lambdatest.Invoke(t, w.h, w.event("end-session-cookie", foreign)))
		w.requests(map[string]int{})
		if w.refresh(w.login) != nil {
			t.Errorf("%s: the session ended", name)
		}
	}
}

// LO-02, F-20…F-23, F-32, V7: what was not done is not said, and the browser keeps
// its cookies; what passes is not noticed.
func TestEndSession_FaultOfTheDatabaseIsOurs(t *testing.T) {
	w := start(t)
	for name, f := range map[string]storetest.Fault{
		"throttled":    storetest.Error("ThrottlingException"),
		"request lost": storetest.RequestLost(),
		"not allowed":  storetest.Error("AccessDeniedException"),
	} {
		w.DB.Proxy.On("UpdateItem", 0, f)
		w.busy(name, lambdatest.Invoke(t, w.h, w.ending("end-session-cookie", w.login.SessionID)))
		w.DB.Proxy.Reset()
		if w.refresh(w.login) != nil {
			t.Errorf("%s: the session ended", name)
		}
	}
	for name, f := range map[string]storetest.Fault{
		"throttled": storetest.Error("ThrottlingException"), "request lost": storetest.RequestLost(), "answer lost": storetest.AnswerLost(),
	} {
		lost := w.again(time.Second)
		w.DB.Proxy.Reset()
		w.DB.Proxy.On("UpdateItem", 1, f)
		if a := w.end(lost.SessionID); a.Outcome() != "204" || w.refresh(lost) == nil {
			t.Errorf("%s once: answer %s", name, a.Outcome())
		}
	}
}

// LG-02.
func TestEndSession_IsLogged(t *testing.T) {
	w := start(t)
	lost := w.again(time.Second)
	w.end(lost.SessionID)
	got := w.Log.Last(t)
	delete(got, "time")
	want := map[string]any{
		"level": "INFO", "msg": "request", "request_id": "JKJaXmPLvHcESHA=", "route": "DELETE /me/sessions/{id}", "status": 204.0,
		"event": "session_ended", "user_id": w.login.User.ID, "session_id": w.login.SessionID, "ended_session_id": lost.SessionID,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// RT-05: a refresh that was in flight saves no session: when the end is answered,
// none of its tokens is good.
func TestEndSession_OutrunsRefreshesInFlight(t *testing.T) {
	w := start(t)
	for range 20 {
		lost := w.again(time.Second)
		var group sync.WaitGroup
		var next [6]flow.Refreshed
		for i := range next {
			group.Go(func() {
				r := flow.Refresh{Users: w.Store(), Sessions: w.Store(), Issuer: w.Issuer(), Now: w.Now}
				next[i], _ = r.Refresh(t.Context(), lost.RefreshToken)
			})
		}
		group.Go(func() {
			if a := w.end(lost.SessionID); a.Outcome() != "204" {
				t.Errorf("answer %s", a.Outcome())
			}
		})
		group.Wait()
		for _, done := range next {
			if done.RefreshToken != "" {
				lost.RefreshToken = done.RefreshToken // any of them: at most one successor was made
			}
		}
		if err := w.refresh(lost); fault.CodeOf(err) != fault.InvalidGrant {
			t.Fatalf("a token is good after the end: %v", err)
		}
	}
}
