package flow

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"time"

	"daemun/shared/client"
	"daemun/shared/fault"
	"daemun/shared/provider"
	"daemun/shared/token"
)

// Providers finds a configured provider by name.
type Providers interface {
	Get(name string) (provider.Provider, bool)
}

// Login begins logins. It stores nothing: what the callback must know travels
// sealed with the browser.
type Login struct {
	Providers Providers
	Clients   client.Registry
	PublicURL string // base of our own redirect URIs
	ReturnTo  ReturnPolicy
	Keys      token.TransactionKeys
	Now       func() time.Time
	Rand      io.Reader
}

// Begun is a login on its way.
type Begun struct {
	AuthorizeURL string // where the browser goes now
	State        string
	ID           string // short public name of the transaction
	Transaction  string // sealed
	FormPost     bool   // the provider answers with a POST from its own page
}

// Begin starts a login that ends in cookies; afterwards the browser goes to
// returnTo, or to the front end if that is empty. Faults: unknown_provider,
// invalid_request for a returnTo that is not on the allow-list, and those of
// provider.AuthorizeURL.
func (l *Login) Begin(ctx context.Context, providerName, returnTo string) (Begun, error) {
	p, ok := l.Providers.Get(providerName)
	if !ok {
		return Begun{}, fault.New(fault.UnknownProvider, nil)
	}
	returnTo, err := l.ReturnTo.Resolve(returnTo)
	if err != nil {
		return Begun{}, err
	}
	return l.begin(ctx, p, redirectURI(l.PublicURL, p.Name()), &l.Keys, token.Transaction{ReturnTo: returnTo})
}

// BeginJSON starts a login whose tokens the named client gets in JSON; origin is
// that of the page that asks, "" if there is none. Faults: unknown_provider,
// invalid_request for a client that is unknown or has no redirect URI for the
// provider, origin_not_allowed, and those of provider.AuthorizeURL.
func (l *Login) BeginJSON(ctx context.Context, providerName, clientName, origin string) (Begun, error) {
	p, ok := l.Providers.Get(providerName)
	if !ok {
		return Begun{}, fault.New(fault.UnknownProvider, nil)
	}
	c, ok := l.Clients.Find(clientName)
	switch {
	case !ok:
		return Begun{}, fault.Newf(fault.InvalidRequest, "there is no such client")
	case c.RedirectURIs[p.Name()] == "":
		return Begun{}, fault.Newf(fault.InvalidRequest, "client %s has no redirect URI for %s", c.Name, p.Name())
	case !c.AllowsOrigin(origin):
		return Begun{}, fault.Newf(fault.OriginNotAllowed, "origin is not one of client %s", c.Name)
	}
	return l.begin(ctx, p, c.RedirectURIs[p.Name()], l.Keys.ForJSON(), token.Transaction{Client: c.Name})
}

// begin fills the transaction with what every login has, and seals it.
func (l *Login) begin(
	ctx context.Context, p provider.Provider, redirectURI string, keys *token.TransactionKeys, tx token.Transaction,
) (Begun, error) {
	var random [3]string // state, nonce, code verifier: 256 bits each
	for i := range random {
		var err error
		if random[i], err = randomText(l.Rand); err != nil {
			return Begun{}, err
		}
	}
	state, nonce, verifier := random[0], random[1], random[2]
	tx.Provider, tx.StateHash, tx.CodeVerifier, tx.Nonce, tx.IssuedAt = p.Name(), hash(state), verifier, nonce, l.Now()
	sealed, err := keys.Seal(tx, l.Rand)
	if err != nil {
		return Begun{}, err
	}
	url, err := p.AuthorizeURL(ctx, provider.AuthorizeRequest{
		RedirectURI: redirectURI, State: state, Nonce: nonce,
		CodeChallenge: base64.RawURLEncoding.EncodeToString(hash(verifier)), // S256, RFC 7636 §4.2
	})
	if err != nil {
		return Begun{}, err
	}
	return Begun{AuthorizeURL: url, State: state, ID: TransactionID(state), Transaction: sealed, FormPost: provider.FormPost(p)}, nil
}

// redirectURI is where the provider sends the browser back to when the login ends
// in cookies. It is built from configuration only, never from a request.
func redirectURI(publicURL, providerName string) string {
	return publicURL + "/auth/" + providerName + "/callback"
}

// TransactionID is the short name of the transaction that belongs to a state.
// It tells the transactions of one browser apart and proves nothing.
func TransactionID(state string) string {
	return base64.RawURLEncoding.EncodeToString(hash(state))[:8]
}

func hash(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// randomText is 256 random bits as 43 characters of base64url, which RFC 7636
// §4.1 takes for a code verifier too.
func randomText(random io.Reader) (string, error) {
	b := make([]byte, 32)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("randomness: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// isRandomText reports whether the text has the form of what randomText makes.
func isRandomText(text string) bool {
	_, err := base64.RawURLEncoding.DecodeString(text)
	return err == nil && len(text) == 43 && !strings.ContainsAny(text, "\r\n") // which the decoder passes over
}
