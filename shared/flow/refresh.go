package flow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"daemun/shared/fault"
	"daemun/shared/session"
	"daemun/shared/token"
	"daemun/shared/user"
)

// Refresh rotates refresh tokens.
type Refresh struct {
	Users    Users
	Sessions Sessions
	Issuer   Issuer
	Now      func() time.Time
}

// Refreshed is a refresh that went well.
type Refreshed struct {
	Tokens
	SessionID string
	// Changed says that the refresh token differs from the presented one. A
	// client that has the presented one already must not be given it again: a
	// late answer would put an old token back.
	Changed bool
}

// ReuseError says that a refresh token came back that had been replaced: two
// parties hold tokens of one session. The session was ended.
type ReuseError struct {
	UserID, SessionID string
}

func (e *ReuseError) Error() string { return "refresh token was reused; session ended" }

// Refresh answers the presented token with a fresh access token and the current
// refresh token of the session, which is a new one at most once per window. The
// rule is drawn in package session.
//
// Every refusal is the fault invalid_grant, with a *ReuseError as its cause
// where a reuse was found. Faults of our own (temporarily_unavailable) end no
// session and refuse no token.
func (r *Refresh) Refresh(ctx context.Context, presented string) (Refreshed, error) {
	t, err := r.Issuer.Refresh.Parse(presented)
	if err != nil {
		return Refreshed{}, fault.New(fault.InvalidGrant, err)
	}
	u, err := r.owner(ctx, t)
	if err != nil {
		return Refreshed{}, err
	}
	// The clock is read after the user, and once: the write's condition and the
	// judgement of its refusal must speak of one instant, and a slow read must
	// not make it an old one.
	now := r.Now()
	// Signing comes before the rotation: where the key is far away it can fail,
	// and a rotation whose answer never comes is a session lost.
	access, err := r.Issuer.accessToken(u, t.SessionID, t.Client, now)
	if err != nil {
		return Refreshed{}, fmt.Errorf("access token: %w", err)
	}
	rotation := session.Rotation{
		UserID: t.UserID, SessionID: t.SessionID, Presented: t.Generation,
		KeyID: r.Issuer.Refresh.ActiveID(), Now: now, Rule: r.Issuer.Rule,
	}
	s, rotated, err := r.Sessions.RotateSession(ctx, rotation)
	if err != nil {
		return Refreshed{}, fmt.Errorf("rotate session: %w", err)
	}
	if !rotated {
		if err := r.judge(ctx, rotation, s); err != nil {
			return Refreshed{}, err
		}
	}
	return r.answer(u, s, access, presented, now)
}

// owner reads the user of the session. A user who is gone or disabled has no
// sessions: this one is ended before the refusal.
func (r *Refresh) owner(ctx context.Context, t token.Refresh) (*user.User, error) {
	u, err := r.Users.FindUser(ctx, t.UserID)
	if err != nil {
		return nil, fmt.Errorf("find user: %w", err)
	}
	if u != nil && !u.Disabled {
		return u, nil
	}
	if err := r.Sessions.EndSession(ctx, t.UserID, t.SessionID, session.EndedByUserGone, r.Now()); err != nil {
		return nil, fmt.Errorf("end session: %w", err)
	}
	return nil, fault.Newf(fault.InvalidGrant, "user is gone or disabled")
}

// judge returns nil where the current token is to be answered again.
func (r *Refresh) judge(ctx context.Context, rotation session.Rotation, old *session.Session) error {
	switch rotation.Judge(old) {
	case session.Repeat:
		return nil
	case session.Reused:
		// 401 may be said only when the end is written: after that no token of
		// this session is good again, whatever is in flight.
		if err := r.Sessions.EndSession(ctx, rotation.UserID, rotation.SessionID, session.EndedByReuse, rotation.Now); err != nil {
			return fmt.Errorf("end reused session: %w", err)
		}
		return fault.New(fault.InvalidGrant, &ReuseError{UserID: rotation.UserID, SessionID: rotation.SessionID})
	default:
		return fault.Newf(fault.InvalidGrant, "session is missing, ended or expired")
	}
}

func (r *Refresh) answer(u *user.User, s *session.Session, access, presented string, now time.Time) (Refreshed, error) {
	t, err := r.Issuer.tokens(u, s, access, now)
	if errors.Is(err, token.ErrUnknownKeyID) {
		// Another instance knows newer keys. Never another key in its place: two
		// successors of one token would fork the session.
		return Refreshed{}, fault.New(fault.TemporarilyUnavailable, err)
	}
	if err != nil {
		return Refreshed{}, err
	}
	return Refreshed{Tokens: t, SessionID: s.ID, Changed: t.RefreshToken != presented}, nil
}
