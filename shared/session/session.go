// Package session owns the rule by which refresh tokens rotate: one Session per
// login on one device, whose generation counts its refresh tokens.
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
	"strings"
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

// Device is what we know of the client that logged in, for its owner to
// recognise it by. Make one with NewDevice.
type Device struct {
	UserAgent string
	SourceIP  string
}

// maxUserAgent is in bytes; browsers send fewer.
const maxUserAgent = 256

// NewDevice keeps the beginning of an overlong user agent: clients write what
// they like.
func NewDevice(userAgent, sourceIP string) Device {
	if len(userAgent) > maxUserAgent {
		userAgent = strings.ToValidUTF8(userAgent[:maxUserAgent], "")
	}
	return Device{UserAgent: userAgent, SourceIP: sourceIP}
}

// EndReason says why a session ended.
type EndReason string

// The reasons why a session ends.
const (
	EndedByLogout   EndReason = "logout"
	EndedByReuse    EndReason = "reuse"
	EndedByUserGone EndReason = "user_gone"
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
	case old == nil, !old.EndedAt.IsZero(), r.Rule.Remaining(old, r.Now) <= 0:
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

// Remaining is how long the session's current refresh token is good for, if
// nothing ends it; zero or less if it is over its cap or was idle too long.
func (r Rule) Remaining(s *Session, now time.Time) time.Duration {
	used := s.CreatedAt
	if !s.RotatedAt.IsZero() {
		used = s.RotatedAt
	}
	return min(r.Absolute-now.Sub(s.CreatedAt), r.Idle-now.Sub(used))
}

// ExpiresAt is when the session can be of no more use, however often it is
// refreshed: the time for the cleaner. No decision rests on it.
func (r Rule) ExpiresAt(s *Session) time.Time { return s.CreatedAt.Add(r.Absolute) }
