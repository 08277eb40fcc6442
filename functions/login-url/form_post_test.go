package main

import (
	"strings"
	"testing"

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
