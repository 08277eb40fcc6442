package store

import (
	"context"

	"daemun/shared/user"
)

// FindUser returns the user, nil if there is none.
func (s *Store) FindUser(ctx context.Context, userID string) (*user.User, error) {
	found, err := s.get(ctx, "find user", s.users, userKey(userID))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return readUser(userID, found)
}
