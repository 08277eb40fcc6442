package flow

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"time"

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
	Registration Policy
	Register     token.RegisterIssuer // where the policy is Required
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
	// Registration is there where the person has no account and must register for
	// one. Then there are neither tokens nor a session.
	Registration *RegistrationRequired
}

// RegistrationRequired is what a person gets who logged in and has no account.
// A token of a login that ends in cookies is good in its cookie only. The profile
// is that of the token, and so of the account.
type RegistrationRequired struct {
	RegisterToken string
	ExpiresIn     time.Duration
	Identity      user.Identity
	Profile       user.Profile
}

// maxCode bounds an authorization code in bytes; the longest known are near 1 KB.
const maxCode = 2048

// Complete finishes the login that the callback belongs to. Before the state is
// claimed nothing of the callback is believed; after that the login is spent,
// whatever becomes of it, and IsSpent tells of its failure. Faults: invalid_state,
// login_expired, access_denied, origin_not_allowed, account_disabled,
// temporarily_unavailable, and those of provider.Identify.
func (c *Completion) Complete(ctx context.Context, cb Callback) (Completed, error) {
	tx, p, err := c.open(cb)
	if err != nil {
		return Completed{}, err
	}
	if err := c.claim(ctx, tx); err != nil {
		return Completed{}, err
	}
	done, err := c.finish(ctx, tx, cb, p)
	if err != nil {
		return Completed{}, spent{err}
	}
	return done, nil
}

// finish does what is done once the state is claimed.
func (c *Completion) finish(ctx context.Context, tx token.Transaction, cb Callback, p provider.Provider) (Completed, error) {
	if err := accepts(ctx, cb, p); err != nil {
		return Completed{}, err
	}
	person, err := p.Identify(ctx, provider.Authorization{
		RedirectURI: c.redirectURI(tx, cb), Code: cb.Code, State: cb.State,
		Nonce: tx.Nonce, CodeVerifier: tx.CodeVerifier, User: cb.User,
	})
	if err != nil {
		return Completed{}, err
	}
	done, err := c.enter(ctx, person, tx, cb.Device)
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
func accepts(ctx context.Context, cb Callback, p provider.Provider) error {
	switch {
	case cb.Issuer != "" && !slices.Contains(p.Issuers(), cb.Issuer):
		// A response of another authorization server: mix-up (RFC 9207 §2.4).
		return fault.Newf(fault.InvalidState, "response of another issuer")
	case cb.Error != "":
		return refusal(cb.Error)
	case cb.Code == "" || len(cb.Code) > maxCode:
		return fault.Newf(fault.InvalidRequest, "code has %d bytes", len(cb.Code))
	case cb.Issuer == "" && !cb.JSON:
		return mayLackIssuer(ctx, p)
	}
	return nil
}

// mayLackIssuer refuses a code that came without iss from a provider that
// promises one: it may be another's (RFC 9207 §2.4). An error without iss is not
// refused for that, for it gets nobody anything. Nor is a login in JSON: its
// client need not tell iss, for it is sent back to another redirect URI by each
// provider, and goes by that, which serves the same end (RFC 9700 §4.4.2).
func mayLackIssuer(ctx context.Context, p provider.Provider) error {
	required, err := provider.RequiresIssuer(ctx, p)
	if err != nil {
		return fmt.Errorf("issuer of the response: %w", err)
	}
	if required {
		return fault.Newf(fault.InvalidState, "response without the issuer that the provider promises")
	}
	return nil
}

// enter lets the person in: as the user that they are, as a new one, or with a
// register token as nobody yet.
func (c *Completion) enter(ctx context.Context, person provider.Person, tx token.Transaction, d session.Device) (Completed, error) {
	userID, err := c.Users.FindIdentity(ctx, person.Identity)
	if err != nil {
		return Completed{}, fmt.Errorf("find identity: %w", err)
	}
	now := c.Now().Truncate(time.Millisecond) // as finely as sessions are dated and compared
	switch {
	case userID != "":
		return c.logIn(ctx, userID, tx.Client, d, now)
	case c.Registration == Required:
		return c.register(person, tx, now)
	}
	u, err := newUser(person.Identity, person.Profile, now, c.Rand)
	if err != nil {
		return Completed{}, err
	}
	u.ProfileComplete = c.Registration != Deferred
	done, ownerID, err := signUp(ctx, c.Users, &c.Issuer, signingUp{user: u, client: tx.Client, device: d, now: now})
	if err == nil && ownerID != u.ID {
		return c.logIn(ctx, ownerID, tx.Client, d, now) // a parallel first login of the same person won
	}
	return done, err
}

// register gives the person a register token. Nothing is written.
func (c *Completion) register(person provider.Person, tx token.Transaction, now time.Time) (Completed, error) {
	text, kept, err := c.Register.Mint(token.Register{
		Identity: person.Identity, Profile: person.Profile, Client: tx.Client, ReturnTo: tx.ReturnTo,
	}, now)
	if err != nil {
		return Completed{}, err
	}
	return Completed{Registration: &RegistrationRequired{
		RegisterToken: text, ExpiresIn: token.RegisterLifetime, Identity: kept.Identity, Profile: kept.Profile,
	}}, nil
}
