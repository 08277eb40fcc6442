package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"daemun/shared/lambdahttp/lambdatest"
)

// CK-01: the transaction of a login that ends with a POST from another site is
// the one cookie that goes along with one, and Secure even where no other is.
func TestFormPost_TransactionGoesAlongWithAPostFromAnotherSite(t *testing.T) {
	const attributes = "; Path=/; Max-Age=600; HttpOnly; Secure; SameSite=None"
	for name, c := range map[string]struct {
		env    map[string]string
		prefix string
	}{
		"https":    {nil, "__Host-daemun-tx-"},
		"loopback": {map[string]string{"PUBLIC_URL": "http://localhost:3000", "FRONT_URL": "http://localhost:3000", "INSECURE_COOKIES": "true"}, "daemun-tx-"},
	} {
		t.Run(name, func(t *testing.T) {
			w := lambdatest.New(t)
			w.Env["APPLE_CLIENT_ID"] = "com.example.daemun.web" // and no key: this function needs none
			for name, value := range c.env {
				w.Env[name] = value
			}
			h := w.Build(builder())
			a := lambdatest.Invoke(t, h, lambdatest.Event(t, "login-url", "form-post/login"))
			if a.StatusCode != 302 || len(a.Cookies) != 1 || !strings.HasPrefix(a.Cookies[0], c.prefix) || !strings.HasSuffix(a.Cookies[0], attributes) {
				t.Errorf("status %d, cookies %q", a.StatusCode, a.Cookies)
			}
			if target := a.Headers["Location"]; !strings.HasPrefix(target, "https://appleid.apple.com/auth/authorize?") || !strings.Contains(target, "&response_mode=form_post&") {
				t.Errorf("goes to %s", target)
			}
			a = lambdatest.Invoke(t, h, lambdatest.Event(t, "login-url", "login"))
			if len(a.Cookies) != 1 || !strings.HasSuffix(a.Cookies[0], "; SameSite=Lax") {
				t.Errorf("another provider's: %q", a.Cookies)
			}
		})
	}
}

// CK-01, CK-04: browsers let nothing but a Secure cookie take the place of one, so
// the oldest login is expired the way it was set, even where no other cookie is
// Secure.
func TestFormPost_OldestTransactionGoesAsItCame(t *testing.T) {
	w := lambdatest.New(t)
	w.StopClock()
	w.Env["APPLE_CLIENT_ID"] = "com.example.daemun.web"
	w.Env["PUBLIC_URL"], w.Env["FRONT_URL"], w.Env["INSECURE_COOKIES"] = "http://localhost:3000", "http://localhost:3000", "true"
	h := w.Build(builder())
	var jar lambdatest.Jar
	var expired []string
	for _, login := range slices.Repeat([]string{"form-post/login", "login"}, 4) {
		w.Wait(time.Second)
		event := lambdatest.With(t, lambdatest.Event(t, "login-url", login), func(e *events.APIGatewayV2HTTPRequest) { e.Cookies = jar.Cookies() })
		a := lambdatest.Invoke(t, h, event)
		jar.Take(t, a)
		for _, c := range a.Cookies[:len(a.Cookies)-1] {
			_, attributes, _ := strings.Cut(c, "=; ")
			expired = append(expired, attributes)
		}
	}
	const posted, redirected = "Path=/; Max-Age=0; HttpOnly; Secure; SameSite=None", "Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
	if want := []string{posted, redirected, posted}; !slices.Equal(expired, want) || len(jar.Cookies()) != 5 {
		t.Errorf("expired %q, want %q; %d are held", expired, want, len(jar.Cookies()))
	}
}
