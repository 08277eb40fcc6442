package token

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-json-experiment/json"

	"daemun/shared/jws"
)

// Access is what an access token says of a person.
type Access struct {
	UserID          string
	SessionID       string
	Roles           []string
	ProfileComplete bool
	ExpiresAt       time.Time
}

// accessType marks access tokens (RFC 9068 §2.1).
const accessType = "at+jwt"

// MaxAccessLifetime is the longest life of an access token: what is revoked
// lives on for so long.
const MaxAccessLifetime = 15 * time.Minute

// leeway is how far another instance's clock may be ahead of ours.
const leeway = 60 * time.Second

// claims are the members of an access token (RFC 9068 §2.2): no email, no name.
type claims struct {
	Issuer          string   `json:"iss"`
	Audience        string   `json:"aud"`
	Subject         string   `json:"sub"`
	ClientID        string   `json:"client_id"`
	SessionID       string   `json:"sid"`
	IssuedAt        int64    `json:"iat"`
	ExpiresAt       int64    `json:"exp"`
	NotBefore       int64    `json:"nbf,omitzero"` // we make none
	ID              string   `json:"jti"`
	Roles           []string `json:"roles"`
	ProfileComplete bool     `json:"profile_complete"`
}

// AccessIssuer makes access tokens.
type AccessIssuer struct {
	Issuer   string
	Audience string
	ClientID string
	Lifetime time.Duration // at most MaxAccessLifetime
	Key      SigningKey
	Rand     io.Reader
}

// Mint makes an access token that is valid from now for Lifetime.
func (i *AccessIssuer) Mint(a Access, now time.Time) (string, error) {
	id := make([]byte, 16)
	if _, err := io.ReadFull(i.Rand, id); err != nil {
		return "", fmt.Errorf("access token id: %w", err)
	}
	payload, err := json.Marshal(claims{
		Issuer: i.Issuer, Audience: i.Audience, Subject: a.UserID, ClientID: i.ClientID, SessionID: a.SessionID,
		IssuedAt: now.Unix(), ExpiresAt: now.Add(i.Lifetime).Unix(), ID: base64.RawURLEncoding.EncodeToString(id),
		Roles: a.Roles, ProfileComplete: a.ProfileComplete,
	})
	if err != nil {
		return "", fmt.Errorf("access token claims: %w", err)
	}
	return jws.Sign(payload, accessType, i.Key.key())
}

// Why the claims of an access token are refused; package jws names the rest.
var (
	ErrClaims   = errors.New("claims are missing or malformed")
	ErrIssuer   = errors.New("token of another issuer")
	ErrAudience = errors.New("token for another audience")
	ErrExpired  = errors.New("token expired")
	ErrLifetime = errors.New("token lives too long")
	ErrFuture   = errors.New("token from the future")
)

// AccessVerifier checks access tokens.
type AccessVerifier struct {
	Issuer   string
	Audience string
	Keys     VerificationKeys
}

// Verify checks the token and returns what it says. Not checked: whether the
// session still lives; that costs a database read.
func (v *AccessVerifier) Verify(token string, now time.Time) (Access, error) {
	payload, err := jws.Verify(token, accessType, &v.Keys)
	if err != nil {
		return Access{}, err
	}
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return Access{}, ErrClaims // err may quote the claims
	}
	if err := v.check(c, now.Unix()); err != nil {
		return Access{}, err
	}
	return Access{
		UserID: c.Subject, SessionID: c.SessionID, Roles: c.Roles,
		ProfileComplete: c.ProfileComplete, ExpiresAt: time.Unix(c.ExpiresAt, 0),
	}, nil
}

// check judges the claims at the time now, in Unix seconds. There is no leeway
// for exp: our own clocks agree, and a late token is refreshed.
func (v *AccessVerifier) check(c claims, now int64) error {
	switch {
	case !isID(c.Subject) || !isID(c.SessionID) || !isID(c.ID) || c.IssuedAt <= 0 || c.ExpiresAt <= 0:
		return ErrClaims
	case c.Issuer != v.Issuer:
		return ErrIssuer
	case c.Audience != v.Audience:
		return ErrAudience
	case c.ExpiresAt <= now:
		return ErrExpired
	case c.ExpiresAt-c.IssuedAt > int64(MaxAccessLifetime/time.Second):
		return ErrLifetime
	case max(c.IssuedAt, c.NotBefore) > now+int64(leeway/time.Second):
		return ErrFuture
	}
	return nil
}

// isID reports whether a claim can be one of our ids: up to 255 characters of
// printable ASCII (OpenID Connect Core 1.0 §2 bounds sub so), and no space.
func isID(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != "" && len(s) <= 255
}
