// Package github is the login with GitHub (docs.github.com, OAuth apps and the
// user tokens of GitHub Apps). It owns GitHub's endpoints, its user object and
// its error codes.
package github

import (
	"cmp"
	"context"
	"fmt"
	"sync"

	"daemun/shared/fault"
	"daemun/shared/provider"
	"daemun/shared/secret"
)

const (
	name = "github"
	// issuer was seen in GitHub's authorization responses since 2026; its
	// documentation does not promise it. There are no id_tokens.
	issuer = "https://github.com/login/oauth"

	authURL     = issuer + "/authorize"
	tokenURL    = issuer + "/access_token"
	userinfoURL = "https://api.github.com/user"
)

// Config is an application at GitHub. Empty URLs mean the real ones.
type Config struct {
	ClientID string `env:"CLIENT_ID"`
	// ClientSecret is always needed to identify people; AuthorizeURL never needs it.
	ClientSecret secret.String `env:"CLIENT_SECRET"`
	AuthURL      string        `env:"AUTH_URL"`
	TokenURL     string        `env:"TOKEN_URL"`
	UserinfoURL  string        `env:"USERINFO_URL"` // the list of addresses is at this URL/emails
	Issuer       string        `env:"ISSUER"`
}

// Provider implements provider.Provider.
type Provider struct{ *provider.CodeFlow }

// New makes the provider, or says everything that is wrong with the
// configuration. It makes no network request.
//
// The one scope that it asks for is the list of addresses: the rest of what it
// reads is public.
func New(c Config, client *provider.Client) (*Provider, error) {
	flow, err := provider.NewCodeFlow(provider.Parts{
		Name:        name,
		DisplayName: "GitHub",
		Issuers:     []string{cmp.Or(c.Issuer, issuer)},
		OAuth2: provider.OAuth2{
			Client:       client,
			ClientID:     c.ClientID,
			ClientSecret: c.ClientSecret,
			AuthURL:      cmp.Or(c.AuthURL, authURL),
			TokenURL:     cmp.Or(c.TokenURL, tokenURL),
			Scopes:       []string{"user:email"},
			NoNonce:      true,
			ReadError:    provider.ErrorCodes(tokenErrors),
		},
		UserinfoURL: cmp.Or(c.UserinfoURL, userinfoURL),
	})
	if err != nil {
		return nil, fmt.Errorf("github: %w", err)
	}
	return &Provider{flow}, nil
}

// tokenErrors are GitHub's own codes, which come with status 200.
var tokenErrors = map[string]fault.Code{
	"bad_verification_code":        fault.LoginExpired, // used, expired, or of another verifier
	"incorrect_client_credentials": fault.ProviderMisconfigured,
	"redirect_uri_mismatch":        fault.LoginExpired, // the code's, which anybody can have got at another one
	"unverified_user_email":        fault.BadProviderResponse,
}

// Identify implements provider.Provider.
//
// Not checked: which scopes were granted, which may be fewer.
func (p *Provider) Identify(ctx context.Context, a provider.Authorization) (provider.Person, error) {
	return p.Redeem(ctx, a, p.ask)
}

// ask asks for the person and for their addresses at the same time, which takes
// no longer than one of the two. Without an answer about the addresses, whatever
// the reason, the login goes on without one: it decides nothing, and people who
// come back do not need it.
func (p *Provider) ask(ctx context.Context, token secret.String) (provider.Person, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var emails []email
	var group sync.WaitGroup
	group.Go(func() {
		if p.Ask(ctx, "/emails", token, &emails) != nil {
			emails = nil
		}
	})
	var m me
	err := p.Ask(ctx, "", token, &m)
	if err != nil {
		cancel() // nobody waits for the addresses any more
	}
	group.Wait()
	if err != nil {
		return provider.Person{}, err
	}
	return m.person(emails)
}
