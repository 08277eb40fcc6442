package apple

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"daemun/shared/fault"
	"daemun/shared/secret"
)

func newKey(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// p8 is a key as Apple hands it out.
func p8(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func settings(key string) Config {
	return Config{ClientID: "com.example.web", TeamID: "TEAM123456", KeyID: "KEY1234567", PrivateKey: secret.New(key)}
}

// What Apple documents of the secret, and no more.
func TestClientSecret_IsTheTokenThatAppleDocuments(t *testing.T) {
	key := newKey(t, elliptic.P256())
	now := time.Unix(1_800_000_000, 0)
	s, err := newClientSecret(settings(p8(t, key)), issuer, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	minted, err := s.get()
	if err != nil {
		t.Fatal(err)
	}
	claims := jwt.MapClaims{}
	token, err := jwt.ParseWithClaims(minted.Reveal(), claims, func(*jwt.Token) (any, error) { return &key.PublicKey, nil },
		jwt.WithTimeFunc(func() time.Time { return now }), jwt.WithValidMethods([]string{"ES256"}))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(token.Header); got != "map[alg:ES256 kid:KEY1234567]" {
		t.Errorf("header %s", got)
	}
	want := "map[aud:https://appleid.apple.com exp:1.8000036e+09 iat:1.8e+09 iss:TEAM123456 sub:com.example.web]"
	if got := fmt.Sprint(map[string]any(claims)); got != want {
		t.Errorf("claims %s\nwant   %s", got, want)
	}
}

// It is kept while it has half its life before it.
func TestClientSecret_IsMintedAnewBeforeItExpires(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	s, err := newClientSecret(settings(p8(t, newKey(t, elliptic.P256()))), issuer, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	start, last := now, ""
	for _, step := range []struct {
		at   time.Duration
		anew bool
	}{{0, true}, {0, false}, {lifetime/2 - 1, false}, {lifetime / 2, true}, {lifetime - 1, false}, {lifetime, true}, {24 * time.Hour, true}, {0, true}} {
		now = start.Add(step.at)
		minted, err := s.get()
		if err != nil {
			t.Fatal(err)
		}
		if anew := minted.Reveal() != last; anew != step.anew {
			t.Errorf("at %v: minted anew is %v, want %v", step.at, anew, step.anew)
		}
		last = minted.Reveal()
	}
}

func TestNewClientSecret_TakesP256InPKCS8Alone(t *testing.T) {
	good := p8(t, newKey(t, elliptic.P256()))
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		key  string
		good bool
	}{
		"as it is":              {good, true},
		"on one line":           {strings.ReplaceAll(good, "\n", `\n`), true},
		"without the last line": {strings.TrimSpace(good), true},
		"with CRLF":             {strings.ReplaceAll(good, "\n", "\r\n"), true},
		"P-384":                 {p8(t, newKey(t, elliptic.P384())), false},
		"Ed25519":               {p8(t, ed), false},
		"public":                {strings.ReplaceAll(good, "PRIVATE", "PUBLIC"), false},
		"SEC 1":                 {strings.ReplaceAll(good, "PRIVATE", "EC PRIVATE"), false},
		"two keys":              {good + good, false},
		"truncated":             {good[:60] + good[100:], false},
		"no PEM":                {strings.Repeat("MIGTAgEAMBMGByqGSM49AgEG", 4), false},
	} {
		_, err := newClientSecret(settings(c.key), issuer, time.Now)
		if good := err == nil; good != c.good {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), c.key[30:60]) {
			t.Errorf("%s: the error shows the key: %v", name, err)
		}
	}
	for _, c := range []Config{{TeamID: "t", PrivateKey: secret.New(good)}, {KeyID: "k", PrivateKey: secret.New(good)}} {
		if _, err := newClientSecret(c, issuer, time.Now); err == nil {
			t.Errorf("a key without its names is taken: %v", c)
		}
	}
}

// A function that only sends people to Apple needs no key.
func TestClientSecret_WithoutKeyIsTheOperatorsMistake(t *testing.T) {
	s, err := newClientSecret(Config{ClientID: "a"}, issuer, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.get(); fault.CodeOf(err) != fault.ProviderMisconfigured || !got.Empty() {
		t.Errorf("got %v", err)
	}
}
