package flow

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"time"

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
	PublicURL string // base of the redirect URI
	ReturnTo  ReturnPolicy
	Keys      token.TransactionKeys
	Now       func() time.Time
	Rand      io.Reader
}

// Begun is a login on its way.
type Begun struct {
	AuthorizeURL string // where the browser goes now
	ID           string // short public name of the transaction
	Transaction  string // sealed
}

// Begin starts a login at the named provider; afterwards the browser goes to
// returnTo, or to the front end if that is empty. Faults: unknown_provider,
// invalid_request for a returnTo that is not on the allow-list.
func (l *Login) Begin(providerName, returnTo string) (Begun, error) {
	p, ok := l.Providers.Get(providerName)
	if !ok {
		return Begun{}, fault.New(fault.UnknownProvider, nil)
	}
	returnTo, err := l.ReturnTo.Resolve(returnTo)
	if err != nil {
		return Begun{}, err
	}
	var random [3]string // state, nonce, code verifier: 256 bits each
	for i := range random {
		if random[i], err = randomText(l.Rand); err != nil {
			return Begun{}, err
		}
	}
	state, nonce, verifier := random[0], random[1], random[2]
	sealed, err := l.Keys.Seal(token.Transaction{
		Provider: p.Name(), StateHash: hash(state), CodeVerifier: verifier,
		Nonce: nonce, ReturnTo: returnTo, IssuedAt: l.Now(),
	}, l.Rand)
	if err != nil {
		return Begun{}, err
	}
	url := p.AuthorizeURL(provider.AuthorizeRequest{
		RedirectURI: redirectURI(l.PublicURL, p.Name()), State: state, Nonce: nonce,
		CodeChallenge: base64.RawURLEncoding.EncodeToString(hash(verifier)), // S256, RFC 7636 §4.2
	})
	return Begun{AuthorizeURL: url, ID: TransactionID(state), Transaction: sealed}, nil
}

// redirectURI is where the provider sends the browser back to. It is built from
// configuration only, never from a request.
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
