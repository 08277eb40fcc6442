// Package session owns the rule by which refresh tokens rotate: one Session per
// login on one device, whose generation counts its refresh tokens. It also says
// which of a user's sessions are live and may stay, and what of a device is
// shown to its owner.
//
// It is pure. Package store applies the first half of the rule, the condition
// of a Rotation, in one atomic write; when that write is refused, Rule.Judge,
// the other half, says why.
//
//	presented token
//	      |
//	  condition holds? --yes--> rotated: generation + 1
//	      | no: judge the item as it was
//	      +-- missing, ended, over the cap, idle ----------> Refused
//	      +-- presented = current -------------------------> Repeat
//	      +-- presented = current-1, age < window + skew --> Repeat
//	      +-- anything else -------------------------------> Reused: end the session
package session

import (
	"cmp"
	"slices"
	"time"
)

// Session is one login on one device, and the family of its refresh tokens.
type Session struct {
	UserID     string
	ID         string // random
	Generation int64  // of the current refresh token; the login's is 1
	KeyID      string // of the key that the current refresh token is made with
	CreatedAt  time.Time
	RotatedAt  time.Time // zero until the first rotation
	EndedAt    time.Time // zero while alive
	EndedWhy   EndReason
	Client     string // name of the client that its tokens are for; empty: the default one
	Device     Device
}

// EndReason says why a session ended.
type EndReason string

// The reasons why a session ends.
const (
	EndedByLogout   EndReason = "logout"
	EndedByReuse    EndReason = "reuse"
	EndedByUserGone EndReason = "user_gone"
	EndedByLimit    EndReason = "session_limit" // newer sessions of the user took its place
	EndedByFault    EndReason = "login_failed"  // by a fault, so that nobody has a token of it
)

// Rule holds the limits of a session's life.
type Rule struct {
	Grace    time.Duration // a session rotates at most once in this window
	Idle     time.Duration // since the last rotation, or the login
	Absolute time.Duration // since the login; rotation does not extend it
}

// MaxIdle and MaxAbsolute are the longest that a Rule may allow.
const (
	MaxIdle     = 30 * 24 * time.Hour
	MaxAbsolute = 90 * 24 * time.Hour
)

// ClockSkew is how far the clocks of two instances may be apart in sum: each is
// assumed within a second of the truth.
const ClockSkew = 2 * time.Second

// Rotation asks for the successor of a presented refresh token. It may happen
// only if, in one atomic step, the stored session has the presented generation,
// is not ended, is younger than Rule.Absolute, was not idle for Rule.Idle, and
// was not rotated within Rule.Grace before Now.
type Rotation struct {
	UserID    string
	SessionID string
	Presented int64  // the generation of the presented token; the successor has one more
	KeyID     string // of the key for the successor
	Now       time.Time
	Rule      Rule
}

// Verdict is what becomes of a presented refresh token that did not rotate.
type Verdict int

// The verdicts of Judge.
const (
	Refused Verdict = iota // 401; nothing changes
	Repeat                 // answer the current token again, byte for byte
	Reused                 // theft: end the session, then 401
)

// Judge says what becomes of the rotation r that the condition refused; old is
// the session as it stood, nil if there was none.
func (r Rotation) Judge(old *Session) Verdict {
	switch {
	case old == nil, !r.Rule.IsLive(old, r.Now):
		return Refused
	case r.Presented == old.Generation:
		return Repeat
	case r.Presented == old.Generation-1 && r.Now.Sub(old.RotatedAt) < r.Rule.Grace+ClockSkew:
		// A negative age, another instance's clock being ahead, is young too.
		return Repeat
	default:
		return Reused
	}
}

// IsLive reports whether the session's current refresh token is good.
func (r Rule) IsLive(s *Session, now time.Time) bool {
	return s.EndedAt.IsZero() && r.Remaining(s, now) > 0
}

// IsOver reports whether the session can never be live again, by any rule that may
// be configured and any instance's clock.
func (s *Session) IsOver(now time.Time) bool {
	longest := Rule{Idle: MaxIdle, Absolute: MaxAbsolute}
	return !longest.IsLive(s, now.Add(-ClockSkew))
}

// Remaining is how long the session's current refresh token is good for, if
// nothing ends it; zero or less if it is over its cap or was idle too long. A
// session that another instance's clock, being ahead, dates after now is as new
// as one of now.
func (r Rule) Remaining(s *Session, now time.Time) time.Duration {
	age, idle := max(0, now.Sub(s.CreatedAt)), max(0, now.Sub(s.UsedAt()))
	return min(r.Absolute-age, r.Idle-idle)
}

// UsedAt is when the session was last rotated, or began. Uses that repeat the
// current token leave no trace.
func (s *Session) UsedAt() time.Time {
	if s.RotatedAt.IsZero() {
		return s.CreatedAt
	}
	return s.RotatedAt
}

// Limit splits those of a user's sessions that are live into the newest ones,
// which may stay, and the others; both oldest first. Whoever judges the same
// sessions finds the same order: among those of one instant the ids decide.
func (r Rule) Limit(sessions []*Session, limit int, now time.Time) (newest, over []*Session) {
	live := slices.DeleteFunc(slices.Clone(sessions), func(s *Session) bool { return !r.IsLive(s, now) })
	slices.SortFunc(live, func(a, b *Session) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	at := max(0, len(live)-limit)
	return live[at:], live[:at]
}

// ExpiresAt is when the session can be of no more use, however often it is
// refreshed: the time for the cleaner. No decision rests on it.
func (r Rule) ExpiresAt(s *Session) time.Time { return s.CreatedAt.Add(r.Absolute) }
