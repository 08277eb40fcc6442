// Package josetest looks at our tokens from outside, through the built system:
// with JOSE libraries that nobody here wrote, and at every door where a token of
// another kind might be tried.
//
// It needs node with npm, and python3: without them it fails.
package josetest

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"daemun/local"
)

const (
	mainTemplate   = "../../template.yaml"
	ordersTemplate = "../../examples/orders-api/template.yaml"
)

func start(t *testing.T, environment map[string]string, templates ...string) *local.System {
	t.Helper()
	s, err := local.Start(t.Context(), local.Options{
		Templates: templates, BuildDir: "../../.build", EnvFile: os.DevNull, AutoConsent: true,
		Environment: environment, Logs: t.Output(),
	})
	must(t, err)
	t.Cleanup(s.Close)
	return s
}

// answer is what a request got.
type answer struct {
	status   int
	location string
	cookies  map[string]string
	body     []byte
}

// do sends a request with headers: name, value and so on. It follows no redirect
// and keeps no cookie.
func do(t *testing.T, method, address, body string, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	must(t, err)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	must(t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	must(t, err)
	a := answer{response.StatusCode, response.Header.Get("Location"), map[string]string{}, content}
	for _, c := range response.Cookies() {
		a.cookies[c.Name] = c.Value
	}
	return a
}

// begun is a login that the provider has sent back.
type begun struct {
	callback string
	cookie   string // its name
	sealed   string // and its value: the transaction
}

func begin(t *testing.T, s *local.System) begun {
	t.Helper()
	login := do(t, http.MethodGet, s.URL+"/auth/kakao/login", "")
	agreed := do(t, http.MethodGet, login.location, "")
	for name, value := range login.cookies {
		return begun{agreed.location, name, value}
	}
	t.Fatalf("login answered %d without a cookie", login.status)
	return begun{}
}

// finish ends the login, whatever its transaction's cookie holds.
func (b begun) finish(t *testing.T, sealed string) answer {
	t.Helper()
	return do(t, http.MethodGet, b.callback, "", "Cookie", b.cookie+"="+sealed)
}

// session is the tokens of a login.
type session struct{ access, refresh string }

func logIn(t *testing.T, s *local.System) session {
	t.Helper()
	b := begin(t, s)
	done := b.finish(t, b.sealed)
	if code := failure(t, done); code != "" {
		t.Fatalf("login failed: %s", code)
	}
	return session{done.cookies["daemun-at"], done.cookies["daemun-rt"]}
}

// failure is the error that a callback's redirect tells; "" if the login went well.
func failure(t *testing.T, a answer) string {
	t.Helper()
	u, err := url.Parse(a.location)
	must(t, err)
	if a.status != http.StatusFound {
		return http.StatusText(a.status)
	}
	return u.Query().Get("error")
}
