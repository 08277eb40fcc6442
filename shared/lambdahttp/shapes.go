package lambdahttp

import (
	"daemun/shared/flow"
	"daemun/shared/user"
)

// TokenJSON is the answer to a login or refresh that is delivered in JSON (RFC
// 6749 §5.1, and what we add). Browsers with cookies get it without the refresh
// token, which is in its cookie.
type TokenJSON struct {
	AccessToken      string   `json:"access_token"`
	TokenType        string   `json:"token_type"`
	ExpiresIn        int64    `json:"expires_in"` // seconds
	RefreshToken     string   `json:"refresh_token,omitempty"`
	RefreshExpiresIn int64    `json:"refresh_token_expires_in,omitzero"` // seconds
	User             UserJSON `json:"user"`
}

// NewTokenJSON renders tokens; the refresh token only if it is to be in it.
func NewTokenJSON(t flow.Tokens, withRefreshToken bool) TokenJSON {
	j := TokenJSON{
		AccessToken: t.AccessToken, TokenType: "Bearer",
		ExpiresIn: int64(t.AccessExpiresIn.Seconds()), User: NewUserJSON(t.User),
	}
	if withRefreshToken {
		j.RefreshToken, j.RefreshExpiresIn = t.RefreshToken, int64(t.RefreshExpiresIn.Seconds())
	}
	return j
}

// RegistrationRequiredJSON is the answer to a login that is delivered in JSON, of
// a person who must register first.
type RegistrationRequiredJSON struct {
	Status        string `json:"status"` // registration_required: token answers have no such member
	RegisterToken string `json:"register_token"`
	ExpiresIn     int64  `json:"expires_in"` // seconds
	NewcomerJSON
}

// NewRegistrationRequiredJSON renders what a person gets instead of tokens.
func NewRegistrationRequiredJSON(r *flow.RegistrationRequired) RegistrationRequiredJSON {
	return RegistrationRequiredJSON{
		Status: "registration_required", RegisterToken: r.RegisterToken, ExpiresIn: int64(r.ExpiresIn.Seconds()),
		NewcomerJSON: NewNewcomerJSON(r.Identity, r.Profile),
	}
}

// NewcomerJSON is a person who has no account yet, as they are told of
// themselves: it is they who logged in at the provider, so they may see its id.
type NewcomerJSON struct {
	Provider string              `json:"provider"`
	OAuthID  string              `json:"oauth_id"`
	Profile  NewcomerProfileJSON `json:"profile"`
}

// NewcomerProfileJSON is what the provider told us now; empty members are left out.
type NewcomerProfileJSON struct {
	Email           string `json:"email,omitempty"`
	Nickname        string `json:"nickname,omitempty"`
	ProfileImageURL string `json:"profile_image_url,omitempty"`
}

// NewNewcomerJSON renders a person without an account.
func NewNewcomerJSON(i user.Identity, p user.Profile) NewcomerJSON {
	return NewcomerJSON{
		Provider: i.Provider, OAuthID: i.Subject,
		Profile: NewcomerProfileJSON{Email: p.Email, Nickname: p.Nickname, ProfileImageURL: p.PictureURL},
	}
}

// UserJSON is a user as the user may see themself. The provider's own id is not
// in it.
type UserJSON struct {
	ID              string         `json:"id"`
	Roles           []string       `json:"roles"`
	ProfileComplete bool           `json:"profile_complete"`
	Identities      []IdentityJSON `json:"identities"`
	Profile         ProfileJSON    `json:"profile"`
	Fields          user.Fields    `json:"fields"`   // what they answered
	Consents        user.Consents  `json:"consents"` // what they said yes or no to, and when
}

// IdentityJSON is one way in which a user logs in.
type IdentityJSON struct {
	Provider string `json:"provider"`
}

// ProfileJSON is what the provider told us at sign-up; empty members are left out.
type ProfileJSON struct {
	Email         string `json:"email,omitempty"`
	EmailVerified bool   `json:"email_verified"`
	Nickname      string `json:"nickname,omitempty"`
	PictureURL    string `json:"picture_url,omitempty"`
}

// NewUserJSON renders a user.
func NewUserJSON(u *user.User) UserJSON {
	answers := u.Answers.Clone()
	j := UserJSON{
		ID: u.ID, Roles: u.Roles, ProfileComplete: u.ProfileComplete, Identities: []IdentityJSON{},
		Profile: ProfileJSON(u.Profile), Fields: answers.Fields, Consents: answers.Consents,
	}
	for _, i := range u.Identities {
		j.Identities = append(j.Identities, IdentityJSON{i.Provider})
	}
	return j
}
