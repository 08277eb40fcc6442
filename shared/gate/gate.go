// Package gate owns the verdict on an access token: may the bearer of this
// request come in, and who are they? Our own routes use it, and so do the
// authorizers that guard other APIs.
//
// It knows neither events nor responses, asks no network and no table. Not
// checked here: whether the session was ended since; an access token outlives a
// logout by at most its own life.
package gate

import (
	"errors"
	"strings"
	"time"

	"daemun/shared/fault"
	"daemun/shared/token"
)

// Gate judges access tokens.
type Gate struct {
	Verifier token.AccessVerifier
	Now      func() time.Time
}

// ErrNoToken means that the request carries no usable token at all.
var ErrNoToken = errors.New("no bearer token")

// Bearer takes the token out of an Authorization header (RFC 6750 §2.1). The
// scheme's case is free; anything but one token after one space is refused,
// also the comma-joined rest of two headers.
func Bearer(authorization string) (string, error) {
	scheme, accessToken, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") || accessToken == "" || strings.ContainsAny(accessToken, " ,\t") {
		return "", fault.New(fault.InvalidToken, ErrNoToken)
	}
	return accessToken, nil
}

// Admit returns who the access token speaks for. Every refusal is the fault
// invalid_token; its cause says why.
func (g *Gate) Admit(accessToken string) (token.Access, error) {
	a, err := g.Verifier.Verify(accessToken, g.Now())
	if err != nil {
		return token.Access{}, fault.New(fault.InvalidToken, err)
	}
	return a, nil
}
