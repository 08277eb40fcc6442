package racetest

import (
	"crypto/rand"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"daemun/local"
	"daemun/local/keyfiles"
	"daemun/shared/jws"
	"daemun/shared/provider/providertest"
	"daemun/shared/token"
)

// publicURL is of all systems of a rotation: one issuer.
const publicURL = "http://localhost:3999"

// keyStates are a rotation's, in each of the sets. Processes are in two of them at
// a time: those that follow each other.
var keyStates = [...]string{"{n}", "{n, n+1 next}", "{n retired, n+1 active}"}

// startRotation starts a system in each key state, all on one database.
func startRotation(t *testing.T) (systems [len(keyStates)]*local.System) {
	t.Helper()
	dir := t.TempDir()
	for _, s := range keyfiles.Sets() {
		kind := token.Secret
		if s.Name == "signing" {
			kind = jws.ES256
		}
		ring, err := token.NewKeyring(kind, rand.Reader, time.Now())
		must(t, err)
		must(t, s.Create(dir, ring))
	}
	steps := [len(keyStates)]func(*token.Keyring) error{
		func(*token.Keyring) error { return nil },
		func(ring *token.Keyring) error { return ring.Publish(rand.Reader, time.Now()) },
		func(ring *token.Keyring) error { return ring.Promote(time.Now(), 0) },
	}
	for i, step := range steps {
		for _, s := range keyfiles.Sets() {
			must(t, s.Change(dir, step))
		}
		keys, err := keyfiles.Environment(dir)
		must(t, err)
		systems[i] = startWith(t, keys, systems[0])
	}
	return systems
}

// startWith starts a system with the keys, on the database and at the provider
// of another if there is one.
func startWith(t *testing.T, keys map[string]string, beside *local.System) *local.System {
	t.Helper()
	environment := maps.Clone(keys)
	environment["PUBLIC_URL"], environment["FRONT_URL"], environment["ALLOWED_ORIGINS"] = publicURL, publicURL, publicURL
	environment["SESSION_LIMIT"] = sessionLimit
	options := local.Options{
		Templates: []string{"../../template.yaml"}, BuildDir: "../../.build", EnvFile: os.DevNull, AutoConsent: true,
		Environment: environment, Logs: t.Output(), StackName: "rotation",
	}
	if beside != nil {
		options.Environ = []string{"DYNAMODB_ENDPOINT=" + beside.Engine}
		maps.Copy(environment, beside.Lookalike.Environment(beside.LookalikeURL))
	}
	s, err := local.Start(t.Context(), options)
	must(t, err)
	t.Cleanup(s.Close)
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// stage is two systems whose keys are one step apart, and what they made of the
// tokens of each other.
type stage struct {
	systems                            []*local.System
	checks, refreshes, logins, refused atomic.Int32
}

// logIn begins a login at one system and ends it at another. The cookies are nil
// if it failed.
func (s *stage) logIn(t *testing.T, begunAt, endedAt int) []*http.Cookie {
	t.Helper()
	s.logins.Add(1)
	login := get(t, s.systems[begunAt].URL+"/auth/kakao/login")
	agreed := get(t, login.location)
	done := get(t, strings.Replace(agreed.location, publicURL, s.systems[endedAt].URL, 1), login.cookies...)
	if code := failure(done); code != "" {
		s.refuse(t, "login begun at %d and ended at %d failed: %s", begunAt, endedAt, code)
		return nil
	}
	return done.cookies
}

// refresh refreshes at a system with a jar's cookies and returns the jar after it.
func (s *stage) refresh(t *testing.T, at int, jar []*http.Cookie) []*http.Cookie {
	t.Helper()
	s.refreshes.Add(1)
	done := send(t, http.MethodPost, s.systems[at].URL+"/auth/refresh", jar...)
	if done.status != http.StatusOK {
		s.refuse(t, "refresh at %d answered %d: %s", at, done.status, done.body)
		return jar
	}
	fresh := map[string]*http.Cookie{}
	for _, c := range append(jar, done.cookies...) {
		fresh[c.Name] = c
	}
	return slices.Collect(maps.Values(fresh))
}

// check asks /me with a jar's access token.
func (s *stage) check(t *testing.T, at int, jar []*http.Cookie) {
	t.Helper()
	s.checks.Add(1)
	if me := get(t, s.systems[at].URL+"/me", jar...); me.status != http.StatusOK {
		s.refuse(t, "/me at %d answered %d: %s", at, me.status, me.body)
	}
}

// refuse counts a valid token that was refused, and tells of the first few.
func (s *stage) refuse(t *testing.T, format string, args ...any) {
	t.Helper()
	if s.refused.Add(1) <= 5 {
		t.Errorf(format, args...)
	}
}

// run does all that people do, at both systems at once: each worker's people log
// in at one and the other, refresh at one and the other, and show what they got
// from one at the other.
func (s *stage) run(t *testing.T) {
	const workers, logins, refreshes, checksEach = 8, 25, 128, 10
	parallel(workers, func(int) {
		var jars [logins][]*http.Cookie
		for i := range jars {
			jars[i] = s.logIn(t, i%2, (i+1)%2)
			s.check(t, i%2, jars[i])
		}
		for i := range refreshes {
			jar := &jars[i%logins]
			*jar = s.refresh(t, i%2, *jar) // a jar's turn comes every 25, which is odd
			for n := range checksEach {
				s.check(t, n%2, *jar)
			}
		}
	})
}

// TK-10, F-73: while some of the processes are a step ahead in a change of keys,
// no valid token is refused anywhere: access tokens, refresh tokens, and logins
// on their way.
func TestRotation_RefusesNoValidToken(t *testing.T) {
	systems := startRotation(t)
	var checks, logins int32
	for i := range len(systems) - 1 {
		s := &stage{systems: systems[i : i+2]}
		began := time.Now()
		s.run(t)
		t.Logf("%-13s | %-23s %d of %d refused: %d access tokens, %d refresh tokens, %d logins begun at one and ended at the other (%.1f s)",
			keyStates[i], keyStates[i+1], s.refused.Load(), s.checks.Load()+s.refreshes.Load()+s.logins.Load(),
			s.checks.Load(), s.refreshes.Load(), s.logins.Load(), time.Since(began).Seconds())
		if s.refused.Load() != 0 {
			t.Errorf("%d valid tokens were refused", s.refused.Load())
		}
		checks += s.checks.Load()
		logins += s.logins.Load()
	}
	if checks < 10_000 {
		t.Errorf("%d access tokens were checked, want at least 10000", checks)
	}
	if hits := systems[0].Lookalike.Kakao().Hits(providertest.Token); hits != int(logins) {
		t.Errorf("%d exchanges for %d logins", hits, logins)
	}
}
