package oidc_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"daemun/shared/fault"
	"daemun/shared/provider"
	"daemun/shared/provider/oidc"
	"daemun/shared/provider/providertest"
	"daemun/shared/secret"
	"daemun/shared/user"
)

func config(base string) oidc.Config {
	return oidc.Config{
		Name: "acme", Issuer: base, ClientID: providertest.OIDCClientID, ClientSecret: secret.New(providertest.OIDCClientSecret),
		Scope: "openid email profile", Algorithm: "RS256",
	}
}

func TestContract_RS256(t *testing.T) { contract(t, "RS256") }

func TestContract_ES256(t *testing.T) { contract(t, "ES256") }

func contract(t *testing.T, algorithm string) {
	providertest.Contract(t, providertest.Suite{
		Fake: func() providertest.Fake {
			return providertest.NewOIDC(providertest.Options{Signer: providertest.NewSigner(providertest.SignerOptions{Algorithm: algorithm})})
		},
		Signer:       func(f providertest.Fake) *providertest.Signer { return f.(*providertest.OIDC).Signer },
		ClientSecret: providertest.OIDCClientSecret,
		New: func(base, clientSecret string, client *provider.Client) (provider.Provider, error) {
			c := config(base)
			c.ClientSecret, c.Algorithm = secret.New(clientSecret), algorithm
			return oidc.New(c, client)
		},
		Person: providertest.Persons()[0],
		Want: provider.Person{
			Identity: user.Identity{Provider: "acme", Subject: "4100000001"},
			Profile: user.Profile{Email: "daemun.kim@example.com", EmailVerified: true, Nickname: "김대문",
				PictureURL: "https://k.kakaocdn.net/dn/daemun/640x640.jpg"},
		},
		Userinfo:    func(subject string) string { return `{"sub":` + subject + `}` },
		Subject:     `"4100000001"`,
		BadSubjects: []string{`4100000001`, `"4100000002"`}, // CB-05
	})
}

// start makes a provider in front of a fake, whose clock the fake's is.
func start(t *testing.T) (*providertest.OIDC, *oidc.Provider) {
	t.Helper()
	fake, base := providertest.StartOIDC(t, providertest.Options{})
	p, err := oidc.New(config(base), provider.NewClient(provider.Options{InsecureProviders: true, Now: fake.Now}))
	if err != nil {
		t.Fatal(err)
	}
	return fake, p
}

func begin(ctx context.Context, p *oidc.Provider) (string, error) {
	return p.AuthorizeURL(ctx, provider.AuthorizeRequest{RedirectURI: "https://a.example", State: "s", Nonce: "n", CodeChallenge: "c"})
}

func TestAuthorizeURL_FetchesTheMetadataOnceForAll(t *testing.T) {
	fake, p := start(t)
	if got := fake.Hits(providertest.Discovery); got != 0 {
		t.Errorf("%d requests for metadata before a login", got)
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if u, err := begin(t.Context(), p); err != nil || !strings.HasPrefix(u, p.Issuer()+"/authorize?client_id=oidc-client-id&") {
				t.Errorf("got %s, %v", u, err)
			}
		})
	}
	all.Wait()
	if got := fake.Hits(providertest.Discovery); got != 1 {
		t.Errorf("%d requests for metadata, want 1", got)
	}
}

// The metadata outlives failures of the issuer, and the keys outlive the metadata.
func TestIdentify_OldMetadataServesOnWhileTheIssuerFails(t *testing.T) {
	fake, p := start(t)
	logIn := func() {
		t.Helper()
		code := fake.Code(providertest.Persons()[0], "", "https://a.example")
		if _, err := p.Identify(t.Context(), provider.Authorization{RedirectURI: "https://a.example", Code: code, Nonce: providertest.NonceOfCode, CodeVerifier: "v"}); err != nil {
			t.Error(err)
		}
	}
	logIn()
	fake.Always(providertest.Discovery, providertest.JSON(500, ""))
	fake.Always(providertest.Keys, providertest.JSON(500, ""))
	for range 3 {
		fake.Advance(30 * time.Minute)
		logIn()
	}
	fake.Advance(31 * time.Minute)
	if _, err := begin(t.Context(), p); fault.CodeOf(err) != fault.ProviderUnavailable {
		t.Errorf("got %v", err)
	}
	fake.Always(providertest.Discovery, nil)
	if _, err := begin(t.Context(), p); err != nil {
		t.Error(err)
	}
}

// JW-02: nobody else speaks for an issuer, and not in the clear.
func TestAuthorizeURL_RefusesMetadata(t *testing.T) {
	for name, change := range map[string]func(string) string{
		"of another issuer": func(s string) string { return strings.Replace(s, `"issuer":"`, `"issuer":"https://evil.example/`, 1) },
		"with a slash":      func(s string) string { return strings.Replace(s, `","jwks_uri"`, `/","jwks_uri"`, 1) },
		"without issuer":    func(s string) string { return strings.Replace(s, `"issuer"`, `"Issuer"`, 1) },
		"issuer twice":      func(s string) string { return `{"issuer":"x",` + s[1:] },
		"without keys":      func(s string) string { return strings.Replace(s, `"jwks_uri"`, `"x"`, 1) },
		"without token":     func(s string) string { return strings.Replace(s, `"token_endpoint"`, `"x"`, 1) },
		"keys in a file":    func(s string) string { return strings.Replace(s, `"jwks_uri":"http`, `"jwks_uri":"file`, 1) },
		"token to a gopher": func(s string) string {
			return strings.Replace(s, `"token_endpoint":"http`, `"token_endpoint":"gopher`, 1)
		},
		"authorize a script": func(s string) string {
			return strings.Replace(s, `"authorization_endpoint":"http`, `"authorization_endpoint":"javascript`, 1)
		},
		"cut":      func(s string) string { return s[:len(s)-1] },
		"not JSON": func(string) string { return "<p>" },
	} {
		fake, p := start(t)
		fake.Always(providertest.Discovery, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			issuer := p.Issuer()
			honest := `{"issuer":"` + issuer + `","jwks_uri":"` + issuer + `/keys","authorization_endpoint":"` + issuer + `/authorize","token_endpoint":"` + issuer + `/token"}`
			providertest.JSON(200, change(honest))(w, r, nil)
		})
		if u, err := begin(t.Context(), p); fault.CodeOf(err) != fault.BadProviderResponse || u != "" {
			t.Errorf("%s: got %q, %v", name, u, err)
		}
	}
}

func TestAuthorizeURL_RefusesKeysInTheClear(t *testing.T) {
	// The issuer is https, what it publishes is not: without InsecureProviders that
	// is refused, which no server has to tell us.
	client := provider.NewClient(provider.Options{})
	o := &provider.OIDC{
		OAuth2:   provider.OAuth2{Client: client, ClientID: "key", AuthURL: "https://a.example/a", TokenURL: "https://a.example/t"},
		IDTokens: provider.IDTokens{Keys: provider.NewJWKS(client, "http://a.example/keys", "RS256")},
	}
	if err := o.Check(); err == nil || !strings.Contains(err.Error(), "JWKS URL") {
		t.Errorf("got %v", err)
	}
}

func TestNew_SaysEverythingThatIsWrong(t *testing.T) {
	_, err := oidc.New(oidc.Config{Name: "Acme", Issuer: "http://a", Scope: "email", Algorithm: "HS256"}, provider.NewClient(provider.Options{}))
	want := "oidc Acme: issuer: plain http needs INSECURE_PROVIDERS=true\n" +
		"provider name \"Acme\" is not valid\n" +
		"client id is empty\n" +
		"scope: openid is missing\n" +
		"algorithm: want RS256 or ES256"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestDisplayName_IsTheNameUnlessConfigured(t *testing.T) {
	c := config("https://a.example")
	client := provider.NewClient(provider.Options{})
	for display, want := range map[string]string{"": "acme", "Acme 회사": "Acme 회사"} {
		c.DisplayName = display
		p, err := oidc.New(c, client)
		if err != nil || p.DisplayName() != want || p.Name() != "acme" {
			t.Errorf("got %v, %v", p, err)
		}
	}
}
