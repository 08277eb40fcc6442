package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"daemun/shared/fault"
	"daemun/shared/session"
	"daemun/shared/user"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// How often a transaction is sent. The SDK, which repeats each on its own when
// an answer is lost, takes neither of these for transient.
const (
	attemptsOnConflict = 5
	attemptsOnMismatch = 2
)

// SignUp writes the user, their one identity and their first session, all or
// nothing, and returns the id of the identity's owner: u.ID, or, if another
// sign-up was first and nothing was written, that user's id.
func (s *Store) SignUp(ctx context.Context, u *user.User, first *session.Session, sessionExpires time.Time) (ownerID string, err error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	writes, err := s.signUpWrites(u, first, sessionExpires)
	if err != nil {
		return "", mistake("sign up", err)
	}
	for attempt := 1; ; attempt++ {
		// A new input is a new idempotency token. The one of the last attempt
		// may serve only for the same bytes, and the SDK writes maps in any order.
		_, err = s.db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: writes})
		if err == nil {
			return u.ID, nil
		}
		if owned, taken := takenIdentity(err); taken {
			return s.ownerOf(ctx, u.Identities[0], owned)
		}
		if attempt >= attemptsFor(err) || !wait(ctx, s.limits.pause(attempt)) {
			return "", failure("sign up", err)
		}
	}
}

// signUpWrites puts the identity first: see [takenIdentity].
func (s *Store) signUpWrites(u *user.User, first *session.Session, sessionExpires time.Time) ([]types.TransactWriteItem, error) {
	if len(u.Identities) != 1 {
		return nil, fmt.Errorf("user has %d identities, want 1", len(u.Identities))
	}
	key, err := identityKey(u.Identities[0])
	if err != nil {
		return nil, err
	}
	identity, err := newPut(s.users, attrPK, identityItem(key, u))
	if err != nil {
		return nil, err
	}
	person, err := newPut(s.users, attrPK, userItem(u))
	if err != nil {
		return nil, err
	}
	login, err := newPut(s.refreshTokens, attrSessionID, sessionItem(first, sessionExpires))
	if err != nil {
		return nil, err
	}
	return []types.TransactWriteItem{{Put: identity}, {Put: person}, {Put: login}}, nil
}

// takenIdentity reports whether a transaction was canceled because the identity
// is there already, and its item, if the database tells it. Whatever the other
// reasons are, the identity decides: it is there after a first try of our own
// too, and then it is ours.
func takenIdentity(err error) (item, bool) {
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) || len(canceled.CancellationReasons) == 0 {
		return nil, false
	}
	reason := canceled.CancellationReasons[0]
	return reason.Item, code(reason) == "ConditionalCheckFailed"
}

// ownerOf returns the user id of the identity's item, which it reads if the
// database did not tell it.
func (s *Store) ownerOf(ctx context.Context, identity user.Identity, owned item) (string, error) {
	if len(owned) > 0 {
		return readIdentity(owned)
	}
	ownerID, err := s.FindIdentity(ctx, identity)
	if err == nil && ownerID == "" {
		return "", fault.Newf(fault.TemporarilyUnavailable, "sign up: the identity went away")
	}
	return ownerID, err
}

// attemptsFor is how often a transaction that failed with err may be sent in all.
func attemptsFor(err error) int {
	var canceled *types.TransactionCanceledException
	var mismatch *types.IdempotentParameterMismatchException
	switch {
	case errors.As(err, &canceled) && isTransient(canceled.CancellationReasons):
		return attemptsOnConflict
	case errors.As(err, &mismatch):
		return attemptsOnMismatch
	default:
		return 1
	}
}

// wait reports whether ctx still holds.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
