package flow

import (
	"context"
	"fmt"
	"sync"
	"time"

	"daemun/shared/fault"
	"daemun/shared/session"
	"daemun/shared/user"
)

// logIn starts a session of a known user. A session whose user turns out unfit,
// or whose login fails, never gets a token. A new user's first session needs no
// room, so only this way leads past makeRoom.
func (c *Completion) logIn(ctx context.Context, userID, clientName string, d session.Device, now time.Time) (Completed, error) {
	s, err := c.Issuer.session(userID, clientName, d, now)
	if err != nil {
		return Completed{}, err
	}
	u, err := c.start(ctx, s)
	switch {
	case err != nil:
		return Completed{}, c.giveUp(ctx, s, now, err)
	case u == nil, u.Disabled:
		return Completed{}, c.turnAway(ctx, s, now)
	}
	if s, err = c.makeRoom(ctx, s, now); err != nil {
		return Completed{}, c.giveUp(ctx, s, now, err)
	}
	done, err := c.loggedIn(u, s, now)
	if err != nil {
		return Completed{}, c.giveUp(ctx, s, now, err)
	}
	return done, nil
}

func (c *Completion) loggedIn(u *user.User, s *session.Session, now time.Time) (Completed, error) {
	access, err := c.Issuer.accessToken(u, s.ID, s.Client, now)
	if err != nil {
		return Completed{}, err
	}
	t, err := c.Issuer.tokens(u, s, access, now)
	return Completed{Tokens: t, SessionID: s.ID}, err
}

// start reads the session's user while the session is written.
func (c *Completion) start(ctx context.Context, s *session.Session) (*user.User, error) {
	var started error
	var group sync.WaitGroup
	group.Go(func() { started = c.Sessions.StartSession(ctx, s, c.Issuer.Rule.ExpiresAt(s)) })
	u, err := c.Users.FindUser(ctx, s.UserID)
	group.Wait()
	if err != nil {
		return nil, fmt.Errorf("find user: %w", err)
	}
	if started != nil {
		return nil, fmt.Errorf("start session: %w", started)
	}
	return u, nil
}

// turnAway ends the session that was started for a user who may not log in.
func (c *Completion) turnAway(ctx context.Context, s *session.Session, now time.Time) error {
	if err := c.Sessions.EndSession(ctx, s.UserID, s.ID, session.EndedByUserGone, now); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return fault.Newf(fault.AccountDisabled, "user %s is gone or disabled", s.UserID)
}
