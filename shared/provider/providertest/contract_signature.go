package providertest

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"daemun/shared/jws"
)

// keyCases are tokens that no published key signed. ID-02, ID-06.
func keyCases() []idTokenCase {
	cases := []idTokenCase{
		header("kid missing with one key", nil, map[string]any{"kid": missing{}}),
		header("kid empty with one key", nil, map[string]any{"kid": ""}),
		header("kid unknown", jws.ErrUnknownKey, map[string]any{"kid": "x"}),
		header("kid path", jws.ErrUnknownKey, map[string]any{"kid": "../../dev/null"}),
		header("kid query", jws.ErrUnknownKey, map[string]any{"kid": "' OR 1=1--"}),
		{"signature of another key", Mutation{Sign: func(*Signer, string) []byte { return make([]byte, 256) }}, jws.ErrSignature},
	}
	for name, secret := range map[string]func(*rsa.PublicKey) []byte{
		"the client secret": func(*rsa.PublicKey) []byte { return []byte(OIDCClientSecret) },
		"an empty secret":   func(*rsa.PublicKey) []byte { return nil },
		"the modulus":       func(k *rsa.PublicKey) []byte { return k.N.Bytes() },
		"the key as DER":    x509.MarshalPKCS1PublicKey,
		"the key as PEM": func(k *rsa.PublicKey) []byte {
			return pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(k)})
		},
	} {
		c := header("alg HS256 with "+name, jws.ErrAlgorithm, map[string]any{"alg": "HS256"})
		c.mutate.Sign = func(s *Signer, text string) []byte { return hmacOf(text, secret(&s.rsa().PublicKey)) }
		cases = append(cases, c)
	}
	return cases
}

// secretCases are tokens that somebody signed who has not the secret.
func secretCases() []idTokenCase {
	with := func(secret string) Mutation {
		return Mutation{Sign: func(_ *Signer, text string) []byte { return hmacOf(text, []byte(secret)) }}
	}
	rs256 := header("alg RS256 instead", jws.ErrAlgorithm, map[string]any{"alg": "RS256"})
	return []idTokenCase{rs256,
		{"signature with an empty secret", with(""), jws.ErrSignature},
		{"signature with another secret", with(strings.Repeat("x", 32)), jws.ErrSignature},
		header("kid makes no difference", nil, map[string]any{"kid": "x"}),
	}
}

// keysOfTheHeader lets the header say where its key is: nobody looks. ID-05.
func (s *Suite) keysOfTheHeader(t *testing.T) {
	var visits atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visits.Add(1) }))
	t.Cleanup(elsewhere.Close)
	all := map[string]any{"jku": elsewhere.URL, "x5u": elsewhere.URL, "x5c": []string{"AAAA"},
		"jwk": map[string]any{"kty": "RSA", "kid": "key-0", "n": encode(rsaKeys[1]().N.Bytes()), "e": "AQAB"}}
	s.idToken(t, header("", nil, all))
	forged := header("", jws.ErrSignature, all)
	forged.mutate.Sign = func(_ *Signer, text string) []byte {
		other := NewSigner(SignerOptions{})
		other.Rotate()
		return other.sign(text)
	}
	s.idToken(t, forged)
	if visits.Load() != 0 {
		t.Errorf("%d requests to a URL of the header", visits.Load())
	}
}
