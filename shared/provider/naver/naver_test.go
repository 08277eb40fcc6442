package naver_test

import (
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/provider"
	"daemun/shared/provider/naver"
	"daemun/shared/provider/providertest"
	"daemun/shared/secret"
	"daemun/shared/user"
)

const (
	redirectURI = "https://app.example/auth/naver/callback"
	// subject is what the fake's application sees of the first person.
	subject = "edxaydgE3Lg2th2HW5CuxtAFkZDgaReqMu7VbY3Rits"
)

func newProvider(base, clientSecret string, client *provider.Client) (provider.Provider, error) {
	return naver.New(naver.Config{
		ClientID:     providertest.NaverClientID,
		ClientSecret: secret.New(clientSecret),
		AuthURL:      base + providertest.NaverAuthorizePath,
		TokenURL:     base + providertest.NaverTokenPath,
		UserinfoURL:  base + providertest.NaverUserinfoPath,
	}, client)
}

func suite() providertest.Suite {
	return providertest.Suite{
		Fake:         func() providertest.Fake { return providertest.NewNaver(providertest.Options{}) },
		ClientSecret: providertest.NaverClientSecret,
		New:          newProvider,
		Person:       providertest.Persons()[0],
		Want: provider.Person{
			Identity: user.Identity{Provider: "naver", Subject: subject},
			Profile: user.Profile{Email: "daemun.kim@example.com", Nickname: "김대문",
				PictureURL: "https://k.kakaocdn.net/dn/daemun/640x640.jpg"},
		},
		Userinfo:    func(id string) string { return `{"resultcode":"00","message":"success","response":{"id":` + id + `}}` },
		Subject:     `"` + subject + `"`,
		BadSubjects: []string{`1`, `"a b"`, `"a "`, `"é"`, `["a"]`, `"\ufffd"`, `"a\n"`},
		NoPKCE:      true,
		TokenErrors: map[string]fault.Code{"invalid_request": fault.LoginExpired},
	}
}

func TestContract(t *testing.T) { providertest.Contract(t, suite()) }

// oidcFake is a Naver that makes id_tokens.
func oidcFake() *providertest.Naver {
	return providertest.NewNaver(providertest.Options{
		Signer: providertest.NewSigner(providertest.SignerOptions{Audience: providertest.NaverClientID})})
}

func newOIDC(base, clientSecret string, client *provider.Client) (provider.Provider, error) {
	return naver.New(naver.Config{
		ClientID:     providertest.NaverClientID,
		ClientSecret: secret.New(clientSecret),
		AuthURL:      base + providertest.NaverOIDCAuthorizePath,
		TokenURL:     base + providertest.NaverOIDCTokenPath,
		UserinfoURL:  base + providertest.NaverUserinfoPath,
		OIDC:         true,
		KeysURL:      base + providertest.NaverKeysPath,
		Issuer:       base,
	}, client)
}

// People are the same by OAuth 2.0 and by OpenID Connect.
func TestContract_OIDC(t *testing.T) {
	s := suite()
	s.Fake, s.New, s.NoPKCE = func() providertest.Fake { return oidcFake() }, newOIDC, false
	s.Signer = func(f providertest.Fake) *providertest.Signer { return f.(*providertest.Naver).Signer() }
	s.NonceMayBeMissing = true
	providertest.Contract(t, s)
}

// identify logs the person in at the fake.
func identify(t *testing.T, fake *providertest.Naver, base string, p providertest.Person) (provider.Person, error) {
	t.Helper()
	n, err := newProvider(base, providertest.NaverClientSecret, provider.NewClient(provider.Options{InsecureProviders: true}))
	if err != nil {
		t.Fatal(err)
	}
	return n.Identify(t.Context(), provider.Authorization{RedirectURI: redirectURI, State: "s t+a&t=e", Code: fake.Code(p, "", redirectURI), CodeVerifier: "any"})
}

// ask lets a fake answer an endpoint with a body and logs in.
func ask(t *testing.T, e providertest.Endpoint, status int, body string) (provider.Person, error) {
	t.Helper()
	fake, base := providertest.StartNaver(t, providertest.Options{})
	fake.Always(e, providertest.JSON(status, body))
	return identify(t, fake, base, providertest.Persons()[0])
}

// ST-17: Naver documents four parameters, and neither nonce nor PKCE.
func TestAuthorizeURL_HasExactlyTheDocumentedParameters(t *testing.T) {
	n, err := naver.New(naver.Config{ClientID: "key"}, provider.NewClient(provider.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	got, err := n.AuthorizeURL(t.Context(), provider.AuthorizeRequest{RedirectURI: "https://a.example/b", State: "s t", Nonce: "n", CodeChallenge: "c"})
	want := "https://nid.naver.com/oauth2.0/authorize?client_id=key&redirect_uri=https%3A%2F%2Fa.example%2Fb&response_type=code&state=s%20t"
	if err != nil || got != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
}

func TestIdentify_KnowsThePersonsOfTheFake(t *testing.T) {
	fake, base := providertest.StartNaver(t, providertest.Options{})
	persons := providertest.Persons()
	for i, want := range []user.Profile{
		{Email: "daemun.kim@example.com", Nickname: "김대문", PictureURL: "https://k.kakaocdn.net/dn/daemun/640x640.jpg"},
		{Nickname: "이누리"},
		{Email: "family@example.com", Nickname: "👨‍👩‍👧‍👦 가족"},
		{Email: "haneul.park@example.com", Nickname: "박하늘"},
	} {
		got, err := identify(t, fake, base, persons[i])
		if diff := cmp.Diff(want, got.Profile); err != nil || diff != "" || got.Identity.Subject != fake.Subject(persons[i]) {
			t.Errorf("%s: %v, %v (-want +got):\n%s", persons[i].Nickname, got.Identity, err, diff)
		}
	}
	got, err := identify(t, fake, base, providertest.Person{ID: 5, Nickname: "Bare", Bare: true})
	if err != nil || got.Profile != (user.Profile{}) {
		t.Errorf("got %v, %v", got, err)
	}
}

// CB-13: whatever Naver says of an address, it is not verified.
func TestIdentify_EmailIsNeverVerified(t *testing.T) {
	got, err := ask(t, providertest.Userinfo, 200,
		`{"resultcode":"00","response":{"id":"a","email":"a@naver.com","email_verified":true,"is_email_verified":true}}`)
	if err != nil || got.Profile != (user.Profile{Email: "a@naver.com"}) {
		t.Errorf("got %v, %v", got.Profile, err)
	}
}

func TestIdentify_MissingFieldsAreNoErrorAndWrongTypesAre(t *testing.T) {
	for fields, want := range map[string]fault.Code{
		``: "", `,"email":null,"nickname":null,"profile_image":null`: "", `,"profile_image":"http://a.example/p"`: "",
		`,"email":1`: fault.BadProviderResponse, `,"nickname":{}`: fault.BadProviderResponse, `,"profile_image":false`: fault.BadProviderResponse,
	} {
		got, err := ask(t, providertest.Userinfo, 200, `{"resultcode":"00","response":{"id":"a"`+fields+`}}`)
		if fault.CodeOf(err) != want || got.Profile != (user.Profile{}) {
			t.Errorf("%s: got %v, %v; want %q", fields, got, err, want)
		}
	}
}

// The codes that Naver documents, with the statuses that were seen.
func TestIdentify_ErrorCodesOfNaver(t *testing.T) {
	const token, api = providertest.Token, providertest.Userinfo
	for _, c := range []struct {
		endpoint providertest.Endpoint
		status   int
		body     string
		want     fault.Code
	}{
		{token, 200, `{"error":"invalid_request","error_description":"no valid data in session"}`, fault.LoginExpired},
		{token, 400, `{"error":"invalid_request"}`, fault.LoginExpired},
		{token, 200, `{"error":"unauthorized_client"}`, fault.ProviderMisconfigured},
		{token, 200, `{"error":"invalid_client"}`, fault.ProviderMisconfigured},
		{token, 401, `{"error":"invalid_client"}`, fault.ProviderMisconfigured},
		{token, 200, `{"error":"server_error"}`, fault.ProviderUnavailable},
		{token, 200, `{"error":"temporarily_unavailable"}`, fault.ProviderUnavailable},
		{token, 200, `{"error":"unsupported_response_type"}`, fault.BadProviderResponse},
		{token, 200, `{"error":"x"}`, fault.BadProviderResponse},
		{api, 401, `{"resultcode":"024","message":"x"}`, fault.BadProviderResponse},
		{api, 401, `{"resultcode":"028","message":"x"}`, fault.BadProviderResponse},
		{api, 403, `{"resultcode":"403","message":"x"}`, fault.ProviderMisconfigured},
		{api, 500, `{"resultcode":"500","message":"x"}`, fault.ProviderUnavailable},
		{api, 403, `x`, fault.BadProviderResponse},
		{api, 200, `{"resultcode":"024","message":"x","response":{"id":"a"}}`, fault.BadProviderResponse},
		{api, 200, `{"resultcode":"500","message":"x"}`, fault.ProviderUnavailable},
		{api, 200, `{"resultcode":"0","response":{"id":"a"}}`, fault.BadProviderResponse},
		{api, 200, `{"resultcode":0,"response":{"id":"a"}}`, fault.BadProviderResponse},
		{api, 200, `{"response":{"id":"a"}}`, fault.BadProviderResponse},
		{api, 200, `{"resultcode":"00","id":"a"}`, fault.BadProviderResponse},
		{api, 200, `{"resultcode":"00","response":null}`, fault.BadProviderResponse},
	} {
		if got, err := ask(t, c.endpoint, c.status, c.body); fault.CodeOf(err) != c.want || got != (provider.Person{}) {
			t.Errorf("%d %s: got %v, %v, want %s", c.status, c.body, got, err, c.want)
		}
	}
}

// ST-06, ST-09, ST-17: the other path takes more.
func TestAuthorizeURL_OfOIDC(t *testing.T) {
	n, err := naver.New(naver.Config{ClientID: "key", OIDC: true}, provider.NewClient(provider.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	got, err := n.AuthorizeURL(t.Context(), provider.AuthorizeRequest{RedirectURI: "https://a.example/b", State: "s", Nonce: "n", CodeChallenge: "c"})
	want := "https://nid.naver.com/oauth2/authorize?client_id=key&code_challenge=c&code_challenge_method=S256&nonce=n" +
		"&redirect_uri=https%3A%2F%2Fa.example%2Fb&response_type=code&scope=openid%20profile&state=s"
	if err != nil || got != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
}

// CB-05.
func TestIdentify_UserObjectIsOfTheIDTokensSubject(t *testing.T) {
	for id, want := range map[string]fault.Code{subject: "", "other": fault.BadProviderResponse, "": fault.BadProviderResponse} {
		fake := oidcFake()
		server := httptest.NewServer(fake)
		t.Cleanup(server.Close)
		fake.Always(providertest.Userinfo, providertest.JSON(200, `{"resultcode":"00","response":{"id":"`+id+`"}}`))
		n, err := newOIDC(server.URL, providertest.NaverClientSecret, provider.NewClient(provider.Options{InsecureProviders: true}))
		if err != nil {
			t.Fatal(err)
		}
		_, err = n.Identify(t.Context(), provider.Authorization{RedirectURI: redirectURI, State: "s", Nonce: providertest.NonceOfCode,
			Code: fake.Code(providertest.Persons()[0], "", redirectURI), CodeVerifier: "any"})
		if fault.CodeOf(err) != want {
			t.Errorf("%q: got %v, want %q", id, err, want)
		}
	}
}

func TestNew_SaysEverythingThatIsWrong(t *testing.T) {
	_, err := naver.New(naver.Config{ClientID: "a b", AuthURL: "ftp://a", TokenURL: "http://a", UserinfoURL: "https://u:p@a", OIDC: true, KeysURL: "x"},
		provider.NewClient(provider.Options{}))
	want := "naver: client id: want visible ASCII characters\n" +
		"authorization URL: want https\n" +
		"token URL: plain http needs INSECURE_PROVIDERS=true\n" +
		"userinfo URL: want an absolute URL without credentials and fragment\n" +
		"JWKS URL: want an absolute URL without credentials and fragment"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
