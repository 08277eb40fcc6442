package token_test

import (
	"encoding/base64"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/token"
)

// flipped is a base64url text with the last bit of its bytes flipped.
func flipped(t testing.TB, text string) string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-1] ^= 1
	return b64(b)
}

// JW-04, TK-04: each key has one thing wrong with its public part, so neither
// kind of set takes it.
func TestKeySets_RefuseBadPublicParts(t *testing.T) {
	ec, ed, rsa := newEC(t), okp("a", "active", "a"), rsaJWK
	short := new(big.Int).SetBit(big.NewInt(1), 1023, 1).Bytes()
	for _, good := range []string{ec, ed, rsa} {
		read(t, new(token.SigningKey), setOf(good))
		read(t, new(token.VerificationKeys), setOf(public(t, good)))
	}
	for name, bad := range map[string]string{
		"EC, point not on the curve": members(t, ec, "y", flipped(t, member(t, ec, "y"))),
		"EC, no y":                   members(t, ec, "y", nil),
		"EC, no x":                   members(t, ec, "x", nil),
		"EC, infinity":               members(t, ec, "x", nil, "y", nil),
		"EC, zero":                   members(t, ec, "x", b64(make([]byte, 32)), "y", b64(make([]byte, 32))),
		"EC, x too long":             members(t, ec, "x", "AA"+member(t, ec, "x")+"A"),
		"EC, x newline":              members(t, ec, "x", member(t, ec, "x")+"\n"),
		"EC, no curve":               members(t, ec, "crv", nil),
		"EC, P-384":                  members(t, ec, "crv", "P-384"),
		"EC, secp256k1":              members(t, ec, "crv", "secp256k1"),
		"EC, Ed25519":                members(t, ec, "crv", "Ed25519"),
		"EC, alg of another":         members(t, ec, "alg", "RS256"),
		"EC, alg HS256":              members(t, ec, "alg", "HS256"),
		"EC, alg none":               members(t, ec, "alg", "none"),
		"OKP, no x":                  members(t, ed, "x", nil),
		"OKP, x short":               members(t, ed, "x", b64(secretOf("a")[1:])),
		"OKP, x long":                members(t, ed, "x", b64(append(secretOf("a"), 0))),
		"OKP, X25519":                members(t, ed, "crv", "X25519"),
		"OKP, P-256":                 members(t, ed, "crv", "P-256"),
		"OKP, alg ES256":             members(t, ed, "alg", "ES256"),
		"RSA, 1024":                  members(t, rsa, "n", b64(short)),
		"RSA, no n":                  members(t, rsa, "n", nil),
		"RSA, no e":                  members(t, rsa, "e", nil),
		"RSA, e = 1":                 members(t, rsa, "e", "AQ"),
		"RSA, e = 3":                 members(t, rsa, "e", "Aw"),
		"RSA, e even":                members(t, rsa, "e", "AQAC"),
		"RSA, e of 32 bits":          members(t, rsa, "e", "gAAAAQ"),
		"RSA, e of 65 bits":          members(t, rsa, "e", "AQAAAAAAAAAB"),
		"RSA, with a curve":          members(t, rsa, "crv", "P-256"),
		"RSA, alg RS384":             members(t, rsa, "alg", "RS384"),
		"oct":                        secretJWK("a", "active", "a"),
	} {
		if err := new(token.SigningKey).UnmarshalText([]byte(setOf(bad))); err == nil {
			t.Errorf("signing: %s is taken", name)
		}
		if err := new(token.VerificationKeys).UnmarshalText([]byte(setOf(members(t, public(t, bad), "k", nil)))); err == nil {
			t.Errorf("verification: %s is taken", name)
		}
	}
}

// A private part that is missing, or of another key.
func TestSigningKey_RefusesPrivatePartsThatDoNotFit(t *testing.T) {
	ec, ed := newEC(t), okp("a", "active", "a")
	for name, bad := range map[string]string{
		"EC, public only":    public(t, ec),
		"EC, d of another":   members(t, ec, "d", member(t, newEC(t), "d")),
		"EC, d zero":         members(t, ec, "d", b64(make([]byte, 32))),
		"EC, d short":        members(t, ec, "d", "AQ"),
		"OKP, public only":   public(t, ed),
		"OKP, d of another":  members(t, ed, "d", b64(secretOf("b"))),
		"OKP, d with x":      members(t, ed, "d", b64(seeded("a"))),
		"RSA, public only":   public(t, rsaJWK),
		"RSA, d of another":  members(t, rsaJWK, "d", flipped(t, member(t, rsaJWK, "d"))),
		"RSA, no primes":     members(t, rsaJWK, "p", nil, "q", nil),
		"RSA, p of another":  members(t, rsaJWK, "p", flipped(t, member(t, rsaJWK, "p"))),
		"RSA, p and q zero":  members(t, rsaJWK, "p", "AA", "q", "AA"),
		"RSA, q one, p is n": members(t, rsaJWK, "p", member(t, rsaJWK, "n"), "q", "AQ"),
		"RSA, no d":          members(t, rsaJWK, "d", nil),
	} {
		if err := new(token.SigningKey).UnmarshalText([]byte(setOf(bad))); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// JW-07: a signing key never lies where only public keys belong.
func TestVerificationKeys_RefusePrivateMembers(t *testing.T) {
	for _, private := range []string{newEC(t), okp("a", "active", "a"), rsaJWK} {
		good := setOf(public(t, private))
		read(t, new(token.VerificationKeys), good)
		for _, name := range []string{"d", "p", "q", "k"} {
			bad := members(t, public(t, private), name, b64(secretOf("a")))
			if err := new(token.VerificationKeys).UnmarshalText([]byte(setOf(bad))); err == nil {
				t.Errorf("%s with %s is taken", member(t, private, "kty"), name)
			}
		}
	}
}

// JW-07: what is published is what others need to check our tokens, no more.
func TestJWKS_HasPublicMembersOnly(t *testing.T) {
	ec := members(t, public(t, newEC(t)), "status", "next")
	ed := public(t, okp("o", "active", "a"))
	rsa := members(t, public(t, rsaJWK), "status", "retired", "comment", "unknown members are not published")
	var keys token.VerificationKeys
	read(t, &keys, setOf(ec, ed, rsa))
	text, err := keys.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Keys []map[string]string `json:"keys"`
	}
	if err := json.Unmarshal(text, &got, json.RejectUnknownMembers(true)); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	want := []map[string]string{
		{"kty": "EC", "crv": "P-256", "x": member(t, ec, "x"), "y": member(t, ec, "y"), "kid": member(t, ec, "kid"), "alg": "ES256", "use": "sig"},
		{"kty": "OKP", "crv": "Ed25519", "x": member(t, ed, "x"), "kid": "o", "alg": "EdDSA", "use": "sig"},
		{"kty": "RSA", "n": member(t, rsa, "n"), "e": "AQAB", "kid": "r", "alg": "RS256", "use": "sig"},
	}
	if d := cmp.Diff(want, got.Keys); d != "" {
		t.Error(d)
	}
}

func TestAlgorithms_EachOnceInTheOrderOfTheKeys(t *testing.T) {
	var keys token.VerificationKeys
	read(t, &keys, setOf(public(t, rsaJWK), public(t, newEC(t)), public(t, okp("o", "next", "a")), public(t, newEC(t))))
	if got, want := keys.Algorithms(), []string{"RS256", "ES256", "EdDSA"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TK-10: a set is read anew without a trace of the old one.
func TestVerificationKeys_ReadingAgainReplacesAll(t *testing.T) {
	var keys token.VerificationKeys
	read(t, &keys, setOf(public(t, okp("a", "active", "a"))))
	read(t, &keys, setOf(public(t, okp("b", "active", "b"))))
	if _, ok := keys.Key("a"); ok {
		t.Error("the old key is still there")
	}
	if k, ok := keys.Key("b"); !ok || k.ID != "b" {
		t.Errorf("got %v, %v", k, ok)
	}
	if _, ok := keys.Key(strings.ToUpper("b")); ok {
		t.Error("ids are compared without case")
	}
}
