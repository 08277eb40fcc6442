package token_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"daemun/shared/jws"
	"daemun/shared/token"
)

var now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

const (
	issuer   = "https://auth.example.com"
	audience = "https://api.example.com"
	userID   = "01JNG3V8T5Q2ZK7W9X4Y6B1C0D"
)

// keySet is what every kind of key set can do.
type keySet interface{ UnmarshalText(text []byte) error }

// read fails the test if the set is refused.
func read(t testing.TB, set keySet, text string) {
	t.Helper()
	if err := set.UnmarshalText([]byte(text)); err != nil {
		t.Fatalf("a good key set is refused: %v", err)
	}
}

// members makes or changes a JWK: pairs are name, value; nil removes.
func members(t testing.TB, key string, pairs ...any) string {
	t.Helper()
	m := map[string]any{}
	if err := json.Unmarshal([]byte(key), &m); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(pairs); i += 2 {
		if name := pairs[i].(string); pairs[i+1] == nil {
			delete(m, name)
		} else {
			m[name] = pairs[i+1]
		}
	}
	b, err := json.Marshal(m, json.Deterministic(true))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// member is the text of one member of a JWK.
func member(t testing.TB, key, name string) string {
	t.Helper()
	m := map[string]any{}
	if err := json.Unmarshal([]byte(key), &m); err != nil {
		t.Fatal(err)
	}
	s, _ := m[name].(string)
	return s
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// secretJWK is a symmetric key whose bytes are all c.
func secretJWK(id, status, c string) string {
	return `{"kty":"oct","kid":"` + id + `","status":"` + status + `","k":"` + b64(secretOf(c)) + `"}`
}

func secretOf(c string) []byte { return []byte(strings.Repeat(c, 32)) }

// seeded is the Ed25519 key of a seed whose bytes are all c.
func seeded(c string) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(secretOf(c)) }

// okp is a private Ed25519 JWK; public takes its private part off.
func okp(id, status, c string) string {
	return `{"kty":"OKP","crv":"Ed25519","kid":"` + id + `","status":"` + status + `","d":"` + b64(secretOf(c)) +
		`","x":"` + b64(seeded(c).Public().(ed25519.PublicKey)) + `"}`
}

// newRing is a fresh key set of the kind: one active key.
func newRing(t testing.TB, kind string) *token.Keyring {
	t.Helper()
	r, err := token.NewKeyring(kind, rand.Reader, now)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// textOf is the key set as the functions are configured with it.
func textOf(t testing.TB, r *token.Keyring) string {
	t.Helper()
	text, err := r.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// newEC and newSecret are fresh JWKs.
func newEC(t testing.TB) string { return onlyKey(t, textOf(t, newRing(t, jws.ES256))) }

func newSecret(t testing.TB) string { return onlyKey(t, textOf(t, newRing(t, token.Secret))) }

func onlyKey(t testing.TB, set string) string {
	t.Helper()
	key, ok := strings.CutPrefix(strings.TrimSuffix(set, "]}"), `{"keys":[`)
	if !ok {
		t.Fatal("not a key set")
	}
	return key
}

// setOf joins JWKs to a JWK Set.
func setOf(keys ...string) string { return `{"keys":[` + strings.Join(keys, ",") + "]}" }

func public(t testing.TB, private string) string {
	return members(t, private, "d", nil, "p", nil, "q", nil)
}

// access is an issuer and a verifier that fit, on the Ed25519 key of seed "a".
func access(t testing.TB) (*token.AccessIssuer, *token.AccessVerifier) {
	t.Helper()
	i := &token.AccessIssuer{Issuer: issuer, Audience: audience, ClientID: "web", Lifetime: 15 * time.Minute, Rand: rand.Reader}
	v := &token.AccessVerifier{Issuer: issuer, Audience: audience}
	read(t, &i.Key, setOf(okp("a", "active", "a")))
	read(t, &v.Keys, setOf(public(t, okp("a", "active", "a"))))
	return i, v
}

// forge signs any claims with the issuer's key.
func forge(t testing.TB, payload string) string {
	t.Helper()
	text, err := jws.Sign([]byte(payload), "at+jwt", jws.PrivateKey{ID: "a", Algorithm: jws.EdDSA, Signer: seeded("a")})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// rsaJWK is the published key of RFC 7515 A.2.1.
const rsaJWK = `{"kty":"RSA","kid":"r","status":"active","e":"AQAB",` +
	`"n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMs` +
	`D1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uD` +
	`Zlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",` +
	`"d":"Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0` +
	`BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQ` +
	`UShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ",` +
	`"p":"4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPG` +
	`BY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc",` +
	`"q":"uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA` +
	`-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc"}`
