package jws

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"

	"github.com/golang-jwt/jwt/v5"

	"daemun/shared/secret"
)

// The algorithms that we sign with and accept (RFC 7518 §3.1, RFC 8037 §3.1).
const (
	ES256 = "ES256"
	EdDSA = "EdDSA"
	RS256 = "RS256"
)

// HS256 is accepted with a SharedKey only, and never signed with.
const HS256 = "HS256"

// methods makes and checks the signatures; the algorithm names come from keys,
// never from a token's header.
var methods = map[string]jwt.SigningMethod{
	ES256: jwt.SigningMethodES256,
	EdDSA: jwt.SigningMethodEdDSA,
	RS256: jwt.SigningMethodRS256,
}

// Keys finds the key that a token's header names; kid is "" where it names none.
type Keys interface {
	Key(kid string) (PublicKey, bool)
}

// PublicKey checks signatures of exactly one algorithm.
type PublicKey struct {
	ID        string
	Algorithm string
	Key       crypto.PublicKey
}

// PrivateKey makes signatures of exactly one algorithm. The Signer of an ES256
// key may be anything that makes ECDSA signatures in ASN.1, wherever its private
// part lies; the others are keys of the standard library.
type PrivateKey struct {
	ID        string
	Algorithm string
	Signer    crypto.Signer
}

// minimumRSA is the shortest RSA key that RFC 7518 §3.3 allows, in bits.
const minimumRSA = 2048

// AlgorithmOf is the one algorithm that a key of this type is used with. It
// refuses weak keys and types that we do not sign with.
func AlgorithmOf(key crypto.PublicKey) (string, error) {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return "", errors.New("EC key is not on P-256")
		}
		return ES256, nil
	case ed25519.PublicKey:
		return EdDSA, nil
	case *rsa.PublicKey:
		if k.N.BitLen() < minimumRSA || k.E < 65537 || k.E%2 == 0 {
			return "", errors.New("RSA key is too weak")
		}
		return RS256, nil
	default:
		return "", fmt.Errorf("key type %T cannot sign", key)
	}
}

// sharedKey is the secret of a SharedKey.
type sharedKey struct{ secret.String }

// SharedKey checks HS256 signatures (RFC 7518 §3.2). That a token names this
// algorithm never makes one: the caller does, who knows that nobody but the
// token's maker and itself has the secret. One below 256 bits checks nothing.
func SharedKey(s secret.String) PublicKey {
	return PublicKey{Algorithm: HS256, Key: sharedKey{s}}
}

// minimumShared is the shortest secret that RFC 7518 §3.2 allows, in bytes.
const minimumShared = 32

func (k sharedKey) verify(signed string, signature []byte) error {
	bytes := []byte(k.Reveal())
	if len(bytes) < minimumShared {
		return errors.New("shared secret is too short")
	}
	return jwt.SigningMethodHS256.Verify(signed, signature, bytes)
}

func (k PublicKey) verify(signed string, signature []byte) error {
	if shared, ok := k.Key.(sharedKey); ok && k.Algorithm == HS256 {
		return shared.verify(signed, signature)
	}
	method, ok := methods[k.Algorithm]
	if !ok {
		return errors.New("key without algorithm")
	}
	return method.Verify(signed, signature, k.Key)
}

func (k PrivateKey) sign(signed string) ([]byte, error) {
	method, ok := methods[k.Algorithm]
	if !ok {
		return nil, errors.New("key without algorithm")
	}
	if _, here := k.Signer.(*ecdsa.PrivateKey); k.Algorithm == ES256 && !here {
		return signElsewhere(k.Signer, signed)
	}
	return method.Sign(signed, k.Signer)
}
