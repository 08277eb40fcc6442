package flow

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/oklog/ulid/v2"

	"daemun/shared/session"
	"daemun/shared/user"
)

// newUser is a user whose account is to be made.
func newUser(i user.Identity, p user.Profile, now time.Time, random io.Reader) (*user.User, error) {
	id, err := ulid.New(ulid.Timestamp(now), random)
	if err != nil {
		return nil, fmt.Errorf("new user id: %w", err)
	}
	return &user.User{ID: id.String(), Identities: []user.Identity{i}, Profile: p, Roles: []string{}, CreatedAt: now}, nil
}

// signingUp is a new user on the way to their account and first session.
type signingUp struct {
	user        *user.User
	client      string
	device      session.Device
	now         time.Time
	once        string // mark of what may make one account only; "" if there is none
	onceExpires time.Time
}

// signUp makes the account and the session, in one step. ownerID is the user's,
// or that of another whose sign-up was first; then nothing was made.
func signUp(ctx context.Context, users Users, issuer *Issuer, n signingUp) (done Completed, ownerID string, err error) {
	s, err := issuer.session(n.user.ID, n.client, n.device, n.now)
	if err != nil {
		return Completed{}, "", err
	}
	// Signing comes first: where the key is far away it can fail, and then the same
	// register token must still be good.
	access, err := issuer.accessToken(n.user, s.ID, s.Client, n.now)
	if err != nil {
		return Completed{}, "", err
	}
	ownerID, err = users.SignUp(ctx, n.user, s, issuer.Rule.ExpiresAt(s), n.once, n.onceExpires)
	if err != nil {
		return Completed{}, "", fmt.Errorf("sign up: %w", err)
	}
	if ownerID != n.user.ID {
		return Completed{}, ownerID, nil
	}
	t, err := issuer.tokens(n.user, s, access, n.now)
	return Completed{Tokens: t, SessionID: s.ID, NewUser: true}, ownerID, err
}
