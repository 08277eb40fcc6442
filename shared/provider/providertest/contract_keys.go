package providertest

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"daemun/shared/fault"
	"daemun/shared/jws"
	"daemun/shared/provider"
)

// publishedKeys are the cases of a provider's JWK Set.
func (s *Suite) publishedKeys(t *testing.T) {
	t.Run("keys fetched when needed and kept", s.keysKept)
	t.Run("keys rotated just before signing", s.keysRotated)
	t.Run("keys removed", s.keyRemoved)
	t.Run("kid flood", s.keyFlood)
	t.Run("keys fetched once for all", s.keysOnce)
	t.Run("keys down", s.keysDown)
	t.Run("keys beside others", s.keysBesideOthers)
}

// JW-05.
func (s *Suite) keysKept(t *testing.T) {
	b := s.open(t, provider.Timeouts{})
	signer := s.Signer(b.fake)
	if got := b.fake.Hits(Keys); got != 0 {
		t.Errorf("%d requests for keys before a login", got)
	}
	for i, c := range []struct {
		pass time.Duration
		want int // requests in all; the fake says max-age=3600
	}{{0, 1}, {time.Hour - time.Second, 1}, {time.Second, 2}} {
		signer.Advance(c.pass)
		s.logsIn(t, b)
		if got := b.fake.Hits(Keys); got != c.want {
			t.Errorf("login %d: %d requests for keys, want %d", i, got, c.want)
		}
	}
}

// JW-01, F-13.
func (s *Suite) keysRotated(t *testing.T) {
	b := s.open(t, provider.Timeouts{})
	s.logsIn(t, b)
	s.Signer(b.fake).Rotate()
	s.logsIn(t, b)
	if got := b.fake.Hits(Keys); got != 2 {
		t.Errorf("%d requests for keys, want 2", got)
	}
}

// JW-06.
func (s *Suite) keyRemoved(t *testing.T) {
	b := s.open(t, provider.Timeouts{})
	signer := s.Signer(b.fake)
	s.logsIn(t, b)
	signer.Rotate()
	signer.Advance(25 * time.Hour)
	signer.Mutate(&Mutation{
		Header: func(h map[string]any) { h["kid"] = "key-0" },
		Sign: func(_ *Signer, text string) []byte {
			return NewSigner(SignerOptions{Algorithm: signer.options.Algorithm}).sign(text)
		},
	})
	got, err := s.login(t, b)
	s.refuses(t, got, err, fault.BadProviderResponse)
	if !errors.Is(err, jws.ErrUnknownKey) {
		t.Errorf("got %v", err)
	}
}

// JW-03: tokens of keys that do not exist, in one minute, with a good one between.
func (s *Suite) keyFlood(t *testing.T) {
	b := s.open(t, provider.Timeouts{})
	signer := s.Signer(b.fake)
	s.logsIn(t, b)
	for i := range 60 {
		signer.Mutate(&Mutation{Header: func(h map[string]any) { h["kid"] = fmt.Sprintf("random-%d", i) }})
		got, err := s.login(t, b)
		s.refuses(t, got, err, fault.BadProviderResponse)
		signer.Mutate(nil)
		if i%10 == 0 {
			s.logsIn(t, b)
		}
		signer.Advance(time.Second)
	}
	if got := b.fake.Hits(Keys) - 1; got > 2 {
		t.Errorf("%d more requests for keys, want at most 2", got)
	}
}

func (s *Suite) keysOnce(t *testing.T) {
	b := s.open(t, provider.Timeouts{})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { s.logsIn(t, b) })
	}
	all.Wait()
	if got := b.fake.Hits(Keys); got != 1 {
		t.Errorf("%d requests for keys, want 1", got)
	}
}

// noKeys are answers of a provider that has none for us now.
func noKeys() map[string]Answer {
	return map[string]Answer{
		"500": JSON(500, ""), "404": JSON(404, ""), "429": RetryAfter(429, 1), "hangs": Hang(), "closed": Cut(), "drips": Drip(),
		"redirect": Redirect(302, "http://169.254.169.254/"), "HTML": Body(200, "text/html", "<p>"+Marker), "garbage": JSON(200, Marker),
		"endless": Huge(0), "10 MB": Huge(10 << 20), "array": JSON(200, `[]`), "no keys": JSON(200, `{}`), "empty": JSON(200, `{"keys":[]}`),
		"keys null": JSON(200, `{"keys":null}`), "keys object": JSON(200, `{"keys":{}}`), "twice": JSON(200, `{"keys":[],"keys":[]}`),
		"10 000 of nothing": JSON(200, `{"keys":[`+strings.Repeat(`{"kty":"RSA"},`, 9999)+`{}]}`),
		"not objects":       JSON(200, `{"keys":[1,"x",null,[],{"kty":1},{"kty":"RSA","n":1}]}`),
		"RSA 1024":          JSON(200, `{"keys":[{"kty":"RSA","kid":"key-0","n":"`+encode(big.NewInt(0).SetBit(big.NewInt(1), 1023, 1).Bytes())+`","e":"AQAB"}]}`),
		"RSA with e = 1":    JSON(200, `{"keys":[{"kty":"RSA","kid":"key-0","n":"`+encode(rsaKeys[0]().N.Bytes())+`","e":"AQ"}]}`),
		"for encryption":    JSON(200, `{"keys":[{"kty":"RSA","kid":"key-0","use":"enc","n":"`+encode(rsaKeys[0]().N.Bytes())+`","e":"AQAB"}]}`),
		"of another alg":    JSON(200, `{"keys":[{"kty":"RSA","kid":"key-0","alg":"PS256","n":"`+encode(rsaKeys[0]().N.Bytes())+`","e":"AQAB"}]}`),
		"not to verify":     JSON(200, `{"keys":[{"kty":"RSA","kid":"key-0","key_ops":["encrypt"],"n":"`+encode(rsaKeys[0]().N.Bytes())+`","e":"AQAB"}]}`),
		"EC off the curve":  JSON(200, `{"keys":[{"kty":"EC","kid":"key-0","crv":"P-256","x":"`+encode(make([]byte, 32))+`","y":"`+encode(make([]byte, 32))+`"}]}`),
	}
}

// JW-04, F-12: without keys a login fails soon; with old ones it does not, for
// an hour.
func (s *Suite) keysDown(t *testing.T) {
	limits := map[string]time.Duration{"hangs": impatient, "drips": impatient} // metadata is asked so too, and does answer
	for name, answer := range noKeys() {
		t.Run(name, func(t *testing.T) {
			b := s.open(t, provider.Timeouts{Keys: limits[name]})
			signer := s.Signer(b.fake)
			b.fake.Always(Keys, answer)
			got, err := s.login(t, b)
			s.refuses(t, got, err, fault.TemporarilyUnavailable)
			if b.fake.Hits(Userinfo) != 0 {
				t.Error("userinfo was asked")
			}
			asked := b.fake.Hits(Keys)
			got, err = s.login(t, b)
			s.refuses(t, got, err, fault.TemporarilyUnavailable)
			if b.fake.Hits(Keys) != asked {
				t.Errorf("%d requests for keys right after it had none", b.fake.Hits(Keys)-asked)
			}
			b.fake.Always(Keys, nil)
			signer.Advance(2 * time.Second)
			s.logsIn(t, b)
			b.fake.Always(Keys, answer)
			for _, pass := range []time.Duration{0, time.Hour, 10 * time.Second, 59 * time.Minute} {
				signer.Advance(pass)
				s.logsIn(t, b)
			}
			signer.Advance(time.Minute)
			got, err = s.login(t, b)
			s.refuses(t, got, err, fault.TemporarilyUnavailable)
		})
	}
	b := s.open(t, provider.Timeouts{})
	b.fake.Next(Keys, JSON(500, ""))
	s.logsIn(t, b) // asked twice
}

// A good key is found among any others (ID-06).
func (s *Suite) keysBesideOthers(t *testing.T) {
	b := s.open(t, provider.Timeouts{})
	others := []any{
		map[string]any{"kty": "oct", "kid": "key-0", "k": "AAAA"},
		map[string]any{"kty": "EC", "kid": "key-0", "crv": "P-521", "x": "AAAA", "y": "AAAA"},
		map[string]any{"kty": "RSA", "kid": "key-0", "use": "enc", "n": encode(rsaKeys[1]().N.Bytes()), "e": "AQAB"},
		map[string]any{"kty": "RSA", "kid": "key-0", "n": "AAAA", "e": "AQAB"},
		map[string]any{"kty": "AKP", "kid": "key-0", "alg": "ML-DSA-44"}, 7, nil, "x",
	}
	s.Signer(b.fake).Publish(others, others)
	s.logsIn(t, b)
}
