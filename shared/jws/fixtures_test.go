package jws_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
	"strings"
	"sync"
	"testing"

	"daemun/shared/jws"
)

const (
	typ     = "at+jwt"
	keyID   = "k1"
	payload = `{"sub":"01J0"}.` // 15 bytes; not JSON: package jws does not look into it
)

// ring is a set of keys by id.
type ring map[string]jws.PublicKey

// Key implements jws.Keys.
func (r ring) Key(kid string) (jws.PublicKey, bool) {
	k, ok := r[kid]
	return k, ok
}

// of is a ring of one key.
func of(k jws.PrivateKey) ring {
	return ring{k.ID: {ID: k.ID, Algorithm: k.Algorithm, Key: k.Signer.Public()}}
}

var newEC = sync.OnceValue(func() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
})

// The keys that most tests sign with, one for each algorithm.
func es256() jws.PrivateKey {
	return jws.PrivateKey{ID: keyID, Algorithm: jws.ES256, Signer: newEC()}
}

func edDSA() jws.PrivateKey {
	return jws.PrivateKey{ID: keyID, Algorithm: jws.EdDSA, Signer: ed25519.NewKeyFromSeed([]byte(strings.Repeat("s", 32)))}
}

func rs256() jws.PrivateKey {
	return jws.PrivateKey{ID: keyID, Algorithm: jws.RS256, Signer: rfc7515A2()}
}

// eachAlgorithm runs a test with a key of every algorithm.
func eachAlgorithm(t *testing.T, test func(t *testing.T, k jws.PrivateKey)) {
	for _, k := range []jws.PrivateKey{es256(), edDSA(), rs256()} {
		t.Run(k.Algorithm, func(t *testing.T) { test(t, k) })
	}
}

// headerOf is the header that Sign would make.
func headerOf(k jws.PrivateKey) string {
	return `{"alg":"` + k.Algorithm + `","typ":"` + typ + `","kid":"` + k.ID + `"}`
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func unb64(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// forge signs any header and payload, so that nothing but the mutation under
// test is wrong with the token.
func forge(t testing.TB, k jws.PrivateKey, header, payload string) string {
	t.Helper()
	return seal(t, k, b64(header)+"."+b64(payload))
}

// seal adds the signature to a text.
func seal(t testing.TB, k jws.PrivateKey, signed string) string {
	t.Helper()
	return signed + "." + b64(string(signatureOf(t, k, signed)))
}

// signatureOf signs as RFC 7518 §3 and RFC 8037 §3.1 say, without package jws.
func signatureOf(t testing.TB, k jws.PrivateKey, signed string) []byte {
	t.Helper()
	digest := sha256.Sum256([]byte(signed))
	var signature []byte
	var err error
	switch key := k.Signer.(type) {
	case *ecdsa.PrivateKey:
		var r, s *big.Int
		r, s, err = ecdsa.Sign(rand.Reader, key, digest[:])
		if err == nil {
			signature = rAndS(r, s)
		}
	case ed25519.PrivateKey:
		signature = ed25519.Sign(key, []byte(signed))
	case *rsa.PrivateKey:
		signature, err = rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	}
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

func rAndS(r, s *big.Int) []byte {
	b := make([]byte, 64)
	r.FillBytes(b[:32])
	s.FillBytes(b[32:])
	return b
}

// accepted fails the test if the token, which a mutation starts from or comes
// to, is not good.
func accepted(t testing.TB, token string, keys jws.Keys) []byte {
	t.Helper()
	got, err := jws.Verify(token, typ, keys)
	if err != nil {
		t.Fatalf("a good token is refused: %v", err)
	}
	return got
}
