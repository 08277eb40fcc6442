// Package lambdatest gives a function's handler test its surroundings: a real
// database, a programmable provider, keys, a clock that the test moves, and the
// golden events of events/.
package lambdatest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"daemun/shared/flow"
	"daemun/shared/jws"
	"daemun/shared/lambdahttp"
	"daemun/shared/provider"
	"daemun/shared/provider/catalog"
	"daemun/shared/provider/kakao"
	"daemun/shared/provider/providertest"
	"daemun/shared/secret"
	"daemun/shared/session"
	"daemun/shared/store"
	"daemun/shared/store/storetest"
	"daemun/shared/token"
	"daemun/shared/user"
)

// The addresses of the world.
const (
	PublicURL = "https://auth.example.com"
	FrontURL  = "https://app.example.com/home"
	Front     = "https://app.example.com" // its origin
)

// World is the surroundings of one test.
type World struct {
	DB     *storetest.DB
	Kakao  *providertest.Kakao
	Env    map[string]string // the function's environment; change it before Build
	Log    *Log
	Keys   Keys
	t      testing.TB
	mu     sync.Mutex
	stood  time.Time // when the clock was stopped; zero while it runs
	offset time.Duration
	base   string

	canaries []string
}

// Keys is the keys of the world, as the flows take them.
type Keys struct {
	Transaction  token.TransactionKeys
	Refresh      token.RefreshKeys
	Signing      token.SigningKey
	Verification token.VerificationKeys
}

// New makes a world with empty tables.
func New(t testing.TB) *World {
	t.Helper()
	fake, base := providertest.StartKakao(t, providertest.KakaoOptions{})
	w := &World{DB: storetest.New(t), Kakao: fake, Log: &Log{}, t: t, base: base}
	w.Env = map[string]string{
		"PUBLIC_URL": PublicURL, "FRONT_URL": FrontURL, "INSECURE_PROVIDERS": "true",
		"KAKAO_CLIENT_ID": providertest.KakaoClientID, "KAKAO_CLIENT_SECRET": providertest.KakaoClientSecret,
		"KAKAO_AUTH_URL":     base + providertest.KakaoAuthorizePath,
		"KAKAO_TOKEN_URL":    base + providertest.KakaoTokenPath,
		"KAKAO_USERINFO_URL": base + providertest.KakaoUserinfoPath,
	}
	for name, value := range w.DB.Environment() {
		w.Env[name] = value
		if strings.HasPrefix(name, "AWS_") { // which the SDK's credentials are read from; the rest would join worlds
			t.Setenv(name, value)
		}
	}
	w.makeKeys()
	t.Cleanup(w.auditLog)
	return w
}

func (w *World) makeKeys() {
	w.t.Helper()
	for name, set := range map[string]encoding.TextUnmarshaler{
		"TRANSACTION_KEYS": &w.Keys.Transaction, "REFRESH_KEYS": &w.Keys.Refresh,
	} {
		w.Env[name] = w.keyring(token.NewKeyring(token.Secret, rand.Reader, w.Now()))
		w.must(set.UnmarshalText([]byte(w.Env[name])))
	}
	signing, err := token.NewKeyring(jws.ES256, rand.Reader, w.Now())
	w.Env["SIGNING_KEYS"] = w.keyring(signing, err)
	w.Env["VERIFICATION_KEYS"] = w.keyring(signing.Public())
	w.must(w.Keys.Signing.UnmarshalText([]byte(w.Env["SIGNING_KEYS"])))
	w.must(w.Keys.Verification.UnmarshalText([]byte(w.Env["VERIFICATION_KEYS"])))
}

// keyring is the text of a key set that was made without an error.
func (w *World) keyring(ring *token.Keyring, err error) string {
	w.t.Helper()
	w.must(err)
	text, err := ring.MarshalText()
	w.must(err)
	return string(text)
}

func (w *World) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// Now is the world's clock.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.stood.IsZero() {
		return w.stood.Add(w.offset)
	}
	return time.Now().Add(w.offset)
}

// StopClock makes the world's clock stand still, at a whole millisecond as times
// are stored. Only Wait moves it then.
func (w *World) StopClock() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stood = time.Now().Truncate(time.Millisecond)
}

// Wait lets time pass at once.
func (w *World) Wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.offset += d
}

// Build makes a function's handler in this world.
func (w *World) Build(build lambdahttp.Build) *lambdahttp.Handler {
	w.t.Helper()
	h, err := w.TryBuild(build)
	w.must(err)
	return h
}

// TryBuild is Build for configurations that are to be refused.
func (w *World) TryBuild(build lambdahttp.Build) (*lambdahttp.Handler, error) {
	return build(context.Background(), w.Host())
}

// Host is what a function has from this world, with the environment of now.
func (w *World) Host() lambdahttp.Host {
	var environ []string
	for name, value := range w.Env {
		environ = append(environ, name+"="+value)
	}
	return lambdahttp.Host{
		Environ: environ, Now: w.Now, Rand: rand.Reader, Logger: slog.New(slog.NewJSONHandler(w.Log, nil)),
	}
}

// Store is the world's database, as the functions use it.
func (w *World) Store() *store.Store { return store.New(w.DB.Config()) }

// Rule is the rule of the sessions that functions make by default.
var Rule = session.Rule{Grace: 10 * time.Second, Idle: 7 * 24 * time.Hour, Absolute: 90 * 24 * time.Hour}

// SessionLimit is how many live sessions functions let a user have by default.
const SessionLimit = 50

// Issuer makes tokens as the functions do.
func (w *World) Issuer() flow.Issuer {
	return flow.Issuer{
		Access: token.AccessIssuer{
			Issuer: PublicURL, Audience: PublicURL, ClientID: "web", Lifetime: token.MaxAccessLifetime,
			Key: w.Keys.Signing, Rand: rand.Reader,
		},
		Refresh: w.Keys.Refresh, Rule: Rule, Rand: rand.Reader,
	}
}

// catalog is the providers, as the functions have them.
func (w *World) catalog() *catalog.Catalog {
	w.t.Helper()
	c, err := catalog.New(catalog.Config{Kakao: kakao.Config{
		ClientID: w.Env["KAKAO_CLIENT_ID"], ClientSecret: secret.New(w.Env["KAKAO_CLIENT_SECRET"]),
		AuthURL: w.Env["KAKAO_AUTH_URL"], TokenURL: w.Env["KAKAO_TOKEN_URL"], UserinfoURL: w.Env["KAKAO_USERINFO_URL"],
	}}, provider.NewClient(provider.Options{InsecureProviders: true, Now: w.Now}))
	w.must(err)
	return c
}

// Person is a person of the fake provider.
func Person() providertest.Person { return providertest.Persons()[0] }

// Log collects what a function logs.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// String is everything logged so far, a JSON object a line.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Last is the last line, which is about the last request.
func (l *Log) Last(t testing.TB) map[string]any {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(l.String()), "\n")
	var record map[string]any
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &record); err != nil {
		t.Fatalf("log line is not a JSON object: %v", err)
	}
	return record
}

// User reads a user from the database.
func (w *World) User(id string) *user.User {
	w.t.Helper()
	u, err := w.Store().FindUser(context.Background(), id)
	w.must(err)
	return u
}
