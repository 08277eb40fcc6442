package kakao_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/provider"
	"daemun/shared/provider/kakao"
	"daemun/shared/provider/providertest"
	"daemun/shared/secret"
	"daemun/shared/user"
)

const redirectURI = "https://app.example/auth/kakao/callback"

func newProvider(base, clientSecret string, client *provider.Client) (provider.Provider, error) {
	return kakao.New(kakao.Config{
		ClientID:     providertest.KakaoClientID,
		ClientSecret: secret.New(clientSecret),
		AuthURL:      base + providertest.KakaoAuthorizePath,
		TokenURL:     base + providertest.KakaoTokenPath,
		UserinfoURL:  base + providertest.KakaoUserinfoPath,
	}, client)
}

func TestContract(t *testing.T) {
	providertest.Contract(t, providertest.Suite{
		Fake:         func() providertest.Fake { return providertest.NewKakao(providertest.KakaoOptions{}) },
		ClientSecret: providertest.KakaoClientSecret,
		New:          newProvider,
		Person:       providertest.Persons()[0],
		Want: provider.Person{
			Identity: user.Identity{Provider: "kakao", Subject: "4100000001"},
			Profile: user.Profile{Email: "daemun.kim@example.com", EmailVerified: true, Nickname: "김대문",
				PictureURL: "https://k.kakaocdn.net/dn/daemun/640x640.jpg"},
		},
		Userinfo: func(id string) string { return `{"id":` + id + `}` },
		Subject:  "9223372036854775807",
		BadSubjects: []string{`0`, `-0`, `-1`, `1.0`, `1e3`, `1E3`, `123.5`, `9223372036854775808`, `18446744073709551617`,
			`1e400`, `"123"`, `[1]`, `{"id":1}`},
	})
}

// The same with OpenID Connect: the id_token decides, and the user API agrees (CB-05).
func TestContract_OIDC(t *testing.T) {
	newSigner := func() *providertest.Signer {
		return providertest.NewSigner(providertest.SignerOptions{Issuer: "https://kauth.kakao.com", Audience: providertest.KakaoClientID})
	}
	providertest.Contract(t, providertest.Suite{
		Fake:         func() providertest.Fake { return providertest.NewKakao(providertest.KakaoOptions{Signer: newSigner()}) },
		Signer:       func(f providertest.Fake) *providertest.Signer { return f.(*providertest.Kakao).Signer() },
		ClientSecret: providertest.KakaoClientSecret,
		New:          newOIDCProvider,
		Person:       providertest.Persons()[0],
		Want: provider.Person{
			Identity: user.Identity{Provider: "kakao", Subject: "4100000001"},
			Profile: user.Profile{Email: "daemun.kim@example.com", EmailVerified: true, Nickname: "김대문",
				PictureURL: "https://k.kakaocdn.net/dn/daemun/640x640.jpg"},
		},
		Userinfo:    func(id string) string { return `{"id":` + id + `}` },
		Subject:     `4100000001`,
		BadSubjects: []string{`4100000002`, `"4100000001"`, `0`, `4100000001.0`},
	})
}

func newOIDCProvider(base, clientSecret string, client *provider.Client) (provider.Provider, error) {
	return kakao.New(oidcConfig(base, clientSecret), client)
}

func oidcConfig(base, clientSecret string) kakao.Config {
	return kakao.Config{
		ClientID: providertest.KakaoClientID, ClientSecret: secret.New(clientSecret), OIDC: true,
		AuthURL: base + providertest.KakaoAuthorizePath, TokenURL: base + providertest.KakaoTokenPath,
		UserinfoURL: base + providertest.KakaoUserinfoPath, KeysURL: base + providertest.KakaoKeysPath,
	}
}

func TestAuthorizeURL_ScopeIsWhatIsConfiguredAndOpenID(t *testing.T) {
	for _, c := range []struct {
		config kakao.Config
		want   string
	}{
		{kakao.Config{}, ""},
		{kakao.Config{Scope: "account_email,gender"}, "account_email gender"},
		{kakao.Config{OIDC: true}, ""}, // openid alone would ask for no consent item
		{kakao.Config{OIDC: true, Scope: "account_email"}, "account_email openid"},
		{kakao.Config{OIDC: true, Scope: "openid, account_email"}, "openid account_email"},
	} {
		c.config.ClientID = "key"
		k, err := kakao.New(c.config, provider.NewClient(provider.Options{}))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := k.AuthorizeURL(t.Context(), provider.AuthorizeRequest{})
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(raw)
		if err != nil || u.Query().Get("scope") != c.want || u.Query().Has("scope") != (c.want != "") {
			t.Errorf("got %s, want scope %q", raw, c.want)
		}
	}
}

// Kakao makes id_tokens for who names no scope, and for who names openid too.
func TestIdentify_WithOIDCAndAnyScopeGetsAnIDToken(t *testing.T) {
	const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" // RFC 7636 appendix B
	signer := providertest.NewSigner(providertest.SignerOptions{Issuer: "https://kauth.kakao.com", Audience: providertest.KakaoClientID})
	_, base := providertest.StartKakao(t, providertest.KakaoOptions{Signer: signer})
	for _, scope := range []string{"", "profile_nickname", "profile_nickname,profile_image openid"} {
		c := oidcConfig(base, providertest.KakaoClientSecret)
		c.Scope = scope
		k, err := kakao.New(c, provider.NewClient(provider.Options{InsecureProviders: true}))
		if err != nil {
			t.Fatal(err)
		}
		target, err := k.AuthorizeURL(t.Context(), provider.AuthorizeRequest{RedirectURI: redirectURI, State: "s", Nonce: "n", CodeChallenge: challenge})
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		back, err := response.Location()
		if err != nil {
			t.Fatalf("%q: status %d: %v", scope, response.StatusCode, err)
		}
		got, err := k.Identify(t.Context(), provider.Authorization{RedirectURI: redirectURI, Code: back.Query().Get("code"), Nonce: "n",
			CodeVerifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"})
		if err != nil || got.Identity.Subject != "4100000001" {
			t.Errorf("%q: got %v, %v", scope, got, err)
		}
	}
}

// ask lets a fake answer the user API with a body and logs in.
func ask(t *testing.T, answer providertest.Answer) (provider.Person, error) {
	t.Helper()
	fake, base := providertest.StartKakao(t, providertest.KakaoOptions{})
	fake.Always(providertest.Userinfo, answer)
	return identify(t, fake, base, providertest.Persons()[0])
}

func identify(t *testing.T, fake *providertest.Kakao, base string, p providertest.Person) (provider.Person, error) {
	t.Helper()
	k, err := newProvider(base, providertest.KakaoClientSecret, provider.NewClient(provider.Options{InsecureProviders: true}))
	if err != nil {
		t.Fatal(err)
	}
	return k.Identify(t.Context(), provider.Authorization{RedirectURI: redirectURI, Code: fake.Code(p, "", redirectURI), CodeVerifier: "any"})
}

// ST-17: the exact parameters and no others; ST-06; ST-16.
func TestAuthorizeURL_HasExactlyTheStandardParameters(t *testing.T) {
	k, err := kakao.New(kakao.Config{ClientID: "key"}, provider.NewClient(provider.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	got, err := k.AuthorizeURL(t.Context(), provider.AuthorizeRequest{RedirectURI: "https://a.example/b c+d&e=f", State: "s t", Nonce: "n", CodeChallenge: "c"})
	want := "https://kauth.kakao.com/oauth/authorize?client_id=key&code_challenge=c&code_challenge_method=S256&nonce=n" +
		"&redirect_uri=https%3A%2F%2Fa.example%2Fb%20c%2Bd%26e%3Df&response_type=code&state=s%20t"
	if err != nil || got != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
	if _, err := url.Parse(got); err != nil {
		t.Error(err)
	}
}

// CB-04: two ids that one float64 would hold.
func TestIdentify_LargeIDsStayApart(t *testing.T) {
	fake, base := providertest.StartKakao(t, providertest.KakaoOptions{})
	for id, want := range map[int64]string{
		9007199254740992: "9007199254740992", 9007199254740993: "9007199254740993", 1: "1", 9223372036854775807: "9223372036854775807",
	} {
		got, err := identify(t, fake, base, providertest.Person{ID: id})
		if err != nil || got.Identity.Subject != want {
			t.Errorf("got %v, %v; want %s", got, err, want)
		}
	}
}

func TestIdentify_KnowsThePersonsOfTheFake(t *testing.T) {
	fake, base := providertest.StartKakao(t, providertest.KakaoOptions{})
	persons := providertest.Persons()
	for i, want := range []user.Profile{
		{Email: "daemun.kim@example.com", EmailVerified: true, Nickname: "김대문", PictureURL: "https://k.kakaocdn.net/dn/daemun/640x640.jpg"},
		{Nickname: "이누리"},
		{Email: "family@example.com", EmailVerified: true, Nickname: "👨‍👩‍👧‍👦 가족"},
		{Email: "haneul.park@example.com", Nickname: "박하늘"},
	} {
		got, err := identify(t, fake, base, persons[i])
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.Profile); diff != "" {
			t.Errorf("%s (-want +got):\n%s", persons[i].Nickname, diff)
		}
	}
	got, err := identify(t, fake, base, providertest.Person{ID: 5, Nickname: "Bare", Bare: true})
	if want := (provider.Person{Identity: user.Identity{Provider: "kakao", Subject: "5"}}); err != nil || got != want {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}

// CB-13: an email is verified if Kakao says twice so.
func TestIdentify_EmailIsVerifiedOnlyIfAlsoValid(t *testing.T) {
	for flags, want := range map[string]bool{
		``:                          false,
		`,"is_email_valid":true`:    false,
		`,"is_email_verified":true`: false,
		`,"is_email_valid":false,"is_email_verified":true`:      false,
		`,"is_email_valid":true,"is_email_verified":null`:       false,
		`,"IS_EMAIL_VALID":true,"is_email_verified":true`:       false,
		`,"is_email_valid":true,"is_email_verified":true`:       true,
		`,"is_email_valid":true,"is_email_verified":true,"x":1`: true,
	} {
		got, err := ask(t, providertest.JSON(200, `{"id":1,"kakao_account":{"email":"a@example.com"`+flags+`}}`))
		if err != nil || got.Profile.Email != "a@example.com" || got.Profile.EmailVerified != want {
			t.Errorf("%s: got %v, %v", flags, got.Profile, err)
		}
	}
	got, err := ask(t, providertest.JSON(200, `{"id":1,"kakao_account":{"is_email_valid":true,"is_email_verified":true}}`))
	if err != nil || got.Profile != (user.Profile{}) {
		t.Errorf("no email: got %v, %v", got.Profile, err)
	}
}

func TestIdentify_MissingBranchesAreNoError(t *testing.T) {
	for _, account := range []string{`null`, `{}`, `{"profile":null}`, `{"profile":{}}`, `{"email":null,"profile":{"nickname":null,"profile_image_url":null}}`} {
		got, err := ask(t, providertest.JSON(200, `{"id":1,"kakao_account":`+account+`}`))
		if err != nil || got.Profile != (user.Profile{}) {
			t.Errorf("%s: got %v, %v", account, got, err)
		}
	}
}

func TestIdentify_WrongTypesAreRefused(t *testing.T) {
	for _, account := range []string{`[]`, `""`, `1`, `{"email":1}`, `{"is_email_valid":"true"}`, `{"is_email_verified":1}`,
		`{"profile":[]}`, `{"profile":{"nickname":{}}}`, `{"profile":{"nickname":"\ud83d"}}`, `{"profile":{"profile_image_url":false}}`} {
		if got, err := ask(t, providertest.JSON(200, `{"id":1,"kakao_account":`+account+`}`)); fault.CodeOf(err) != fault.BadProviderResponse {
			t.Errorf("%s: got %v, %v", account, got, err)
		}
	}
}

// The codes that Kakao documents, with the statuses that were seen.
func TestIdentify_ErrorCodesOfKakao(t *testing.T) {
	token := func(status int, body string) (providertest.Endpoint, providertest.Answer) {
		return providertest.Token, providertest.JSON(status, body)
	}
	api := func(status int, body string) (providertest.Endpoint, providertest.Answer) {
		return providertest.Userinfo, providertest.JSON(status, body)
	}
	for _, c := range []struct {
		on     func(int, string) (providertest.Endpoint, providertest.Answer)
		status int
		body   string
		want   fault.Code
	}{
		{token, 400, `{"error":"invalid_grant","error_description":"x","error_code":"KOE320"}`, fault.LoginExpired},
		{token, 400, `{"error":"invalid_grant","error_code":"KOE303"}`, fault.LoginExpired},
		{token, 400, `{"error":"invalid_request","error_code":"KOE237"}`, fault.ProviderUnavailable},
		{token, 400, `{"error":"server_error","error_code":"KOE003"}`, fault.ProviderUnavailable},
		{token, 401, `{"error":"invalid_client","error_code":"KOE010"}`, fault.ProviderMisconfigured},
		{token, 401, `{"error":"misconfigured","error_code":"KOE101"}`, fault.ProviderMisconfigured},
		{token, 400, `{"error":"invalid_grant","error_code":"KOE999"}`, fault.LoginExpired},
		{token, 400, `{"error":"x","error_code":"KOE999"}`, fault.BadProviderResponse},
		{token, 400, `{"error":"x","error_code":7}`, fault.BadProviderResponse},
		{api, 401, `{"code":-401,"msg":"x"}`, fault.BadProviderResponse},
		{api, 400, `{"code":-1,"msg":"x"}`, fault.ProviderUnavailable},
		{api, 400, `{"code":-10,"msg":"x"}`, fault.ProviderUnavailable},
		{api, 403, `{"code":-3,"msg":"x"}`, fault.ProviderMisconfigured},
		{api, 403, `{"code":-402,"msg":"x","required_scopes":["account_email"]}`, fault.ProviderMisconfigured},
		{api, 403, `{"code":-4,"msg":"x"}`, fault.BadProviderResponse},
		{api, 403, `{"code":"-3"}`, fault.BadProviderResponse},
		{api, 503, `{"code":-9798}`, fault.ProviderUnavailable},
		{api, 403, ``, fault.BadProviderResponse},
	} {
		fake, base := providertest.StartKakao(t, providertest.KakaoOptions{})
		endpoint, answer := c.on(c.status, c.body)
		fake.Always(endpoint, answer)
		if _, err := identify(t, fake, base, providertest.Persons()[0]); fault.CodeOf(err) != c.want {
			t.Errorf("%d %s: got %v, want %s", c.status, c.body, err, c.want)
		}
	}
}

func TestNew_SaysEverythingThatIsWrong(t *testing.T) {
	_, err := kakao.New(kakao.Config{ClientID: "a b", AuthURL: "ftp://a", TokenURL: "http://a", UserinfoURL: "https://u:p@a"},
		provider.NewClient(provider.Options{}))
	want := "kakao: client id: want visible ASCII characters\n" +
		"authorization URL: want https\n" +
		"token URL: plain http needs INSECURE_PROVIDERS=true\n" +
		"userinfo URL: want an absolute URL without credentials and fragment"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
