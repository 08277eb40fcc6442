// Package kakao is the login with Kakao (developers.kakao.com, Kakao Login REST
// API). It owns Kakao's endpoints, its user object and its error codes.
package kakao

import (
	"cmp"
	"context"
	"errors"
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
	// demanded and checked.
	OIDC    bool   `env:"OIDC"`
	KeysURL string `env:"JWKS_URL"`
	Issuer  string `env:"ISSUER"`
}

// Provider implements provider.Provider.
type Provider struct {
	oauth       provider.OAuth2
	userinfoURL string
	issuer      string
	idTokens    *provider.IDTokens // nil without OpenID Connect
}

// New makes the provider, or says everything that is wrong with the
// configuration. It makes no network request.
func New(c Config, client *provider.Client) (*Provider, error) {
	p := &Provider{
		oauth: provider.OAuth2{
			Client:       client,
			ClientID:     c.ClientID,
			ClientSecret: c.ClientSecret,
			AuthURL:      cmp.Or(c.AuthURL, authURL),
			TokenURL:     cmp.Or(c.TokenURL, tokenURL),
			Scopes:       strings.FieldsFunc(c.Scope, func(r rune) bool { return r == ' ' || r == ',' }),
			ReadError:    readTokenError,
		},
		userinfoURL: cmp.Or(c.UserinfoURL, userinfoURL),
		issuer:      cmp.Or(c.Issuer, issuer),
	}
	mistakes := []error{p.oauth.Check(), client.CheckEndpoint("userinfo URL", p.userinfoURL)}
	if c.OIDC {
		p.useOIDC(cmp.Or(c.KeysURL, keysURL))
		mistakes = append(mistakes, p.idTokens.Keys.Check())
	}
	if err := errors.Join(mistakes...); err != nil {
		return nil, fmt.Errorf("kakao: %w", err)
	}
	return p, nil
}

// useOIDC asks for id_tokens. Kakao makes none for a request with a scope in
// which openid is missing.
func (p *Provider) useOIDC(keysURL string) {
	if !slices.Contains(p.oauth.Scopes, "openid") {
		p.oauth.Scopes = append(p.oauth.Scopes, "openid")
	}
	p.idTokens = &provider.IDTokens{
		Provider:  name,
		Issuers:   []string{p.issuer},
		Audiences: []string{p.oauth.ClientID},
		Keys:      provider.NewJWKS(p.oauth.Client, keysURL, jws.RS256),
		Now:       p.oauth.Client.Now,
	}
}

// Name implements provider.Provider.
func (p *Provider) Name() string { return name }

// DisplayName implements provider.Provider.
func (p *Provider) DisplayName() string { return "Kakao" }

// Issuer implements provider.Provider.
func (p *Provider) Issuer() string { return p.issuer }

// AuthorizeURL implements provider.Provider.
func (p *Provider) AuthorizeURL(_ context.Context, r provider.AuthorizeRequest) (string, error) {
	return p.oauth.AuthorizeURL(r), nil
}

// Identify implements provider.Provider. With OpenID Connect the id_token says
// who has logged in, and the user API has to agree. Without it who has logged in
// is what the user API says to the access token that came straight from Kakao,
// and what ties the code to this login is PKCE: there is no nonce to check.
func (p *Provider) Identify(ctx context.Context, a provider.Authorization) (provider.Person, error) {
	tokens, err := p.oauth.Exchange(ctx, a)
	if err != nil {
		return provider.Person{}, err
	}
	if p.idTokens == nil {
		return p.ask(ctx, tokens.Access)
	}
	id, err := p.idTokens.Verify(ctx, tokens, a.Nonce)
	if err != nil {
		return provider.Person{}, err
	}
	person, err := p.ask(ctx, tokens.Access)
	if err != nil {
		return provider.Person{}, err
	}
	if err := id.SameSubject(person.Identity.Subject); err != nil {
		return provider.Person{}, err
	}
	return person, nil
}

func (p *Provider) ask(ctx context.Context, token secret.String) (provider.Person, error) {
	var m me
	// Without secure_resource the pictures are plain http.
	err := p.oauth.Client.GetJSON(ctx, p.userinfoURL+"?secure_resource=true", token, &m, readUserError)
	if err != nil {
		return provider.Person{}, err
	}
	return m.person()
}
