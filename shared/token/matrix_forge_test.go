package token_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"daemun/shared/jws"
)

// object is a JSON object as it is written: its members keep their order and
// their spelling, right or wrong.
type object []struct{ name, value string }

func (o object) text() string {
	var written []string
	for _, m := range o {
		written = append(written, `"`+m.name+`":`+m.value)
	}
	return "{" + strings.Join(written, ",") + "}"
}

// with has another value for the member.
func (o object) with(name, value string) object {
	changed := slices.Clone(o)
	changed[o.find(name)].value = value
	return changed
}

// renamed has another name for the member.
func (o object) renamed(name, other string) object {
	changed := slices.Clone(o)
	changed[o.find(name)].name = other
	return changed
}

func (o object) without(name string) object {
	at := o.find(name)
	return slices.Delete(slices.Clone(o), at, at+1)
}

// before and after have one more member beside the one that is named.
func (o object) before(name, another, value string) object {
	return slices.Insert(slices.Clone(o), o.find(name), struct{ name, value string }{another, value})
}

func (o object) after(name, another, value string) object {
	return slices.Insert(slices.Clone(o), o.find(name)+1, struct{ name, value string }{another, value})
}

// value is the member's.
func (o object) value(name string) string { return o[o.find(name)].value }

func (o object) find(name string) int {
	return slices.IndexFunc(o, func(m struct{ name, value string }) bool { return m.name == name })
}

func quoted(s string) string { return `"` + s + `"` }

// encoded is text as a part of a token.
func encoded(text string) string { return b64([]byte(text)) }

// token signs any header and payload.
func (m *matrix) token(header, payload string) string {
	return m.seal(encoded(header) + "." + encoded(payload))
}

// seal adds the signature to a text.
func (m *matrix) seal(signed string) string {
	return signed + "." + b64(m.sign(m.key, signed))
}

// sign signs as RFC 7518 §3 and RFC 8037 §3.1 say, without package jws.
func (m *matrix) sign(k jws.PrivateKey, signed string) []byte {
	m.t.Helper()
	digest := sha256.Sum256([]byte(signed))
	switch key := k.Signer.(type) {
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
		if err != nil {
			m.t.Fatal(err)
		}
		return rAndS(r, s)
	case ed25519.PrivateKey:
		return ed25519.Sign(key, []byte(signed))
	case *rsa.PrivateKey:
		signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
		if err != nil {
			m.t.Fatal(err)
		}
		return signature
	default:
		m.t.Fatalf("key %T", key)
		return nil
	}
}

func rAndS(r, s *big.Int) []byte {
	b := make([]byte, 64)
	r.FillBytes(b[:32])
	s.FillBytes(b[32:])
	return b
}

// privateOf reads a private JWK without package token.
func privateOf(t testing.TB, key string) jws.PrivateKey {
	t.Helper()
	octets := func(name string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(member(t, key, name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	integer := func(name string) *big.Int { return new(big.Int).SetBytes(octets(name)) }
	k := jws.PrivateKey{ID: member(t, key, "kid")}
	switch kty := member(t, key, "kty"); kty {
	case "EC":
		private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), octets("d"))
		if err != nil {
			t.Fatal(err)
		}
		k.Algorithm, k.Signer = jws.ES256, private
	case "OKP":
		k.Algorithm, k.Signer = jws.EdDSA, ed25519.NewKeyFromSeed(octets("d"))
	case "RSA":
		private := &rsa.PrivateKey{
			PublicKey: rsa.PublicKey{N: integer("n"), E: int(integer("e").Int64())},
			D:         integer("d"), Primes: []*big.Int{integer("p"), integer("q")},
		}
		private.Precompute()
		k.Algorithm, k.Signer = jws.RS256, private
	default:
		t.Fatal(fmt.Errorf("kty %s", kty))
	}
	return k
}
