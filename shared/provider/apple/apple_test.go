package apple_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/provider"
	"daemun/shared/provider/apple"
	"daemun/shared/provider/providertest"
	"daemun/shared/secret"
	"daemun/shared/user"
)

const redirectURI = "https://app.example/auth/apple/callback"

// The example of RFC 7636 appendix B.
const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

func config(base string) apple.Config {
	return apple.Config{
		ClientID:   providertest.AppleClientID,
		TeamID:     providertest.AppleTeamID,
		KeyID:      providertest.AppleKeyID,
		PrivateKey: secret.New(providertest.ApplePrivateKey()),
		AuthURL:    base + providertest.AppleAuthorizePath,
		TokenURL:   base + providertest.AppleTokenPath,
		KeysURL:    base + providertest.AppleKeysPath,
		Issuer:     base,
	}
}

func TestContract(t *testing.T) {
	key := providertest.ApplePrivateKey()
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(other)
	if err != nil {
		t.Fatal(err)
	}
	otherKey := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	fake := func() *providertest.Apple { return providertest.NewApple(providertest.Options{}) }
	providertest.Contract(t, providertest.Suite{
		Fake:         func() providertest.Fake { return fake() },
		ClientSecret: key,
		New: func(base, clientSecret string, client *provider.Client) (provider.Provider, error) {
			c := config(base)
			if clientSecret != key {
				c.PrivateKey = secret.New(otherKey)
			}
			if clientSecret == "" {
				c.PrivateKey = secret.String{}
			}
			return apple.New(c, client)
		},
		Person: providertest.Persons()[0],
		Want: provider.Person{
			Identity: user.Identity{Provider: "apple", Subject: fake().Subject(providertest.Persons()[0])},
			Profile:  user.Profile{Email: "daemun.kim@example.com", EmailVerified: true},
		},
		Signer: func(f providertest.Fake) *providertest.Signer { return f.(*providertest.Apple).Signer() },
	})
}

func newClient() *provider.Client {
	return provider.NewClient(provider.Options{InsecureProviders: true})
}

func newApple(t *testing.T, c apple.Config) *apple.Provider {
	t.Helper()
	p, err := apple.New(c, newClient())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// login asks for a code at the fake, and redeems it with a form field user.
func login(t *testing.T, fake *providertest.Apple, p *apple.Provider, who providertest.Person, field string) (provider.Person, error) {
	t.Helper()
	return p.Identify(t.Context(), provider.Authorization{RedirectURI: redirectURI, Code: fake.Code(who, "", redirectURI),
		Nonce: providertest.NonceOfCode, CodeVerifier: "any", User: field})
}

// ST-06, ST-17: a space is %20.
func TestAuthorizeURL_HasExactlyTheseParameters(t *testing.T) {
	p, err := apple.New(apple.Config{ClientID: "com.example.web"}, provider.NewClient(provider.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.AuthorizeURL(t.Context(), provider.AuthorizeRequest{RedirectURI: "https://a.example/b", State: "s", Nonce: "n", CodeChallenge: "c"})
	want := "https://appleid.apple.com/auth/authorize?client_id=com.example.web&code_challenge=c&code_challenge_method=S256&nonce=n" +
		"&redirect_uri=https%3A%2F%2Fa.example%2Fb" +
		"&response_mode=form_post&response_type=code&scope=name%20email&state=s"
	if err != nil || got != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
	if !provider.FormPost(p) {
		t.Error("the response is not expected as a form")
	}
}

// The address is the id_token's, whoever writes what into the form.
func TestIdentify_KnowsThePersonsOfTheFake(t *testing.T) {
	fake, base := providertest.StartApple(t, providertest.Options{})
	p := newApple(t, config(base))
	const field = `{"name":{"firstName":"Daemun","lastName":"Kim"},"email":"evil@example.com"}`
	for i, want := range []user.Profile{
		{Email: "daemun.kim@example.com", EmailVerified: true, Nickname: "Daemun Kim"},
		{Nickname: "Daemun Kim"},
		{Email: "family@example.com", EmailVerified: true, Nickname: "Daemun Kim"},
		{Email: "haneul.park@example.com", Nickname: "Daemun Kim"},
	} {
		who := providertest.Persons()[i]
		got, err := login(t, fake, p, who, field)
		if diff := cmp.Diff(want, got.Profile); err != nil || diff != "" || got.Identity != (user.Identity{Provider: "apple", Subject: fake.Subject(who)}) {
			t.Errorf("%v, %v (-want +got):\n%s", got.Identity, err, diff)
		}
	}
}

// The field is the browser's word: it gives a name, or none, and fails no login.
func TestIdentify_NameIsWhatTheFormSays(t *testing.T) {
	fake, base := providertest.StartApple(t, providertest.Options{})
	p := newApple(t, config(base))
	for field, want := range map[string]string{
		``:   "",
		`{}`: "",
		`{"name":{"firstName":"Jane","lastName":"Doe"}}`:             "Jane Doe",
		`{"name":{"firstName":"대문","lastName":"김"}}`:                 "김대문",
		`{"name":{"firstName":"太郎","lastName":"山田"}}`:                "山田太郎",
		`{"name":{"firstName":"대문","lastName":"Kim"}}`:               "대문 Kim",
		`{"name":{"firstName":"","lastName":"김"}}`:                   "김",
		`{"name":{"firstName":" Jane ","lastName":""}}`:              "Jane",
		`{"name":{"firstName":"Jane"}}`:                              "Jane",
		`{"name":{"firstName":"👨‍👩‍👧‍👦","lastName":"가족"}}`:           "👨‍👩‍👧‍👦 가족",
		`{"name":{"firstName":"a\u0000b","lastName":"c"}}`:           "",
		`{"name":{"firstName":"` + strings.Repeat("x", 1025) + `"}}`: "",
		`{"name":{"FirstName":"Jane"}}`:                              "",
		`{"name":{"firstName":"a","firstName":"b"}}`:                 "",
		`{"name":{"firstName":"\ud800"}}`:                            "",
		`{"name":"Jane"}`:                                            "",
		`{"name":{"firstName":1}}`:                                   "",
		`[]`:                                                         "", `null`: "", `"x"`: "", `{`: "", `name=Jane`: "",
		strings.Repeat("[", 10000): "",
	} {
		got, err := login(t, fake, p, providertest.Persons()[0], field)
		if err != nil || got.Profile.Nickname != want || got.Profile.Email != "daemun.kim@example.com" {
			t.Errorf("%.60s: got %+v, %v; want %q", field, got.Profile, err, want)
		}
	}
}

// CB-13: a flag is a boolean, or text that says the same.
func TestIdentify_EmailIsVerifiedByBooleanOrText(t *testing.T) {
	for flag, want := range map[any]bool{true: true, "true": true, false: false, "false": false, nil: false} {
		fake, base := providertest.StartApple(t, providertest.Options{})
		fake.Signer().Mutate(&providertest.Mutation{Claims: func(c map[string]any) { c["email_verified"] = flag }})
		got, err := login(t, fake, newApple(t, config(base)), providertest.Persons()[0], "")
		if err != nil || got.Profile.Email == "" || got.Profile.EmailVerified != want {
			t.Errorf("%v: got %+v, %v", flag, got.Profile, err)
		}
	}
	for _, flag := range []any{"yes", "TRUE", 1, "1", map[string]any{}} {
		fake, base := providertest.StartApple(t, providertest.Options{})
		fake.Signer().Mutate(&providertest.Mutation{Claims: func(c map[string]any) { c["email_verified"] = flag }})
		if got, err := login(t, fake, newApple(t, config(base)), providertest.Persons()[0], ""); fault.CodeOf(err) != fault.BadProviderResponse {
			t.Errorf("%v: got %+v, %v", flag, got.Profile, err)
		}
	}
}

// In June 2025 tokens named another issuer for some days. Responses may name
// either, or none, which Apple does not document (ST-05).
func TestIdentify_TakesBothIssuersOfApple(t *testing.T) {
	for issuer, want := range map[string]fault.Code{
		"https://appleid.apple.com": "", "https://account.apple.com": "",
		"https://appleid.apple.com/": fault.BadProviderResponse, "https://accounts.google.com": fault.BadProviderResponse,
	} {
		signer := providertest.NewSigner(providertest.SignerOptions{Audience: providertest.AppleClientID, Issuer: "https://appleid.apple.com"})
		fake, base := providertest.StartApple(t, providertest.Options{Signer: signer})
		c := config(base)
		c.Issuer = ""
		signer.Mutate(&providertest.Mutation{Claims: func(claims map[string]any) { claims["iss"] = issuer }})
		p := newApple(t, c)
		if _, err := login(t, fake, p, providertest.Persons()[0], ""); fault.CodeOf(err) != want {
			t.Errorf("%s: got %v, want %q", issuer, err, want)
		}
		if required, err := provider.RequiresIssuer(t.Context(), p); slices.Contains(p.Issuers(), issuer) != (want == "") || required || err != nil {
			t.Errorf("%s: responses: %q, required %v, %v", issuer, p.Issuers(), required, err)
		}
	}
}

// The codes that Apple documents.
func TestIdentify_ErrorCodesOfApple(t *testing.T) {
	for code, want := range map[string]fault.Code{
		"invalid_grant": fault.LoginExpired, "invalid_client": fault.ProviderMisconfigured, "unauthorized_client": fault.ProviderMisconfigured,
		"invalid_request": fault.BadProviderResponse, "invalid_scope": fault.BadProviderResponse, "unsupported_grant_type": fault.BadProviderResponse,
	} {
		fake, base := providertest.StartApple(t, providertest.Options{})
		fake.Always(providertest.Token, providertest.JSON(http.StatusBadRequest, `{"error":"`+code+`","error_description":"x"}`))
		if _, err := login(t, fake, newApple(t, config(base)), providertest.Persons()[0], ""); fault.CodeOf(err) != want {
			t.Errorf("%s: got %v, want %s", code, err, want)
		}
	}
}

// The name comes with the first authorization and never again; a refusal has a
// code of Apple's own.
func TestAuthorize_PostsTheNameOnce(t *testing.T) {
	cancel := false
	fake, base := providertest.StartApple(t, providertest.Options{
		Login: func(_ http.ResponseWriter, _ *http.Request, persons []providertest.Person) (providertest.Decision, bool) {
			return providertest.Decision{Person: persons[0], Cancelled: cancel}, true
		}})
	p := newApple(t, config(base))
	for i, want := range []string{`{"name":{"firstName":"김대문","lastName":""},"email":"daemun.kim@example.com"}`, ""} {
		fields := authorize(t, p)
		if got := fields.Get("user"); got != want || fields.Get("state") != "s" || fields.Get("code") == "" {
			t.Errorf("time %d: %v", i, fields)
		}
		got, err := p.Identify(t.Context(), provider.Authorization{RedirectURI: redirectURI, Code: fields.Get("code"), Nonce: "n",
			CodeVerifier: verifier, User: fields.Get("user")})
		if err != nil || got.Profile.Nickname == "" != (want == "") {
			t.Errorf("time %d: %+v, %v", i, got, err)
		}
	}
	cancel = true
	if diff := cmp.Diff(url.Values{"error": {"user_cancelled_authorize"}, "state": {"s"}}, authorize(t, p)); diff != "" {
		t.Error(diff)
	}
	if got := fake.Hits(providertest.Token); got != 2 {
		t.Errorf("%d token requests, want 2", got)
	}
}

// authorize visits the authorization URL and reads the form that comes back.
func authorize(t *testing.T, p *apple.Provider) url.Values {
	t.Helper()
	target, err := p.AuthorizeURL(t.Context(), provider.AuthorizeRequest{RedirectURI: redirectURI, State: "s", Nonce: "n", CodeChallenge: challenge})
	if err != nil {
		t.Fatal(err)
	}
	action, fields, ok := providertest.FormPost(get(t, target))
	if !ok || action != redirectURI {
		t.Fatalf("no form to the redirect URI: %q", action)
	}
	return fields
}

func TestNew_SaysEverythingThatIsWrong(t *testing.T) {
	_, err := apple.New(apple.Config{ClientID: "a b", AuthURL: "ftp://a", TokenURL: "http://a", KeysURL: "https://u:p@a",
		TeamID: "t", KeyID: "k", PrivateKey: secret.New("canary")}, provider.NewClient(provider.Options{}))
	want := "apple: client id: want visible ASCII characters\n" +
		"authorization URL: want https\n" +
		"token URL: plain http needs INSECURE_PROVIDERS=true\n" +
		"JWKS URL: want an absolute URL without credentials and fragment\n" +
		"private key: want the text of a .p8 file"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func get(t *testing.T, target string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
