package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"io"
	"time"

	"daemun/shared/jws"
)

// Secret is the kind of key that makes refresh tokens and seals transactions.
// The kinds of signing keys are the algorithms of package jws.
const Secret = "oct"

// rsaBits is the size of new RSA keys.
const rsaBits = 2048

// newKey makes a key of the kind: Secret or an algorithm of package jws.
func newKey(kind string, random io.Reader, now time.Time) (k jwk, err error) {
	if kind == Secret {
		k = jwk{KeyType: Secret, K: make([]byte, secretSize)}
		_, err = io.ReadFull(random, k.K)
	} else {
		k, err = newSigningKey(kind, random)
	}
	if err != nil {
		return jwk{}, fmt.Errorf("new %s key: %w", kind, err)
	}
	id := make([]byte, 9)
	if _, err := io.ReadFull(random, id); err != nil {
		return jwk{}, fmt.Errorf("new key id: %w", err)
	}
	k.ID, k.Since = base64.RawURLEncoding.EncodeToString(id), now.Unix()
	return k, nil
}

func newSigningKey(algorithm string, random io.Reader) (jwk, error) {
	signer, err := newSigner(algorithm, random)
	if err != nil {
		return jwk{}, err
	}
	k, err := publicJWK(signer.Public())
	if err != nil {
		return jwk{}, err
	}
	k.Use, k.Algorithm = "sig", algorithm
	switch s := signer.(type) {
	case *ecdsa.PrivateKey:
		k.D, err = s.Bytes()
	case ed25519.PrivateKey:
		k.D = s.Seed()
	case *rsa.PrivateKey:
		k.D, k.P, k.Q = s.D.Bytes(), s.Primes[0].Bytes(), s.Primes[1].Bytes()
	}
	return k, err
}

func newSigner(algorithm string, random io.Reader) (crypto.Signer, error) {
	switch algorithm {
	case jws.ES256:
		return ecdsa.GenerateKey(elliptic.P256(), random)
	case jws.EdDSA:
		_, key, err := ed25519.GenerateKey(random)
		return key, err
	case jws.RS256:
		return rsa.GenerateKey(random, rsaBits)
	default:
		return nil, fmt.Errorf("want %s, %s, %s or %s", Secret, jws.ES256, jws.EdDSA, jws.RS256)
	}
}
