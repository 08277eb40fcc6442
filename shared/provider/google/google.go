// Package google is the login with Google (developers.google.com, OpenID
// Connect). It owns Google's endpoints, issuers and error codes, and what
// Google's word for an email address is worth.
package google

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"daemun/shared/jws"
	"daemun/shared/provider"
	"daemun/shared/secret"
)

const (
	name   = "google"
	issuer = "https://accounts.google.com"

	authURL     = issuer + "/o/oauth2/v2/auth"
	tokenURL    = "https://oauth2.googleapis.com/token"
	userinfoURL = "https://openidconnect.googleapis.com/v1/userinfo"
	keysURL     = "https://www.googleapis.com/oauth2/v3/certs"
)

// Config is an application at Google. Empty URLs mean the real ones.
type Config struct {
	ClientID     string        `env:"CLIENT_ID"`
	ClientSecret secret.String `env:"CLIENT_SECRET"` // AuthorizeURL never needs it
	AuthURL      string        `env:"AUTH_URL"`
	TokenURL     string        `env:"TOKEN_URL"`
	UserinfoURL  string        `env:"USERINFO_URL"`
	KeysURL      string        `env:"JWKS_URL"`
	Issuer       string        `env:"ISSUER"`
}

// Provider implements provider.Provider.
type Provider struct{ *provider.CodeFlow }

// New makes the provider, or says everything that is wrong with the
// configuration. It makes no network request.
func New(c Config, client *provider.Client) (*Provider, error) {
	issuers := []string{issuer, strings.TrimPrefix(issuer, "https://")} // Google writes both
	if c.Issuer != "" {
		issuers = []string{c.Issuer}
	}
	flow, err := provider.NewCodeFlow(provider.Parts{
		Name:        name,
		DisplayName: "Google",
		Issuers:     issuers,
		OAuth2: provider.OAuth2{
			Client:       client,
			ClientID:     c.ClientID,
			ClientSecret: c.ClientSecret,
			AuthURL:      cmp.Or(c.AuthURL, authURL),
			TokenURL:     cmp.Or(c.TokenURL, tokenURL),
			Scopes:       []string{"openid", "email", "profile"},
			ReadError:    provider.ErrorCodes(tokenErrors),
		},
		Keys:          provider.NewJWKS(client, cmp.Or(c.KeysURL, keysURL), jws.RS256),
		UserinfoURL:   cmp.Or(c.UserinfoURL, userinfoURL),
		ReadUserError: readUserError,
	})
	if err != nil {
		return nil, fmt.Errorf("google: %w", err)
	}
	return &Provider{flow}, nil
}

// Identify implements provider.Provider. An address counts as verified only
// where Google is the authority for it, which is for its own domain and those of
// Workspace: an account with any other address has it from when it was made,
// and it may be another person's now.
func (p *Provider) Identify(ctx context.Context, a provider.Authorization) (provider.Person, error) {
	identity, claims, err := p.RedeemClaims(ctx, a)
	if err != nil {
		return provider.Person{}, err
	}
	profile := claims.Profile()
	authority := strings.HasSuffix(profile.Email, "@gmail.com") || claims.HostedDomain != ""
	profile.EmailVerified = profile.EmailVerified && authority
	return provider.Person{Identity: identity, Profile: profile}, nil
}
