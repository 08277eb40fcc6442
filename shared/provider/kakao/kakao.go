// Package kakao is the login with Kakao (developers.kakao.com, Kakao Login REST
// API). It owns Kakao's endpoints, its user object and its error codes.
package kakao

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"daemun/shared/fault"
	"daemun/shared/provider"
	"daemun/shared/secret"
	"daemun/shared/user"
)

const (
	name   = "kakao"
	issuer = "https://kauth.kakao.com"

	authURL     = issuer + "/oauth/authorize"
	tokenURL    = issuer + "/oauth/token"
	userinfoURL = "https://kapi.kakao.com/v2/user/me"
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
}

// Provider implements provider.Provider.
type Provider struct {
	oauth       provider.OAuth2
	userinfoURL string
}

// New makes the provider, or says everything that is wrong with the
// configuration. It makes no network request.
//
// It asks for no scope: what the app's consent page asks for is set at Kakao,
// and naming an item that is not set there ends every login with KOE205.
func New(c Config, client *provider.Client) (*Provider, error) {
	p := &Provider{
		oauth: provider.OAuth2{
			Client:       client,
			ClientID:     c.ClientID,
			ClientSecret: c.ClientSecret,
			AuthURL:      cmp.Or(c.AuthURL, authURL),
			TokenURL:     cmp.Or(c.TokenURL, tokenURL),
			ReadError:    readTokenError,
		},
		userinfoURL: cmp.Or(c.UserinfoURL, userinfoURL),
	}
	if err := errors.Join(p.oauth.Check(), client.CheckEndpoint("userinfo URL", p.userinfoURL)); err != nil {
		return nil, fmt.Errorf("kakao: %w", err)
	}
	return p, nil
}

// Name implements provider.Provider.
func (p *Provider) Name() string { return name }

// DisplayName implements provider.Provider.
func (p *Provider) DisplayName() string { return "Kakao" }

// Issuer implements provider.Provider.
func (p *Provider) Issuer() string { return issuer }

// AuthorizeURL implements provider.Provider.
func (p *Provider) AuthorizeURL(r provider.AuthorizeRequest) string { return p.oauth.AuthorizeURL(r) }

// Identify implements provider.Provider. Apps with OpenID Connect switched on
// get an id_token too. It is not looked at: who has logged in is what the user
// API says to the access token that came straight from Kakao, and what ties the
// code to this login is PKCE, so the nonce is not checked.
func (p *Provider) Identify(ctx context.Context, a provider.Authorization) (provider.Person, error) {
	token, err := p.oauth.Exchange(ctx, a)
	if err != nil {
		return provider.Person{}, err
	}
	var m me
	// Without secure_resource the pictures are plain http.
	err = p.oauth.Client.GetJSON(ctx, p.userinfoURL+"?secure_resource=true", token, &m, readUserError)
	if err != nil {
		return provider.Person{}, err
	}
	return m.person()
}

// me is what we read of Kakao's user object. All but the id may be missing, as
// far as the person has not consented or the app may not ask.
type me struct {
	ID      jsontext.Value `json:"id"`
	Account struct {
		Email         string `json:"email"`
		EmailValid    bool   `json:"is_email_valid"`
		EmailVerified bool   `json:"is_email_verified"`
		Profile       struct {
			Nickname string `json:"nickname"`
			Picture  string `json:"profile_image_url"`
		} `json:"profile"`
	} `json:"kakao_account"`
}

func (m *me) person() (provider.Person, error) {
	// The id is a positive int64, written as such: decoded leniently, a missing
	// one would be 0 for everybody, and two large ones could become one float.
	id, err := strconv.ParseInt(string(m.ID), 10, 64)
	if err != nil || id <= 0 {
		return provider.Person{}, fault.Newf(fault.BadProviderResponse, "userinfo: id is not a positive 64-bit integer")
	}
	identity, err := user.NewIdentity(name, strconv.FormatInt(id, 10))
	if err != nil {
		return provider.Person{}, fault.New(fault.Internal, err)
	}
	account := &m.Account
	return provider.Person{Identity: identity, Profile: user.Profile{
		Email: provider.Email(account.Email),
		// A verified address can have become invalid: expired, or another account's.
		EmailVerified: provider.Email(account.Email) != "" && account.EmailValid && account.EmailVerified,
		Nickname:      provider.Nickname(account.Profile.Nickname),
		PictureURL:    provider.Picture(account.Profile.Picture),
	}}, nil
}
