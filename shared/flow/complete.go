package flow

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"daemun/shared/fault"
	"daemun/shared/provider"
	"daemun/shared/session"
	"daemun/shared/token"
	"daemun/shared/user"
)

// Completion ends logins: it turns a provider's authorization response into a
// user with a session.
type Completion struct {
	Providers    Providers
	PublicURL    string
	Transactions token.TransactionKeys
	OneTime      OneTime
	Users        Users
	Sessions     Sessions
	Issuer       Issuer
	Now          func() time.Time
	Rand         io.Reader
}

// Callback is an authorization response (RFC 6749 §4.1.2, RFC 9207) as the
// browser brought it, and what else the browser brought along.
type Callback struct {
	Provider    string // from the path
	State       string
	Code        string
	Error       string
	Issuer      string // iss
	Transaction string // sealed; "" if the browser had none
	Device      session.Device
}

// Completed is a login that went well.
type Completed struct {
	Tokens
	ReturnTo  string
	SessionID string
	NewUser   bool
}

// maxCode bounds an authorization code in bytes; the longest known are near 1 KB.
const maxCode = 2048

// Complete finishes the login that the callback belongs to. Before the state is
// claimed nothing of the callback is believed; after that the login is spent,
// whatever becomes of it. Faults: invalid_state, login_expired, access_denied,
// account_disabled, temporarily_unavailable, and those of provider.Identify.
func (c *Completion) Complete(ctx context.Context, cb Callback) (Completed, error) {
	tx, p, err := c.open(cb)
	if err != nil {
		return Completed{}, err
	}
	if err := c.claim(ctx, tx); err != nil {
		return Completed{}, err
	}
	if err := accepts(cb, p); err != nil {
		return Completed{}, err
	}
	person, err := p.Identify(ctx, provider.Authorization{
		RedirectURI: redirectURI(c.PublicURL, p.Name()), Code: cb.Code, State: cb.State,
		Nonce: tx.Nonce, CodeVerifier: tx.CodeVerifier,
	})
	if err != nil {
		return Completed{}, err
	}
	done, err := c.enter(ctx, person, cb.Device)
	done.ReturnTo = tx.ReturnTo
	return done, err
}

// open finds the transaction of this browser that the callback belongs to.
func (c *Completion) open(cb Callback) (token.Transaction, provider.Provider, error) {
	p, ok := c.Providers.Get(cb.Provider)
	if !ok {
		return token.Transaction{}, nil, fault.New(fault.UnknownProvider, nil)
	}
	tx, err := c.Transactions.Open(cb.Transaction)
	switch {
	case err != nil:
		return tx, nil, fault.New(fault.InvalidState, err)
	case subtle.ConstantTimeCompare(tx.StateHash, hash(cb.State)) != 1:
		return tx, nil, fault.Newf(fault.InvalidState, "state of another transaction")
	case tx.Provider != p.Name():
		return tx, nil, fault.Newf(fault.InvalidState, "transaction of provider %s at %s", tx.Provider, p.Name())
	case c.Now().Sub(tx.IssuedAt) >= token.TransactionLifetime:
		return tx, nil, fault.Newf(fault.LoginExpired, "transaction is too old")
	}
	return tx, p, nil
}

// claim makes the state good for one callback only, however many come at once.
func (c *Completion) claim(ctx context.Context, tx token.Transaction) error {
	id := "STATE#" + base64.RawURLEncoding.EncodeToString(tx.StateHash)
	first, err := c.OneTime.Claim(ctx, id, tx.IssuedAt.Add(token.TransactionLifetime))
	if err != nil {
		return fmt.Errorf("claim state: %w", err)
	}
	if !first {
		return fault.Newf(fault.InvalidState, "state was used already")
	}
	return nil
}

// accepts judges the authorization response itself.
func accepts(cb Callback, p provider.Provider) error {
	switch {
	case cb.Issuer != "" && cb.Issuer != p.Issuer():
		// A response of another authorization server: mix-up (RFC 9207 §2.4).
		return fault.Newf(fault.InvalidState, "response of another issuer")
	case cb.Error == "access_denied":
		return fault.New(fault.AccessDenied, nil)
	case cb.Error == "server_error", cb.Error == "temporarily_unavailable":
		return fault.Newf(fault.ProviderUnavailable, "provider answered %s", cb.Error)
	case cb.Error != "":
		return fault.Newf(fault.BadProviderResponse, "provider answered an error") // its text is not ours to repeat
	case cb.Code == "" || len(cb.Code) > maxCode:
		return fault.Newf(fault.InvalidRequest, "code has %d bytes", len(cb.Code))
	}
	return nil
}

// enter lets the person in: as the user that they are, or as a new one.
func (c *Completion) enter(ctx context.Context, person provider.Person, d session.Device) (Completed, error) {
	userID, err := c.Users.FindIdentity(ctx, person.Identity)
	if err != nil {
		return Completed{}, fmt.Errorf("find identity: %w", err)
	}
	now := c.Now()
	if userID != "" {
		return c.logIn(ctx, userID, d, now)
	}
	u, err := c.newUser(person, now)
	if err != nil {
		return Completed{}, err
	}
	s, err := c.Issuer.session(u.ID, d, now)
	if err != nil {
		return Completed{}, err
	}
	owner, err := c.Users.SignUp(ctx, u, s, c.Issuer.Rule.ExpiresAt(s))
	if err != nil {
		return Completed{}, fmt.Errorf("sign up: %w", err)
	}
	if owner != u.ID {
		return c.logIn(ctx, owner, d, now) // a parallel first login of the same person won
	}
	return c.completed(u, s, now, true)
}

func (c *Completion) newUser(person provider.Person, now time.Time) (*user.User, error) {
	id, err := ulid.New(ulid.Timestamp(now), c.Rand)
	if err != nil {
		return nil, fmt.Errorf("new user id: %w", err)
	}
	return &user.User{
		ID: id.String(), Identities: []user.Identity{person.Identity}, Profile: person.Profile,
		Roles: []string{}, ProfileComplete: true, CreatedAt: now,
	}, nil
}

// logIn starts a session of a known user. The user is read while the session is
// written; a session whose user turns out unfit never gets a token.
func (c *Completion) logIn(ctx context.Context, userID string, d session.Device, now time.Time) (Completed, error) {
	s, err := c.Issuer.session(userID, d, now)
	if err != nil {
		return Completed{}, err
	}
	var started error
	var group sync.WaitGroup
	group.Go(func() { started = c.Sessions.StartSession(ctx, s, c.Issuer.Rule.ExpiresAt(s)) })
	u, err := c.Users.FindUser(ctx, userID)
	group.Wait()
	switch {
	case err != nil:
		return Completed{}, fmt.Errorf("find user: %w", err)
	case started != nil:
		return Completed{}, fmt.Errorf("start session: %w", started)
	case u == nil, u.Disabled:
		return Completed{}, c.turnAway(ctx, s, now)
	}
	return c.completed(u, s, now, false)
}

// turnAway ends the session that was started for a user who may not log in.
func (c *Completion) turnAway(ctx context.Context, s *session.Session, now time.Time) error {
	if err := c.Sessions.EndSession(ctx, s.UserID, s.ID, session.EndedByUserGone, now); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return fault.Newf(fault.AccountDisabled, "user %s is gone or disabled", s.UserID)
}

func (c *Completion) completed(u *user.User, s *session.Session, now time.Time, isNew bool) (Completed, error) {
	access, err := c.Issuer.accessToken(u, s.ID, now)
	if err != nil {
		return Completed{}, err
	}
	t, err := c.Issuer.tokens(u, s, access, now)
	if err != nil {
		return Completed{}, err
	}
	return Completed{Tokens: t, SessionID: s.ID, NewUser: isNew}, nil
}
