package main

import (
	"encoding/base64"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/lambdahttp/lambdatest"
)

// Every golden event has its answer here, and every answer its event.
func TestEvents_EachHasItsAnswer(t *testing.T) {
	w := open(t)
	type answer struct {
		status   int
		failure  fault.Code
		returnTo string // of a login that is begun
	}
	want := map[string]answer{
		"providers":                   {status: 200},
		"login":                       {status: 302, returnTo: lambdatest.Front + "/orders/7"}, // ST-11
		"login-plain":                 {status: 302, returnTo: lambdatest.FrontURL},
		"login-forged-host":           {status: 302, returnTo: lambdatest.FrontURL},         // ST-16
		"login-injected-parameters":   {status: 302, returnTo: lambdatest.FrontURL},         // ST-07, ST-16, ST-17
		"login-with-five-logins-open": {status: 302, returnTo: lambdatest.FrontURL},         // CK-04
		"prefetch":                    {status: 503, failure: fault.TemporarilyUnavailable}, // CB-16
		"return-to-elsewhere":         {status: 302, failure: fault.InvalidRequest},         // ST-10
		"return-to-elsewhere-json":    {status: 400, failure: fault.InvalidRequest},
		"return-to-twice":             {status: 302, failure: fault.InvalidRequest},  // ST-15
		"unknown-provider":            {status: 302, failure: fault.UnknownProvider}, // ST-18
		"unknown-provider-json":       {status: 404, failure: fault.UnknownProvider},
		"post":                        {status: 404, failure: fault.NotFound},       // HD-05
		"payload-v1":                  {status: 400, failure: fault.InvalidRequest}, // IN-03
	}
	names := lambdatest.EventNames(t, "login-url")
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(slices.Values(names))); diff != "" {
		t.Fatalf("events (-tested +there):\n%s", diff)
	}
	for _, name := range names {
		a := lambdatest.Invoke(t, w.handler, lambdatest.Event(t, "login-url", name))
		got := answer{status: a.StatusCode, failure: a.Failure()}
		if want[name].returnTo != "" {
			_, tx := w.begun(a)
			got.returnTo = tx.ReturnTo
		}
		if got != want[name] {
			t.Errorf("%s: %+v, want %+v", name, got, want[name])
		}
	}
}

func TestProviders_ListsWhatIsConfigured(t *testing.T) {
	for name, c := range map[string]struct{ clientID, want string }{
		"kakao": {"kakao-rest-api-key", `{"providers":[{"name":"kakao","display_name":"Kakao","login_path":"/auth/kakao/login"}]}`},
		"none":  {"", `{"providers":[]}`},
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t, "KAKAO_CLIENT_ID", c.clientID)
			a := lambdatest.Invoke(t, w.handler, lambdatest.Event(t, "login-url", "providers"))
			if a.StatusCode != 200 || a.Body != c.want || a.Headers["Content-Type"] != "application/json; charset=utf-8" {
				t.Errorf("status %d, %s %s; want %s", a.StatusCode, a.Headers["Content-Type"], a.Body, c.want)
			}
			if c.clientID == "" {
				w.refused(w.login(), fault.UnknownProvider)
			}
		})
	}
}

// ST-02, ST-06: 256 random bits each, and no two alike.
func TestLogin_SecretsAreRandom(t *testing.T) {
	w := open(t)
	secret := regexp.MustCompile(`^[\w-]{43}$`)
	seen, starts := map[string]bool{}, map[string]int{}
	for range 300 {
		q, tx := w.begun(w.login())
		for _, s := range []string{q.Get("state"), q.Get("nonce"), tx.CodeVerifier} {
			if !secret.MatchString(s) || seen[s] {
				t.Fatalf("%q was seen before, or is not 43 characters of base64url", s)
			}
			seen[s] = true
			starts[s[:3]]++
		}
	}
	for start, n := range starts {
		if n > 5 { // of 900 in 262 144
			t.Errorf("%d secrets begin with %q", n, start)
		}
	}
}

// ST-06: the verifier and where the browser will go are sealed.
func TestLogin_TransactionIsNotReadable(t *testing.T) {
	w := open(t)
	a := w.login()
	_, tx := w.begun(a)
	var jar lambdatest.Jar
	jar.Take(t, a)
	_, sealed, _ := strings.Cut(jar.Cookies()[0], ".")
	text, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{tx.CodeVerifier, tx.Nonce, tx.ReturnTo} {
		if strings.Contains(string(text), secret) || strings.Contains(a.Cookies[0], secret) {
			t.Errorf("the cookie shows %q", secret)
		}
	}
}

// ST-16: what the browser says of our own address counts for nothing, nor does
// the stage.
func TestLogin_RedirectURIIsTheConfiguredOne(t *testing.T) {
	w := open(t)
	for _, name := range []string{"host", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-prefix", "forwarded", "origin", "referer", "x-original-url"} {
		w.begun(w.login(header(name, "https://evil.example/")))
	}
	event := lambdatest.Event(t, "login-url", "login-plain")
	for _, from := range []string{`"/auth/kakao/login"`, `"auth.example.com"`, `"$default"`} {
		event = []byte(strings.ReplaceAll(string(event), from, `"evil.example"`))
	}
	w.begun(lambdatest.Invoke(t, w.handler, event))
}

// CB-16: a prefetch begins no login, and its answer is one that no browser keeps
// for the click that may follow.
func TestLogin_PrefetchBeginsNothing(t *testing.T) {
	w := open(t)
	for _, h := range [][2]string{{"sec-purpose", "prefetch"}, {"sec-purpose", "prefetch;prerender"}, {"purpose", "prefetch"}, {"x-moz", "prefetch"}} {
		a := w.login(header(h[0], h[1]))
		if a.StatusCode != 503 || a.Failure() != fault.TemporarilyUnavailable || len(a.Cookies) > 0 {
			t.Errorf("%s: status %d, %s, cookies %q", h, a.StatusCode, a.Body, a.Cookies)
		}
	}
}
