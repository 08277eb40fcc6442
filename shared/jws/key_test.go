package jws_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"math/big"
	"testing"

	"daemun/shared/jws"
)

// JW-04, TK-04.
func TestAlgorithmOf_OneForEachKindAndNoneForWeakOnes(t *testing.T) {
	modulus := func(bits uint) *big.Int { // its length is all that is looked at
		return new(big.Int).SetBit(big.NewInt(1), int(bits)-1, 1)
	}
	for name, test := range map[string]struct {
		key  crypto.PublicKey
		want string
	}{
		"P-256":           {newEC().Public(), jws.ES256},
		"Ed25519":         {edDSA().Signer.Public(), jws.EdDSA},
		"RSA 2048":        {&rsa.PublicKey{N: modulus(2048), E: 65537}, jws.RS256},
		"RSA 4096":        {&rsa.PublicKey{N: modulus(4096), E: 65537}, jws.RS256},
		"RSA 2047":        {&rsa.PublicKey{N: modulus(2047), E: 65537}, ""},
		"RSA 1024":        {&rsa.PublicKey{N: modulus(1024), E: 65537}, ""},
		"RSA, e = 1":      {&rsa.PublicKey{N: modulus(2048), E: 1}, ""},
		"RSA, e = 3":      {&rsa.PublicKey{N: modulus(2048), E: 3}, ""},
		"RSA, e even":     {&rsa.PublicKey{N: modulus(2048), E: 65538}, ""},
		"P-224":           {&ecdsa.PublicKey{Curve: elliptic.P224()}, ""},
		"P-384":           {&ecdsa.PublicKey{Curve: elliptic.P384()}, ""},
		"private":         {newEC(), ""},
		"RSA by value":    {rsa.PublicKey{N: modulus(2048), E: 65537}, ""},
		"symmetric":       {[]byte("secret"), ""},
		"none":            {nil, ""},
		"private Ed25519": {ed25519.PrivateKey(make([]byte, 64)), ""},
	} {
		got, err := jws.AlgorithmOf(test.key)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// A key that its owner put together wrongly neither signs nor accepts.
func TestVerify_RefusesKeysThatDoNotFitTheirAlgorithm(t *testing.T) {
	eachAlgorithm(t, func(t *testing.T, k jws.PrivateKey) {
		for _, other := range []string{jws.ES256, jws.EdDSA, jws.RS256, "HS256", "none", ""} {
			if other == k.Algorithm {
				continue
			}
			wrong := jws.PrivateKey{ID: keyID, Algorithm: other, Signer: k.Signer}
			token := forge(t, k, headerOf(wrong), payload)
			if _, err := jws.Verify(token, typ, of(wrong)); !errors.Is(err, jws.ErrSignature) {
				t.Errorf("verify as %q: %v", other, err)
			}
			if token, err := jws.Sign([]byte(payload), typ, wrong); err == nil {
				t.Errorf("signed as %q: %s", other, token)
			}
		}
	})
}
