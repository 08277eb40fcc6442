package provider

import (
	"bytes"
	"context"
	"errors"

	"daemun/shared/fault"
	"daemun/shared/user"
)

// Claims are the standard claims that a profile is made of (OpenID Connect Core
// 1.0 §5.1). All but the subject may be missing.
type Claims struct {
	Subject       string `json:"sub"`
	Email         string `json:"email"`
	EmailVerified Flag   `json:"email_verified"`
	Name          string `json:"name"`
	Nickname      string `json:"nickname"`
	Picture       string `json:"picture"`
	HostedDomain  string `json:"hd"` // Google's own
}

// Profile is the profile of the claims. The name for other people to see is
// nickname, and name where that is missing.
func (c *Claims) Profile() user.Profile {
	nickname := Nickname(c.Nickname)
	if nickname == "" {
		nickname = Nickname(c.Name)
	}
	email := Email(c.Email)
	return user.Profile{Email: email, EmailVerified: email != "" && bool(c.EmailVerified), Nickname: nickname, PictureURL: Picture(c.Picture)}
}

// Flag is a boolean that some providers write as a string.
type Flag bool

// UnmarshalJSON implements json.Unmarshaler.
func (f *Flag) UnmarshalJSON(text []byte) error {
	switch string(bytes.Trim(text, `"`)) {
	case "true":
		*f = true
	case "false", "null":
		*f = false
	default:
		return errors.New("not a boolean")
	}
	return nil
}

// OIDC is the code flow of OpenID Connect Core 1.0 §3.1 at one provider.
type OIDC struct {
	OAuth2
	IDTokens    IDTokens
	UserinfoURL string // empty: all that is known is in the id_token
}

// Check reports what is wrong with the configuration, everything at once.
func (o *OIDC) Check() error {
	mistakes := []error{o.OAuth2.Check(), o.IDTokens.Keys.Check()}
	if o.UserinfoURL != "" {
		mistakes = append(mistakes, o.Client.CheckEndpoint("userinfo URL", o.UserinfoURL))
	}
	return errors.Join(mistakes...)
}

// Identify exchanges the code, checks the id_token and only then asks for more.
// The claims are those of the userinfo endpoint, or else of the id_token. Its
// errors are faults.
func (o *OIDC) Identify(ctx context.Context, a Authorization) (user.Identity, Claims, error) {
	var c Claims
	tokens, err := o.Exchange(ctx, a)
	if err != nil {
		return user.Identity{}, c, err
	}
	id, err := o.IDTokens.Verify(ctx, tokens, a.Nonce)
	if err != nil {
		return user.Identity{}, c, err
	}
	if o.UserinfoURL == "" {
		err = id.Claims(&c)
	} else {
		err = o.userinfo(ctx, tokens, id, &c)
	}
	if err != nil {
		return user.Identity{}, Claims{}, err
	}
	return id.Identity, c, nil
}

func (o *OIDC) userinfo(ctx context.Context, t Tokens, id *IDToken, into *Claims) error {
	if err := o.Client.GetJSON(ctx, o.UserinfoURL, t.Access, into, ErrorCodes(bearerErrors)); err != nil {
		return err
	}
	return id.SameSubject(into.Subject)
}

// SameSubject refuses a user object of somebody else than the id_token's
// subject (OpenID Connect Core 1.0 §5.3.2). Fault: bad_provider_response.
func (t *IDToken) SameSubject(subject string) error {
	if subject != t.Identity.Subject {
		return fault.Newf(fault.BadProviderResponse, "userinfo: %w: not the id_token's", ErrSubject)
	}
	return nil
}

// bearerErrors are the codes of RFC 6750 §3.1, as far as a body has them. The
// token was good a moment ago.
var bearerErrors = map[string]fault.Code{
	"invalid_token":      fault.BadProviderResponse,
	"insufficient_scope": fault.ProviderMisconfigured,
}
