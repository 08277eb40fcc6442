package main

import (
	"context"
	"testing"
	"time"

	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/provider/providertest"
	"daemun/shared/session"
	"daemun/shared/store/storetest"
)

// F-20, F-21, F-22, F-23, RT-07: what passes, a client does not notice. That holds
// for a rotation that was done and whose answer was lost too.
func TestRefresh_PassingFaultIsInvisible(t *testing.T) {
	w := start(t)
	for name, c := range map[string]struct {
		fault storetest.Fault
		times int
	}{
		"throttled twice":       {storetest.Error("ThrottlingException"), 2},
		"over capacity":         {storetest.Error("ProvisionedThroughputExceededException"), 1},
		"conflict":              {storetest.Error("TransactionConflictException"), 1},
		"internal server error": {storetest.Error("InternalServerError"), 1},
		"request lost":          {storetest.RequestLost(), 1},
		"answer lost twice":     {storetest.AnswerLost(), 2},
		"answer hangs":          {storetest.AnswerHangs(), 1},
		"slow":                  {storetest.Slow(300 * time.Millisecond), 1}, // F-24
	} {
		for _, operation := range []string{"GetItem", "UpdateItem"} {
			t.Run(operation+" "+name, func(t *testing.T) {
				login := w.again()
				for n := range c.times {
					w.DB.Proxy.On(operation, n+1, c.fault)
				}
				next := w.refreshed(login.RefreshToken)
				w.speaksForLogin(next.AccessToken)
				w.alive(2)
				w.DB.Proxy.Reset()
				if got := w.refreshed(login.RefreshToken).RefreshToken; got != next.RefreshToken {
					t.Error("the repeat has another successor")
				}
				w.rotated(next.RefreshToken)
				w.alive(3)
			})
		}
	}
}

// RT-06, F-20, F-21, F-24, F-32, V4, V7: a fault of ours is said to be one, and
// ends nothing.
func TestRefresh_FaultThatStaysIsOursAndEndsNothing(t *testing.T) {
	w := start(t)
	for name, f := range map[string]storetest.Fault{
		"throttled":             storetest.Error("ThrottlingException"),
		"internal server error": storetest.Error("InternalServerError"),
		"request lost":          storetest.RequestLost(),
		"answer lost":           storetest.AnswerLost(),
		"answer hangs":          storetest.AnswerHangs(),
		"not allowed":           storetest.Error("AccessDeniedException"),
		"no such table":         storetest.Error("ResourceNotFoundException"),
	} {
		for _, operation := range []string{"GetItem", "UpdateItem"} {
			t.Run(operation+" "+name, func(t *testing.T) { w.survives(operation, f) })
		}
	}
}

// survives refreshes while every such operation meets the fault, and again when
// none does.
func (w *world) survives(operation string, f storetest.Fault) {
	w.t.Helper()
	login := w.again()
	w.DB.Proxy.On(operation, 0, f)
	w.busy(w.invoke("cookie", login.RefreshToken))
	w.DB.Proxy.Reset()
	if w.session()["ended_at"] != nil {
		w.t.Error("the fault ended the session")
	}
	next := w.refreshed(login.RefreshToken).RefreshToken
	w.alive(2)
	w.rotated(next)
}

// busy wants the answer to a fault of ours.
func (w *world) busy(a lambdatest.Answer) {
	w.t.Helper()
	if a.Outcome() != "503 temporarily_unavailable" || a.Headers["Retry-After"] != "1" || len(a.Cookies) > 0 {
		w.t.Errorf("answer %s, Retry-After %q, cookies %v", a.Outcome(), a.Headers["Retry-After"], a.Cookies)
	}
	if log := w.Log.Last(w.t); log["level"] == "INFO" {
		w.t.Errorf("log %v, want at least a warning", log)
	}
}

// F-32: nobody waits for what no retry heals, and the operator is told.
func TestRefresh_LastingFaultIsNotRetriedAndRaisesTheAlarm(t *testing.T) {
	w := start(t)
	w.DB.Proxy.On("UpdateItem", 0, storetest.Error("AccessDeniedException"))
	w.busy(w.invoke("json", w.login.RefreshToken))
	w.requests(map[string]int{"GetItem": 1, "UpdateItem": 1})
	if got := w.Log.Last(t)["level"]; got != "ERROR" {
		t.Errorf("logged at %v, want ERROR", got)
	}
}

// F-41: the event's deadline reaches the database, which is not asked again when
// the time is up.
func TestRefresh_GivesUpInTimeForTheDeadline(t *testing.T) {
	w := start(t)
	w.DB.Proxy.On("GetItem", 0, storetest.AnswerHangs())
	ctx, cancel := context.WithTimeout(t.Context(), 900*time.Millisecond)
	defer cancel()
	w.busy(lambdatest.InvokeContext(ctx, t, w.h, w.event("json", w.login.RefreshToken)))
	if n := w.DB.Proxy.Counts()["GetItem"]; n > 1 { // three without a deadline
		t.Errorf("%d attempts", n)
	}
	w.alive(1)
}

// F-27: the user, signed up by the last write, is seen.
func TestRefresh_ReadsTheUserConsistently(t *testing.T) {
	w := start(t)
	w.DB.Proxy.ServeStale(t)
	w.login = w.LogIn(providertest.Persons()[1])
	w.refreshed(w.login.RefreshToken)
	w.alive(2)
}

// Rule of the answer to theft: 401 only when the end is written. Until then the
// database's fault is ours, V3 and RT-05.
func TestRefresh_ReuseIsAnsweredOnlyWhenTheFamilyHasEnded(t *testing.T) {
	w := start(t)
	for name, f := range map[string]storetest.Fault{
		"throttled":    storetest.Error("ThrottlingException"),
		"request lost": storetest.RequestLost(),
		"refused":      storetest.Error("AccessDeniedException"),
	} {
		t.Run(name, func(t *testing.T) {
			first := w.again().RefreshToken
			third := w.rotated(w.rotated(first))
			w.DB.Proxy.Reset()
			for n := 2; n <= 4; n++ { // the first is the rotation
				w.DB.Proxy.On("UpdateItem", n, f)
			}
			w.busy(w.invoke("json", first))
			w.alive(3)
			w.DB.Proxy.Reset()
			w.refused(first)
			w.ended(session.EndedByReuse)
			w.refused(third)
		})
	}
}

// F-23 for the end: it was written, so all is said.
func TestRefresh_EndOfReusedFamilyWhoseAnswerIsLostHolds(t *testing.T) {
	w := start(t)
	first := w.login.RefreshToken
	third := w.rotated(w.rotated(first))
	w.DB.Proxy.Reset()
	w.DB.Proxy.On("UpdateItem", 2, storetest.AnswerLost())
	w.refused(first)
	w.ended(session.EndedByReuse)
	w.refused(third)
}

// RT-15 with a fault: the refusal waits for the end here too.
func TestRefresh_UserGoneIsAnsweredOnlyWhenTheSessionHasEnded(t *testing.T) {
	w := start(t)
	w.DB.Delete(t, w.DB.Users, storetest.Item{"pk": "USER#" + w.login.User.ID, "sk": "USER"})
	w.DB.Proxy.On("UpdateItem", 0, storetest.Error("ThrottlingException"))
	w.busy(w.invoke("json", w.login.RefreshToken))
	w.alive(1)
	w.DB.Proxy.Reset()
	w.refused(w.login.RefreshToken)
	w.ended(session.EndedByUserGone)
}
