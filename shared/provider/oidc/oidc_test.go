package oidc_test

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

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

func TestContract_RS256(t *testing.T) { contract(t, "RS256", false) }

func TestContract_ES256(t *testing.T) { contract(t, "ES256", true) }

func contract(t *testing.T, algorithm string, sendsIssuer bool) {
	providertest.Contract(t, providertest.Suite{
		Fake: func() providertest.Fake {
			return providertest.NewOIDC(providertest.Options{SendsIssuer: sendsIssuer,
				Signer: providertest.NewSigner(providertest.SignerOptions{Algorithm: algorithm})})
		},
		SendsIssuer:  sendsIssuer,
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
			if u, err := begin(t.Context(), p); err != nil || !strings.HasPrefix(u, p.Issuers()[0]+"/authorize?client_id=oidc-client-id&") {
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
		if _, err := identify(t, fake, p); err != nil {
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
	fake.Advance(2 * time.Second)
	if _, err := begin(t.Context(), p); err != nil {
		t.Error(err)
	}
}

// F-12: what the issuer may answer to a question for its metadata. It is then left
// alone for two seconds, or for as long as it asks for, and no code is sent.
func TestIdentify_WithoutMetadataNobodyGetsIn(t *testing.T) {
	for name, c := range map[string]struct {
		answer providertest.Answer
		want   fault.Code
		asked  int
	}{
		"500":              {providertest.JSON(500, ""), fault.ProviderUnavailable, 2},
		"closed":           {providertest.Cut(), fault.ProviderUnavailable, 2},
		"429":              {providertest.RetryAfter(429, 3600), fault.ProviderUnavailable, 1},
		"403":              {providertest.RetryAfter(403, 3600), fault.ProviderUnavailable, 1},
		"404":              {providertest.JSON(404, ""), fault.BadProviderResponse, 1},
		"redirect":         {providertest.Redirect(302, "http://169.254.169.254/"), fault.BadProviderResponse, 1},
		"endless":          {providertest.Huge(0), fault.BadProviderResponse, 1},
		"10 MB":            {providertest.Huge(10 << 20), fault.BadProviderResponse, 1},
		"gzip bomb":        {providertest.GzipBomb(64), fault.BadProviderResponse, 1},
		"64 KB of header":  {providertest.BigHeader(64 << 10), fault.BadProviderResponse, 1},
		"promise is a day": {providertest.JSON(200, `{"authorization_response_iss_parameter_supported":"Monday"}`), fault.BadProviderResponse, 1},
		"hangs":            {providertest.Hang(), fault.ProviderTimeout, 2},
		"drips":            {providertest.Drip(), fault.ProviderTimeout, 2},
	} {
		fake, base := providertest.StartOIDC(t, providertest.Options{})
		fake.Freeze()
		timeouts := provider.Timeouts{}
		if c.want == fault.ProviderTimeout {
			timeouts.Keys = 100 * time.Millisecond
		}
		p, err := oidc.New(config(base), provider.NewClient(provider.Options{InsecureProviders: true, Now: fake.Now, Timeouts: timeouts}))
		if err != nil {
			t.Fatal(err)
		}
		fake.Always(providertest.Discovery, c.answer)
		for range 3 {
			if _, err := begin(t.Context(), p); fault.CodeOf(err) != c.want {
				t.Errorf("%s: a login begins: %v, want %s", name, err, c.want)
			}
			if _, err := p.SendsIssuer(t.Context()); fault.CodeOf(err) != c.want {
				t.Errorf("%s: a response is judged: %v, want %s", name, err, c.want)
			}
			if _, err := p.Identify(t.Context(), provider.Authorization{Code: "c"}); fault.CodeOf(err) != c.want {
				t.Errorf("%s: a login ends: %v, want %s", name, err, c.want)
			}
		}
		if asked, sent := fake.Hits(providertest.Discovery), fake.Hits(providertest.Token); asked != c.asked || sent != 0 {
			t.Errorf("%s: %d requests for metadata, want %d; %d with a code", name, asked, c.asked, sent)
		}
		fake.Always(providertest.Discovery, nil)
		fake.Advance(2 * time.Second)
		if _, err := begin(t.Context(), p); fault.CodeOf(err) == fault.ProviderUnavailable && (name == "429" || name == "403") {
			fake.Advance(58 * time.Second) // it asked for an hour, and gets a minute
		}
		if _, err := begin(t.Context(), p); err != nil && timeouts == (provider.Timeouts{}) { // a slow machine may need longer
			t.Errorf("%s: it is back: %v", name, err)
		}
	}
}

// ST-05, RFC 9207 §3: what the metadata says, and as text too, as some write it.
func TestSendsIssuer_IsWhatTheMetadataSays(t *testing.T) {
	for said, want := range map[string]bool{``: false, `true`: true, `false`: false, `null`: false, `"true"`: true} {
		fake, p := start(t)
		fake.Always(providertest.Discovery, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			issuer := p.Issuers()[0]
			body := `{"issuer":"` + issuer + `","jwks_uri":"` + issuer + `/keys","authorization_endpoint":"` + issuer + `/authorize","token_endpoint":"` + issuer + `/token"`
			if said != "" {
				body += `,"authorization_response_iss_parameter_supported":` + said
			}
			providertest.JSON(200, body+`}`)(w, r, nil)
		})
		if got, err := provider.RequiresIssuer(t.Context(), p); err != nil || got != want {
			t.Errorf("%s: got %v, %v", said, got, err)
		}
	}
}

// RFC 6749 §3.1: what an endpoint has of a query stays, and ours is added.
func TestIdentify_EndpointsMayHaveAQuery(t *testing.T) {
	fake, p := start(t)
	var queries sync.Map // by endpoint
	for _, e := range []providertest.Endpoint{providertest.Token, providertest.Userinfo, providertest.Keys} {
		fake.Always(e, func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
			queries.Store(e, r.URL.RawQuery)
			r.URL.RawQuery = "" // nothing of ours is in it, or the fake's own endpoint refuses it
			honest.ServeHTTP(w, r)
		})
	}
	fake.Always(providertest.Discovery, func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
		answer := httptest.NewRecorder()
		honest.ServeHTTP(answer, r)
		var edit []string
		for _, path := range []string{"/authorize", "/token", "/userinfo", "/keys"} {
			edit = append(edit, path+`"`, path+`?p=sign+up%20in"`)
		}
		providertest.JSON(200, strings.NewReplacer(edit...).Replace(answer.Body.String()))(w, r, nil)
	})
	want := p.Issuers()[0] + "/authorize?p=sign+up%20in&client_id=oidc-client-id&"
	if u, err := begin(t.Context(), p); err != nil || !strings.HasPrefix(u, want) || strings.Contains(u[len(want):], "+") {
		t.Errorf("got %s, %v", u, err)
	}
	if _, err := identify(t, fake, p); err != nil {
		t.Fatal(err)
	}
	for _, e := range []providertest.Endpoint{providertest.Token, providertest.Userinfo, providertest.Keys} {
		if got, _ := queries.Load(e); got != "p=sign+up%20in" {
			t.Errorf("%v was asked with %q", e, got)
		}
	}
}

// What userinfo leaves out is the id_token's, and what an address is worth is said
// where the address is: CB-13.
func TestIdentify_IDTokenFillsWhatUserinfoLeavesOut(t *testing.T) {
	signed := user.Profile{Email: "daemun.kim@example.com", EmailVerified: true, Nickname: "김대문", PictureURL: "https://k.kakaocdn.net/dn/daemun/640x640.jpg"}
	for userinfo, change := range map[string]func(*user.Profile){
		``:                         func(*user.Profile) {},
		`,"email":null,"name":""`:  func(*user.Profile) {},
		`,"email_verified":true`:   func(*user.Profile) {},
		`,"email_verified":false`:  func(*user.Profile) {},
		`,"email":"a@example.com"`: func(p *user.Profile) { p.Email, p.EmailVerified = "a@example.com", false },
		`,"nickname":"n"`:          func(p *user.Profile) { p.Nickname = "n" },
		`,"name":"n"`:              func(p *user.Profile) { p.Nickname = "n" },
		`,"picture":"https://b/"`:  func(p *user.Profile) { p.PictureURL = "https://b/" },
	} {
		fake, p := start(t)
		fake.Always(providertest.Userinfo, providertest.JSON(200, `{"sub":"4100000001"`+userinfo+`}`))
		want := signed
		change(&want)
		if got, err := identify(t, fake, p); err != nil || got.Profile != want {
			t.Errorf("%s: got %v, %v", userinfo, got.Profile, err)
		}
	}
	// Claims that are malformed are as good as none: none of them decides anything.
	for email, want := range map[string]user.Profile{`"b@example.com"`: {Email: "b@example.com"}, `7`: {}} {
		fake, p := start(t)
		fake.Claims = func(providertest.Person) map[string]any {
			return map[string]any{"email": jsontext.Value(email), "email_verified": false}
		}
		fake.Always(providertest.Userinfo, providertest.JSON(200, `{"sub":"4100000001","email_verified":true}`))
		if got, err := identify(t, fake, p); err != nil || got.Profile != want {
			t.Errorf("%s: got %v, %v", email, got.Profile, err)
		}
	}
}

func identify(t *testing.T, fake *providertest.OIDC, p *oidc.Provider) (provider.Person, error) {
	t.Helper()
	code := fake.Code(providertest.Persons()[0], "", "https://a.example")
	return p.Identify(t.Context(), provider.Authorization{RedirectURI: "https://a.example", Code: code, Nonce: providertest.NonceOfCode, CodeVerifier: "v"})
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
			issuer := p.Issuers()[0]
			honest := `{"issuer":"` + issuer + `","jwks_uri":"` + issuer + `/keys","authorization_endpoint":"` + issuer + `/authorize","token_endpoint":"` + issuer + `/token"}`
			providertest.JSON(200, change(honest))(w, r, nil)
		})
		if u, err := begin(t.Context(), p); fault.CodeOf(err) != fault.BadProviderResponse || u != "" {
			t.Errorf("%s: got %q, %v", name, u, err)
		}
	}
}

// JW-02: an issuer on https that publishes an endpoint in the clear.
func TestAuthorizeURL_RefusesEndpointsInTheClear(t *testing.T) {
	fake := providertest.NewOIDC(providertest.Options{})
	server := httptest.NewTLSServer(fake)
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	for name, want := range map[string]fault.Code{
		"response_types_supported": "", "authorization_endpoint": fault.BadProviderResponse, "token_endpoint": fault.BadProviderResponse,
		"userinfo_endpoint": fault.BadProviderResponse, "jwks_uri": fault.BadProviderResponse,
	} {
		fake.Always(providertest.Discovery, func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
			answer := httptest.NewRecorder()
			honest.ServeHTTP(answer, r)
			providertest.JSON(200, strings.Replace(answer.Body.String(), `"`+name+`":"https`, `"`+name+`":"http`, 1))(w, r, nil)
		})
		p, err := oidc.New(config(server.URL), provider.NewClient(provider.Options{RootCAs: roots}))
		if err != nil {
			t.Fatal(err)
		}
		if u, err := begin(t.Context(), p); fault.CodeOf(err) != want || (u == "") != (want != "") {
			t.Errorf("%s: got %q, %v", name, u, err)
		}
	}
}

func TestNew_SaysEverythingThatIsWrong(t *testing.T) {
	_, err := oidc.New(oidc.Config{Name: "Acme", Issuer: "http://a", Scope: "email", Algorithm: "HS256"}, provider.NewClient(provider.Options{}))
	want := "oidc Acme: provider name \"Acme\" is not valid\n" +
		"issuer: plain http needs INSECURE_PROVIDERS=true\n" +
		"client id: want visible ASCII characters\n" +
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
