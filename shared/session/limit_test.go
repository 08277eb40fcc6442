package session_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"daemun/shared/session"
)

// RT-16: the newest stay, by creation and not by use. What could not be
// refreshed any more (ST-08) takes nobody's place.
func TestLimit_NewestLiveSessionsStay(t *testing.T) {
	made := func(id string, ago time.Duration) *session.Session {
		return &session.Session{ID: id, Generation: 1, CreatedAt: now.Add(-ago)}
	}
	with := func(s *session.Session, change func(*session.Session)) *session.Session {
		change(s)
		return s
	}
	hour := time.Hour
	stored := []*session.Session{
		made("c", 3*hour), made("a", 5*hour), made("e", hour), made("b", 4*hour), made("d", 2*hour),
		made("idle", rule.Idle),
		with(made("capped", rule.Absolute), func(s *session.Session) { s.RotatedAt = now }),
		with(made("ended", 0), func(s *session.Session) { s.EndedAt = now }),
	}
	used := slices.Clone(stored)
	used[1] = with(made("a", 5*hour), func(s *session.Session) { s.RotatedAt = now }) // the last used one
	for _, c := range []struct {
		limit        int
		sessions     []*session.Session
		newest, over string
	}{
		{50, stored, "[a b c d e]", "[]"},
		{5, stored, "[a b c d e]", "[]"},
		{4, stored, "[b c d e]", "[a]"},
		{4, used, "[b c d e]", "[a]"},
		{1, stored, "[e]", "[a b c d]"},
		{2, []*session.Session{made("z", hour), made("y", hour), made("x", hour)}, "[y z]", "[x]"}, // of one instant
		{2, []*session.Session{made("x", -hour), made("y", hour), made("z", 0)}, "[z x]", "[y]"},   // of a clock that is ahead
		{3, nil, "[]", "[]"},
	} {
		newest, over := rule.Limit(c.sessions, c.limit, now)
		if got := ids(newest); got != c.newest {
			t.Errorf("limit %d of %s: stay %s, want %s", c.limit, ids(c.sessions), got, c.newest)
		}
		if got := ids(over); got != c.over {
			t.Errorf("limit %d of %s: over %s, want %s", c.limit, ids(c.sessions), got, c.over)
		}
	}
	if got := ids(stored); got != "[c a e b d idle capped ended]" {
		t.Errorf("the sessions became %s", got)
	}
}

func ids(sessions []*session.Session) string {
	all := []string{}
	for _, s := range sessions {
		all = append(all, s.ID)
	}
	return fmt.Sprint(all)
}
