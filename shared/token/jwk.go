package token

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"daemun/shared/jws"
	"daemun/shared/secret"
)

// Status says what a key of a set is used for.
type Status string

// The life of a key: published, used, kept until its last token has expired.
const (
	Next    Status = "next"    // checks, does not make; every instance learns it first
	Active  Status = "active"  // makes and checks
	Retired Status = "retired" // checks, does not make
)

// jwk is a JSON Web Key (RFC 7517, RFC 7518 §6, RFC 8037 §2) with three members
// of our own: status, since, and kms in the place of d.
type jwk struct {
	KeyType   string `json:"kty"`
	ID        string `json:"kid"`
	Use       string `json:"use,omitempty"`
	Algorithm string `json:"alg,omitempty"`
	Status    Status `json:"status,omitempty"`
	Since     int64  `json:"since,omitzero"` // Unix seconds: when it took the status
	Curve     string `json:"crv,omitempty"`
	X         octets `json:"x,omitempty"`
	Y         octets `json:"y,omitempty"`
	D         octets `json:"d,omitempty"`
	N         octets `json:"n,omitempty"`
	E         octets `json:"e,omitempty"`
	P         octets `json:"p,omitempty"`
	Q         octets `json:"q,omitempty"`
	K         octets `json:"k,omitempty"`
	KMS       string `json:"kms,omitempty"` // the ARN of the key, where AWS KMS holds its private part
}

// octets is base64url text without padding. It does not print: it may be a key.
type octets []byte

// Format implements fmt.Formatter for every verb.
func (o octets) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[octets]")) }

// MarshalText implements encoding.TextMarshaler.
func (o octets) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, o), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (o *octets) UnmarshalText(text []byte) error {
	b, err := base64.RawURLEncoding.Strict().AppendDecode(nil, text)
	if err != nil || bytes.ContainsAny(text, "\r\n") { // which the decoder skips
		return errors.New("not base64url") // the text is a key: it stays out of errors
	}
	*o = b
	return nil
}

// keyID keeps key ids free of the separators of our token formats.
var keyID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// parseSet reads a JWK Set (RFC 7517 §5) and checks what holds for every kind
// of set: ids well formed and unique, statuses known.
func parseSet(text []byte) ([]jwk, error) {
	var set struct {
		Keys []jwk `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, errors.New("key set is not a valid JWK Set") // err may quote a key
	}
	if len(set.Keys) == 0 {
		return nil, errors.New("key set is empty")
	}
	seen := map[string]bool{}
	for _, k := range set.Keys {
		switch {
		case !keyID.MatchString(k.ID):
			return nil, fmt.Errorf("key id %.70q: want %s", k.ID, keyID)
		case k.Use != "" && k.Use != "sig":
			return nil, fmt.Errorf("key %s: use %.20q: want sig", k.ID, k.Use)
		case seen[k.ID]:
			return nil, fmt.Errorf("key id %s is there twice", k.ID)
		case k.Status != Next && k.Status != Active && k.Status != Retired:
			return nil, fmt.Errorf("key %s: status %.20q: want next, active or retired", k.ID, k.Status)
		}
		seen[k.ID] = true
	}
	return set.Keys, nil
}

// activeOf returns the one key that makes tokens: of several active ones the
// newest. Where each key is a parameter of its own, promoting one takes two
// writes, and for a moment both keys are active.
func activeOf(keys []jwk) (jwk, error) {
	var active []jwk
	for _, k := range keys {
		if k.Status == Active {
			active = append(active, k)
		}
	}
	if len(active) == 0 {
		return jwk{}, errors.New("key set has no active key")
	}
	return slices.MaxFunc(active, func(a, b jwk) int {
		return cmp.Or(cmp.Compare(a.Since, b.Since), strings.Compare(a.ID, b.ID))
	}), nil
}

// secretSize is the size of a symmetric key in bytes: AES-256, and the output
// of SHA-256 as RFC 7518 §3.2 asks.
const secretSize = 32

// secret returns the key material of a symmetric key.
func (k jwk) secret() (secret.String, error) {
	if k.KeyType != "oct" || len(k.K) != secretSize {
		return secret.String{}, fmt.Errorf("key %s: want an oct key of %d bytes", k.ID, secretSize)
	}
	return secret.New(string(k.K)), nil
}

// public returns the public part of an asymmetric key.
func (k jwk) public() (jws.PublicKey, error) {
	key, err := k.publicKey()
	if err != nil {
		return jws.PublicKey{}, fmt.Errorf("key %s: %w", k.ID, err)
	}
	alg, err := jws.AlgorithmOf(key)
	if err != nil {
		return jws.PublicKey{}, fmt.Errorf("key %s: %w", k.ID, err)
	}
	if k.Use != "" && k.Use != "sig" {
		return jws.PublicKey{}, fmt.Errorf("key %s: use %.20q is not sig", k.ID, k.Use)
	}
	if k.Algorithm != "" && k.Algorithm != alg {
		return jws.PublicKey{}, fmt.Errorf("key %s: alg %.20q does not fit its type", k.ID, k.Algorithm)
	}
	return jws.PublicKey{ID: k.ID, Algorithm: alg, Key: key}, nil
}

func (k jwk) publicKey() (crypto.PublicKey, error) {
	switch k.KeyType + " " + k.Curve {
	case "EC P-256":
		return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, k.X...), k.Y...))
	case "OKP Ed25519":
		if len(k.X) != ed25519.PublicKeySize {
			return nil, errors.New("x has the wrong size")
		}
		return ed25519.PublicKey(k.X), nil
	case "RSA ":
		e := new(big.Int).SetBytes(k.E)
		if !e.IsInt64() || e.Int64() > 1<<31-1 {
			return nil, errors.New("e is too large")
		}
		return &rsa.PublicKey{N: new(big.Int).SetBytes(k.N), E: int(e.Int64())}, nil
	default:
		return nil, fmt.Errorf("kty %.10q with crv %.10q is not supported", k.KeyType, k.Curve)
	}
}

// private returns the key as one that signs; its public part must be there and fit.
func (k jwk) private() (jws.PrivateKey, error) {
	public, err := k.public()
	if err != nil {
		return jws.PrivateKey{}, err
	}
	signer, err := k.signer(public.Key)
	if _, away := signer.(elsewhere); k.KMS != "" && !away {
		return jws.PrivateKey{}, fmt.Errorf("key %s: only the private part of an ES256 key can lie in KMS, and only there", k.ID)
	}
	if err != nil {
		return jws.PrivateKey{}, fmt.Errorf("key %s: private part is missing or does not fit", k.ID)
	}
	return jws.PrivateKey{ID: k.ID, Algorithm: public.Algorithm, Signer: signer}, nil
}

func (k jwk) signer(public crypto.PublicKey) (crypto.Signer, error) {
	switch p := public.(type) {
	case *ecdsa.PublicKey:
		if k.KMS != "" && k.D == nil {
			return elsewhere{k.KMS, p}, nil
		}
		key, err := ecdsa.ParseRawPrivateKey(p.Curve, k.D)
		if err == nil && !key.PublicKey.Equal(p) {
			err = errors.New("d does not fit x and y")
		}
		return key, err
	case ed25519.PublicKey:
		if len(k.D) != ed25519.SeedSize {
			return nil, errors.New("d has the wrong size")
		}
		key := ed25519.NewKeyFromSeed(k.D)
		if !p.Equal(key.Public()) {
			return nil, errors.New("d does not fit x")
		}
		return key, nil
	case *rsa.PublicKey:
		integer := func(o octets) *big.Int { return new(big.Int).SetBytes(o) }
		key := &rsa.PrivateKey{PublicKey: *p, D: integer(k.D), Primes: []*big.Int{integer(k.P), integer(k.Q)}}
		key.Precompute()
		return key, key.Validate()
	default:
		return nil, errors.New("not a signing key")
	}
}
