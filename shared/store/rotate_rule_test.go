package store_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"daemun/shared/session"
	"daemun/shared/store"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// ruleUnderTest has limits far enough apart that one of them decides at a time.
var ruleUnderTest = session.Rule{Grace: 10 * time.Second, Idle: 2 * time.Minute, Absolute: 5 * time.Minute}

// Ages of a session and of its last rotation, 0 if there was none; a focus puts
// one of them at a limit, and leaves the other where it does not decide.
var focuses = map[string]struct{ created, rotated time.Duration }{
	"cap":           {ruleUnderTest.Absolute, time.Minute},
	"idle, rotated": {4 * time.Minute, ruleUnderTest.Idle},
	"idle, new":     {ruleUnderTest.Idle, 0},
	"window":        {time.Minute, ruleUnderTest.Grace},
	"window + skew": {time.Minute, ruleUnderTest.Grace + session.ClockSkew},
	"clocks differ": {time.Minute, -time.Second},
	"just made":     {0, 0},
}

// drawStored draws a session as the database has them, in whole milliseconds,
// with an age that is off the focus by no more than a little.
func drawStored(t *rapid.T, id string, now time.Time, created, rotated time.Duration) *session.Session {
	off := rapid.SampledFrom([]time.Duration{-time.Millisecond, -time.Nanosecond, 0, time.Nanosecond, time.Millisecond})
	s := login("alice", id)
	s.Generation = rapid.Int64Range(1, 5).Draw(t, "generation")
	s.CreatedAt = now.Add(-created - off.Draw(t, "created off")).Truncate(time.Millisecond)
	if rotated != 0 {
		s.RotatedAt = now.Add(-rotated - off.Draw(t, "rotated off")).Truncate(time.Millisecond)
	}
	if rapid.IntRange(0, 4).Draw(t, "ended") == 0 {
		s.EndedAt, s.EndedWhy = start, session.EndedByLogout
	}
	return s
}

// alive says that the session is not ended, not over the cap and not idle.
func alive(r session.Rotation, s *session.Session) bool {
	used := s.RotatedAt
	if used.IsZero() {
		used = s.CreatedAt
	}
	return s.EndedAt.IsZero() && r.Now.Before(s.CreatedAt.Add(r.Rule.Absolute)) && r.Now.Before(used.Add(r.Rule.Idle))
}

// mayRotate says in Go what the comment of session.Rotation says.
func mayRotate(r session.Rotation, s *session.Session) bool {
	young := !s.RotatedAt.IsZero() && r.Now.Before(s.RotatedAt.Add(r.Rule.Grace))
	return s.Generation == r.Presented && alive(r, s) && !young
}

// verdict is what becomes of a token that did not rotate.
func verdict(r session.Rotation, s *session.Session) session.Verdict {
	graceEnds := s.RotatedAt.Add(r.Rule.Grace + session.ClockSkew)
	switch {
	case !alive(r, s):
		return session.Refused
	case r.Presented == s.Generation, r.Presented+1 == s.Generation && r.Now.Before(graceEnds):
		return session.Repeat
	default:
		return session.Reused
	}
}

// The condition in the database and the judgement here agree at every boundary.
func TestRotateSession_RotatesIfAndOnlyIfTheRuleAllows(t *testing.T) {
	s, _ := open(t)
	runs := 0
	for name, focus := range focuses {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				runs++
				now := start.Add(time.Duration(rapid.Int64Range(0, int64(3*time.Millisecond)).Draw(rt, "now")))
				stored := drawStored(rt, strconv.Itoa(runs), now, focus.created, focus.rotated)
				startSession(t, s, stored)
				checkRotation(rt, s, stored, session.Rotation{
					UserID: stored.UserID, SessionID: stored.ID, KeyID: "k2", Now: now, Rule: ruleUnderTest,
					Presented: stored.Generation + rapid.SampledFrom([]int64{0, 0, 0, -1, -1, -2, 1}).Draw(rt, "presented"),
				})
			})
		})
	}
}

func checkRotation(t *rapid.T, s *store.Store, stored *session.Session, r session.Rotation) {
	found, rotated, err := s.RotateSession(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	if rotated != mayRotate(r, stored) {
		t.Fatalf("rotated %v: %+v of %+v", rotated, r, stored)
	}
	want := *stored
	if rotated {
		want.Generation, want.KeyID, want.RotatedAt = r.Presented+1, r.KeyID, r.Now.Truncate(time.Millisecond)
	}
	if diff := cmp.Diff(&want, found); diff != "" {
		t.Fatalf("session (-want +got):\n%s", diff)
	}
	if rotated {
		return
	}
	if got, want := r.Judge(found), verdict(r, stored); got != want {
		t.Fatalf("verdict %v, want %v: %+v of %+v", got, want, r, stored)
	}
}
