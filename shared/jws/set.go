package jws

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Set is the public keys of one algorithm that somebody else publishes.
type Set struct{ keys []PublicKey }

// ParseSet reads the keys of the algorithm from a JWK Set (RFC 7517 §5). It
// skips every key that it cannot use, as §5 asks: one of another type, use or
// algorithm, a weak one, one whose numbers make no key. A set without any
// usable key is no error; a text that is no set is one, and it is not quoted.
func ParseSet(text []byte, algorithm string) (*Set, error) {
	var raw struct {
		Keys []jsontext.Value `json:"keys"`
	}
	if json.Unmarshal(text, &raw) != nil || raw.Keys == nil {
		return nil, errors.New("not a JWK Set")
	}
	set := new(Set)
	for _, value := range raw.Keys {
		var k publicJWK
		if json.Unmarshal(value, &k) != nil || !k.signs(algorithm) {
			continue
		}
		if key, err := k.key(); err == nil {
			if got, err := AlgorithmOf(key); err == nil && got == algorithm {
				set.keys = append(set.keys, PublicKey{ID: k.ID, Algorithm: algorithm, Key: key})
			}
		}
	}
	return set, nil
}

// Len is the number of usable keys.
func (s *Set) Len() int { return len(s.keys) }

// Key implements Keys. Without a kid it finds a key only where there is no
// other (OpenID Connect Core 1.0 §10.1). Of two keys with one kid it is the
// first.
func (s *Set) Key(kid string) (PublicKey, bool) {
	if kid == "" && len(s.keys) != 1 {
		return PublicKey{}, false
	}
	i := slices.IndexFunc(s.keys, func(k PublicKey) bool { return kid == "" || k.ID == kid })
	if i < 0 {
		return PublicKey{}, false
	}
	return s.keys[i], true
}

// publicJWK is a public JSON Web Key (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2).
type publicJWK struct {
	KeyType    string   `json:"kty"`
	ID         string   `json:"kid"`
	Use        string   `json:"use"`
	Operations []string `json:"key_ops"`
	Algorithm  string   `json:"alg"`
	Curve      string   `json:"crv"`
	X          string   `json:"x"`
	Y          string   `json:"y"`
	N          string   `json:"n"`
	E          string   `json:"e"`
}

// signs reports whether the key is meant for signatures of the algorithm, as
// far as it says what it is for.
func (k *publicJWK) signs(algorithm string) bool {
	return (k.Use == "" || k.Use == "sig") && (k.Algorithm == "" || k.Algorithm == algorithm) &&
		(k.Operations == nil || slices.Contains(k.Operations, "verify"))
}

func (k *publicJWK) key() (crypto.PublicKey, error) {
	switch {
	case k.KeyType == "RSA":
		return k.rsa()
	case k.KeyType == "EC" && k.Curve == "P-256":
		x, errX := decode(k.X)
		y, errY := decode(k.Y)
		if err := errors.Join(errX, errY); err != nil {
			return nil, err
		}
		point := slices.Concat([]byte{4}, x, y) // SEC 1 §2.3.3; of another length it is refused
		return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	case k.KeyType == "OKP" && k.Curve == "Ed25519":
		x, err := decode(k.X)
		if err != nil || len(x) != ed25519.PublicKeySize {
			return nil, errors.New("not an Ed25519 key")
		}
		return ed25519.PublicKey(x), nil
	}
	return nil, fmt.Errorf("key type %.10q", k.KeyType)
}

// maximumRSA bounds the work of a signature check, in bytes of the modulus.
const maximumRSA = 1024

func (k *publicJWK) rsa() (crypto.PublicKey, error) {
	n, errN := decode(k.N)
	e, errE := decode(k.E)
	if err := errors.Join(errN, errE); err != nil {
		return nil, err
	}
	if len(n) > maximumRSA || len(e) > 4 {
		return nil, errors.New("RSA key is too large")
	}
	exponent := new(big.Int).SetBytes(e).Int64()
	key := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent)}
	if key.N.Bit(0) == 0 || roca(key.N) {
		return nil, errors.New("RSA key is weak")
	}
	return key, nil
}

// roca reports whether a modulus has the mark of the keys that Infineon's
// library made and that can be factored (CVE-2017-15361): modulo each of these
// primes it is a power of 65537. Of other keys less than one in 2^27 has it.
func roca(n *big.Int) bool {
	for _, prime := range []int64{11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157} {
		remainder := new(big.Int).Mod(n, big.NewInt(prime)).Int64()
		power := int64(1)
		for power != remainder {
			if power = power * (65537 % prime) % prime; power == 1 {
				return false
			}
		}
	}
	return true
}
