package lambdaauth_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"daemun/shared/lambdaauth/authtest"
	"daemun/shared/session"
	"daemun/shared/token"
)

// sessions is storage that a test makes.
type sessions func(ctx context.Context, userID, sessionID string) (*session.Session, error)

func (f sessions) FindSession(ctx context.Context, userID, sessionID string) (*session.Session, error) {
	return f(ctx, userID, sessionID)
}

// start is when the sessions of these tests began, an hour before the worlds' time.
var start = time.Unix(1773342238, 0).Add(-time.Hour)

var live = &session.Session{UserID: buyer.UserID, ID: buyer.SessionID, Generation: 1, KeyID: "k1", CreatedAt: start}

// reads makes sessions count; every one of them is found so.
func (w *world) reads(found *session.Session, err error) *world {
	w.handler.Rule = session.Rule{Grace: 10 * time.Second, Idle: 7 * 24 * time.Hour, Absolute: 90 * 24 * time.Hour}
	w.handler.Sessions = sessions(func(context.Context, string, string) (*session.Session, error) { return found, err })
	return w
}

// with is the live session, changed.
func with(change func(*session.Session)) *session.Session {
	changed := *live
	change(&changed)
	return &changed
}

// AZ-05, F-28. A session that is over is as no token, by the rule and to the
// second, and the log says whose and why.
func TestHandler_SessionDecides(t *testing.T) {
	now := start.Add(time.Hour)
	for _, c := range []struct {
		name  string
		found *session.Session
		why   string // "" for a live one
	}{
		{"as begun", live, ""},
		{"rotated", with(func(s *session.Session) { s.Generation, s.RotatedAt = 7, now }), ""},
		{"by another's clock", with(func(s *session.Session) { s.CreatedAt = now.Add(time.Second) }), ""},
		{"missing", nil, "there is no such session"},
		{"logged out", with(func(s *session.Session) { s.EndedAt, s.EndedWhy = now, session.EndedByLogout }), "session is over: logout"},
		{"reused", with(func(s *session.Session) { s.EndedAt, s.EndedWhy = start, session.EndedByReuse }), "session is over: reuse"},
		{"ended ahead of our clock", with(func(s *session.Session) {
			s.EndedAt, s.EndedWhy = now.Add(time.Second), session.EndedByLogout
		}), "session is over: logout"},
		{"a moment before its cap", with(func(s *session.Session) {
			s.CreatedAt, s.RotatedAt = now.Add(time.Millisecond-90*24*time.Hour), now
		}), ""},
		{"at its cap", with(func(s *session.Session) {
			s.CreatedAt, s.RotatedAt = now.Add(-90*24*time.Hour), now
		}), "session is over: too old or idle for too long"},
		{"a moment before it is idle", with(func(s *session.Session) { s.CreatedAt = now.Add(time.Millisecond - 7*24*time.Hour) }), ""},
		{"idle", with(func(s *session.Session) { s.CreatedAt = now.Add(-7 * 24 * time.Hour) }), "session is over: too old or idle for too long"},
		{"idle since its last rotation", with(func(s *session.Session) {
			s.CreatedAt, s.RotatedAt = now.Add(-8*24*time.Hour), now.Add(-7*24*time.Hour)
		}), "session is over: too old or idle for too long"},
	} {
		w := newWorld(t).reads(c.found, nil)
		for shape, refusal := range refusals {
			want := allow
			if c.why != "" {
				want = refusal
			}
			if got := w.ask(w.event(shape)); got != want {
				t.Errorf("%s in %s: %s, want %s", c.name, shape, got, want)
			}
		}
		about := `"user_id":"` + buyer.UserID + `","session_id":"` + buyer.SessionID + `","error":"` + c.why + `"}`
		if log := w.log.String(); strings.Contains(log, "ERROR") || c.why != "" && strings.Count(log, about) != len(refusals) {
			t.Errorf("%s: log %s", c.name, log)
		}
	}
}

// A policy speaks of nobody whose session is over.
func TestHandler_RefusedPolicyNamesNobody(t *testing.T) {
	w := newWorld(t).reads(nil, nil)
	out, err := w.handler.Invoke(t.Context(), encode(t, w.event("http-1")))
	if err != nil || !strings.Contains(string(out), `"principalId":"anonymous"`) {
		t.Errorf("answer %s, %v", out, err)
	}
}

// AZ-04, V7. What cannot be read says nothing of the person: neither yes nor no,
// in every shape, and as an error in the log.
func TestHandler_SessionThatCannotBeReadIsAnError(t *testing.T) {
	w := newWorld(t).reads(live, errors.New("table is down"))
	w.handler.HTTPUnauthorized = true
	w.demand(`{"*":{"roles":["admin"]}}`)
	for shape := range refusals {
		if got := w.ask(w.event(shape)); got != failed {
			t.Errorf("%s: %s, want %s", shape, got, failed)
		}
	}
	if log := w.log.String(); strings.Count(log, `"level":"ERROR"`) != len(refusals) || !strings.Contains(log, "find session: table is down") {
		t.Errorf("log: %s", log)
	}
}

// A read costs money, and whoever has no good token has not to cause one. Who
// may not do this still has to be somebody first.
func TestHandler_SessionIsReadOncePerGoodToken(t *testing.T) {
	w := newWorld(t).cookies().demand(`{"*":{"roles":["admin"]}}`).reads(live, nil)
	var asked []string
	w.handler.Sessions = sessions(func(_ context.Context, userID, sessionID string) (*session.Session, error) {
		asked = append(asked, userID+" "+sessionID)
		return with(func(s *session.Session) { s.EndedAt = start }), nil
	})
	forged := newWorld(t).mint(buyer)
	expired := w.mint(buyer)
	w.now = w.now.Add(token.MaxAccessLifetime)
	for shape := range refusals {
		for _, bad := range []string{"", "x.y.z", forged, expired} {
			w.ask(w.eventWith(shape, bad))
		}
	}
	w.ask(w.event("http-2-cookie-post-foreign-origin"))
	if len(asked) > 0 {
		t.Errorf("asked for %q", asked)
	}
	if got := w.ask(w.event("rest-request")); got != unauthorized {
		t.Errorf("neither a session nor the role: %s, want %s", got, unauthorized)
	}
	if want := buyer.UserID + " " + buyer.SessionID; len(asked) != 1 || asked[0] != want {
		t.Errorf("asked for %q, want %q once", asked, want)
	}
}

// AZ-04. A panic of the storage lets nobody in.
func TestHandler_StoragePanicRefuses(t *testing.T) {
	w := newWorld(t).reads(live, nil)
	w.handler.Sessions = sessions(func(context.Context, string, string) (*session.Session, error) { panic("broken") })
	for shape, refusal := range refusals {
		if got := w.ask(w.event(shape)); got != refusal {
			t.Errorf("%s: %s, want %s", shape, got, refusal)
		}
	}
}

// F-24, F-41, V7. The storage gets a second, or what the event's own time leaves
// of it.
func TestHandler_StorageIsWaitedForInTime(t *testing.T) {
	for given, want := range map[time.Duration]time.Duration{
		time.Minute:             time.Second,
		3 * time.Second:         time.Second,
		1200 * time.Millisecond: 700 * time.Millisecond,
		500 * time.Millisecond:  0,
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			event := encode(t, w.event("http-2"))
			w.reads(nil, nil)
			w.handler.Sessions = sessions(func(ctx context.Context, _, _ string) (*session.Session, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			})
			begun := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), given)
			defer cancel()
			_, err := w.handler.Invoke(ctx, event)
			if took := time.Since(begun); took != want || err == nil || err.Error() != "the session cannot be read" {
				t.Errorf("of %v: %v after %v, want an error after %v", given, err, took, want)
			}
		})
	}
	w := newWorld(t).reads(live, nil)
	if got, _ := authtest.Ask(t, &w.handler, encode(t, w.event("http-2"))); got != allow {
		t.Errorf("no deadline: %s", got)
	}
}
