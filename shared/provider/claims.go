package provider

import (
	"bytes"
	"errors"

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

// fill takes what is missing from another set of claims about the same person. What
// says how good a value is, comes from where the value does.
func (c *Claims) fill(from Claims) {
	if c.Email == "" {
		c.Email, c.EmailVerified, c.HostedDomain = from.Email, from.EmailVerified, from.HostedDomain
	}
	if c.Nickname == "" && c.Name == "" {
		c.Nickname, c.Name = from.Nickname, from.Name
	}
	if c.Picture == "" {
		c.Picture = from.Picture
	}
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
