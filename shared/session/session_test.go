package session_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"daemun/shared/session"
)

var (
	now  = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	rule = session.Rule{Grace: 10 * time.Second, Idle: 7 * 24 * time.Hour, Absolute: 90 * 24 * time.Hour}
)

// alive is a session in its 8th generation, made days ago and last rotated so
// long ago.
func alive(rotated time.Duration) session.Session {
	return session.Session{
		UserID: "u", ID: "s", Generation: 8, KeyID: "k",
		CreatedAt: now.Add(-30 * 24 * time.Hour), RotatedAt: now.Add(-rotated),
	}
}

func judge(presented int64, old *session.Session) session.Verdict {
	return session.Rotation{UserID: "u", SessionID: "s", Presented: presented, KeyID: "k", Now: now, Rule: rule}.Judge(old)
}

// RT-01 … RT-04, RT-10, ST-08: every edge of the rule.
func TestJudge_Edges(t *testing.T) {
	const (
		nano   = time.Nanosecond
		window = 12 * time.Second // grace and clock skew
	)
	with := func(s session.Session, change func(*session.Session)) *session.Session {
		change(&s)
		return &s
	}
	unrotated := func(age time.Duration) *session.Session {
		return &session.Session{Generation: 1, CreatedAt: now.Add(-age)}
	}
	at := func(rotated time.Duration) *session.Session { return with(alive(rotated), func(*session.Session) {}) }
	ended := func(when time.Time) *session.Session {
		return with(alive(0), func(s *session.Session) { s.EndedAt = when })
	}
	capped := func(age time.Duration) *session.Session {
		return with(alive(0), func(s *session.Session) { s.CreatedAt = now.Add(-age) })
	}
	for _, test := range []struct {
		name      string
		presented int64
		old       *session.Session
		want      session.Verdict
	}{
		{"missing", 1, nil, session.Refused},
		{"ended, current", 8, ended(now), session.Refused},
		{"ended, in the window", 7, ended(now), session.Refused},
		{"ended, reuse", 3, ended(now.Add(-time.Hour)), session.Refused},
		{"ended by another clock", 8, ended(now.Add(time.Second)), session.Refused},

		{"idle but a moment", 8, at(rule.Idle - nano), session.Repeat},
		{"idle", 8, at(rule.Idle), session.Refused},
		{"idle, reuse", 3, at(rule.Idle), session.Refused},
		{"idle but a moment, reuse", 3, at(rule.Idle - nano), session.Reused},
		{"idle since the login but a moment", 1, unrotated(rule.Idle - nano), session.Repeat},
		{"idle since the login", 1, unrotated(rule.Idle), session.Refused},

		{"at the cap but a moment", 8, capped(rule.Absolute - nano), session.Repeat},
		{"at the cap", 8, capped(rule.Absolute), session.Refused},
		{"at the cap, in the window", 7, capped(rule.Absolute), session.Refused},
		{"at the cap, reuse", 3, capped(rule.Absolute), session.Refused},
		{"at the cap but a moment, reuse", 3, capped(rule.Absolute - nano), session.Reused},

		{"current, just rotated", 8, at(0), session.Repeat},
		{"current, in the window", 8, at(window - nano), session.Repeat},
		{"current, after the window", 8, at(window), session.Repeat},
		{"current, much later", 8, at(6 * 24 * time.Hour), session.Repeat},
		{"current, from an instance whose clock is ahead", 8, at(-time.Second), session.Repeat},
		{"current, never rotated", 1, unrotated(time.Hour), session.Repeat},

		{"previous, just rotated", 7, at(0), session.Repeat},
		{"previous, at the end of grace", 7, at(rule.Grace), session.Repeat},
		{"previous, skewed", 7, at(window - nano), session.Repeat},
		{"previous, out of the window", 7, at(window), session.Reused},
		{"previous, much later", 7, at(time.Hour), session.Reused},
		{"previous, negative age", 7, at(-2 * time.Second), session.Repeat},

		{"the one before, just rotated", 6, at(0), session.Reused},
		{"the one before, negative age", 6, at(-time.Second), session.Reused},
		{"the first", 1, at(0), session.Reused},
		{"none", 0, at(0), session.Reused},
		{"negative", -7, at(0), session.Reused},
		{"the next", 9, at(0), session.Reused},
		{"far ahead", math.MaxInt64, at(0), session.Reused},
		{"before the first, never rotated", 0, unrotated(0), session.Reused},
	} {
		if got := judge(test.presented, test.old); got != test.want {
			t.Errorf("%s: verdict %d, want %d", test.name, got, test.want)
		}
	}
}

// The order of the rule: dead before everything, current before the window, the
// window before reuse.
func TestJudge_OrderOfTheRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := session.Rule{
			Grace:    time.Duration(rapid.Int64Range(5, 30).Draw(t, "grace")) * time.Second,
			Idle:     time.Duration(rapid.Int64Range(60, 3600).Draw(t, "idle")) * time.Second,
			Absolute: time.Duration(rapid.Int64Range(60, 7200).Draw(t, "absolute")) * time.Second,
		}
		rotated := near(t, "rotated", 0, r.Grace, r.Grace+2*time.Second, r.Idle)
		age := max(rotated, 0) + near(t, "age", 0, r.Idle, r.Absolute)
		s := session.Session{Generation: rapid.Int64Range(1, 6).Draw(t, "generation"), CreatedAt: now.Add(-age)}
		used := age
		if rapid.Bool().Draw(t, "was rotated") {
			s.RotatedAt, used = now.Add(-rotated), rotated
		}
		if rapid.Bool().Draw(t, "ended") {
			s.EndedAt = now.Add(-near(t, "ended", 0))
		}
		presented := rapid.Int64Range(0, 7).Draw(t, "presented")

		got := session.Rotation{Presented: presented, Now: now, Rule: r}.Judge(&s)

		dead := !s.EndedAt.IsZero() || age >= r.Absolute || used >= r.Idle
		current := presented == s.Generation
		previous := presented == s.Generation-1 && !s.RotatedAt.IsZero() && rotated < r.Grace+2*time.Second
		want := session.Reused
		switch {
		case dead:
			want = session.Refused
		case current || previous:
			want = session.Repeat
		}
		if got != want {
			t.Fatalf("dead %v, current %v, previous in the window %v: verdict %d, want %d", dead, current, previous, got, want)
		}
	})
}

// near draws a duration within two seconds of one of the edges.
func near(t *rapid.T, name string, edges ...time.Duration) time.Duration {
	off := time.Duration(rapid.Int64Range(-2000, 2000).Draw(t, name+" off")) * time.Millisecond
	return rapid.SampledFrom(edges).Draw(t, name+" edge") + off
}

func TestRemaining_IsTheLessOfIdleAndCap(t *testing.T) {
	day := 24 * time.Hour
	for _, test := range []struct {
		name         string
		age, rotated time.Duration // rotated < 0: never
		want         time.Duration
	}{
		{"at the login", 0, -1, rule.Idle},
		{"a day after the login", day, -1, 6 * day},
		{"just rotated", 30 * day, 0, rule.Idle},
		{"rotated two days ago", 30 * day, 2 * day, 5 * day},
		{"near the cap", 89 * day, 0, day},
		{"near the cap, rotated long ago", 88 * day, 6 * day, day},
		{"at the cap", 90 * day, 0, 0},
		{"over the cap", 91 * day, 0, -day},
		{"idle", 30 * day, 7 * day, 0},
		{"idle since the login", 8 * day, -1, -day},
		{"dated after now", -time.Second, -1, rule.Idle},
	} {
		s := session.Session{CreatedAt: now.Add(-test.age)}
		if test.rotated >= 0 {
			s.RotatedAt = now.Add(-test.rotated)
		}
		if got := rule.Remaining(&s, now); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

// RT-10, TK-12: rotation does not move the end.
func TestExpiresAt_IsTheCapWhateverHappened(t *testing.T) {
	s := alive(0)
	if got, want := rule.ExpiresAt(&s), s.CreatedAt.Add(rule.Absolute); !got.Equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// What is over for good needs no end: neither a longer rule nor a clock that is
// behind makes it live again.
func TestIsOver_ByEveryRuleAndClock(t *testing.T) {
	unused := func(age time.Duration) session.Session { return session.Session{CreatedAt: now.Add(-age)} }
	used := func(age time.Duration) session.Session {
		return session.Session{CreatedAt: now.Add(-age), RotatedAt: now}
	}
	for name, c := range map[string]struct {
		session session.Session
		want    bool
	}{
		"new":                           {unused(0), false},
		"idle by the rule":              {unused(rule.Idle + time.Hour), false},
		"idle, by a clock ahead":        {unused(session.MaxIdle + session.ClockSkew - 1), false},
		"idle by every rule":            {unused(session.MaxIdle + session.ClockSkew), true},
		"used, at the cap, clock ahead": {used(session.MaxAbsolute + session.ClockSkew - 1), false},
		"used, over every cap":          {used(session.MaxAbsolute + session.ClockSkew), true},
		"ended":                         {session.Session{CreatedAt: now, RotatedAt: now, EndedAt: now}, true},
	} {
		if got := c.session.IsOver(now); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
