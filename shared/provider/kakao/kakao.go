// Package kakao is the login with Kakao (developers.kakao.com, Kakao Login REST
// API). It owns Kakao's endpoints, its user object and its error codes.
package kakao

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"daemun/shared/jws"
	"daemun/shared/provider"
	"daemun/shared/secret"
)

const (
	name   = "kakao"
	issuer = "https://kauth.kakao.com"

	authURL     = issuer + "/oauth/authorize"
	tokenURL    = issuer + "/oauth/token"
	userinfoURL = "https://kapi.kakao.com/v2/user/me"
	keysURL     = issuer + "/.well-known/jwks.json"
)

// Config is an application at Kakao. Empty URLs mean the real ones.
type Config struct {
	// ClientID is the REST API key.
	ClientID string `env:"CLIENT_ID"`
	// ClientSecret is needed if it is switched on for the key, as it is for new
	// ones. AuthorizeURL never needs it.
	ClientSecret secret.String `env:"CLIENT_SECRET"`
	AuthURL      string        `env:"AUTH_URL"`
	TokenURL     string        `env:"TOKEN_URL"`
	UserinfoURL  string        `env:"USERINFO_URL"`
	// Scope is the consent items to ask for, with spaces or commas between. Empty
	// leaves it to what the app's consent page asks for; naming an item that is
	// not set there ends every login with KOE205.
	Scope string `env:"SCOPE"`
	// OIDC says that OpenID Connect is switched on at Kakao: an id_token is then
	// demanded and checked, and the user API has to agree with it.
	OIDC    bool   `env:"OIDC"`
	KeysURL string `env:"JWKS_URL"`
	Issuer  string `env:"ISSUER"`
}

// Provider implements provider.Provider.
type Provider struct{ *provider.CodeFlow }

// New makes the provider, or says everything that is wrong with the
// configuration. It makes no network request.
func New(c Config, client *provider.Client) (*Provider, error) {
	parts := provider.Parts{
		Name:        name,
		DisplayName: "Kakao",
		Issuers:     []string{cmp.Or(c.Issuer, issuer)},
		OAuth2: provider.OAuth2{
			Client:       client,
			ClientID:     c.ClientID,
			ClientSecret: c.ClientSecret,
			AuthURL:      cmp.Or(c.AuthURL, authURL),
			TokenURL:     cmp.Or(c.TokenURL, tokenURL),
			Scopes:       c.scopes(),
			ReadError:    readTokenError,
		},
		UserinfoURL:   cmp.Or(c.UserinfoURL, userinfoURL),
		ReadUserError: readUserError,
	}
	if c.OIDC {
		parts.Keys = provider.NewJWKS(client, cmp.Or(c.KeysURL, keysURL), jws.RS256)
	}
	flow, err := provider.NewCodeFlow(parts)
	if err != nil {
		return nil, fmt.Errorf("kakao: %w", err)
	}
	return &Provider{flow}, nil
}

// scopes are those of the configuration, and openid, without which a request that
// names scopes gets no id_token. One that names none gets one all the same
// (devtalk.kakao.com/t/121888). It is left without: scopes are what people are asked
// for, so openid alone may leave out the app's own consent items, which nobody
// has confirmed.
func (c *Config) scopes() []string {
	scopes := strings.FieldsFunc(c.Scope, func(r rune) bool { return r == ' ' || r == ',' })
	if c.OIDC && len(scopes) > 0 && !slices.Contains(scopes, "openid") {
		scopes = append(scopes, "openid")
	}
	return scopes
}

// Identify implements provider.Provider. Without OpenID Connect there is no nonce
// to check, and what ties the code to this login is PKCE.
func (p *Provider) Identify(ctx context.Context, a provider.Authorization) (provider.Person, error) {
	return p.Redeem(ctx, a, p.ask)
}

func (p *Provider) ask(ctx context.Context, token secret.String) (provider.Person, error) {
	var m me
	// Without secure_resource the pictures are plain http.
	if err := p.Ask(ctx, "?secure_resource=true", token, &m); err != nil {
		return provider.Person{}, err
	}
	return m.person()
}
