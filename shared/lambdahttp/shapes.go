package lambdahttp

import (
	"cmp"
	"time"

	"daemun/shared/client"
	"daemun/shared/flow"
	"daemun/shared/session"
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

// SessionsJSON is a person's live sessions, the last used first.
type SessionsJSON struct {
	Sessions []SessionJSON `json:"sessions"`
}

// SessionJSON is a session as its owner may see it: enough to tell one's own
// devices from a stranger's, and neither the address nor the user agent.
type SessionJSON struct {
	ID         string    `json:"id"`      // as in the access token's sid; good for nothing without a key of ours
	Current    bool      `json:"current"` // of the access token that asks
	Client     string    `json:"client"`  // as in the access token's client_id
	Device     string    `json:"device"`  // such as "Chrome on Windows", or "unknown"
	Network    string    `json:"network"` // such as 203.0.113.0/24, or "unknown"
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at"` // the login, or the last refresh that rotated
}

// NewSessionsJSON renders sessions; current is the id of the one that asks.
func NewSessionsJSON(sessions []*session.Session, current string) SessionsJSON {
	j := SessionsJSON{Sessions: []SessionJSON{}}
	for _, s := range sessions {
		j.Sessions = append(j.Sessions, SessionJSON{
			ID: s.ID, Current: s.ID == current, Client: cmp.Or(s.Client, client.Default),
			Device: session.Summary(s.Device.UserAgent), Network: session.Network(s.Device.SourceIP),
			CreatedAt: s.CreatedAt.UTC().Truncate(time.Second), LastUsedAt: s.UsedAt().UTC().Truncate(time.Second),
		})
	}
	return j
}
