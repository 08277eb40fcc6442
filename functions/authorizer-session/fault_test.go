package main

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/session"
	"daemun/shared/store/storetest"
)

// It writes nothing: faults of writes and transactions (F-23, F-25, F-26) cannot
// meet it.

// F-20, F-21, F-22, F-24: what passes, nobody notices.
func TestAuthorizerSession_PassingFaultIsInvisible(t *testing.T) {
	w := start(t)
	for name, c := range map[string]struct {
		fault storetest.Fault
		times int
	}{
		"F-20 throttled":       {storetest.Error("ThrottlingException"), 1},
		"F-20 throttled twice": {storetest.Error("ThrottlingException"), 2},
		"F-20 capacity":        {storetest.Error("ProvisionedThroughputExceededException"), 2},
		"F-21 internal":        {storetest.Error("InternalServerError"), 2},
		"F-21 unavailable":     {storetest.Error("ServiceUnavailable"), 2},
		"F-22 request lost":    {storetest.RequestLost(), 2},
		"F-22 answer lost":     {storetest.AnswerLost(), 2},
		"F-24 never":           {storetest.AnswerHangs(), 1},
	} {
		t.Run(name, func(t *testing.T) {
			w.DB.Proxy.Reset()
			for n := range c.times {
				w.DB.Proxy.On("GetItem", n+1, c.fault)
			}
			if got := w.ask("http-2"); got != allow {
				t.Errorf("%s, want %s", got, allow)
			}
		})
	}
}

// F-24: an attempt is given up early enough for another.
func TestAuthorizerSession_WaitsLittleForAnAttempt(t *testing.T) {
	w := start(t)
	w.DB.Proxy.On("GetItem", 1, storetest.Slow(400*time.Millisecond))
	if got := w.ask("http-2"); got != allow {
		t.Errorf("%s, want %s", got, allow)
	}
	if n := w.DB.Proxy.Counts()["GetItem"]; n < 2 {
		t.Errorf("%d attempts", n)
	}
}

// F-20, F-21, F-22, F-24, F-32, V6, V7: what stays is a fault of ours and said to
// be one in every shape: nobody enters, nobody is told that they may not, and
// when it has passed everybody enters whose session lives.
func TestAuthorizerSession_FaultThatStaysIsAnError(t *testing.T) {
	w := start(t)
	for name, c := range map[string]struct {
		fault    storetest.Fault
		attempts int
	}{
		"F-20 throttled":    {storetest.Error("ThrottlingException"), 3},
		"F-20 capacity":     {storetest.Error("ProvisionedThroughputExceededException"), 3},
		"F-21 internal":     {storetest.Error("InternalServerError"), 3},
		"F-21 bad gateway":  {storetest.Answer(http.StatusBadGateway, "<html>"), 3},
		"F-22 request lost": {storetest.RequestLost(), 3},
		"F-32 not allowed":  {storetest.Error("AccessDeniedException"), 1},
		"F-32 no table":     {storetest.Error("ResourceNotFoundException"), 1},
		"our mistake":       {storetest.Error("ValidationException"), 1},
		"no JSON":           {storetest.Answer(http.StatusOK, "<html>"), 1},
	} {
		t.Run(name, func(t *testing.T) {
			before := w.DB.Scan(t, w.DB.RefreshTokens)
			w.DB.Proxy.Reset()
			w.DB.Proxy.On("GetItem", 0, c.fault)
			w.asks("while it stays", failed)
			w.requests(map[string]int{"GetItem": c.attempts * len(refusals)})
			if log := w.Log.Last(t); log["level"] != "ERROR" || log["allowed"] != false || log["error"] == nil {
				t.Errorf("log %v", log)
			}
			w.DB.Proxy.Reset()
			w.asks("afterwards", allow)
			if diff := cmp.Diff(before, w.DB.Scan(t, w.DB.RefreshTokens)); diff != "" {
				t.Errorf("the table changed (-before +after):\n%s", diff)
			}
		})
	}
}

// F-24, F-41, V7: it says so before Lambda ends the invocation.
func TestAuthorizerSession_AnswersBeforeItsTimeout(t *testing.T) {
	w := start(t)
	w.DB.Proxy.On("GetItem", 0, storetest.Slow(5*time.Second))
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second) // the template's
	defer cancel()
	out, err := w.f.Invoke(ctx, w.event("http-2"))
	if out != nil || err == nil || ctx.Err() != nil {
		t.Errorf("answer %s, %v; context: %v", out, err, ctx.Err())
	}
}

// F-34: without the table this authorizer knows nothing, and the one that reads
// no sessions lets good tokens in as ever. Bad ones neither does.
func TestAuthorizerSession_TableIsDown(t *testing.T) {
	w := start(t)
	w.Env["DYNAMODB_ENDPOINT"] = "http://127.0.0.1:1"
	w.f = w.function()
	w.asks("the table is down", failed)
	plain := w.handler()
	plain.Sessions = nil
	for shape := range refusals {
		if out, err := plain.Invoke(t.Context(), w.event(shape)); err != nil {
			t.Errorf("the plain one, %s: %s, %v", shape, out, err)
		}
	}
	w.Wait(15 * time.Minute)
	w.asks("the table is down and the token expired", "")
}

// F-31: an item that this code cannot have written is an alarm, and neither yes
// nor no.
func TestAuthorizerSession_CorruptSessionIsAnError(t *testing.T) {
	w := start(t)
	for name, broken := range map[string]any{
		"created_at": "yesterday", "rotated_at": "never", "ended_at": "", "generation": 0, "key_id": 7, "ended_why": true,
	} {
		t.Run(name, func(t *testing.T) {
			w.login = w.LogIn(lambdatest.Person())
			w.set(name, broken)
			w.asks(fmt.Sprintf("%s is %v", name, broken), failed)
			if log := w.Log.Last(t); log["level"] != "ERROR" {
				t.Errorf("log %v", log)
			}
		})
	}
	w.login = w.LogIn(lambdatest.Person())
	w.DB.Remove(t, w.DB.RefreshTokens, w.key(), "created_at")
	w.asks("created_at is missing", failed)
	w.login = w.LogIn(lambdatest.Person())
	w.end(session.EndedByLogout)
	w.set("ended_at", "long ago")
	w.asks("no longer known when it ended", failed)
}
