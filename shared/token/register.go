package token

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-json-experiment/json"

	"daemun/shared/client"
	"daemun/shared/jws"
	"daemun/shared/user"
)

// Register is what a register token says: somebody logged in at a provider and
// has no account yet.
type Register struct {
	ID       string        // good for one account
	Identity user.Identity // who the provider says it is
	Profile  user.Profile  // what the provider says of them, as far as it fits
	// Client is the name of the client whose login it was, where that is to end in
	// JSON. Empty: it is to end in cookies, and the token is in one.
	Client    string
	ReturnTo  string // where a login that ends in cookies goes; "" if it did not fit
	ExpiresAt time.Time
}

const (
	// registerType marks register tokens.
	registerType = "register+jwt"
	// RegisterLifetime is how long a sign-up may take.
	RegisterLifetime = 10 * time.Minute
)

// registerLimits bound a register token, and the claims in it, in bytes. Browsers
// take cookies of 4096 bytes, with their names (RFC 6265bis §5.6), and API Gateway
// 10 KB of headers: beside the cookies of five logins on their way there is room
// for 2 KB, and beside no cookies for more than any profile needs that a provider
// is believed.
func registerLimits(inCookie bool) (text, claims int) {
	if inCookie {
		return 4000, 1200
	}
	return 8000, 4800
}

// registerClaims are the members of a register token. Its subject is the
// identity's key.
type registerClaims struct {
	registered
	ClientID      string `json:"client_id,omitzero"`
	ReturnTo      string `json:"return_to,omitzero"`
	Email         string `json:"email,omitzero"`
	EmailVerified bool   `json:"email_verified,omitzero"`
	Nickname      string `json:"nickname,omitzero"`
	Picture       string `json:"picture,omitzero"`
}

// registerAudience keeps register tokens apart from access tokens, beside their
// type: nobody else's API is asked to take them.
func registerAudience(issuer string) string { return issuer + "/auth/register" }

// RegisterIssuer makes register tokens.
type RegisterIssuer struct {
	Issuer string
	Key    SigningKey
	Rand   io.Reader
}

// claims are what a token says that is registered as of.
func (r *Register) claims(of registered) registerClaims {
	return registerClaims{
		registered: of, ClientID: r.Client, ReturnTo: r.ReturnTo, Email: r.Profile.Email,
		EmailVerified: r.Profile.EmailVerified, Nickname: r.Profile.Nickname, Picture: r.Profile.PictureURL,
	}
}

// Mint makes a register token of the identity, the profile, and the client or
// the address, that is valid from now for RegisterLifetime, and returns beside it
// what Verify will. What would make it too long is left out: the address, the
// picture, the nickname, the email, in this order, until it fits.
func (i *RegisterIssuer) Mint(r Register, now time.Time) (text string, kept Register, err error) {
	of, err := newRegistered(i.Issuer, registerAudience(i.Issuer), r.Identity.Key(), RegisterLifetime, now, i.Rand)
	if err != nil {
		return "", Register{}, fmt.Errorf("register token: %w", err)
	}
	r.ID, r.ExpiresAt = of.ID, time.Unix(of.ExpiresAt, 0)
	maxText, maxClaims := registerLimits(r.Client == "")
	payload, err := json.Marshal(r.claims(of))
	for _, least := range []*string{&r.ReturnTo, &r.Profile.PictureURL, &r.Profile.Nickname, &r.Profile.Email} {
		if err != nil || len(payload) <= maxClaims {
			break
		}
		*least = ""
		r.Profile.EmailVerified = r.Profile.EmailVerified && r.Profile.Email != ""
		payload, err = json.Marshal(r.claims(of))
	}
	if err != nil {
		return "", Register{}, fmt.Errorf("register token claims: %w", err)
	}
	text, err = jws.Sign(payload, registerType, i.Key.key())
	if err == nil && len(text) > maxText {
		err = errors.New("register token is too long: the signing key is too large")
	}
	if err != nil {
		return "", Register{}, err
	}
	return text, r, nil
}

// ErrDelivery means that a register token came in another way than it was given.
var ErrDelivery = errors.New("register token for another delivery")

// RegisterVerifier checks register tokens.
type RegisterVerifier struct {
	Issuer string
	Keys   VerificationKeys
}

// Verify checks the token and returns what it says. One that was given in a
// cookie is good in the cookie only, where no script has seen it; one that was
// given in JSON is never good there, so that nobody can plant theirs in
// another's browser. Not checked: whether it was used.
func (v *RegisterVerifier) Verify(token string, inCookie bool, now time.Time) (Register, error) {
	if longest, _ := registerLimits(inCookie); len(token) > longest {
		return Register{}, jws.ErrTooLong
	}
	payload, err := jws.Verify(token, registerType, &v.Keys)
	if err != nil {
		return Register{}, err
	}
	var c registerClaims
	if err := json.Unmarshal(payload, &c); err != nil {
		return Register{}, ErrClaims // err may quote the claims
	}
	identity, err := user.ParseIdentity(c.Subject)
	if err != nil || c.ClientID != "" && !client.IsName(c.ClientID) {
		return Register{}, ErrClaims
	}
	if err := c.check(v.Issuer, registerAudience(v.Issuer), RegisterLifetime, now); err != nil {
		return Register{}, err
	}
	if inCookie != (c.ClientID == "") {
		return Register{}, ErrDelivery
	}
	return Register{
		ID: c.ID, Identity: identity, Client: c.ClientID, ReturnTo: c.ReturnTo, ExpiresAt: time.Unix(c.ExpiresAt, 0),
		Profile: user.Profile{Email: c.Email, EmailVerified: c.EmailVerified, Nickname: c.Nickname, PictureURL: c.Picture},
	}, nil
}
