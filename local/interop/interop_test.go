// Package interop proves logins with OpenID Connect against a provider that others
// wrote, npm oidc-provider: the generic provider alone in these tests, the whole
// system in system_test.go. It needs node and npm, and the built functions.
package interop

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"daemun/shared/fault"
	"daemun/shared/provider"
	"daemun/shared/provider/oidc"
	"daemun/shared/secret"
	"daemun/shared/user"
)

func newProvider(t *testing.T, issuer string, change func(*oidc.Config)) *oidc.Provider {
	t.Helper()
	c := oidc.Config{Name: "acme", Issuer: issuer, ClientID: "RS256", ClientSecret: secret.New(clientSecret), Scope: "openid email profile", Algorithm: "RS256"}
	if change != nil {
		change(&c)
	}
	p, err := oidc.New(c, provider.NewClient(provider.Options{InsecureProviders: true}))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// visit is somebody with a browser at the provider's own pages. It returns the
// authorization response.
func visit(t *testing.T, p *oidc.Provider, person string) url.Values {
	t.Helper()
	target, err := p.AuthorizeURL(t.Context(), provider.AuthorizeRequest{RedirectURI: redirectURI, State: "the state", Nonce: "the nonce", CodeChallenge: challenge()})
	if err != nil {
		t.Fatal(err)
	}
	return sentBack(t, agree(t, newBrowser(t, redirectURI), target, person))
}

func authorization(response url.Values) provider.Authorization {
	return provider.Authorization{RedirectURI: redirectURI, Code: response.Get("code"), State: "the state", Nonce: "the nonce", CodeVerifier: verifier}
}

func TestLogin(t *testing.T) {
	issuer := start(t, 0).issuer
	for _, algorithm := range []string{"RS256", "ES256"} {
		p := newProvider(t, issuer, func(c *oidc.Config) { c.ClientID, c.Algorithm = algorithm, algorithm })
		for person, want := range map[string]user.Profile{
			"kim":  {Email: "kim@example.com", EmailVerified: true, Nickname: "김대문", PictureURL: "https://img.example/kim.jpg"},
			"bare": {},
		} {
			response := visit(t, p, person)
			if response.Get("state") != "the state" || response.Get("iss") != issuer {
				t.Errorf("got %v", response)
			}
			got, err := p.Identify(t.Context(), authorization(response))
			if err != nil || got != (provider.Person{Identity: user.Identity{Provider: "acme", Subject: person}, Profile: want}) {
				t.Errorf("%s, %s: got %+v, %v", algorithm, person, got, err)
			}
		}
	}
}

func TestLogin_Cancelled(t *testing.T) {
	issuer := start(t, 0).issuer
	response := visit(t, newProvider(t, issuer, nil), "")
	if response.Get("error") != "access_denied" || response.Get("iss") != issuer || response.Has("code") {
		t.Errorf("got %v", response)
	}
}

func TestLogin_Refused(t *testing.T) {
	issuer := start(t, 0).issuer
	for name, c := range map[string]struct {
		configure func(*oidc.Config)
		change    func(*provider.Authorization)
		want      fault.Code
		cause     error
	}{
		"wrong secret":      {func(c *oidc.Config) { c.ClientSecret = secret.New("wrong") }, nil, fault.ProviderMisconfigured, nil},
		"wrong verifier":    {nil, func(a *provider.Authorization) { a.CodeVerifier += "x" }, fault.LoginExpired, nil},
		"wrong redirect":    {nil, func(a *provider.Authorization) { a.RedirectURI += "x" }, fault.LoginExpired, nil},
		"unknown code":      {nil, func(a *provider.Authorization) { a.Code += "x" }, fault.LoginExpired, nil},
		"another nonce":     {nil, func(a *provider.Authorization) { a.Nonce = "another" }, fault.BadProviderResponse, provider.ErrNonce},
		"another algorithm": {func(c *oidc.Config) { c.Algorithm = "ES256" }, nil, fault.BadProviderResponse, nil},
	} {
		p := newProvider(t, issuer, c.configure)
		a := authorization(visit(t, p, "kim"))
		if c.change != nil {
			c.change(&a)
		}
		got, err := p.Identify(t.Context(), a)
		if fault.CodeOf(err) != c.want || got != (provider.Person{}) || c.cause != nil && !errors.Is(err, c.cause) {
			t.Errorf("%s: got %v, %v; want %s", name, got, err, c.want)
		}
	}
	p := newProvider(t, issuer, nil)
	a := authorization(visit(t, p, "kim"))
	if _, err := p.Identify(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Identify(t.Context(), a); fault.CodeOf(err) != fault.LoginExpired {
		t.Errorf("a code used twice: %v", err)
	}
}

// JW-01: the provider comes back with new keys, and we still have its old ones.
func TestLogin_AfterTheKeysHaveChanged(t *testing.T) {
	first := start(t, 0)
	p := newProvider(t, first.issuer, nil)
	if _, err := p.Identify(t.Context(), authorization(visit(t, p, "kim"))); err != nil {
		t.Fatal(err)
	}
	first.stop()
	port, err := strconv.Atoi(first.issuer[strings.LastIndex(first.issuer, ":")+1:])
	if err != nil {
		t.Fatal(err)
	}
	if again := start(t, port).issuer; again != first.issuer {
		t.Fatalf("it came back as %s", again)
	}
	if _, err := p.Identify(t.Context(), authorization(visit(t, p, "kim"))); err != nil {
		t.Error(err)
	}
}

// An issuer is compared exactly (JW-02).
func TestLogin_IssuerUnderAnotherName(t *testing.T) {
	issuer := start(t, 0).issuer
	for _, other := range []string{issuer + "/", strings.Replace(issuer, "127.0.0.1", "localhost", 1)} {
		p := newProvider(t, other, nil)
		_, err := p.AuthorizeURL(t.Context(), provider.AuthorizeRequest{})
		if fault.CodeOf(err) != fault.BadProviderResponse || !errors.Is(err, provider.ErrIssuer) {
			t.Errorf("%s: got %v", other, err)
		}
	}
}
