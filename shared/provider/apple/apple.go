// Package apple is the login with Apple (developer.apple.com, Sign in with Apple
// REST API, for web). It owns Apple's endpoints, its client secret, and the form
// field that tells a person's name once.
package apple

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"golang.org/x/oauth2"

	"daemun/shared/jws"
	"daemun/shared/provider"
	"daemun/shared/secret"
)

const (
	name   = "apple"
	issuer = "https://appleid.apple.com"
	// otherIssuer was in tokens for some days of June 2025, signed with the keys of
	// issuer. Whether Apple names itself in its responses, and how, is not known.
	otherIssuer = "https://account.apple.com"

	authURL  = issuer + "/auth/authorize"
	tokenURL = issuer + "/auth/token"
	keysURL  = issuer + "/auth/keys"
)

// Config is an application at Apple. Empty URLs mean the real ones.
type Config struct {
	// ClientID is the Services ID.
	ClientID string `env:"CLIENT_ID"`
	// The team, the key's ID, and the key: the text of the .p8 file, in which a line
	// break may be written as \n. AuthorizeURL needs none of them.
	TeamID     string        `env:"TEAM_ID"`
	KeyID      string        `env:"KEY_ID"`
	PrivateKey secret.String `env:"PRIVATE_KEY"`
	AuthURL    string        `env:"AUTH_URL"`
	TokenURL   string        `env:"TOKEN_URL"`
	KeysURL    string        `env:"JWKS_URL"`
	Issuer     string        `env:"ISSUER"` // also the audience of our client secret
}

// Provider implements provider.FormPoster.
type Provider struct {
	*provider.CodeFlow
	clientSecret *clientSecret
}

// New makes the provider, or says everything that is wrong with the
// configuration. It makes no network request.
//
// Apple does not document PKCE, and is seen to demand the verifier of a code that
// was asked for with a challenge. Where it would not, the nonce ties the code to
// the login too.
func New(c Config, client *provider.Client) (*Provider, error) {
	issuers := []string{issuer, otherIssuer}
	if c.Issuer != "" {
		issuers = []string{c.Issuer}
	}
	flow, flowErr := provider.NewCodeFlow(provider.Parts{
		Name:        name,
		DisplayName: "Apple",
		Issuers:     issuers,
		OAuth2: provider.OAuth2{
			Client:     client,
			ClientID:   c.ClientID, // its secret is for a time only
			AuthURL:    cmp.Or(c.AuthURL, authURL),
			TokenURL:   cmp.Or(c.TokenURL, tokenURL),
			Scopes:     []string{"name", "email"},
			AuthParams: map[string]string{"response_mode": "form_post"},
		},
		Keys: provider.NewJWKS(client, cmp.Or(c.KeysURL, keysURL), jws.RS256),
	})
	minter, secretErr := newClientSecret(c, issuers[0], client.Now)
	if err := errors.Join(flowErr, secretErr); err != nil {
		return nil, fmt.Errorf("apple: %w", err)
	}
	return &Provider{flow, minter}, nil
}

// FormPost implements provider.FormPoster: Apple wants it so whenever a scope is
// asked for.
func (p *Provider) FormPost() {}

// Identify implements provider.Provider. The address is the id_token's; one that
// Apple relays is an address like any other.
//
// The name is what the browser says that the person told Apple, and it says so at
// the first authorization only: a login that fails after it has lost the name.
func (p *Provider) Identify(ctx context.Context, a provider.Authorization) (provider.Person, error) {
	minted, err := p.clientSecret.get()
	if err != nil {
		return provider.Person{}, err
	}
	identity, claims, err := p.RedeemClaims(ctx, a, oauth2.SetAuthURLParam("client_secret", minted.Reveal()))
	if err != nil {
		return provider.Person{}, err
	}
	profile := claims.Profile()
	profile.Nickname = nickname(a.User)
	return provider.Person{Identity: identity, Profile: profile}, nil
}
