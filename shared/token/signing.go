package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/binary"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"daemun/shared/jws"
)

// SigningKey makes access and register tokens: the active key of a private JWK
// Set. It lies behind a function, where nothing that prints a SigningKey can
// reach it.
type SigningKey struct {
	key func() jws.PrivateKey
	all []jws.PublicKey
}

// VerificationKeys checks what any key of the set made: also the next one, with
// which another instance may sign already, and the retired ones.
func (s *SigningKey) VerificationKeys() VerificationKeys { return VerificationKeys{s.all} }

// UnmarshalText reads a private JWK Set. It refuses sets without exactly one
// active key, weak keys, and keys whose parts do not fit.
func (s *SigningKey) UnmarshalText(text []byte) error {
	keys, err := parseSet(text)
	if err != nil {
		return err
	}
	all := make([]jws.PublicKey, 0, len(keys))
	for _, k := range keys {
		private, err := k.private()
		if err != nil {
			return err // a broken key is found when it is laid down, not when it becomes active
		}
		all = append(all, jws.PublicKey{ID: private.ID, Algorithm: private.Algorithm, Key: private.Signer.Public()})
	}
	active, err := activeOf(keys)
	if err != nil {
		return err
	}
	key, err := active.private()
	if err != nil {
		return err
	}
	s.key, s.all = func() jws.PrivateKey { return key }, all
	return nil
}

// VerificationKeys checks access and register tokens: every key of a public JWK
// Set.
type VerificationKeys struct{ keys []jws.PublicKey }

// UnmarshalText reads a JWK Set. It refuses sets with private members, so that
// a signing key never lies where only public keys belong, and weak keys.
func (v *VerificationKeys) UnmarshalText(text []byte) error {
	keys, err := parseSet(text)
	if err != nil {
		return err
	}
	v.keys = make([]jws.PublicKey, 0, len(keys))
	for _, k := range keys {
		if k.D != nil || k.P != nil || k.Q != nil || k.K != nil || k.KMS != "" {
			return fmt.Errorf("key %s: a private key among the verification keys", k.ID)
		}
		public, err := k.public()
		if err != nil {
			return err
		}
		v.keys = append(v.keys, public)
	}
	return nil
}

// Key implements jws.Keys.
func (v *VerificationKeys) Key(kid string) (jws.PublicKey, bool) {
	for _, k := range v.keys {
		if k.ID == kid {
			return k, true
		}
	}
	return jws.PublicKey{}, false
}

// Algorithms lists the algorithms of the keys, each once, in the keys' order.
func (v *VerificationKeys) Algorithms() []string {
	var algorithms []string
	seen := map[string]bool{}
	for _, k := range v.keys {
		if !seen[k.Algorithm] {
			algorithms = append(algorithms, k.Algorithm)
			seen[k.Algorithm] = true
		}
	}
	return algorithms
}

// JWKS is the JWK Set (RFC 7517 §5) that tells others how to check our tokens:
// public members only.
func (v *VerificationKeys) JWKS() (jsontext.Value, error) {
	set := struct {
		Keys []jwk `json:"keys"`
	}{}
	for _, k := range v.keys {
		p, err := publicJWK(k.Key)
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", k.ID, err)
		}
		p.ID, p.Algorithm, p.Use = k.ID, k.Algorithm, "sig"
		set.Keys = append(set.Keys, p)
	}
	return json.Marshal(set)
}

func publicJWK(key crypto.PublicKey) (jwk, error) {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		point, err := k.Bytes() // 4, x, y
		if err != nil {
			return jwk{}, err
		}
		half := 1 + len(point)/2
		return jwk{KeyType: "EC", Curve: "P-256", X: point[1:half], Y: point[half:]}, nil
	case ed25519.PublicKey:
		return jwk{KeyType: "OKP", Curve: "Ed25519", X: octets(k)}, nil
	case *rsa.PublicKey:
		e := binary.BigEndian.AppendUint32(nil, uint32(k.E)) //nolint:gosec // AlgorithmOf and publicKey bound e
		for e[0] == 0 {
			e = e[1:]
		}
		return jwk{KeyType: "RSA", N: k.N.Bytes(), E: e}, nil
	default:
		return jwk{}, fmt.Errorf("key type %T has no JWK", key)
	}
}
