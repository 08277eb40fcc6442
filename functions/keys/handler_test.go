package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/jws"
	"daemun/shared/lambdahttp"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/token"
)

const publicURL = "https://auth.example.com"

// The function needs no world: no table, no provider, no clock.
func tryBuild(t *testing.T, environ ...string) (*lambdahttp.Handler, error) {
	t.Helper()
	return build(context.Background(), lambdahttp.Host{
		Environ: environ, Now: time.Now, Rand: rand.Reader, Logger: slog.New(slog.DiscardHandler),
	})
}

// start makes the function with these verification keys.
func start(t *testing.T, verificationKeys string) *lambdahttp.Handler {
	t.Helper()
	h, err := tryBuild(t, "PUBLIC_URL="+publicURL, "VERIFICATION_KEYS="+verificationKeys)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// text is a key set as it is configured.
func text(t *testing.T, ring *token.Keyring, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	set, err := ring.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	return string(set)
}

// keyring is one with an active and a next key of the algorithm.
func keyring(t *testing.T, algorithm string) *token.Keyring {
	t.Helper()
	ring, err := token.NewKeyring(algorithm, rand.Reader, time.Now())
	if err == nil {
		err = ring.Publish(rand.Reader, time.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// HD-05, IN-03.
func TestKeys_GoldenEvents(t *testing.T) {
	want := map[string]string{
		"jwks":                 "200",
		"openid-configuration": "200",
		"post":                 "404 not_found",
		"payload-v1":           "400 invalid_request",
	}
	for _, name := range lambdatest.EventNames(t, "keys") {
		if want[name] == "" {
			t.Errorf("golden event %s is not in the table", name)
		}
	}
	ring, err := keyring(t, jws.ES256).Public()
	h := start(t, text(t, ring, err))
	for name, outcome := range want {
		a := lambdatest.Invoke(t, h, lambdatest.Event(t, "keys", name))
		if a.Outcome() != outcome {
			t.Errorf("%s: answer %s, want %s", name, a.Outcome(), outcome)
		}
		cache := "no-store"
		if a.StatusCode == 200 {
			cache = "public, max-age=300"
		}
		if got := a.Headers["Cache-Control"]; got != cache {
			t.Errorf("%s: Cache-Control %q, want %q", name, got, cache)
		}
	}
}

// JW-07: public members only, with use, alg and kid; the next key is published
// before it is used.
func TestKeys_JWKSHasPublicMembersOnly(t *testing.T) {
	for algorithm, members := range map[string]string{
		jws.ES256: "alg crv kid kty use x y",
		jws.EdDSA: "alg crv kid kty use x",
		jws.RS256: "alg e kid kty n use",
	} {
		t.Run(algorithm, func(t *testing.T) {
			ring := keyring(t, algorithm)
			public, err := ring.Public()
			a := lambdatest.Invoke(t, start(t, text(t, public, err)), lambdatest.Event(t, "keys", "jwks"))
			var got struct {
				Keys []map[string]string `json:"keys"`
			}
			if err := json.Unmarshal([]byte(a.Body), &got); err != nil {
				t.Fatal(err)
			}
			if len(got.Keys) != 2 {
				t.Fatalf("%d keys, want the active and the next one", len(got.Keys))
			}
			for i, k := range got.Keys {
				if diff := cmp.Diff(strings.Fields(members), slices.Sorted(maps.Keys(k))); diff != "" {
					t.Errorf("members (-want +got):\n%s", diff)
				}
				if k["use"] != "sig" || k["alg"] != algorithm || k["kid"] != ring.List()[i].ID {
					t.Errorf("key %v", k)
				}
			}
		})
	}
}

// What is published is enough for a stranger to check our tokens, also those of
// the key that comes next.
func TestKeys_JWKSChecksOurTokens(t *testing.T) {
	ring := keyring(t, jws.ES256)
	public, err := ring.Public()
	h := start(t, text(t, public, err))
	if err := ring.Promote(time.Now().Add(token.PublishAhead), token.PublishAhead); err != nil {
		t.Fatal(err)
	}
	var key token.SigningKey
	if err := key.UnmarshalText([]byte(text(t, ring, nil))); err != nil {
		t.Fatal(err)
	}
	issuer := token.AccessIssuer{Issuer: publicURL, Audience: publicURL, ClientID: "web", Lifetime: time.Minute, Key: key, Rand: rand.Reader}
	accessToken, err := issuer.Mint(token.Access{UserID: "u", SessionID: "s"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var keys stranger
	if err := json.Unmarshal([]byte(lambdatest.Invoke(t, h, lambdatest.Event(t, "keys", "jwks")).Body), &keys); err != nil {
		t.Fatal(err)
	}
	if _, err := jws.Verify(accessToken, "at+jwt", keys); err != nil {
		t.Error(err)
	}
}

// stranger has nothing but the published document.
type stranger struct {
	Keys []struct {
		ID        string `json:"kid"`
		Algorithm string `json:"alg"`
		X         string `json:"x"`
		Y         string `json:"y"`
	} `json:"keys"`
}

// Key implements jws.Keys.
func (s stranger) Key(kid string) (jws.PublicKey, bool) {
	for _, k := range s.Keys {
		if k.ID != kid {
			continue
		}
		x, errX := base64.RawURLEncoding.DecodeString(k.X)
		y, errY := base64.RawURLEncoding.DecodeString(k.Y)
		key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x, y))
		return jws.PublicKey{ID: k.ID, Algorithm: k.Algorithm, Key: key}, errors.Join(errX, errY, err) == nil
	}
	return jws.PublicKey{}, false
}

// OpenID Connect Discovery 1.0 §3, as far as it is true of us.
func TestKeys_MetadataNamesIssuerAndKeys(t *testing.T) {
	public, err := keyring(t, jws.ES256).Public()
	a := lambdatest.Invoke(t, start(t, text(t, public, err)), lambdatest.Event(t, "keys", "openid-configuration"))
	want := `{"issuer":"` + publicURL + `","jwks_uri":"` + publicURL + `/.well-known/jwks.json","id_token_signing_alg_values_supported":["ES256"]}`
	if a.Body != want || a.Headers["Content-Type"] != "application/json; charset=utf-8" {
		t.Errorf("%s: %s, want %s", a.Headers["Content-Type"], a.Body, want)
	}
}

// F-75: what is wrongly configured is said, and not published.
func TestKeys_RefusesAWrongConfiguration(t *testing.T) {
	ring := keyring(t, jws.ES256)
	public, err := ring.Public()
	good, private := text(t, public, err), text(t, ring, nil)
	for name, environ := range map[string][]string{
		"nothing":           {},
		"no public URL":     {"PUBLIC_URL=", "VERIFICATION_KEYS=" + good},
		"URL with a path":   {"PUBLIC_URL=" + publicURL + "/x", "VERIFICATION_KEYS=" + good},
		"no keys":           {"PUBLIC_URL=" + publicURL},
		"empty key set":     {"PUBLIC_URL=" + publicURL, `VERIFICATION_KEYS={"keys":[]}`},
		"private keys":      {"PUBLIC_URL=" + publicURL, "VERIFICATION_KEYS=" + private},
		"byte order mark":   {"PUBLIC_URL=" + publicURL, "VERIFICATION_KEYS=\ufeff" + good},
		"not a JWK Set":     {"PUBLIC_URL=" + publicURL, "VERIFICATION_KEYS=key"},
		"one key, twice":    {"PUBLIC_URL=" + publicURL, "VERIFICATION_KEYS=" + twice(good)},
		"not https, no dev": {"PUBLIC_URL=http://auth.example.com", "VERIFICATION_KEYS=" + good},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tryBuild(t, environ...)
			if fault.CodeOf(err) != fault.NotConfigured {
				t.Fatalf("error %v, want not_configured", err)
			}
			if regexp.MustCompile(`"[dk]":|[\w-]{40}`).MatchString(err.Error()) {
				t.Errorf("the error may hold a key: %v", err)
			}
		})
	}
}

// twice is the key set with its keys repeated.
func twice(set string) string {
	keys := strings.TrimSuffix(strings.TrimPrefix(set, `{"keys":[`), `]}`)
	return `{"keys":[` + keys + "," + keys + "]}"
}

// IN-03: events that are none of the gateway's.
func TestKeys_EventsOfNoGateway(t *testing.T) {
	public, err := keyring(t, jws.ES256).Public()
	h := start(t, text(t, public, err))
	for _, event := range []string{`{}`, `[]`, `"x"`, `null`, ``, `{"version":"2.0"}`} {
		if a := lambdatest.Invoke(t, h, []byte(event)); a.StatusCode < 400 || a.StatusCode >= 500 {
			t.Errorf("event %s: answer %s, want a 4xx", event, a.Outcome())
		}
	}
}
