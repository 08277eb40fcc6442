// Package store keeps users, sessions and one-time markers in DynamoDB. It owns
// the tables' keys, the shapes of the items, how each step is made atomic, and
// what a failure of the database means to a caller. It must not know who asks:
// no flows, no requests, no tokens. The rule by which sessions rotate belongs to
// package session; here is only its condition.
//
// There is one file per access pattern. Each is one atomic step (but for lists,
// whose pages are read one after another), each read is consistent, and each
// write that is repeated after a lost answer recognises its own first try:
//
//	Claim          put, if absent; the marker holds a random attempt id
//	StartSession   put, if absent; the session id is random: if present, it is ours
//	SignUp         three or four puts, if absent, in one transaction; identity and marker hold the user id
//	ReplaceAnswers update, if they are as they were read; whoever changes them anew finds nothing to change
//	RotateSession  update on condition; session.Rotation.Judge knows its own successor
//	EndSession     update; the first end stays
//
// Time to live is the cleaner only: no method compares expires_at, so an item
// that outlived it, or that went early, decides nothing. Callers judge age.
//
// Not checked: that a user that is signed up, or an identity, has its
// counterpart when it is read. Both are written in one transaction.
package store

import (
	"context"
	"crypto/rand"
	"io"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// Config says where the tables are.
type Config struct {
	// Endpoint of an engine that is not AWS's own; empty: AWS's, by region.
	Endpoint string `env:"DYNAMODB_ENDPOINT"`
	// Names of the tables. A function sets those that its operations use.
	UsersTable         string `env:"USERS_TABLE"`
	RefreshTokensTable string `env:"REFRESH_TOKENS_TABLE"`
	OneTimeTable       string `env:"ONE_TIME_TABLE"`
	// Getenv looks up the variables that Lambda sets for the SDK: AWS_REGION,
	// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; nil: os.Getenv.
	Getenv func(string) string
	// Random is the source of attempt ids; nil: crypto/rand. It must be safe for
	// concurrent use.
	Random io.Reader
}

// Store is the database. It is safe for concurrent use; make one per process.
type Store struct {
	db            *dynamodb.Client
	users         string
	refreshTokens string
	oneTime       string
	random        io.Reader
	limits        limits
}

// New makes a Store. It does not contact the database.
func New(c Config) *Store {
	// The SDK's own limits are made for servers: back-off up to 20 s, 30 s to
	// connect, and no limit for an answer.
	return newStore(c, limits{operation: 2 * time.Second, attempt: 600 * time.Millisecond, backoff: 100 * time.Millisecond})
}

// NewImpatient makes a Store for a function that another request waits for: an
// attempt gets 300 ms, and a method less than a second in all.
func NewImpatient(c Config) *Store {
	return newStore(c, limits{operation: 900 * time.Millisecond, attempt: 300 * time.Millisecond, backoff: 50 * time.Millisecond})
}

func newStore(c Config, l limits) *Store {
	if c.Getenv == nil {
		c.Getenv = os.Getenv
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	return &Store{
		db:            newClient(c.Endpoint, c.Getenv, l),
		users:         c.UsersTable,
		refreshTokens: c.RefreshTokensTable,
		oneTime:       c.OneTimeTable,
		random:        c.Random,
		limits:        l,
	}
}

// bound limits the time of one method.
func (s *Store) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, s.limits.operation)
}

// Warm opens the connection with one cheap read, so that the first request of a
// process does not wait for it. The connection is open even when the read is
// refused, as it is where a function may not read the table: ignore the error.
func (s *Store) Warm(ctx context.Context) error {
	input := &dynamodb.GetItemInput{}
	switch {
	case s.users != "":
		input.TableName, input.Key = &s.users, userKey("-")
	case s.refreshTokens != "":
		input.TableName, input.Key = &s.refreshTokens, sessionKey("-", "-")
	default:
		input.TableName, input.Key = &s.oneTime, oneTimeKey("-")
	}
	_, err := s.db.GetItem(ctx, input, func(o *dynamodb.Options) { o.RetryMaxAttempts = 1 })
	return failure("warm", err)
}

// get reads one item, consistently; empty if there is none.
func (s *Store) get(ctx context.Context, operation, table string, key item) (item, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	output, err := s.db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      &table,
		Key:            key,
		ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return nil, failure(operation, err)
	}
	return output.Item, nil
}
