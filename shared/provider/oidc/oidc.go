// Package oidc is the login with any provider that speaks OpenID Connect, of
// which only the issuer's URL is known: it publishes the rest (OpenID Connect
// Discovery 1.0). There can be several, each with a name of its own.
package oidc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"daemun/shared/jws"
	"daemun/shared/provider"
	"daemun/shared/secret"
	"daemun/shared/user"
)

// Config is an application at one issuer. It has to authenticate with
// client_secret_post, or be public.
type Config struct {
	Name         string        `env:"NAME"`         // in routes and identities, such as "acme"
	DisplayName  string        `env:"DISPLAY_NAME"` // empty: the name
	Issuer       string        `env:"ISSUER"`       // exactly as the issuer writes it
	ClientID     string        `env:"CLIENT_ID"`
	ClientSecret secret.String `env:"CLIENT_SECRET"` // AuthorizeURL never needs it
	// Scope is the scopes, with spaces between; openid has to be among them.
	Scope string `env:"SCOPE" envDefault:"openid email profile"`
	// Algorithm is the one that id_tokens are signed with: RS256 or ES256.
	Algorithm string `env:"ALGORITHM" envDefault:"RS256"`
}

// Provider implements provider.Provider.
type Provider struct {
	config     Config
	discovered *provider.Discovered
}

// New makes the provider, or says everything that is wrong with the
// configuration. It makes no network request: the metadata is fetched by
// whoever needs it first.
func New(c Config, client *provider.Client) (*Provider, error) {
	if err := c.check(client); err != nil {
		return nil, fmt.Errorf("oidc %.40s: %w", c.Name, err)
	}
	make := func(m provider.Metadata) *provider.OIDC {
		return &provider.OIDC{
			OAuth2: provider.OAuth2{
				Client:       client,
				ClientID:     c.ClientID,
				ClientSecret: c.ClientSecret,
				AuthURL:      m.AuthURL,
				TokenURL:     m.TokenURL,
				Scopes:       strings.Fields(c.Scope),
			},
			IDTokens: provider.IDTokens{
				Provider:  c.Name,
				Issuers:   []string{c.Issuer},
				Audiences: []string{c.ClientID},
				Keys:      provider.NewJWKS(client, m.KeysURL, c.Algorithm),
				Now:       client.Now,
			},
			UserinfoURL: m.UserinfoURL,
		}
	}
	return &Provider{config: c, discovered: provider.Discover(client, c.Issuer, make)}, nil
}

func (c *Config) check(client *provider.Client) error {
	mistakes := []error{client.CheckEndpoint("issuer", c.Issuer)}
	if _, err := user.NewIdentity(c.Name, "any"); err != nil {
		mistakes = append(mistakes, err)
	}
	if c.ClientID == "" {
		mistakes = append(mistakes, errors.New("client id is empty"))
	}
	if !slices.Contains(strings.Fields(c.Scope), "openid") {
		mistakes = append(mistakes, errors.New("scope: openid is missing"))
	}
	if !slices.Contains([]string{jws.RS256, jws.ES256}, c.Algorithm) {
		mistakes = append(mistakes, errors.New("algorithm: want RS256 or ES256"))
	}
	return errors.Join(mistakes...)
}

// Name implements provider.Provider.
func (p *Provider) Name() string { return p.config.Name }

// DisplayName implements provider.Provider.
func (p *Provider) DisplayName() string {
	if p.config.DisplayName == "" {
		return p.config.Name
	}
	return p.config.DisplayName
}

// Issuer implements provider.Provider.
func (p *Provider) Issuer() string { return p.config.Issuer }

// AuthorizeURL implements provider.Provider.
func (p *Provider) AuthorizeURL(ctx context.Context, r provider.AuthorizeRequest) (string, error) {
	o, err := p.discovered.Get(ctx)
	if err != nil {
		return "", err
	}
	return o.AuthorizeURL(r), nil
}

// Identify implements provider.Provider.
func (p *Provider) Identify(ctx context.Context, a provider.Authorization) (provider.Person, error) {
	o, err := p.discovered.Get(ctx)
	if err != nil {
		return provider.Person{}, err
	}
	identity, claims, err := o.Identify(ctx, a)
	if err != nil {
		return provider.Person{}, err
	}
	return provider.Person{Identity: identity, Profile: claims.Profile()}, nil
}
