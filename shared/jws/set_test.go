package jws_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"math/big"
	"strings"
	"testing"

	"daemun/shared/jws"
)

// public is the JSON Web Key of a test's key, without the closing brace.
func public(t testing.TB, k jws.PrivateKey) string {
	t.Helper()
	switch key := k.Signer.Public().(type) {
	case *ecdsa.PublicKey:
		point, err := key.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		return `{"kty":"EC","crv":"P-256","x":"` + b64(string(point[1:33])) + `","y":"` + b64(string(point[33:])) + `"`
	case ed25519.PublicKey:
		return `{"kty":"OKP","crv":"Ed25519","x":"` + b64(string(key)) + `"`
	case *rsa.PublicKey:
		return `{"kty":"RSA","n":"` + b64(string(key.N.Bytes())) + `","e":"AQAB"`
	}
	t.Fatal("unknown key")
	return ""
}

func parse(t testing.TB, algorithm string, keys ...string) *jws.Set {
	t.Helper()
	set, err := jws.ParseSet([]byte(`{"keys":[`+strings.Join(keys, ",")+`]}`), algorithm)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestParseSet_KeysVerify(t *testing.T) {
	eachAlgorithm(t, func(t *testing.T, k jws.PrivateKey) {
		jwk := public(t, k)
		token := forge(t, k, headerOf(k), payload)
		for _, members := range []string{``, `,"use":"sig"`, `,"alg":"` + k.Algorithm + `"`, `,"key_ops":["sign","verify"]`, `,"x5t":"x","other":[{}]`} {
			accepted(t, token, parse(t, k.Algorithm, jwk+`,"kid":"k1"`+members+`}`))
		}
	})
}

// JW-04: what cannot be used is passed over, whatever it is.
func TestParseSet_SkipsKeys(t *testing.T) {
	eachAlgorithm(t, func(t *testing.T, k jws.PrivateKey) {
		jwk := public(t, k)
		bad := []string{
			`1`, `null`, `"x"`, `[]`, `{}`, `{"kty":1}`, `{"kty":"oct","k":"AAAA"}`, `{"kty":"RSA"}`, `{"kty":"EC","crv":"P-256"}`, `{"kty":"OKP","crv":"Ed25519"}`,
			jwk + `,"use":"enc"}`, jwk + `,"key_ops":["encrypt"]}`, jwk + `,"key_ops":[]}`, jwk + `,"alg":"PS256"}`, jwk + `,"alg":"none"}`, jwk + `,"kid":7}`,
			strings.Replace(jwk, `"kty":"`, `"kty":"x`, 1) + `}`, strings.Replace(jwk, `"crv":"`, `"crv":"x`, 1) + `,"use":"enc"}`,
			strings.NewReplacer(`"x":"`, `"x":"AA`, `"n":"`, `"n":"=`).Replace(jwk) + `}`,
		}
		if got := parse(t, k.Algorithm, bad...).Len(); got != 0 {
			t.Errorf("%d keys are left", got)
		}
		for _, other := range []string{jws.ES256, jws.EdDSA, jws.RS256, jws.HS256, "none", ""} {
			if got := parse(t, other, jwk+"}").Len(); (got == 1) != (other == k.Algorithm) {
				t.Errorf("as %q: %d keys", other, got)
			}
		}
		accepted(t, forge(t, k, headerOf(k), payload), parse(t, k.Algorithm, append(bad, jwk+`,"kid":"k1"}`)...))
	})
}

// JW-04: RSA keys that hold nothing, or cost too much.
func TestParseSet_SkipsWeakRSAKeys(t *testing.T) {
	good := rfc7515A2().N
	modulus := func(n *big.Int) string { return b64(string(n.Bytes())) }
	of := func(n, e string) string { return `{"kty":"RSA","n":"` + n + `","e":"` + e + `"}` }
	for name, jwk := range map[string]string{
		"1024 bits":  of(modulus(new(big.Int).Rsh(good, 1024)), "AQAB"),
		"2047 bits":  of(modulus(new(big.Int).Rsh(good, 1)), "AQAB"),
		"even":       of(modulus(new(big.Int).Sub(good, big.NewInt(1))), "AQAB"),
		"9000 bits":  of(modulus(new(big.Int).SetBit(good, 8999, 1)), "AQAB"),
		"e = 1":      of(modulus(good), "AQ"),
		"e = 3":      of(modulus(good), "Aw"),
		"e = 0":      of(modulus(good), ""),
		"e is huge":  of(modulus(good), b64(strings.Repeat("\xff", 9))),
		"e negative": of(modulus(good), "-1"),
		"ROCA":       of(modulus(infineon()), "AQAB"),
	} {
		if got := parse(t, jws.RS256, jwk).Len(); got != 0 {
			t.Errorf("%s is taken", name)
		}
	}
	if got := parse(t, jws.RS256, of(modulus(good), "AQAB")).Len(); got != 1 {
		t.Error("the good one is not")
	}
}

// infineon is a modulus of 2048 bits with the mark of CVE-2017-15361: modulo the
// product of the small primes it is a power of 65537.
func infineon() *big.Int {
	primorial := big.NewInt(2)
	for p := int64(3); p < 168; p += 2 {
		if big.NewInt(p).ProbablyPrime(10) {
			primorial.Mul(primorial, big.NewInt(p))
		}
	}
	n := new(big.Int).Exp(big.NewInt(65537), big.NewInt(12345), primorial)
	return n.Add(n, new(big.Int).Mul(primorial, new(big.Int).Lsh(big.NewInt(1), uint(2048-primorial.BitLen())))) // odd, for 65537^x is
}

func TestParseSet_RefusesWhatIsNoSet(t *testing.T) {
	for _, text := range []string{``, `null`, `[]`, `{}`, `{"keys":null}`, `{"keys":{}}`, `{"keys":"x"}`, `{"KEYS":[]}`, `{"keys":[],"keys":[]}`, `{"keys":[]}x`,
		`{"keys":[{"kty":"RSA","kty":"RSA"}]}`, "{\"keys\":[\"\xff\"]}", `{"keys":[`} {
		if set, err := jws.ParseSet([]byte(text), jws.RS256); err == nil || set != nil {
			t.Errorf("%s is taken", text)
		}
	}
}

// ID-06: a token without a kid needs a set in which there is nothing to choose.
func TestSet_KeyWithoutID(t *testing.T) {
	k := edDSA()
	bare := forge(t, k, `{"alg":"EdDSA","typ":"at+jwt"}`, payload)
	one, other := public(t, k)+`,"kid":"k1"}`, public(t, k)+`,"kid":"k2"}`
	accepted(t, bare, parse(t, jws.EdDSA, one))
	accepted(t, bare, parse(t, jws.EdDSA, public(t, k)+"}", `{"kty":"RSA"}`))
	for _, keys := range [][]string{{one, other}, {}} {
		if _, err := jws.Verify(bare, typ, parse(t, jws.EdDSA, keys...)); !errors.Is(err, jws.ErrUnknownKey) {
			t.Errorf("%d keys: %v", len(keys), err)
		}
	}
}

func FuzzParseSet(f *testing.F) {
	for _, k := range []jws.PrivateKey{es256(), edDSA(), rs256()} {
		f.Add(`{"keys":[`+public(f, k)+`,"kid":"k1"}]}`, k.Algorithm)
	}
	f.Add(`{"keys":[{"kty":"EC","crv":"P-256","x":"`+b64(strings.Repeat("\x00", 32))+`","y":"`+b64(strings.Repeat("\x00", 32))+`"}]}`, jws.ES256)
	f.Fuzz(func(t *testing.T, text, algorithm string) {
		set, err := jws.ParseSet([]byte(text), algorithm)
		if err != nil {
			return
		}
		if key, ok := set.Key(""); ok {
			if got, err := jws.AlgorithmOf(key.Key); err != nil || got != algorithm || key.Algorithm != algorithm {
				t.Errorf("a key for %q: %v, %v", algorithm, key, err)
			}
		}
	})
}
