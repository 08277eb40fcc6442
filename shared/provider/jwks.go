package provider

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"daemun/shared/fault"
	"daemun/shared/jws"
	"daemun/shared/secret"
)

// KeySource checks the signatures of one provider's id_tokens by exactly one
// algorithm.
type KeySource interface {
	// Verify returns the payload of a token with a good signature. Its errors are
	// those of jws.VerifyAs, or the fault temporarily_unavailable if the keys
	// cannot be had.
	Verify(ctx context.Context, token string) ([]byte, error)
	// Check reports what is wrong with the configuration.
	Check() error
}

// typesOfIDTokens are the values of typ in id_tokens: the one that RFC 7519 §5.1
// recommends, or none. Types that RFC 8725 §3.11 made up for other tokens, such
// as our own, are refused.
func typesOfIDTokens() []string { return []string{"JWT", ""} }

// SharedSecret is the KeySource of id_tokens that are signed with HS256 and the
// client secret.
type SharedSecret struct{ Secret secret.String }

// Check implements KeySource. Functions that check no id_token have no secret.
func (s SharedSecret) Check() error { return nil }

// Verify implements KeySource.
func (s SharedSecret) Verify(_ context.Context, token string) ([]byte, error) {
	return jws.VerifyAs(token, jws.Expect{Types: typesOfIDTokens(), Algorithm: jws.HS256}, sharedKey{jws.SharedKey(s.Secret)})
}

// sharedKey is the one key, whatever kid says.
type sharedKey struct{ key jws.PublicKey }

func (k sharedKey) Key(string) (jws.PublicKey, bool) { return k.key, true }

// JWKS is the KeySource of a provider that publishes its public keys. They are
// fetched when the first token comes, kept as long as the provider's
// Cache-Control allows (5 minutes to 24 hours), and fetched once more for a
// token whose key is not among them, at most every 30 seconds. While the
// provider fails, keys serve one hour longer; without any, it is left alone for
// two seconds, or as long as it asks for.
type JWKS struct {
	client         *Client
	url, algorithm string
	keys           cached[*jws.Set]
}

// NewJWKS makes the KeySource for tokens signed by the algorithm with the keys
// at url; of one client it is always the same one. It makes no network request.
func NewJWKS(c *Client, url, algorithm string) *JWKS {
	j := &JWKS{client: c, url: url, algorithm: algorithm}
	j.keys = cached[*jws.Set]{now: c.now, fetch: j.fetch}
	return keep(c, "keys "+algorithm+" "+url, j)
}

// Check implements KeySource.
func (j *JWKS) Check() error { return j.client.CheckEndpoint("JWKS URL", j.url) }

// Verify implements KeySource.
func (j *JWKS) Verify(ctx context.Context, token string) ([]byte, error) {
	set, fresh, err := j.keys.get(ctx)
	if err != nil {
		return nil, &fault.Error{Code: fault.TemporarilyUnavailable, Err: err, RetryAfter: fault.From(err).RetryAfter,
			Message: "The login provider's keys cannot be had. Start again in a moment."}
	}
	expect := jws.Expect{Types: typesOfIDTokens(), Algorithm: j.algorithm}
	payload, err := jws.VerifyAs(token, expect, set)
	if fresh || !errors.Is(err, jws.ErrUnknownKey) {
		return payload, err
	}
	newer, failed := j.keys.renew(ctx)
	if failed != nil {
		return nil, err
	}
	return jws.VerifyAs(token, expect, newer)
}

func (j *JWKS) fetch(ctx context.Context) (*jws.Set, time.Duration, error) {
	answer, err := j.client.getPublic(ctx, "keys", j.url)
	if err != nil {
		return nil, 0, err
	}
	if err := answer.isA("application/json", "application/jwk-set+json"); err != nil {
		return nil, 0, err
	}
	set, err := jws.ParseSet(answer.body, j.algorithm)
	switch {
	case err != nil:
		return nil, 0, fault.New(fault.BadProviderResponse, err)
	case set.Len() == 0: // keys that were good serve better
		return nil, 0, fault.Newf(fault.BadProviderResponse, "keys: none that can be used")
	}
	return set, answer.maxAge(), nil
}

// maxAge is how long the answer may be kept (RFC 9111 §5.2.2.1), zero if it does
// not say so. The age that it already has is not taken off.
func (a *answer) maxAge() time.Duration {
	for directive := range strings.SplitSeq(strings.Join(a.header.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		if strings.EqualFold(name, "max-age") {
			seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31)
			if err != nil {
				return 0
			}
			return time.Duration(seconds) * time.Second
		}
	}
	return 0
}
