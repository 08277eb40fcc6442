package line_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/provider"
	"daemun/shared/provider/line"
	"daemun/shared/provider/providertest"
	"daemun/shared/secret"
	"daemun/shared/user"
)

const redirectURI = "https://app.example/auth/line/callback"

func newProvider(base, clientSecret string, client *provider.Client) (provider.Provider, error) {
	return line.New(line.Config{
		ClientID:     providertest.LINEClientID,
		ClientSecret: secret.New(clientSecret),
		AuthURL:      base + providertest.LINEAuthorizePath,
		TokenURL:     base + providertest.LINETokenPath,
		Issuer:       base,
	}, client)
}

func TestContract(t *testing.T) {
	fake := func() *providertest.LINE { return providertest.NewLINE(providertest.Options{}) }
	providertest.Contract(t, providertest.Suite{
		Fake:         func() providertest.Fake { return fake() },
		ClientSecret: providertest.LINEClientSecret,
		New:          newProvider,
		Person:       providertest.Persons()[0],
		Want: provider.Person{
			Identity: user.Identity{Provider: "line", Subject: fake().Subject(providertest.Persons()[0])},
			Profile: user.Profile{Email: "daemun.kim@example.com", Nickname: "김대문",
				PictureURL: "https://k.kakaocdn.net/dn/daemun/640x640.jpg"},
		},
		Signer: func(f providertest.Fake) *providertest.Signer { return f.(*providertest.LINE).Signer() },
	})
}

func identify(t *testing.T, fake *providertest.LINE, base string, p providertest.Person) (provider.Person, error) {
	t.Helper()
	l, err := newProvider(base, providertest.LINEClientSecret, provider.NewClient(provider.Options{InsecureProviders: true}))
	if err != nil {
		t.Fatal(err)
	}
	return l.Identify(t.Context(), provider.Authorization{RedirectURI: redirectURI, Code: fake.Code(p, "", redirectURI),
		Nonce: providertest.NonceOfCode, CodeVerifier: "any"})
}

// ST-06, ST-17.
func TestAuthorizeURL_HasExactlyTheDocumentedParameters(t *testing.T) {
	l, err := line.New(line.Config{ClientID: "1234567890"}, provider.NewClient(provider.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	got, err := l.AuthorizeURL(t.Context(), provider.AuthorizeRequest{RedirectURI: "https://a.example/b", State: "s", Nonce: "n", CodeChallenge: "c"})
	want := "https://access.line.me/oauth2/v2.1/authorize?client_id=1234567890&code_challenge=c&code_challenge_method=S256&nonce=n" +
		"&redirect_uri=https%3A%2F%2Fa.example%2Fb&response_type=code&scope=openid%20profile%20email&state=s"
	if err != nil || got != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
}

// CB-13: no address of LINE's is verified.
func TestIdentify_KnowsThePersonsOfTheFake(t *testing.T) {
	fake, base := providertest.StartLINE(t, providertest.Options{})
	persons := append(providertest.Persons(), providertest.Person{ID: 5, Bare: true})
	for i, want := range []user.Profile{
		{Email: "daemun.kim@example.com", Nickname: "김대문", PictureURL: "https://k.kakaocdn.net/dn/daemun/640x640.jpg"},
		{Nickname: "이누리"},
		{Email: "family@example.com", Nickname: "👨‍👩‍👧‍👦 가족"},
		{Email: "haneul.park@example.com", Nickname: "박하늘"},
		{},
	} {
		got, err := identify(t, fake, base, persons[i])
		if diff := cmp.Diff(want, got.Profile); err != nil || diff != "" || got.Identity != (user.Identity{Provider: "line", Subject: fake.Subject(persons[i])}) {
			t.Errorf("%v, %v (-want +got):\n%s", got.Identity, err, diff)
		}
	}
	fake.Signer().Mutate(&providertest.Mutation{Claims: func(c map[string]any) { c["email_verified"] = true }})
	if got, err := identify(t, fake, base, persons[0]); err != nil || got.Profile.Email == "" || got.Profile.EmailVerified {
		t.Errorf("got %+v, %v", got.Profile, err)
	}
}

// ID-02, ID-03: the flow says HS256, whatever a token says of itself, and be it
// one that LINE makes for apps.
func TestIdentify_TakesNoOtherAlgorithm(t *testing.T) {
	for _, algorithm := range []string{"ES256", "RS256"} {
		fake, base := providertest.StartLINE(t, providertest.Options{
			Signer: providertest.NewSigner(providertest.SignerOptions{Audience: providertest.LINEClientID, Algorithm: algorithm})})
		if got, err := identify(t, fake, base, providertest.Persons()[0]); fault.CodeOf(err) != fault.BadProviderResponse || got != (provider.Person{}) {
			t.Errorf("%s: got %v, %v", algorithm, got, err)
		}
	}
	fake, base := providertest.StartLINE(t, providertest.Options{
		Signer: providertest.NewSigner(providertest.SignerOptions{Audience: providertest.LINEClientID, Algorithm: "HS256", Secret: "another secret that has 32 bytes too"})})
	if got, err := identify(t, fake, base, providertest.Persons()[0]); fault.CodeOf(err) != fault.BadProviderResponse || got != (provider.Person{}) {
		t.Errorf("another secret: got %v, %v", got, err)
	}
}

func TestIdentify_ErrorCodesOfLINE(t *testing.T) {
	for _, c := range []struct {
		status int
		code   string
		want   fault.Code
	}{
		{400, "invalid_grant", fault.LoginExpired},
		{400, "invalid_client", fault.ProviderMisconfigured}, // seen with both statuses
		{401, "invalid_client", fault.ProviderMisconfigured},
		{400, "invalid_request", fault.BadProviderResponse},
		{429, "x", fault.ProviderUnavailable},
	} {
		fake, base := providertest.StartLINE(t, providertest.Options{})
		fake.Always(providertest.Token, providertest.JSON(c.status, `{"error":"`+c.code+`","error_description":"x"}`))
		if _, err := identify(t, fake, base, providertest.Persons()[0]); fault.CodeOf(err) != c.want {
			t.Errorf("%d %s: got %v, want %s", c.status, c.code, err, c.want)
		}
	}
}

func TestNew_SaysEverythingThatIsWrong(t *testing.T) {
	_, err := line.New(line.Config{ClientID: "a b", AuthURL: "ftp://a", TokenURL: "http://a"}, provider.NewClient(provider.Options{}))
	want := "line: client id: want visible ASCII characters\n" +
		"authorization URL: want https\n" +
		"token URL: plain http needs INSECURE_PROVIDERS=true"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
