package flow

import (
	"context"
	"time"

	"daemun/shared/session"
	"daemun/shared/user"
)

// The storage that the flows need. Every method is one atomic step; where a
// step is repeated after a lost answer, it recognises its own first try. Errors
// are faults: temporarily_unavailable, or internal for data that makes no sense.

// OneTime remembers what may happen only once.
type OneTime interface {
	// Claim marks id as used and reports whether this call was the first to do
	// so. The mark lasts at least until expires.
	Claim(ctx context.Context, id string, expires time.Time) (first bool, err error)
}

// Users finds and makes users.
type Users interface {
	// FindIdentity returns the id of the user who logs in with the identity, ""
	// if there is none. The read is consistent.
	FindIdentity(context.Context, user.Identity) (userID string, err error)
	// FindUser returns the user, nil if there is none. The read is consistent.
	FindUser(ctx context.Context, userID string) (*user.User, error)
	// SignUp writes the user, their one identity and their first session, all or
	// nothing, and returns the id of the identity's owner: u.ID, or, if another
	// sign-up was first and nothing was written, that user's id. A sign-up that
	// names a mark in once may happen once: it sets the mark, until onceExpires at
	// least, and where it is set already, nothing is written and the id is that of
	// the user who was signed up then.
	SignUp(ctx context.Context, u *user.User, s *session.Session, sessionExpires time.Time, once string, onceExpires time.Time) (ownerID string, err error)
}

// Answers keeps what users answered.
type Answers interface {
	// FindUser is that of Users.
	FindUser(ctx context.Context, userID string) (*user.User, error)
	// ReplaceAnswers writes the user's answers and whether the profile is complete,
	// in one write, if both are still of old's Revision and the user is neither
	// gone nor disabled, and returns the user after it. If not, replaced is false
	// and found is the user as they stood at that instant, nil if there is none.
	ReplaceAnswers(ctx context.Context, old *user.User, answers user.Answers, complete bool) (found *user.User, replaced bool, err error)
}

// Sessions keeps sessions.
type Sessions interface {
	// StartSession writes a new session. expires is for the cleaner only.
	StartSession(ctx context.Context, s *session.Session, expires time.Time) error
	// RotateSession applies the rotation if its condition holds, in one write,
	// and returns the session as it stands after it. If the condition fails,
	// rotated is false and s is the session as it stood at that instant, nil if
	// there is none.
	RotateSession(context.Context, session.Rotation) (s *session.Session, rotated bool, err error)
	// EndSession marks the session as ended; the first end stays. No error if
	// there is no such session.
	EndSession(ctx context.Context, userID, sessionID string, why session.EndReason, now time.Time) error
	// ListSessions returns the user's sessions that are not ended, those among
	// them that are over their time, and the ids of those that cannot be read. The
	// read is consistent.
	ListSessions(ctx context.Context, userID string) (found []*session.Session, corrupt []string, err error)
	// ListSessionTimes is ListSessions with nothing but ID, CreatedAt and
	// RotatedAt. It passes over sessions that cannot be read.
	ListSessionTimes(ctx context.Context, userID string) ([]*session.Session, error)
}
