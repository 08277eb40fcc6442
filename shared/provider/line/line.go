// Package line is the login with LINE (developers.line.biz, LINE Login v2.1, web
// channels). It owns LINE's endpoints and scopes.
package line

import (
	"cmp"
	"context"
	"fmt"

	"daemun/shared/provider"
	"daemun/shared/secret"
)

const (
	name   = "line"
	issuer = "https://access.line.me"

	authURL  = issuer + "/oauth2/v2.1/authorize"
	tokenURL = "https://api.line.me/oauth2/v2.1/token"
)

// Config is a channel at LINE. Empty URLs mean the real ones.
type Config struct {
	// ClientID is the channel ID.
	ClientID string `env:"CLIENT_ID"`
	// ClientSecret is the channel secret; it also signs the id_tokens. AuthorizeURL
	// never needs it.
	ClientSecret secret.String `env:"CLIENT_SECRET"`
	AuthURL      string        `env:"AUTH_URL"`
	TokenURL     string        `env:"TOKEN_URL"`
	Issuer       string        `env:"ISSUER"`
}

// Provider implements provider.Provider.
type Provider struct{ *provider.CodeFlow }

// New makes the provider, or says everything that is wrong with the
// configuration. It makes no network request.
//
// Web logins get an id_token that is signed with the channel secret, and it has
// all that LINE would tell of a person. That the algorithm is HS256 is a matter of
// this flow: a token that says something else of itself, as those of apps do, is
// refused.
func New(c Config, client *provider.Client) (*Provider, error) {
	flow, err := provider.NewCodeFlow(provider.Parts{
		Name:        name,
		DisplayName: "LINE",
		Issuers:     []string{cmp.Or(c.Issuer, issuer)},
		OAuth2: provider.OAuth2{
			Client:       client,
			ClientID:     c.ClientID,
			ClientSecret: c.ClientSecret,
			AuthURL:      cmp.Or(c.AuthURL, authURL),
			TokenURL:     cmp.Or(c.TokenURL, tokenURL),
			Scopes:       []string{"openid", "profile", "email"},
		},
		Keys: provider.SharedSecret{Secret: c.ClientSecret},
	})
	if err != nil {
		return nil, fmt.Errorf("line: %w", err)
	}
	return &Provider{flow}, nil
}

// Identify implements provider.Provider.
func (p *Provider) Identify(ctx context.Context, a provider.Authorization) (provider.Person, error) {
	identity, claims, err := p.RedeemClaims(ctx, a)
	if err != nil {
		return provider.Person{}, err
	}
	profile := claims.Profile()
	profile.EmailVerified = false // LINE has no flag, and promises nothing of the address
	return provider.Person{Identity: identity, Profile: profile}, nil
}
