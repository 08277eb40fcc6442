// Package oidc is the login with any provider that speaks OpenID Connect, of
// which only the issuer's URL is known: it publishes the rest (OpenID Connect
// Discovery 1.0). There can be several, each with a name of its own.
package oidc

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

// Provider implements provider.IssuerSender.
type Provider struct {
	config Config
	client *provider.Client
}

// New makes the provider, or says everything that is wrong with the
// configuration. The metadata is fetched by whoever needs it first.
func New(c Config, client *provider.Client) (*Provider, error) {
	if err := c.check(client); err != nil {
		return nil, fmt.Errorf("oidc %.40s: %w", c.Name, err)
	}
	return &Provider{c, client}, nil
}

func (c *Config) check(client *provider.Client) error {
	_, nameErr := user.NewIdentity(c.Name, "any")
	mistakes := []error{nameErr, client.CheckIssuer(c.Issuer), provider.CheckClientID(c.ClientID)}
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
func (p *Provider) DisplayName() string { return cmp.Or(p.config.DisplayName, p.config.Name) }

// Issuers implements provider.Provider.
func (p *Provider) Issuers() []string { return []string{p.config.Issuer} }

// SendsIssuer implements provider.IssuerSender: the metadata says it.
func (p *Provider) SendsIssuer(ctx context.Context) (bool, error) {
	m, err := p.client.Metadata(ctx, p.config.Issuer)
	return bool(m.SendsIssuer), err
}

// AuthorizeURL implements provider.Provider.
func (p *Provider) AuthorizeURL(ctx context.Context, r provider.AuthorizeRequest) (string, error) {
	flow, err := p.flow(ctx)
	if err != nil {
		return "", err
	}
	return flow.AuthorizeURL(ctx, r)
}

// Identify implements provider.Provider.
func (p *Provider) Identify(ctx context.Context, a provider.Authorization) (provider.Person, error) {
	flow, err := p.flow(ctx)
	if err != nil {
		return provider.Person{}, err
	}
	identity, claims, err := flow.RedeemClaims(ctx, a)
	if err != nil {
		return provider.Person{}, err
	}
	return provider.Person{Identity: identity, Profile: claims.Profile()}, nil
}

// flow is the code flow by the metadata as it is now.
func (p *Provider) flow(ctx context.Context) (*provider.CodeFlow, error) {
	c := &p.config
	m, err := p.client.Metadata(ctx, c.Issuer)
	if err != nil {
		return nil, err
	}
	return provider.NewCodeFlow(provider.Parts{
		Name:        c.Name,
		DisplayName: p.DisplayName(),
		Issuers:     p.Issuers(),
		OAuth2: provider.OAuth2{
			Client:       p.client,
			ClientID:     c.ClientID,
			ClientSecret: c.ClientSecret,
			AuthURL:      m.AuthURL,
			TokenURL:     m.TokenURL,
			Scopes:       strings.Fields(c.Scope),
		},
		Keys:        provider.NewJWKS(p.client, m.KeysURL, c.Algorithm),
		UserinfoURL: m.UserinfoURL,
	})
}
