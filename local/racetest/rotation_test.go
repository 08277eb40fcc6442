package racetest

import (
	"bytes"
	"crypto/rand"
	"maps"
	"net/http"
	"os"
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

// publicURL is of both systems of a rotation: one issuer.
const publicURL = "http://localhost:3999"

// rotation is two systems on one database in the middle of a change of keys:
// one still makes tokens with the old keys and knows the new ones, the other is
// a step ahead.
type rotation struct {
	systems [2]*local.System
}

func startRotation(t *testing.T) rotation {
	t.Helper()
	dir := t.TempDir()
	for _, s := range keyfiles.Sets() {
		kind := token.Secret
		if s.Name == "signing" {
			kind = jws.ES256
		}
		ring, err := token.NewKeyring(kind, rand.Reader, time.Now())
		must(t, err)
		must(t, ring.Publish(rand.Reader, time.Now()))
		must(t, s.Create(dir, ring))
	}
	behind, err := keyfiles.Environment(dir)
	must(t, err)
	for _, s := range keyfiles.Sets() {
		must(t, s.Change(dir, func(ring *token.Keyring) error { return ring.Promote(time.Now(), 0) }))
	}
	ahead, err := keyfiles.Environment(dir)
	must(t, err)
	first := startWith(t, behind, nil)
	return rotation{[2]*local.System{first, startWith(t, ahead, first)}}
}

// startWith starts a system with the keys, on the database and at the provider
// of another if there is one.
func startWith(t *testing.T, keys map[string]string, beside *local.System) *local.System {
	t.Helper()
	environment := maps.Clone(keys)
	environment["PUBLIC_URL"], environment["FRONT_URL"], environment["ALLOWED_ORIGINS"] = publicURL, publicURL, publicURL
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

// logIn begins a login at one system and ends it at another.
func (r rotation) logIn(t *testing.T, begunAt, endedAt int) []*http.Cookie {
	t.Helper()
	login := get(t, r.systems[begunAt].URL+"/auth/kakao/login")
	agreed := get(t, login.location)
	callback := strings.Replace(agreed.location, publicURL, r.systems[endedAt].URL, 1)
	done := get(t, callback, login.cookies...)
	if code := failure(done); code != "" {
		t.Fatalf("login begun at %d and ended at %d failed: %s", begunAt, endedAt, code)
	}
	return done.cookies
}

// refresh refreshes at a system with a jar's cookies and returns the jar after it.
func (r rotation) refresh(t *testing.T, at int, jar []*http.Cookie) []*http.Cookie {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.systems[at].URL+"/auth/refresh", bytes.NewReader(nil))
	must(t, err)
	request.Header.Set("Origin", publicURL)
	for _, c := range jar {
		request.AddCookie(c)
	}
	response, err := client.Do(request)
	must(t, err)
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("refresh at %d answered %d", at, response.StatusCode)
	}
	fresh := map[string]*http.Cookie{}
	for _, c := range append(jar, response.Cookies()...) {
		fresh[c.Name] = c
	}
	var after []*http.Cookie
	for c := range maps.Values(fresh) {
		after = append(after, c)
	}
	return after
}

// TK-10, F-73: while half of the processes have changed keys, no valid token is
// refused anywhere: access tokens, refresh tokens, and logins on their way.
func TestRotation_RefusesNoValidToken(t *testing.T) {
	const calls = 10_000
	r := startRotation(t)
	jars := [][]*http.Cookie{r.logIn(t, 0, 0), r.logIn(t, 0, 1), r.logIn(t, 1, 0), r.logIn(t, 1, 1)}
	for i := range jars {
		jars[i] = r.refresh(t, i%2, jars[i])
	}
	var refused atomic.Int32
	parallel(8, func(worker int) {
		for i := range calls / 8 {
			jar := jars[(worker+i)%len(jars)]
			if me := get(t, r.systems[i%2].URL+"/me", jar...); me.status != http.StatusOK {
				refused.Add(1)
			}
		}
	})
	t.Logf("%d of %d valid access tokens refused; keys old and new side by side", refused.Load(), calls)
	if refused.Load() != 0 {
		t.Errorf("%d valid tokens were refused", refused.Load())
	}
	for i := range jars { // the same tokens again, at the other system: nobody forks a session
		jars[i] = r.refresh(t, (i+1)%2, jars[i])
	}
	if hits := r.systems[0].Lookalike.Kakao().Hits(providertest.Token); hits != len(jars) {
		t.Errorf("%d exchanges for %d logins", hits, len(jars))
	}
}
