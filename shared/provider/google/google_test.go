package google_test

import (
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/provider"
	"daemun/shared/provider/google"
	"daemun/shared/provider/providertest"
	"daemun/shared/secret"
	"daemun/shared/user"
)

func newFake() *providertest.OIDC {
	return providertest.NewOIDC(providertest.Options{
		Signer: providertest.NewSigner(providertest.SignerOptions{Issuer: "https://accounts.google.com"}),
	})
}

func newProvider(base, clientSecret string, client *provider.Client) (provider.Provider, error) {
	return google.New(google.Config{
		ClientID: providertest.OIDCClientID, ClientSecret: secret.New(clientSecret),
		AuthURL: base + providertest.OIDCAuthorizePath, TokenURL: base + providertest.OIDCTokenPath,
		UserinfoURL: base + providertest.OIDCUserinfoPath, KeysURL: base + providertest.OIDCKeysPath,
	}, client)
}

func TestContract(t *testing.T) {
	providertest.Contract(t, providertest.Suite{
		Fake:         func() providertest.Fake { return newFake() },
		Signer:       func(f providertest.Fake) *providertest.Signer { return f.(*providertest.OIDC).Signer },
		BareIssuer:   true,
		ClientSecret: providertest.OIDCClientSecret,
		New:          newProvider,
		Person:       providertest.Persons()[0],
		Want: provider.Person{
			Identity: user.Identity{Provider: "google", Subject: "4100000001"},
			Profile:  user.Profile{Email: "daemun.kim@example.com", Nickname: "김대문", PictureURL: "https://k.kakaocdn.net/dn/daemun/640x640.jpg"},
		},
		Userinfo:    func(subject string) string { return `{"sub":` + subject + `}` },
		Subject:     `"4100000001"`,
		BadSubjects: []string{`4100000001`, `"4100000002"`, `"4100000001 "`}, // CB-05
	})
}

// ST-17: the exact parameters and no others.
func TestAuthorizeURL_HasExactlyTheStandardParameters(t *testing.T) {
	g, err := google.New(google.Config{ClientID: "key"}, provider.NewClient(provider.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	got, err := g.AuthorizeURL(t.Context(), provider.AuthorizeRequest{RedirectURI: "https://a.example/b", State: "s", Nonce: "n", CodeChallenge: "c"})
	want := "https://accounts.google.com/o/oauth2/v2/auth?client_id=key&code_challenge=c&code_challenge_method=S256&nonce=n" +
		"&redirect_uri=https%3A%2F%2Fa.example%2Fb&response_type=code&scope=openid%20email%20profile&state=s"
	if err != nil || got != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
	if issuers := []string{"https://accounts.google.com", "accounts.google.com"}; !slices.Equal(g.Issuers(), issuers) || g.DisplayName() != "Google" {
		t.Error(g.Issuers(), g.DisplayName())
	}
}

// CB-13: Google is the authority for its own domain and for those of Workspace.
func TestIdentify_EmailIsVerifiedWhereGoogleIsTheAuthority(t *testing.T) {
	for _, c := range []struct {
		claims map[string]any
		want   bool
	}{
		{map[string]any{"email": "a@gmail.com", "email_verified": true}, true},
		{map[string]any{"email": "a@corp.example", "email_verified": true, "hd": "corp.example"}, true},
		{map[string]any{"email": "a@corp.example", "email_verified": true}, false},
		{map[string]any{"email": "a@gmail.com", "email_verified": false}, false},
		{map[string]any{"email": "a@gmail.com"}, false},
		{map[string]any{"email": "a@gmail.com.evil.example", "email_verified": true}, false},
		{map[string]any{"email": "a@evilgmail.com", "email_verified": true}, false},
		{map[string]any{"email_verified": true, "hd": "corp.example"}, false},
	} {
		fake, base := providertest.StartOIDC(t, providertest.Options{
			Signer: providertest.NewSigner(providertest.SignerOptions{Issuer: "https://accounts.google.com"}),
		})
		fake.Claims = func(providertest.Person) map[string]any { return c.claims }
		g, err := newProvider(base, providertest.OIDCClientSecret, provider.NewClient(provider.Options{InsecureProviders: true}))
		if err != nil {
			t.Fatal(err)
		}
		got, err := g.Identify(t.Context(), provider.Authorization{RedirectURI: "https://a.example", Nonce: providertest.NonceOfCode,
			Code: fake.Code(providertest.Persons()[0], "", "https://a.example"), CodeVerifier: "any"})
		email, _ := c.claims["email"].(string)
		if diff := cmp.Diff(user.Profile{Email: email, EmailVerified: c.want}, got.Profile); err != nil || diff != "" {
			t.Errorf("%v: %v (-want +got):\n%s", c.claims, err, diff)
		}
	}
}

// The codes that Google documents, where and as they were seen.
func TestIdentify_ErrorCodesOfGoogle(t *testing.T) {
	const token, api = providertest.Token, providertest.Userinfo
	reason := func(reasons string) string { return `{"error":{"errors":[` + reasons + `],"code":403,"message":"x"}}` }
	for _, c := range []struct {
		endpoint providertest.Endpoint
		status   int
		body     string
		want     fault.Code
	}{
		{token, 400, `{"error":"invalid_grant","error_description":"Bad Request"}`, fault.LoginExpired},
		{token, 400, `{"error":"redirect_uri_mismatch","error_description":"x"}`, fault.LoginExpired},
		{token, 401, `{"error":"invalid_client"}`, fault.ProviderMisconfigured},
		{token, 401, `{"error":"deleted_client"}`, fault.ProviderMisconfigured},
		{token, 403, `{"error":"rate_limit_exceeded"}`, fault.ProviderUnavailable},
		{token, 400, `{"error":"x"}`, fault.BadProviderResponse},
		{api, 401, `{"error":"invalid_request","error_description":"Invalid Credentials"}`, fault.BadProviderResponse},
		{api, 403, `{"error":"insufficient_scope"}`, fault.ProviderMisconfigured},
		{api, 403, reason(`{"domain":"usageLimits","reason":"rateLimitExceeded"}`), fault.ProviderUnavailable},
		{api, 403, reason(`{"reason":"x"},{"reason":"userRateLimitExceeded"}`), fault.ProviderUnavailable},
		{api, 403, reason(`{"reason":"accessNotConfigured"}`), fault.ProviderMisconfigured},
		{api, 403, reason(`{"reason":"x"}`), fault.BadProviderResponse},
		{api, 403, reason(``), fault.BadProviderResponse},
		{api, 403, `{"error":{"errors":{"reason":"rateLimitExceeded"}}}`, fault.BadProviderResponse},
	} {
		fake := newFake()
		server := httptest.NewServer(fake)
		t.Cleanup(server.Close)
		fake.Always(c.endpoint, providertest.JSON(c.status, c.body))
		g, err := newProvider(server.URL, providertest.OIDCClientSecret, provider.NewClient(provider.Options{InsecureProviders: true}))
		if err != nil {
			t.Fatal(err)
		}
		_, err = g.Identify(t.Context(), provider.Authorization{RedirectURI: "https://a.example", Nonce: providertest.NonceOfCode,
			Code: fake.Code(providertest.Persons()[0], "", "https://a.example"), CodeVerifier: "any"})
		if fault.CodeOf(err) != c.want || fake.Hits(c.endpoint) != 1 {
			t.Errorf("%d %s: got %v after %d requests, want %s", c.status, c.body, err, fake.Hits(c.endpoint), c.want)
		}
	}
}

func TestNew_SaysEverythingThatIsWrong(t *testing.T) {
	_, err := google.New(google.Config{ClientID: "a b", AuthURL: "ftp://a", TokenURL: "http://a", UserinfoURL: "https://u:p@a", KeysURL: "http://a"},
		provider.NewClient(provider.Options{}))
	want := "google: client id: want visible ASCII characters\n" +
		"authorization URL: want https\n" +
		"token URL: plain http needs INSECURE_PROVIDERS=true\n" +
		"userinfo URL: want an absolute URL without credentials and fragment\n" +
		"JWKS URL: plain http needs INSECURE_PROVIDERS=true"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
