package token

import (
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

// claims are the members of an access token (RFC 9068 §2.2): no email, no name.
type claims struct {
	registered
	ClientID        string   `json:"client_id"`
	SessionID       string   `json:"sid"`
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
	of, err := newRegistered(i.Issuer, i.Audience, a.UserID, i.Lifetime, now, i.Rand)
	if err != nil {
		return "", fmt.Errorf("access token: %w", err)
	}
	payload, err := json.Marshal(claims{
		registered: of, ClientID: i.ClientID, SessionID: a.SessionID, Roles: a.Roles, ProfileComplete: a.ProfileComplete,
	})
	if err != nil {
		return "", fmt.Errorf("access token claims: %w", err)
	}
	return jws.Sign(payload, accessType, i.Key.key())
}

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
	if !isID(c.Subject) || !isID(c.SessionID) {
		return Access{}, ErrClaims
	}
	if err := c.check(v.Issuer, v.Audience, MaxAccessLifetime, now); err != nil {
		return Access{}, err
	}
	return Access{
		UserID: c.Subject, SessionID: c.SessionID, Roles: c.Roles,
		ProfileComplete: c.ProfileComplete, ExpiresAt: time.Unix(c.ExpiresAt, 0),
	}, nil
}
