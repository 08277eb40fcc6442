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
//
// Where once is not empty, it also marks once as used, until onceExpires at
// least. If it was used before, nothing is written either, and the id is that of
// the user who was signed up then.
func (s *Store) SignUp(
	ctx context.Context, u *user.User, first *session.Session, sessionExpires time.Time, once string, onceExpires time.Time,
) (ownerID string, err error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	writes, err := s.signUpWrites(u, first, sessionExpires)
	if err == nil && once != "" {
		writes, err = s.addMarker(writes, once, u.ID, onceExpires)
	}
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
		if owned, taken := refusedAt(err, identityWrite); taken {
			key := item{attrPK: writes[identityWrite].Put.Item[attrPK], attrSK: writes[identityWrite].Put.Item[attrSK]}
			return s.ownerOf(ctx, "identity", s.users, key, owned)
		}
		if used, taken := refusedAt(err, onceWrite); taken {
			return s.ownerOf(ctx, "marker", s.oneTime, oneTimeKey(once), used)
		}
		if attempt >= attemptsFor(err) || !wait(ctx, s.limits.pause(attempt)) {
			return "", failure("sign up", err)
		}
	}
}

// Where the writes that may stand in another sign-up's way are among those of
// the transaction. Whatever the other reasons are for which it is canceled, the
// first of these that is there decides: it is there after a first try of our own
// too, and then it is ours.
const (
	identityWrite = 0
	onceWrite     = 3
)

// signUpWrites are those of every sign-up, the identity first.
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
	whole, err := userItem(u)
	if err != nil {
		return nil, err
	}
	person, err := newPut(s.users, attrPK, whole)
	if err != nil {
		return nil, err
	}
	login, err := newPut(s.refreshTokens, attrSessionID, sessionItem(first, sessionExpires))
	if err != nil {
		return nil, err
	}
	return []types.TransactWriteItem{{Put: identity}, {Put: person}, {Put: login}}, nil
}

// addMarker puts the marker behind the others: see [onceWrite].
func (s *Store) addMarker(writes []types.TransactWriteItem, once, userID string, expires time.Time) ([]types.TransactWriteItem, error) {
	marker := oneTimeKey(once)
	marker[attrUserID], marker[attrExpiresAt] = text(userID), deadline(expires)
	put, err := newPut(s.oneTime, attrID, marker)
	return append(writes, types.TransactWriteItem{Put: put}), err
}

// refusedAt reports whether a transaction was canceled because the item of its
// n-th write is there already, and that item, if the database tells it.
func refusedAt(err error, n int) (item, bool) {
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) || len(canceled.CancellationReasons) <= n {
		return nil, false
	}
	reason := canceled.CancellationReasons[n]
	return reason.Item, code(reason) == "ConditionalCheckFailed"
}

// ownerOf returns the user id of the item that stood in the way. It reads the
// item if the database did not tell it.
func (s *Store) ownerOf(ctx context.Context, kind, table string, key, told item) (string, error) {
	if len(told) > 0 {
		return readOwner(kind, told)
	}
	found, err := s.get(ctx, "sign up", table, key)
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return "", fault.Newf(fault.TemporarilyUnavailable, "sign up: the %s went away", kind)
	}
	return readOwner(kind, found)
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
