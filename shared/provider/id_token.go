package provider

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"daemun/shared/fault"
	"daemun/shared/user"
)

// Why an id_token is refused, besides the errors of package jws. Each is the
// cause of a fault, and its text is what the log shows.
var (
	ErrNoIDToken       = errors.New("no id_token")
	ErrClaims          = errors.New("claims malformed")
	ErrIssuer          = errors.New("wrong iss")
	ErrAudience        = errors.New("wrong aud")
	ErrAuthorizedParty = errors.New("wrong azp")
	ErrClockSkew       = errors.New("clock_skew") // expired, too old, or not valid yet
	ErrNonce           = errors.New("wrong nonce")
	ErrAccessTokenHash = errors.New("wrong at_hash")
	ErrSubject         = errors.New("wrong sub")
)

const (
	leeway = 60 * time.Second // how far the provider's clock may be off, either way
	// maxIDTokenAge is far more than a token needs that was made a moment ago for
	// a login of ten minutes, and far less than one needs that was kept.
	maxIDTokenAge = 24 * time.Hour
)

// IDTokens checks the id_tokens of one application at one provider by all the
// rules of OpenID Connect Core 1.0 §3.1.3.7 and §3.1.3.8 that apply to a login
// which asks for neither max_age nor acr. Not checked: auth_time, acr, amr.
type IDTokens struct {
	Provider  string   // Name of the Provider, for the identity
	Issuers   []string // any of these, exactly
	Audiences []string // our client ids; a token for anybody else too is refused
	Keys      KeySource
	Now       func() time.Time
	// InsecureNonceMayBeMissing is for providers of whom nobody knows whether they
	// repeat the nonce: what ties the code to the login then is PKCE alone. A
	// nonce that is there must match all the same.
	InsecureNonceMayBeMissing bool
}

// IDToken is an id_token that was found good.
type IDToken struct {
	Identity user.Identity
	payload  []byte
}

// Claims reads more claims into a struct. Fault: bad_provider_response.
func (t *IDToken) Claims(into any) error {
	if json.Unmarshal(t.payload, into) != nil { // its text quotes the claims
		return refuseIDToken(ErrClaims)
	}
	return nil
}

// sameSubject refuses a user object of somebody else than the id_token's
// subject (OpenID Connect Core 1.0 §5.3.2). Fault: bad_provider_response.
func (t *IDToken) sameSubject(subject string) error {
	if subject != t.Identity.Subject {
		return fault.Newf(fault.BadProviderResponse, "userinfo: %w: not the id_token's", ErrSubject)
	}
	return nil
}

// refuseIDToken makes the fault. Nothing of the token is in it.
func refuseIDToken(cause error) error {
	return fault.Newf(fault.BadProviderResponse, "id_token: %w", cause)
}

// claims are those that decide.
type claims struct {
	Issuer          string         `json:"iss"`
	Subject         string         `json:"sub"`
	Audience        jsontext.Value `json:"aud"`
	AuthorizedParty *string        `json:"azp"`
	Expires         *int64         `json:"exp"`
	IssuedAt        *int64         `json:"iat"`
	NotBefore       *int64         `json:"nbf"`
	Nonce           *string        `json:"nonce"`
	AccessTokenHash *string        `json:"at_hash"`
}

// Verify checks the id_token of a token answer for the login that sent the
// nonce. Faults: bad_provider_response, whose cause is one of the errors above
// or of package jws; temporarily_unavailable.
func (v *IDTokens) Verify(ctx context.Context, t Tokens, nonce string) (*IDToken, error) {
	if t.ID.Empty() {
		return nil, refuseIDToken(ErrNoIDToken)
	}
	payload, err := v.Keys.Verify(ctx, t.ID.Reveal())
	var unavailable *fault.Error
	switch {
	case errors.As(err, &unavailable):
		return nil, unavailable
	case err != nil:
		return nil, refuseIDToken(err)
	}
	var c claims
	if json.Unmarshal(payload, &c) != nil { // null has no claim that must be there
		return nil, refuseIDToken(ErrClaims)
	}
	if err := errors.Join(v.parties(&c), v.times(&c), v.bindings(&c, t.Access.Reveal(), nonce)); err != nil {
		return nil, refuseIDToken(err)
	}
	identity, err := user.NewIdentity(v.Provider, c.Subject)
	if err != nil {
		return nil, refuseIDToken(fmt.Errorf("%w: %w", ErrSubject, err))
	}
	return &IDToken{Identity: identity, payload: payload}, nil
}

// parties checks who made the token, and for whom.
func (v *IDTokens) parties(c *claims) error {
	if !slices.Contains(v.Issuers, c.Issuer) {
		return ErrIssuer
	}
	audience, err := audienceOf(c.Audience)
	ours := func(id string) bool { return slices.Contains(v.Audiences, id) }
	switch {
	case err != nil:
		return err
	case len(audience) == 0 || slices.ContainsFunc(audience, func(id string) bool { return !ours(id) }):
		return ErrAudience
	case c.AuthorizedParty != nil && !ours(*c.AuthorizedParty), c.AuthorizedParty == nil && len(audience) > 1:
		return ErrAuthorizedParty
	}
	return nil
}

// audienceOf reads a string or an array of strings (RFC 7519 §4.1.3).
func audienceOf(raw jsontext.Value) ([]string, error) {
	if raw.Kind() == '"' {
		raw = slices.Concat(jsontext.Value("["), raw, jsontext.Value("]"))
	}
	var audience []string
	if json.Unmarshal(raw, &audience) != nil {
		return nil, fmt.Errorf("%w: aud", ErrClaims)
	}
	return audience, nil
}

// latest keeps the sums with a leeway far from overflow: it is the year 9999.
const latest = 253402300799

// times checks the clock. In the log it is told how far off it is.
func (v *IDTokens) times(c *claims) error {
	for name, value := range map[string]*int64{"exp": c.Expires, "iat": c.IssuedAt, "nbf": c.NotBefore} {
		if value == nil && name != "nbf" || value != nil && (*value < 0 || *value > latest) {
			return fmt.Errorf("%w: %s", ErrClaims, name)
		}
	}
	now := v.Now()
	since := func(seconds int64) time.Duration { return now.Sub(time.Unix(seconds, 0)).Truncate(time.Second) }
	switch {
	case since(*c.Expires) >= leeway:
		return fmt.Errorf("%w: exp is %v ago", ErrClockSkew, since(*c.Expires))
	case since(*c.IssuedAt) > maxIDTokenAge:
		return fmt.Errorf("%w: iat is %v ago", ErrClockSkew, since(*c.IssuedAt))
	case since(*c.IssuedAt) < -leeway:
		return fmt.Errorf("%w: iat is in %v", ErrClockSkew, -since(*c.IssuedAt))
	case c.NotBefore != nil && since(*c.NotBefore) < -leeway:
		return fmt.Errorf("%w: nbf is in %v", ErrClockSkew, -since(*c.NotBefore))
	}
	return nil
}

// bindings checks that the token belongs to this login and this access token.
func (v *IDTokens) bindings(c *claims, access, nonce string) error {
	switch {
	case c.Nonce == nil && !v.InsecureNonceMayBeMissing, nonce == "":
		return ErrNonce
	case c.Nonce != nil && subtle.ConstantTimeCompare([]byte(*c.Nonce), []byte(nonce)) != 1:
		return ErrNonce
	case c.AccessTokenHash != nil && *c.AccessTokenHash != accessTokenHash(access):
		return ErrAccessTokenHash
	}
	return nil
}

// accessTokenHash is the left half of the hash that RS256, ES256 and HS256 use
// (OpenID Connect Core 1.0 §3.1.3.6).
func accessTokenHash(access string) string {
	sum := sha256.Sum256([]byte(access))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}
