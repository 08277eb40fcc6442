package token

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"
)

// Why the claims of a token of ours are refused; package jws names the rest.
var (
	ErrClaims   = errors.New("claims are missing or malformed")
	ErrIssuer   = errors.New("token of another issuer")
	ErrAudience = errors.New("token for another audience")
	ErrExpired  = errors.New("token expired")
	ErrLifetime = errors.New("token lives too long")
	ErrFuture   = errors.New("token from the future")
)

// leeway is how far another instance's clock may be ahead of ours.
const leeway = 60 * time.Second

// registered are the claims that every JWT of ours has (RFC 7519 §4.1).
type registered struct {
	Issuer    string `json:"iss"`
	Audience  string `json:"aud"`
	Subject   string `json:"sub"`
	IssuedAt  int64  `json:"iat"`
	ExpiresAt int64  `json:"exp"`
	NotBefore int64  `json:"nbf,omitzero"` // we make none
	ID        string `json:"jti"`          // 128 random bits
}

// newRegistered makes the claims of a token that is valid from now for life.
func newRegistered(issuer, audience, subject string, life time.Duration, now time.Time, random io.Reader) (registered, error) {
	id := make([]byte, 16)
	if _, err := io.ReadFull(random, id); err != nil {
		return registered{}, fmt.Errorf("id: %w", err)
	}
	return registered{
		Issuer: issuer, Audience: audience, Subject: subject,
		IssuedAt: now.Unix(), ExpiresAt: now.Add(life).Unix(), ID: base64.RawURLEncoding.EncodeToString(id),
	}, nil
}

// check judges the claims at the time now; the subject is for the caller, who
// knows what it is. There is no leeway for exp: our own clocks agree, and a late
// token is made anew.
func (r registered) check(issuer, audience string, life time.Duration, now time.Time) error {
	switch {
	case !isID(r.ID) || r.IssuedAt <= 0 || r.ExpiresAt <= 0:
		return ErrClaims
	case r.Issuer != issuer:
		return ErrIssuer
	case r.Audience != audience:
		return ErrAudience
	case r.ExpiresAt <= now.Unix():
		return ErrExpired
	case r.ExpiresAt-r.IssuedAt > int64(life/time.Second):
		return ErrLifetime
	case max(r.IssuedAt, r.NotBefore) > now.Add(leeway).Unix():
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
