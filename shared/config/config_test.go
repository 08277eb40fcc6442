package config_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/config"
	"daemun/shared/fault"
	"daemun/shared/jws"
	"daemun/shared/secret"
	"daemun/shared/session"
	"daemun/shared/token"
)

// full is a configuration of every part.
type full struct {
	config.Site
	config.Signing
	Verification config.Verification
	Transactions token.TransactionKeys `env:"TRANSACTION_KEYS,notEmpty"`
	ClientSecret secret.String         `env:"CLIENT_SECRET"`
}

// Check implements config.Checker.
func (f *full) Check() error { return errors.Join(f.Site.Check(), f.Lifetimes.Check()) }

// resolver answers references from a map, and remembers what it was asked.
type resolver struct {
	values map[string]string
	err    error
	asked  []string
}

func (r *resolver) Resolve(_ context.Context, reference string) (string, error) {
	r.asked = append(r.asked, reference)
	return r.values[reference], r.err
}

func keySet(t testing.TB, kind string) (private, public string) {
	t.Helper()
	ring, err := token.NewKeyring(kind, rand.Reader, time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	text := func(r *token.Keyring) string {
		b, err := r.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	private = text(ring)
	if p, err := ring.Public(); err == nil {
		public = text(p)
	}
	return private, public
}

// environment is a good one; pairs change it: NAME=value, or NAME to leave it out.
func environment(t testing.TB, changes ...string) []string {
	t.Helper()
	signing, verification := keySet(t, jws.ES256)
	symmetric, _ := keySet(t, token.Secret)
	vars := map[string]string{
		"PUBLIC_URL": "https://auth.example.com", "FRONT_URL": "https://app.example.com/home",
		"SIGNING_KEYS": signing, "VERIFICATION_KEYS": verification, "REFRESH_KEYS": symmetric, "TRANSACTION_KEYS": symmetric,
		"PATH": "/bin", "OTHER": "ssm:/not/for/us",
	}
	for _, c := range changes {
		if name, value, ok := strings.Cut(c, "="); ok {
			vars[name] = value
		} else {
			delete(vars, name)
		}
	}
	var environ []string
	for name, value := range vars {
		environ = append(environ, name+"="+value)
	}
	return environ
}

func load(t testing.TB, changes ...string) (*full, error) {
	t.Helper()
	var c full
	return &c, config.Load(t.Context(), environment(t, changes...), &resolver{}, &c)
}

func TestLoad_Defaults(t *testing.T) {
	for _, unset := range [][]string{nil, {
		"ALLOWED_ORIGINS=", "INSECURE_COOKIES=", "TOKEN_AUDIENCE=", "ACCESS_TOKEN_SECONDS=", "REFRESH_GRACE_SECONDS=",
		"REFRESH_IDLE_SECONDS=", "REFRESH_ABSOLUTE_SECONDS=", "CLIENT_SECRET=",
	}} { // a template passes parameters that are not set as empty texts
		c, err := load(t, unset...)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{"https://app.example.com"}, c.Origins()); d != "" || c.FrontOrigin() != "https://app.example.com" {
			t.Errorf("origins: %s %s", c.FrontOrigin(), d)
		}
		if c.InsecureCookies || c.ClientSecret.Reveal() != "" {
			t.Error("insecure cookies or a secret from nowhere")
		}
		want := session.Rule{Grace: 10 * time.Second, Idle: 7 * 24 * time.Hour, Absolute: 90 * 24 * time.Hour}
		if d := cmp.Diff(want, c.Rule()); d != "" {
			t.Error(d)
		}
		i, v := c.AccessIssuer(c.PublicURL, rand.Reader), c.Verification.AccessVerifier(c.PublicURL)
		if i.Lifetime != 15*time.Minute || i.Issuer != c.PublicURL || i.Audience != c.PublicURL || i.ClientID != "web" {
			t.Errorf("issuer %+v", i)
		}
		if v.Issuer != c.PublicURL || v.Audience != c.PublicURL {
			t.Errorf("verifier %s for %s", v.Issuer, v.Audience)
		}
	}
}

// What one function signs, another accepts: both read the same variables.
func TestLoad_TokensPassFromIssuerToVerifier(t *testing.T) {
	c, err := load(t, "TOKEN_AUDIENCE=https://api.example.com", "ACCESS_TOKEN_SECONDS=300")
	if err != nil {
		t.Fatal(err)
	}
	i, v := c.AccessIssuer(c.PublicURL, rand.Reader), c.Verification.AccessVerifier(c.PublicURL)
	now := time.Unix(1_800_000_000, 0)
	text, err := i.Mint(token.Access{UserID: "u", SessionID: "s"}, now)
	if err != nil {
		t.Fatal(err)
	}
	a, err := v.Verify(text, now)
	if err != nil || !a.ExpiresAt.Equal(now.Add(5*time.Minute)) || v.Audience != "https://api.example.com" {
		t.Errorf("%v, %v", a, err)
	}
}

// Every mistake is told at once: an operator who mends one should not meet the
// next with the next deployment.
func TestLoad_ReportsEveryMistakeAtOnce(t *testing.T) {
	var c full
	err := config.Load(t.Context(), []string{
		"ALLOWED_ORIGINS=https://app.example.com/,*", "INSECURE_COOKIES=yes please", "FRONT_URL=app.example.com",
		"SIGNING_KEYS=secret", "REFRESH_KEYS=", "ACCESS_TOKEN_SECONDS=901", "REFRESH_GRACE_SECONDS=60", "REFRESH_IDLE_SECONDS=1", "REFRESH_ABSOLUTE_SECONDS=99999999",
	}, &resolver{}, &c)
	if fault.CodeOf(err) != fault.NotConfigured {
		t.Fatalf("got %v", err)
	}
	for _, name := range []string{
		"PUBLIC_URL", "FRONT_URL", "ALLOWED_ORIGINS", "InsecureCookies", "SigningKeys", "REFRESH_KEYS", "VERIFICATION_KEYS", "TRANSACTION_KEYS",
		"ACCESS_TOKEN_SECONDS", "REFRESH_GRACE_SECONDS", "REFRESH_IDLE_SECONDS", "REFRESH_ABSOLUTE_SECONDS",
	} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("no word of %s in:\n%v", name, err)
		}
	}
}

func TestLoad_OneBadValue(t *testing.T) {
	for _, test := range []struct{ change, want string }{
		{"SIGNING_KEYS", "SIGNING_KEYS"},
		{"SIGNING_KEYS=", "SIGNING_KEYS"},
		{"SIGNING_KEYS= ", "SigningKeys"},
		{"SIGNING_KEYS=secret", "SigningKeys"},
		{"SIGNING_KEYS=" + `{"keys":[]}`, "SigningKeys"},
		{"REFRESH_KEYS", "REFRESH_KEYS"},
		{"REFRESH_KEYS=x", "RefreshKeys"},
		{"VERIFICATION_KEYS", "VERIFICATION_KEYS"},
		{"VERIFICATION_KEYS=x", "VerificationKeys"},
		{"TRANSACTION_KEYS", "TRANSACTION_KEYS"},
		{"TRANSACTION_KEYS=x", "Transactions"},
		{"INSECURE_COOKIES=maybe", "InsecureCookies"},
		{"INSECURE_COOKIES=true", "INSECURE_COOKIES"}, // PUBLIC_URL is no loopback address
		{"ACCESS_TOKEN_SECONDS=0", "ACCESS_TOKEN_SECONDS"},
		{"ACCESS_TOKEN_SECONDS=-1", "ACCESS_TOKEN_SECONDS"},
		{"ACCESS_TOKEN_SECONDS=901", "ACCESS_TOKEN_SECONDS"},
		{"ACCESS_TOKEN_SECONDS=1.5", "AccessToken"},
		{"ACCESS_TOKEN_SECONDS=18446744374", "ACCESS_TOKEN_SECONDS"}, // 300 s, if it overflows
		{"ACCESS_TOKEN_SECONDS=99999999999999999999", "AccessToken"},
		{"REFRESH_GRACE_SECONDS=4", "REFRESH_GRACE_SECONDS"},
		{"REFRESH_GRACE_SECONDS=31", "REFRESH_GRACE_SECONDS"},
		{"REFRESH_GRACE_SECONDS=0", "REFRESH_GRACE_SECONDS"},
		{"REFRESH_GRACE_SECONDS=-10", "REFRESH_GRACE_SECONDS"},
		{"REFRESH_IDLE_SECONDS=900", "REFRESH_IDLE_SECONDS"},
		{"REFRESH_IDLE_SECONDS=2592001", "REFRESH_IDLE_SECONDS"},
		{"REFRESH_IDLE_SECONDS=18446747674", "REFRESH_IDLE_SECONDS"}, // an hour, if it overflows
		{"REFRESH_ABSOLUTE_SECONDS=7776001", "REFRESH_ABSOLUTE_SECONDS"},
		{"REFRESH_ABSOLUTE_SECONDS=604799", "REFRESH_IDLE_SECONDS"}, // shorter than the idle time
		{"REFRESH_ABSOLUTE_SECONDS=0", "REFRESH_IDLE_SECONDS"},
		{"REFRESH_ABSOLUTE_SECONDS=18447349675", "REFRESH_ABSOLUTE_SECONDS"}, // a week, if it overflows
	} {
		_, err := load(t, test.change)
		if fault.CodeOf(err) != fault.NotConfigured || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.change, err)
		}
	}
}

func TestLoad_LifetimesAtTheirEdges(t *testing.T) {
	for _, changes := range [][]string{
		{"ACCESS_TOKEN_SECONDS=900", "REFRESH_GRACE_SECONDS=30"},
		{"ACCESS_TOKEN_SECONDS=300", "REFRESH_GRACE_SECONDS=30"},
		{"ACCESS_TOKEN_SECONDS=50", "REFRESH_GRACE_SECONDS=5"},
		{"REFRESH_IDLE_SECONDS=901"},
		{"REFRESH_IDLE_SECONDS=2592000", "REFRESH_ABSOLUTE_SECONDS=2592000"},
	} {
		if _, err := load(t, changes...); err != nil {
			t.Errorf("%v: %v", changes, err)
		}
	}
	for _, changes := range [][]string{ // more than a tenth of the access token's life
		{"ACCESS_TOKEN_SECONDS=299", "REFRESH_GRACE_SECONDS=30"},
		{"ACCESS_TOKEN_SECONDS=49", "REFRESH_GRACE_SECONDS=5"},
		{"ACCESS_TOKEN_SECONDS=59", "REFRESH_GRACE_SECONDS=6"},
	} {
		if _, err := load(t, changes...); err == nil || !strings.Contains(err.Error(), "REFRESH_GRACE_SECONDS") {
			t.Errorf("%v: %v", changes, err)
		}
	}
}

// F-70: only what the function names is fetched, and each once.
func TestLoad_ResolvesWhatTheTargetNames(t *testing.T) {
	symmetric, _ := keySet(t, token.Secret)
	r := &resolver{values: map[string]string{"/d/refresh/": symmetric, "/d/client": "s3cret"}}
	var c full
	environ := environment(t, "REFRESH_KEYS=ssm:/d/refresh/", "CLIENT_SECRET=ssm:/d/client")
	if err := config.Load(t.Context(), environ, r, &c); err != nil {
		t.Fatal(err)
	}
	if c.ClientSecret.Reveal() != "s3cret" || c.RefreshKeys.ActiveID() == "" {
		t.Error("not what the resolver said")
	}
	asked := map[string]int{}
	for _, a := range r.asked {
		asked[a]++
	}
	if d := cmp.Diff(map[string]int{"/d/refresh/": 1, "/d/client": 1}, asked); d != "" {
		t.Error(d)
	}
}

func TestLoad_ValuesWithoutAReferenceAskNobody(t *testing.T) {
	r := &resolver{err: errors.New("not to be asked")}
	var c full
	if err := config.Load(t.Context(), environment(t, "CLIENT_SECRET=sm:/x", "TOKEN_AUDIENCE=https://ssm:1/"), r, &c); err != nil || len(r.asked) != 0 {
		t.Errorf("%v, asked %v", err, r.asked)
	}
}

// A parameter that is not there is an empty variable: a mistake where the
// variable has to be set, nothing where it is optional.
func TestLoad_MissingParameterIsAnEmptyVariable(t *testing.T) {
	var c full
	r := &resolver{}
	if err := config.Load(t.Context(), environment(t, "CLIENT_SECRET=ssm:/d/none"), r, &c); err != nil || c.ClientSecret.Reveal() != "" {
		t.Errorf("optional: %v", err)
	}
	err := config.Load(t.Context(), environment(t, "SIGNING_KEYS=ssm:/d/none"), r, &c)
	if fault.CodeOf(err) != fault.NotConfigured || !strings.Contains(err.Error(), "SIGNING_KEYS") {
		t.Errorf("necessary: %v", err)
	}
}

// F-70, SE-03: what cannot be fetched now is no mistake of the operator's.
func TestLoad_ResolversFaultIsKept(t *testing.T) {
	r := &resolver{err: fault.New(fault.TemporarilyUnavailable, errors.New("throttled"))}
	var c full
	err := config.Load(t.Context(), environment(t, "SIGNING_KEYS=ssm:/d/s/", "REFRESH_KEYS=ssm:/d/r/", "PUBLIC_URL="), r, &c)
	if fault.CodeOf(err) != fault.TemporarilyUnavailable {
		t.Fatalf("got %v", err)
	}
	for _, name := range []string{"SIGNING_KEYS", "REFRESH_KEYS"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("no word of %s in: %v", name, err)
		}
	}
}

// LG-01: what is wrong with a secret is told without it.
func TestLoad_ErrorsDoNotRepeatSecrets(t *testing.T) {
	const canary = "Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5"
	key := `{"keys":[{"kty":"oct","kid":"a","status":"active","k":"` + canary + `","d":"` + canary + `"}]}`
	for _, value := range []string{canary, key, key[:len(key)-1], strings.Replace(key, `"d":"`, `"k":"`, 1), strings.ReplaceAll(key, canary, canary+"!"), "ssm:/d/x"} {
		for _, name := range []string{"SIGNING_KEYS", "REFRESH_KEYS", "VERIFICATION_KEYS", "TRANSACTION_KEYS"} {
			var c full
			environ := environment(t, name+"="+value, "CLIENT_SECRET="+canary, "PUBLIC_URL=x")
			err := config.Load(t.Context(), environ, &resolver{values: map[string]string{"/d/x": canary}}, &c)
			if err == nil || strings.Contains(err.Error(), canary) {
				t.Errorf("%s=%.60s: %v", name, value, err)
			}
		}
	}
}
