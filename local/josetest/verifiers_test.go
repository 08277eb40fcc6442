package josetest

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"daemun/shared/config"
	"daemun/shared/jws"
	"daemun/shared/token"
)

const audience = "https://api.example.com"

// A verifier is a JOSE library that nobody here wrote.
type verifier struct {
	name    string
	command func(t *testing.T) *exec.Cmd
}

func verifiers() []verifier {
	return []verifier{
		{"jose (npm)", func(t *testing.T) *exec.Cmd { return exec.CommandContext(t.Context(), node(t), "verify.mjs") }},
		{"joserfc (PyPI)", func(t *testing.T) *exec.Cmd {
			return exec.CommandContext(t.Context(), python(t, "requirements.txt"), "verify.py")
		}},
	}
}

// question is what a verifier is asked.
type question struct {
	Issuer   string            `json:"issuer"`
	Audience string            `json:"audience"`
	Tokens   map[string]string `json:"tokens"`
}

// ask returns why the verifier refuses each token; "" where it accepts it.
func (v verifier) ask(t *testing.T, q question) map[string]string {
	t.Helper()
	input, err := json.Marshal(q)
	must(t, err)
	command := v.command(t)
	var stderr bytes.Buffer
	command.Stdin, command.Stderr = bytes.NewReader(input), &stderr
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", v.name, err, stderr.Bytes())
	}
	var outcomes map[string]string
	must(t, json.Unmarshal(output, &outcomes))
	return outcomes
}

// JW-07, TK-10: whoever has a JOSE library and the URL of the issuer can check
// our tokens: those of a login, those of the active key, and those of the next.
func TestTokens_ForeignLibrariesAgree(t *testing.T) {
	for _, algorithm := range []string{jws.ES256, jws.EdDSA, jws.RS256} {
		t.Run(algorithm, func(t *testing.T) {
			k := newKeys(t, algorithm)
			s := start(t, k.environment(), mainTemplate)
			good := map[string]string{
				"made by a login":          logIn(t, s).access,
				"made with the active key": k.mint(t, k.active, s.URL, nil, time.Now()),
				"made with the next key":   k.mint(t, k.next, s.URL, nil, time.Now()),
			}
			bad := k.badTokens(t, s.URL)
			q := question{Issuer: s.URL, Audience: audience, Tokens: maps.Clone(good)}
			maps.Copy(q.Tokens, bad)
			for _, v := range verifiers() {
				compare(t, v, v.ask(t, q), good, bad)
			}
			compareOurs(t, k.verification, q, good)
		})
	}
}

func compare(t *testing.T, v verifier, outcomes, good, bad map[string]string) {
	t.Helper()
	if len(outcomes) != len(good)+len(bad) {
		t.Errorf("%s judged %d tokens of %d", v.name, len(outcomes), len(good)+len(bad))
	}
	for name := range good {
		if outcomes[name] != "" {
			t.Errorf("%s refuses a token %s: %s", v.name, name, outcomes[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(bad)) {
		if outcomes[name] == "" {
			t.Errorf("%s accepts a token with %s", v.name, name)
		}
		t.Logf("%-14s %-30s %s", v.name, name, outcomes[name])
	}
	t.Logf("%-14s accepts %d good tokens, refuses %d bad ones", v.name, len(good), len(bad))
}

// compareOurs asks our own verifier the same.
func compareOurs(t *testing.T, verification string, q question, good map[string]string) {
	t.Helper()
	ours := token.AccessVerifier{Issuer: q.Issuer, Audience: q.Audience}
	must(t, ours.Keys.UnmarshalText([]byte(verification)))
	for name, text := range q.Tokens {
		_, err := ours.Verify(text, time.Now())
		if _, want := good[name]; (err == nil) != want {
			t.Errorf("we judge %s otherwise: %v", name, err)
		}
	}
}

// keys are a signing key set of an active and a next key.
type keys struct {
	signing, verification string
	active, next, foreign token.SigningKey
}

func newKeys(t *testing.T, algorithm string) keys {
	t.Helper()
	ring, err := token.NewKeyring(algorithm, rand.Reader, time.Now())
	must(t, err)
	must(t, ring.Publish(rand.Reader, time.Now()))
	public, err := ring.Public()
	must(t, err)
	k := keys{signing: text(t, ring), verification: text(t, public)}
	must(t, k.active.UnmarshalText([]byte(k.signing)))
	must(t, ring.Promote(time.Now(), 0))
	must(t, k.next.UnmarshalText([]byte(text(t, ring))))
	stranger, err := token.NewKeyring(algorithm, rand.Reader, time.Now())
	must(t, err)
	must(t, k.foreign.UnmarshalText([]byte(text(t, stranger))))
	return k
}

func text(t *testing.T, ring *token.Keyring) string {
	t.Helper()
	set, err := ring.MarshalText()
	must(t, err)
	return string(set)
}

func (k keys) environment() map[string]string {
	return map[string]string{"SIGNING_KEYS": k.signing, "VERIFICATION_KEYS": k.verification, "TOKEN_AUDIENCE": audience}
}

// mint makes an access token with the key, changed if wished.
func (k keys) mint(t *testing.T, key token.SigningKey, issuer string, change func(*token.AccessIssuer), at time.Time) string {
	t.Helper()
	i := token.AccessIssuer{Issuer: issuer, Audience: audience, ClientID: config.Client, Lifetime: token.MaxAccessLifetime, Key: key, Rand: rand.Reader}
	if change != nil {
		change(&i)
	}
	text, err := i.Mint(token.Access{UserID: "01JNG3V8T5Q2ZK7W9X4Y6B1C0D", SessionID: "s", Roles: []string{"buyer"}, ProfileComplete: true}, at)
	must(t, err)
	return text
}

// badTokens are good ones with one thing wrong each.
func (k keys) badTokens(t *testing.T, issuer string) map[string]string {
	t.Helper()
	good := k.mint(t, k.active, issuer, nil, time.Now())
	p := strings.Split(good, ".")
	replaced := func(part int, old, new string) string {
		return strings.Join(slices.Replace(slices.Clone(p), part, part+1, encode(strings.Replace(decode(t, p[part]), old, new, 1))), ".")
	}
	header := `{"alg":"HS256","typ":"at+jwt",` + decode(t, p[0])[strings.Index(decode(t, p[0]), `"kid"`):]
	mac := hmac.New(sha256.New, []byte(k.verification))
	mac.Write([]byte(encode(header) + "." + p[1]))
	flipped := []byte(decode(t, p[2]))
	flipped[7] ^= 1
	return map[string]string{
		"a role more":                 replaced(1, `["buyer"]`, `["admin"]`),
		"another person":              replaced(1, "01JNG3V8", "01JNG3V9"),
		"alg none":                    replaced(0, algOf(t, p[0]), "none"),
		"alg none and no signature":   strings.TrimSuffix(replaced(0, algOf(t, p[0]), "none"), p[2]),
		"HMAC with the public keys":   encode(header) + "." + p[1] + "." + encode(string(mac.Sum(nil))),
		"another typ":                 replaced(0, "at+jwt", "JWT"),
		"an unknown kid":              replaced(0, `"kid":"`, `"kid":"x`),
		"a flipped bit":               p[0] + "." + p[1] + "." + encode(string(flipped)),
		"a signature cut short":       p[0] + "." + p[1] + "." + encode(string(flipped[:40])),
		"no signature":                p[0] + "." + p[1] + ".",
		"a payload only":              p[1],
		"a key of another issuer":     k.mint(t, k.foreign, issuer, nil, time.Now()),
		"an end in the past":          k.mint(t, k.active, issuer, nil, time.Now().Add(-token.MaxAccessLifetime-time.Second)),
		"another audience":            k.mint(t, k.active, issuer, func(i *token.AccessIssuer) { i.Audience = "https://other.example.com" }, time.Now()),
		"another issuer":              k.mint(t, k.active, issuer, func(i *token.AccessIssuer) { i.Issuer = "https://evil.example" }, time.Now()),
		"an issuer with a slash more": k.mint(t, k.active, issuer, func(i *token.AccessIssuer) { i.Issuer += "/" }, time.Now()),
	}
}

// algOf is the alg of a token's header.
func algOf(t *testing.T, header string) string {
	t.Helper()
	var h struct {
		Algorithm string `json:"alg"`
	}
	must(t, json.Unmarshal([]byte(decode(t, header)), &h))
	return h.Algorithm
}

func encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func decode(t *testing.T, part string) string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(part)
	must(t, err)
	return string(b)
}
