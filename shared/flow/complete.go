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

	"daemun/shared/client"
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
	Clients      client.Registry
	PublicURL    string
	Transactions token.TransactionKeys
	OneTime      OneTime
	Users        Users
	Sessions     Sessions
	Issuer       Issuer
	// SessionLimit is how many live sessions a user may have, at least 1: a login
	// ends the oldest beyond it.
	SessionLimit int
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
	User        string // the form field of a provider that posts
	Transaction string // sealed; "" if the browser had none
	// JSON says that the tokens go into JSON: BeginJSON began the login.
	JSON bool
	// Origin is that of the page that asks for the tokens in JSON, "" if there is none.
	Origin string
	Device session.Device
}

// Completed is a login that went well.
type Completed struct {
	Tokens
	ReturnTo  string // of a login that ends in cookies
	Client    string // of one that ends in JSON
	SessionID string
	NewUser   bool
}

// maxCode bounds an authorization code in bytes; the longest known are near 1 KB.
const maxCode = 2048

// Complete finishes the login that the callback belongs to. Before the state is
// claimed nothing of the callback is believed; after that the login is spent,
// whatever becomes of it. Faults: invalid_state, login_expired, access_denied,
// origin_not_allowed, account_disabled, temporarily_unavailable, and those of
// provider.Identify.
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
		RedirectURI: c.redirectURI(tx, cb), Code: cb.Code, State: cb.State,
		Nonce: tx.Nonce, CodeVerifier: tx.CodeVerifier, User: cb.User,
	})
	if err != nil {
		return Completed{}, err
	}
	done, err := c.enter(ctx, person, tx.Client, cb.Device)
	done.ReturnTo, done.Client = tx.ReturnTo, tx.Client
	return done, err
}

// redirectURI is the one that the login began with.
func (c *Completion) redirectURI(tx token.Transaction, cb Callback) string {
	if !cb.JSON {
		return redirectURI(c.PublicURL, tx.Provider)
	}
	asking, _ := c.Clients.Find(tx.Client) // checkClient has found it
	return asking.RedirectURIs[tx.Provider]
}

// open finds the transaction of this browser that the callback belongs to.
func (c *Completion) open(cb Callback) (token.Transaction, provider.Provider, error) {
	p, ok := c.Providers.Get(cb.Provider)
	if !ok {
		return token.Transaction{}, nil, fault.New(fault.UnknownProvider, nil)
	}
	keys := &c.Transactions
	if cb.JSON {
		keys = keys.ForJSON()
	}
	tx, err := keys.Open(cb.Transaction)
	switch {
	case err != nil:
		return tx, nil, fault.New(fault.InvalidState, err)
	case subtle.ConstantTimeCompare(tx.StateHash, hash(cb.State)) != 1:
		return tx, nil, fault.Newf(fault.InvalidState, "state of another transaction")
	case tx.Provider != p.Name():
		return tx, nil, fault.Newf(fault.InvalidState, "transaction of provider %s at %s", tx.Provider, p.Name())
	case c.Now().Sub(tx.IssuedAt) >= token.TransactionLifetime:
		return tx, nil, fault.Newf(fault.LoginExpired, "transaction is too old")
	case cb.JSON:
		return tx, p, c.checkClient(tx, cb.Origin)
	}
	return tx, p, nil
}

// checkClient refuses a client that is configured no more, and the page of
// another one.
func (c *Completion) checkClient(tx token.Transaction, origin string) error {
	asking, ok := c.Clients.Find(tx.Client)
	switch {
	case !ok, asking.RedirectURIs[tx.Provider] == "":
		return fault.Newf(fault.InvalidState, "transaction of a client that is gone")
	case !asking.AllowsOrigin(origin):
		return fault.Newf(fault.OriginNotAllowed, "origin is not one of client %s", asking.Name)
	}
	return nil
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
	case cb.Error == "access_denied", cb.Error == "user_cancelled_authorize": // which is Apple's
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
func (c *Completion) enter(ctx context.Context, person provider.Person, clientName string, d session.Device) (Completed, error) {
	userID, err := c.Users.FindIdentity(ctx, person.Identity)
	if err != nil {
		return Completed{}, fmt.Errorf("find identity: %w", err)
	}
	now := c.Now().Truncate(time.Millisecond) // as finely as sessions are dated and compared
	if userID != "" {
		return c.logIn(ctx, userID, clientName, d, now)
	}
	u, err := c.newUser(person, now)
	if err != nil {
		return Completed{}, err
	}
	s, err := c.Issuer.session(u.ID, clientName, d, now)
	if err != nil {
		return Completed{}, err
	}
	owner, err := c.Users.SignUp(ctx, u, s, c.Issuer.Rule.ExpiresAt(s))
	if err != nil {
		return Completed{}, fmt.Errorf("sign up: %w", err)
	}
	if owner != u.ID {
		return c.logIn(ctx, owner, clientName, d, now) // a parallel first login of the same person won
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

// logIn starts a session of a known user. A session whose user turns out unfit,
// or whose login fails, never gets a token. A new user's first session needs no
// room, so only this way leads past makeRoom.
func (c *Completion) logIn(ctx context.Context, userID, clientName string, d session.Device, now time.Time) (Completed, error) {
	s, err := c.Issuer.session(userID, clientName, d, now)
	if err != nil {
		return Completed{}, err
	}
	u, err := c.start(ctx, s)
	switch {
	case err != nil:
		return Completed{}, c.giveUp(ctx, s, now, err)
	case u == nil, u.Disabled:
		return Completed{}, c.turnAway(ctx, s, now)
	}
	if s, err = c.makeRoom(ctx, s, now); err != nil {
		return Completed{}, c.giveUp(ctx, s, now, err)
	}
	done, err := c.completed(u, s, now, false)
	if err != nil {
		return Completed{}, c.giveUp(ctx, s, now, err)
	}
	return done, nil
}

// start reads the session's user while the session is written.
func (c *Completion) start(ctx context.Context, s *session.Session) (*user.User, error) {
	var started error
	var group sync.WaitGroup
	group.Go(func() { started = c.Sessions.StartSession(ctx, s, c.Issuer.Rule.ExpiresAt(s)) })
	u, err := c.Users.FindUser(ctx, s.UserID)
	group.Wait()
	if err != nil {
		return nil, fmt.Errorf("find user: %w", err)
	}
	if started != nil {
		return nil, fmt.Errorf("start session: %w", started)
	}
	return u, nil
}

// turnAway ends the session that was started for a user who may not log in.
func (c *Completion) turnAway(ctx context.Context, s *session.Session, now time.Time) error {
	if err := c.Sessions.EndSession(ctx, s.UserID, s.ID, session.EndedByUserGone, now); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return fault.Newf(fault.AccountDisabled, "user %s is gone or disabled", s.UserID)
}

func (c *Completion) completed(u *user.User, s *session.Session, now time.Time, isNew bool) (Completed, error) {
	access, err := c.Issuer.accessToken(u, s.ID, s.Client, now)
	if err != nil {
		return Completed{}, err
	}
	t, err := c.Issuer.tokens(u, s, access, now)
	if err != nil {
		return Completed{}, err
	}
	return Completed{Tokens: t, SessionID: s.ID, NewUser: isNew}, nil
}
