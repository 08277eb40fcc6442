// Package github is the login with GitHub (docs.github.com, OAuth apps and the
// user tokens of GitHub Apps). It owns GitHub's endpoints, its user object and
// its error codes.
package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"daemun/shared/fault"
	"daemun/shared/provider"
	"daemun/shared/secret"
	"daemun/shared/user"
)

const (
	name = "github"
	// issuer is in GitHub's authorization responses since 2026. There are no
	// id_tokens.
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
type Provider struct {
	oauth       provider.OAuth2
	userinfoURL string
	issuer      string
}

// New makes the provider, or says everything that is wrong with the
// configuration. It makes no network request.
//
// The one scope that it asks for is the list of addresses: the rest of what it
// reads is public.
func New(c Config, client *provider.Client) (*Provider, error) {
	p := &Provider{
		oauth: provider.OAuth2{
			Client:       client,
			ClientID:     c.ClientID,
			ClientSecret: c.ClientSecret,
			AuthURL:      cmp.Or(c.AuthURL, authURL),
			TokenURL:     cmp.Or(c.TokenURL, tokenURL),
			Scopes:       []string{"user:email"},
			NoNonce:      true,
			ReadError:    provider.ErrorCodes(tokenErrors),
		},
		userinfoURL: cmp.Or(c.UserinfoURL, userinfoURL),
		issuer:      cmp.Or(c.Issuer, issuer),
	}
	if err := errors.Join(p.oauth.Check(), client.CheckEndpoint("userinfo URL", p.userinfoURL)); err != nil {
		return nil, fmt.Errorf("github: %w", err)
	}
	return p, nil
}

// tokenErrors are GitHub's own codes, which come with status 200.
var tokenErrors = map[string]fault.Code{
	"bad_verification_code":        fault.LoginExpired, // used, expired, or of another verifier
	"incorrect_client_credentials": fault.ProviderMisconfigured,
	"redirect_uri_mismatch":        fault.ProviderMisconfigured,
	"unverified_user_email":        fault.BadProviderResponse,
}

// Name implements provider.Provider.
func (p *Provider) Name() string { return name }

// DisplayName implements provider.Provider.
func (p *Provider) DisplayName() string { return "GitHub" }

// Issuer implements provider.Provider.
func (p *Provider) Issuer() string { return p.issuer }

// AuthorizeURL implements provider.Provider.
func (p *Provider) AuthorizeURL(_ context.Context, r provider.AuthorizeRequest) (string, error) {
	return p.oauth.AuthorizeURL(r), nil
}

// Identify implements provider.Provider. It asks for the person and for their
// addresses at the same time, which takes no longer than one of the two. Without
// an answer about the addresses, whatever the reason, the login goes on without
// one: it decides nothing, and people who come back do not need it.
//
// Not checked: which scopes were granted, which may be fewer.
func (p *Provider) Identify(ctx context.Context, a provider.Authorization) (provider.Person, error) {
	tokens, err := p.oauth.Exchange(ctx, a)
	if err != nil {
		return provider.Person{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var emails []email
	var group sync.WaitGroup
	group.Go(func() {
		if p.oauth.Client.GetJSON(ctx, p.userinfoURL+"/emails", tokens.Access, &emails, noErrorCodes) != nil {
			emails = nil
		}
	})
	var m me
	err = p.oauth.Client.GetJSON(ctx, p.userinfoURL, tokens.Access, &m, noErrorCodes)
	if err != nil {
		cancel() // nobody waits for the addresses any more
	}
	group.Wait()
	if err != nil {
		return provider.Person{}, err
	}
	return m.person(emails)
}

// noErrorCodes is the provider.ErrorReader of an API whose errors are told by
// their status and a text for people. A limit that GitHub tells with status 403
// is therefore not known from a refusal.
func noErrorCodes([]byte) (string, fault.Code) { return "", "" }

// me is what we read of GitHub's user object. Its email is the one that the
// person shows in public, verified or not.
type me struct {
	ID      jsontext.Value `json:"id"` // the login can be changed, and taken by another
	Name    string         `json:"name"`
	Login   string         `json:"login"`
	Picture string         `json:"avatar_url"`
}

type email struct {
	Email    string `json:"email"`
	Primary  bool   `json:"primary"`
	Verified bool   `json:"verified"`
}

func (m *me) person(emails []email) (provider.Person, error) {
	identity, err := provider.NumericIdentity(name, m.ID)
	if err != nil {
		return provider.Person{}, err
	}
	profile := user.Profile{Nickname: provider.Nickname(cmp.Or(m.Name, m.Login)), PictureURL: provider.Picture(m.Picture)}
	for _, e := range emails {
		if e.Primary {
			profile.Email = provider.Email(e.Email)
			profile.EmailVerified = profile.Email != "" && e.Verified
		}
	}
	return provider.Person{Identity: identity, Profile: profile}, nil
}
