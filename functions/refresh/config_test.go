package main

import (
	"maps"
	"strings"
	"testing"

	"daemun/shared/fault"
	"daemun/shared/lambdahttp/lambdatest"
)

// notConfigured wants the function refused with a change to its environment; the
// error is for the log, so no key may be in it.
func (w *world) notConfigured(name, variable, value string) {
	w.t.Helper()
	before := maps.Clone(w.Env)
	defer func() { w.Env = before }()
	w.Env[variable] = value
	_, err := w.TryBuild(build)
	if fault.CodeOf(err) != fault.NotConfigured {
		w.t.Errorf("%s: %s: %v, want not_configured", variable, name, err)
		return
	}
	if strings.Contains(err.Error(), `"k"`) || strings.Contains(err.Error(), "AAECAwQF") {
		w.t.Errorf("%s: %s: the error shows a key", variable, name)
	}
}

// F-75, TK-04: what is wrongly configured is refused before the first token.
func TestConfig_MistakesAreRefused(t *testing.T) {
	w := start(t)
	for name, set := range lambdatest.BadSecretKeys() {
		w.notConfigured(name, "REFRESH_KEYS", set)
	}
	for _, c := range []struct{ name, variable, value string }{
		{"empty", "PUBLIC_URL", ""},
		{"with a path", "PUBLIC_URL", "https://auth.example.com/auth"},
		{"plain http", "PUBLIC_URL", "http://auth.example.com"},
		{"empty", "FRONT_URL", ""},
		{"with a slash", "ALLOWED_ORIGINS", "https://app.example.com/"},
		{"any", "ALLOWED_ORIGINS", "*"},
		{"away from loopback", "INSECURE_COOKIES", "true"},
		{"public", "SIGNING_KEYS", w.Env["VERIFICATION_KEYS"]},
		{"none", "SIGNING_KEYS", ""},
		{"too long", "ACCESS_TOKEN_SECONDS", "901"},
		{"none", "ACCESS_TOKEN_SECONDS", "0"},
		{"no number", "ACCESS_TOKEN_SECONDS", "15m"},
		{"too short", "REFRESH_GRACE_SECONDS", "4"},
		{"too long", "REFRESH_GRACE_SECONDS", "31"},
		{"over a tenth of the access token's life", "ACCESS_TOKEN_SECONDS", "99"},
		{"not over the access token's life", "REFRESH_IDLE_SECONDS", "900"},
		{"over 30 days", "REFRESH_IDLE_SECONDS", "2592001"},
		{"under the idle time", "REFRESH_ABSOLUTE_SECONDS", "604799"},
		{"over 90 days", "REFRESH_ABSOLUTE_SECONDS", "7776001"},
	} {
		w.notConfigured(c.name, c.variable, c.value)
	}
}

// On a loopback address without TLS the cookies have their plain names, and no
// others count.
func TestConfig_InsecureCookiesOnLoopback(t *testing.T) {
	w := start(t)
	w.Env["PUBLIC_URL"], w.Env["FRONT_URL"], w.Env["INSECURE_COOKIES"] = "http://localhost:3000", "http://localhost:3000", "true"
	w.h = w.Build(build)
	plain := strings.ReplaceAll(string(w.event("cookie", w.login.RefreshToken)), "__Host-", "")
	plain = strings.ReplaceAll(plain, lambdatest.Front, "http://localhost:3000")
	a := lambdatest.Invoke(t, w.h, []byte(plain))
	if a.StatusCode != 200 || a.Cookie(t, "daemun-at") == "" || a.Cookie(t, "daemun-rt") == "" {
		t.Errorf("answer %s, cookies %v", a.Outcome(), a.Cookies)
	}
	if a := w.invoke("cookie", w.login.RefreshToken); a.Outcome() != "401 invalid_grant" {
		t.Errorf("answer %s to the cookie with the prefix", a.Outcome())
	}
}
