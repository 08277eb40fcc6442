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

// UserJSON is a user as the user may see themself. The provider's own id is not
// in it.
type UserJSON struct {
	ID              string         `json:"id"`
	Roles           []string       `json:"roles"`
	ProfileComplete bool           `json:"profile_complete"`
	Identities      []IdentityJSON `json:"identities"`
	Profile         ProfileJSON    `json:"profile"`
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
	j := UserJSON{
		ID: u.ID, Roles: u.Roles, ProfileComplete: u.ProfileComplete, Identities: []IdentityJSON{},
		Profile: ProfileJSON(u.Profile),
	}
	for _, i := range u.Identities {
		j.Identities = append(j.Identities, IdentityJSON{i.Provider})
	}
	return j
}
