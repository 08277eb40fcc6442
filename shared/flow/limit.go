package flow

import (
	"context"
	"fmt"
	"slices"
	"time"

	"daemun/shared/session"
)

// makeRoom ends the user's oldest live sessions beyond the limit. It runs when s
// is written and before its tokens are made, and returns s, or the session that
// took its place.
//
// A session is ended only where a full limit of newer ones was read, by an order
// that is the same to everybody; and whichever login writes last reads all that
// the others wrote. So once all logins of a user are answered, however many came
// at once, exactly the newest sessions live.
//
// By that order s itself may be too old: other instances' clocks are ahead of
// ours, or others read theirs later and wrote first. For its person it is the
// newest, so it begins anew, after all that are there. If it does not stay even
// then, a full limit of others came after it, and it ends by their right.
func (c *Completion) makeRoom(ctx context.Context, s *session.Session, now time.Time) (*session.Session, error) {
	newest, over, err := c.limit(ctx, s.UserID, now)
	if err == nil && !isAmong(newest, s) {
		if s, err = c.beginAnew(ctx, s, newest, now); err == nil {
			_, over, err = c.limit(ctx, s.UserID, now)
		}
	}
	if err != nil {
		return nil, err
	}
	return s, c.endShared(ctx, over, s, now)
}

// mostEnds is how many sessions a login ends before it looks again.
const mostEnds = 8

// endShared ends the sessions that were over the limit when the login of s looked.
// If they are many, it looks again and again which of them others have ended: what
// has come to be over the limit since is for those to end who came since.
func (c *Completion) endShared(ctx context.Context, over []*session.Session, s *session.Session, now time.Time) error {
	for {
		mine := share(over, s)
		for _, old := range mine {
			if err := c.endOverLimit(ctx, old, now); err != nil {
				return err
			}
		}
		if len(mine) == len(over) {
			return nil
		}
		_, left, err := c.limit(ctx, s.UserID, now)
		if err != nil {
			return err
		}
		over = slices.DeleteFunc(over, func(old *session.Session) bool { return !isAmong(left, old) })
	}
}

func isAmong(sessions []*session.Session, s *session.Session) bool {
	return slices.ContainsFunc(sessions, func(other *session.Session) bool { return other.ID == s.ID })
}

// share is which of the sessions over the limit the login of s ends now. When
// many log in at once, each sees the sessions of all others: each begins
// somewhere else, where its own random id has it begin.
func share(over []*session.Session, s *session.Session) []*session.Session {
	if len(over) <= mostEnds {
		return over
	}
	begin := int(s.ID[0]) % len(over)
	return slices.Concat(over[begin:], over[:begin])[:mostEnds]
}

func (c *Completion) limit(ctx context.Context, userID string, now time.Time) (newest, over []*session.Session, err error) {
	found, err := c.Sessions.ListSessionTimes(ctx, userID)
	if err != nil {
		return nil, nil, fmt.Errorf("list session times: %w", err)
	}
	newest, over = c.Issuer.Rule.Limit(found, c.SessionLimit, now)
	return newest, over, nil
}

// beginAnew starts a session like s, newer than the newest, and ends s, of which
// nobody has a token.
func (c *Completion) beginAnew(ctx context.Context, s *session.Session, newest []*session.Session, now time.Time) (*session.Session, error) {
	created := now
	if last := len(newest) - 1; last >= 0 && !newest[last].CreatedAt.Before(now) {
		created = newest[last].CreatedAt.Add(time.Millisecond) // as finely as it is stored
	}
	anew, err := c.Issuer.session(s.UserID, s.Client, s.Device, created)
	if err != nil {
		return nil, err
	}
	if err := c.Sessions.StartSession(ctx, anew, c.Issuer.Rule.ExpiresAt(anew)); err != nil {
		return nil, fmt.Errorf("start session anew: %w", err)
	}
	return anew, c.endOverLimit(ctx, s, now)
}

func (c *Completion) endOverLimit(ctx context.Context, s *session.Session, now time.Time) error {
	if err := c.Sessions.EndSession(ctx, s.UserID, s.ID, session.EndedByLimit, now); err != nil {
		return fmt.Errorf("end session over the limit: %w", err)
	}
	return nil
}
