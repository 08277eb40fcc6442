package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"daemun/shared/lambdahttp/lambdatest"
)

// CK-04: of a hundred logins in a row the last five are left, within the 10 240
// bytes of headers that API Gateway takes.
func TestLogin_BrowserHoldsTheFiveNewestTransactions(t *testing.T) {
	w := open(t)
	w.StopClock()
	var jar lambdatest.Jar
	var newest []string
	for range 100 {
		w.Wait(time.Second)
		a := w.login(cookies(jar.Cookies()...), query("return_to=/"+strings.Repeat("a", 511)))
		w.begun(a)
		jar.Take(t, a)
		if newest = append(newest, jar.Cookies()[len(jar.Cookies())-1]); len(newest) > 5 {
			newest = newest[1:]
		}
		if !slices.Equal(jar.Cookies(), newest) {
			t.Fatalf("%d cookies are held, want the %d newest", len(jar.Cookies()), len(newest))
		}
	}
	if size := len(strings.Join(jar.Cookies(), "; ")); size > 6500 {
		t.Errorf("five transactions have %d bytes", size)
	}
}

// What cannot be opened goes before the oldest login: it is of no use to anyone.
func TestLogin_UselessTransactionsGoFirst(t *testing.T) {
	const useless = "__Host-daemun-tx-useless1"
	for name, planted := range map[string][]string{
		"sealed by nobody": {useless + "=x.y"},
		"empty":            {useless + "="},
		"there twice":      {useless + "=x", useless + "=y"}, // CK-02
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			var jar lambdatest.Jar
			for range 4 {
				w.Wait(time.Second)
				jar.Take(t, w.login(cookies(jar.Cookies()...)))
			}
			a := w.login(cookies(slices.Concat(jar.Cookies(), planted)...))
			w.begun(a)
			if got := a.Cookie(t, useless); got != useless+"=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax" {
				t.Errorf("the useless one: %q", got)
			}
			if held := len(a.Cookies) - 1; len(planted) == 1 && held != 1 {
				t.Errorf("%d transactions are expired, want the useless one", held)
			}
		})
	}
}

// CK-02: names that are not ours, letter by letter, are left alone.
func TestLogin_OtherCookiesAreNotTouched(t *testing.T) {
	w := open(t)
	for _, name := range []string{
		"__host-daemun-tx-abcdefg", "__HOST-daemun-tx-abcdefg", "daemun-tx-abcdefg", "__Host-Daemun-tx-abcdefg", "=__Host-daemun-tx-abcdefg",
		"__Host-daemun-tx-", "__Host-daemun-tx-abcdefgh", "__Host-daemun-at", " __Host-daemun-tx-abcdefg", "__Secure-daemun-tx-abcdefg",
	} {
		var planted []string
		for i := range 9 {
			planted = append(planted, name+string(rune('0'+i))+"=x")
		}
		a := w.login(cookies(append(planted, "a", "")...))
		w.begun(a)
		if len(a.Cookies) != 1 {
			t.Errorf("%q: cookies %q", name, a.Cookies)
		}
	}
}

// On a loopback address the prefix and Secure are gone, and nothing else.
func TestLogin_CookieOnLoopback(t *testing.T) {
	w := open(t, "PUBLIC_URL", "http://localhost:3000", "FRONT_URL", "http://localhost:3000", "INSECURE_COOKIES", "true")
	a := w.login()
	form := regexp.MustCompile(`^daemun-tx-[\w-]{8}=[\w.-]+; Path=/; Max-Age=600; HttpOnly; SameSite=Lax$`)
	if len(a.Cookies) != 1 || !form.MatchString(a.Cookies[0]) {
		t.Errorf("cookies %q", a.Cookies)
	}
}
