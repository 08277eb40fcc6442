// Package naver is the login with Naver (developers.naver.com, 네이버 로그인). It
// owns Naver's endpoints, its user object and its error codes.
package naver

import (
	"cmp"
	"context"
	"fmt"

	"golang.org/x/oauth2"

	"daemun/shared/jws"
	"daemun/shared/provider"
	"daemun/shared/secret"
)

const (
	name   = "naver"
	issuer = "https://nid.naver.com"

	authURL     = issuer + "/oauth2.0/authorize"
	tokenURL    = issuer + "/oauth2.0/token"
	userinfoURL = "https://openapi.naver.com/v1/nid/me"

	// One character less, and other parameters: the endpoints of OpenID Connect.
	oidcAuthURL  = issuer + "/oauth2/authorize"
	oidcTokenURL = issuer + "/oauth2/token"
	keysURL      = issuer + "/oauth2/jwks"
)

// Config is an application at Naver. Empty URLs mean the real ones.
type Config struct {
	ClientID string `env:"CLIENT_ID"`
	// ClientSecret is always needed to identify people; AuthorizeURL never needs it.
	ClientSecret secret.String `env:"CLIENT_SECRET"`
	AuthURL      string        `env:"AUTH_URL"`
	TokenURL     string        `env:"TOKEN_URL"`
	UserinfoURL  string        `env:"USERINFO_URL"`
	// OIDC uses OpenID Connect in the place of OAuth 2.0. People are the same either
	// way. The rest is for OpenID Connect alone.
	OIDC    bool   `env:"OIDC"`
	KeysURL string `env:"JWKS_URL"`
	Issuer  string `env:"ISSUER"`
}

// Provider implements provider.Provider.
type Provider struct{ *provider.CodeFlow }

// New makes the provider, or says everything that is wrong with the
// configuration. It makes no network request.
//
// By OAuth 2.0 it asks for no scope: what the consent page asks for is set at
// Naver. Nothing but state ties the code to the login then, for Naver documents
// neither PKCE nor a nonce there.
func New(c Config, client *provider.Client) (*Provider, error) {
	parts := provider.Parts{
		Name:        name,
		DisplayName: "Naver",
		Issuers:     []string{cmp.Or(c.Issuer, issuer)},
		OAuth2: provider.OAuth2{
			Client:       client,
			ClientID:     c.ClientID,
			ClientSecret: c.ClientSecret,
			AuthURL:      cmp.Or(c.AuthURL, authURL),
			TokenURL:     cmp.Or(c.TokenURL, tokenURL),
			NoNonce:      true,
			NoPKCE:       true,
			ReadError:    provider.ErrorCodes(tokenErrors),
		},
		UserinfoURL:   cmp.Or(c.UserinfoURL, userinfoURL),
		ReadUserError: readUserError,
	}
	if c.OIDC {
		c.useOIDC(&parts)
	}
	flow, err := provider.NewCodeFlow(parts)
	if err != nil {
		return nil, fmt.Errorf("naver: %w", err)
	}
	return &Provider{flow}, nil
}

// useOIDC changes to the other endpoints. Whether Naver repeats the nonce it does
// not document: one that is missing is taken, for PKCE ties the code to the login.
func (c *Config) useOIDC(p *provider.Parts) {
	p.AuthURL, p.TokenURL = cmp.Or(c.AuthURL, oidcAuthURL), cmp.Or(c.TokenURL, oidcTokenURL)
	p.Scopes = []string{"openid", "profile"}
	p.NoNonce, p.NoPKCE = false, false
	p.Keys = provider.NewJWKS(p.Client, cmp.Or(c.KeysURL, keysURL), jws.RS256)
	p.InsecureNonceMayBeMissing = true
}

// Identify implements provider.Provider. Naver wants state in the token request
// too. An id_token tells nothing of the person but who it is.
func (p *Provider) Identify(ctx context.Context, a provider.Authorization) (provider.Person, error) {
	return p.Redeem(ctx, a, p.ask, oauth2.SetAuthURLParam("state", a.State))
}

func (p *Provider) ask(ctx context.Context, token secret.String) (provider.Person, error) {
	var m me
	if err := p.Ask(ctx, "", token, &m); err != nil {
		return provider.Person{}, err
	}
	return m.person()
}
