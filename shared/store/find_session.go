package store

import (
	"context"

	"daemun/shared/session"
)

// FindSession returns the session, nil if there is none. It sees every end that
// was answered before it was called, and judges nothing: time to live may not
// have removed what is over.
func (s *Store) FindSession(ctx context.Context, userID, sessionID string) (*session.Session, error) {
	found, err := s.get(ctx, "find session", s.refreshTokens, sessionKey(userID, sessionID))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return readSession(found)
}
