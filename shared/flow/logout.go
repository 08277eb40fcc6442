package flow

import (
	"context"
	"fmt"
	"time"

	"daemun/shared/session"
	"daemun/shared/token"
)

// Logout ends sessions.
type Logout struct {
	Sessions Sessions
	Refresh  token.RefreshKeys
	Now      func() time.Time
}

// End ends the session of a refresh token. Any generation of the token will do.
// A token that is not ours ends nothing, and that is no error (RFC 7009 §2.2).
// It returns whose session it was; "" for a token that is not ours.
func (l *Logout) End(ctx context.Context, refreshToken string) (userID, sessionID string, err error) {
	t, err := l.Refresh.Parse(refreshToken)
	if err != nil {
		return "", "", nil //nolint:nilerr // see the comment above
	}
	if err := l.Sessions.EndSession(ctx, t.UserID, t.SessionID, session.EndedByLogout, l.Now()); err != nil {
		return "", "", fmt.Errorf("end session: %w", err)
	}
	return t.UserID, t.SessionID, nil
}

// EndAll ends every session of the user, the current one last: if it fails
// half-way, the person is still logged in to try again. The access tokens of
// the sessions live on until they expire. What is over for good is left to the
// cleaner. A session that cannot be read is ended like the others; corrupt says
// how many there were.
func (l *Logout) EndAll(ctx context.Context, who token.Access) (corrupt int, err error) {
	found, unreadable, err := l.Sessions.ListSessions(ctx, who.UserID)
	if err != nil {
		return 0, fmt.Errorf("list sessions: %w", err)
	}
	ids, now := unreadable, l.Now()
	for _, s := range found {
		if !s.IsOver(now) {
			ids = append(ids, s.ID)
		}
	}
	for _, id := range ids {
		if id == who.SessionID {
			continue
		}
		if err := l.Sessions.EndSession(ctx, who.UserID, id, session.EndedByLogout, l.Now()); err != nil {
			return len(unreadable), fmt.Errorf("end session: %w", err)
		}
	}
	return len(unreadable), l.EndCurrent(ctx, who)
}

// EndCurrent ends the session of an access token.
func (l *Logout) EndCurrent(ctx context.Context, who token.Access) error {
	if err := l.Sessions.EndSession(ctx, who.UserID, who.SessionID, session.EndedByLogout, l.Now()); err != nil {
		return fmt.Errorf("end current session: %w", err)
	}
	return nil
}
