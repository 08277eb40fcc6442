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
// took its place, also where it fails.
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
		return s, err
	}
	for _, old := range over {
		if err := c.endOverLimit(ctx, old, now); err != nil {
			return s, err
		}
	}
	return s, nil
}

func isAmong(sessions []*session.Session, s *session.Session) bool {
	return slices.ContainsFunc(sessions, func(other *session.Session) bool { return other.ID == s.ID })
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
// nobody has a token. If it fails, s is the login's still.
func (c *Completion) beginAnew(ctx context.Context, s *session.Session, newest []*session.Session, now time.Time) (*session.Session, error) {
	created := now
	if last := len(newest) - 1; last >= 0 && !newest[last].CreatedAt.Before(now) {
		created = newest[last].CreatedAt.Add(time.Millisecond) // as finely as it is stored
	}
	anew, err := c.Issuer.session(s.UserID, s.Client, s.Device, created)
	if err != nil {
		return s, err
	}
	if err := c.Sessions.StartSession(ctx, anew, c.Issuer.Rule.ExpiresAt(anew)); err != nil {
		return s, c.giveUp(ctx, anew, now, fmt.Errorf("start session anew: %w", err))
	}
	if err := c.endOverLimit(ctx, s, now); err != nil {
		return s, c.giveUp(ctx, anew, now, err)
	}
	return anew, nil
}

func (c *Completion) endOverLimit(ctx context.Context, s *session.Session, now time.Time) error {
	if err := c.Sessions.EndSession(ctx, s.UserID, s.ID, session.EndedByLimit, now); err != nil {
		return fmt.Errorf("end session over the limit: %w", err)
	}
	return nil
}

// giveUp ends a session of which nobody gets a token because of the fault, which
// it returns: a session that lived on would be the newest, and the next logins
// would end somebody's in its favour. If it cannot be ended either, it lives on.
func (c *Completion) giveUp(ctx context.Context, s *session.Session, now time.Time, because error) error {
	if err := c.Sessions.EndSession(ctx, s.UserID, s.ID, session.EndedByFault, now); err != nil {
		return fmt.Errorf("%w; then end session: %w", because, err)
	}
	return because
}
