package store

import (
	"context"
	"time"

	"daemun/shared/session"
)

// StartSession writes a new session, whose id must be random: one that is there
// already is taken for a try of our own whose answer was lost. expires is for
// the cleaner only.
func (s *Store) StartSession(ctx context.Context, started *session.Session, expires time.Time) error {
	_, _, err := s.putNew(ctx, "start session", s.refreshTokens, attrSessionID, sessionItem(started, expires))
	return err
}
