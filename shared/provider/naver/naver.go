// Package naver is the login with Naver (developers.naver.com, 네이버 로그인). It
// owns Naver's endpoints, its user object and its error codes.
package naver

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
type Provider struct {
	oauth       provider.OAuth2
	idTokens    *provider.IDTokens // nil: OAuth 2.0
	userinfoURL string
	issuer      string
}

// New makes the provider, or says everything that is wrong with the
// configuration. It makes no network request.
//
// By OAuth 2.0 it asks for no scope: what the consent page asks for is set at
// Naver. Nothing but state ties the code to the login then, for Naver documents
// neither PKCE nor a nonce there.
func New(c Config, client *provider.Client) (*Provider, error) {
	p := &Provider{
		oauth: provider.OAuth2{
			Client:       client,
			ClientID:     c.ClientID,
			ClientSecret: c.ClientSecret,
			AuthURL:      cmp.Or(c.AuthURL, authURL),
			TokenURL:     cmp.Or(c.TokenURL, tokenURL),
			NoNonce:      true,
			NoPKCE:       true,
			ReadError:    provider.ErrorCodes(tokenErrors),
		},
		userinfoURL: cmp.Or(c.UserinfoURL, userinfoURL),
		issuer:      cmp.Or(c.Issuer, issuer),
	}
	if c.OIDC {
		p.useOIDC(c)
	}
	mistakes := []error{p.oauth.Check(), client.CheckEndpoint("userinfo URL", p.userinfoURL)}
	if c.OIDC {
		mistakes = append(mistakes, p.idTokens.Keys.Check())
	}
	if err := errors.Join(mistakes...); err != nil {
		return nil, fmt.Errorf("naver: %w", err)
	}
	return p, nil
}

// useOIDC changes to the other endpoints. Whether Naver repeats the nonce it does
// not document: one that is missing is taken, for PKCE ties the code to the login.
func (p *Provider) useOIDC(c Config) {
	p.oauth.AuthURL, p.oauth.TokenURL = cmp.Or(c.AuthURL, oidcAuthURL), cmp.Or(c.TokenURL, oidcTokenURL)
	p.oauth.Scopes = []string{"openid", "profile"}
	p.oauth.NoNonce, p.oauth.NoPKCE = false, false
	p.idTokens = &provider.IDTokens{
		Provider:                  name,
		Issuers:                   []string{p.issuer},
		Audiences:                 []string{c.ClientID},
		Keys:                      provider.NewJWKS(p.oauth.Client, cmp.Or(c.KeysURL, keysURL), jws.RS256),
		Now:                       p.oauth.Client.Now,
		InsecureNonceMayBeMissing: true,
	}
}

// Name implements provider.Provider.
func (p *Provider) Name() string { return name }

// DisplayName implements provider.Provider.
func (p *Provider) DisplayName() string { return "Naver" }

// Issuer implements provider.Provider.
func (p *Provider) Issuer() string { return p.issuer }

// AuthorizeURL implements provider.Provider.
func (p *Provider) AuthorizeURL(_ context.Context, r provider.AuthorizeRequest) (string, error) {
	return p.oauth.AuthorizeURL(r), nil
}

// Identify implements provider.Provider. Naver wants state in the token request
// too. An id_token tells nothing of the person but who it is, and the user object
// must be of the same.
func (p *Provider) Identify(ctx context.Context, a provider.Authorization) (provider.Person, error) {
	tokens, err := p.oauth.Exchange(ctx, a, oauth2.SetAuthURLParam("state", a.State))
	if err != nil {
		return provider.Person{}, err
	}
	var id *provider.IDToken
	if p.idTokens != nil {
		if id, err = p.idTokens.Verify(ctx, tokens, a.Nonce); err != nil {
			return provider.Person{}, err
		}
	}
	var m me
	if err := p.oauth.Client.GetJSON(ctx, p.userinfoURL, tokens.Access, &m, readUserError); err != nil {
		return provider.Person{}, err
	}
	person, err := m.person()
	if err == nil && id != nil {
		err = id.SameSubject(person.Identity.Subject)
	}
	if err != nil {
		return provider.Person{}, err
	}
	return person, nil
}
