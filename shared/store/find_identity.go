package store

import (
	"context"

	"daemun/shared/user"
)

// FindIdentity returns the id of the user who logs in with the identity, "" if
// there is none.
func (s *Store) FindIdentity(ctx context.Context, identity user.Identity) (userID string, err error) {
	key, err := identityKey(identity)
	if err != nil {
		return "", mistake("find identity", err)
	}
	found, err := s.get(ctx, "find identity", s.users, key)
	if err != nil || len(found) == 0 {
		return "", err
	}
	return readOwner("identity", found)
}
