package github_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/provider"
	"daemun/shared/provider/github"
	"daemun/shared/provider/providertest"
	"daemun/shared/secret"
	"daemun/shared/user"
)

const redirectURI = "https://app.example/auth/github/callback"

func newProvider(base, clientSecret string, client *provider.Client) (provider.Provider, error) {
	return github.New(github.Config{
		ClientID:     providertest.GitHubClientID,
		ClientSecret: secret.New(clientSecret),
		AuthURL:      base + providertest.GitHubAuthorizePath,
		TokenURL:     base + providertest.GitHubTokenPath,
		UserinfoURL:  base + providertest.GitHubUserinfoPath,
	}, client)
}

func TestContract(t *testing.T) {
	providertest.Contract(t, providertest.Suite{
		Fake:         func() providertest.Fake { return providertest.NewGitHub(providertest.Options{}) },
		ClientSecret: providertest.GitHubClientSecret,
		New:          newProvider,
		Person:       providertest.Persons()[0],
		Want: provider.Person{
			Identity: user.Identity{Provider: "github", Subject: "4100000001"},
			Profile: user.Profile{Email: "daemun.kim@example.com", EmailVerified: true, Nickname: "김대문",
				PictureURL: "https://k.kakaocdn.net/dn/daemun/640x640.jpg"},
		},
		Userinfo: func(id string) string { return `{"id":` + id + `}` },
		Subject:  "9223372036854775807",
		BadSubjects: []string{`0`, `-0`, `-1`, `1.0`, `1e3`, `1E3`, `123.5`, `9223372036854775808`, `18446744073709551617`,
			`1e400`, `"123"`, `[1]`, `{"id":1}`},
	})
}

func identify(t *testing.T, fake *providertest.GitHub, base string, p providertest.Person) (provider.Person, error) {
	t.Helper()
	g, err := newProvider(base, providertest.GitHubClientSecret, provider.NewClient(provider.Options{InsecureProviders: true}))
	if err != nil {
		t.Fatal(err)
	}
	return g.Identify(t.Context(), provider.Authorization{RedirectURI: redirectURI, Code: fake.Code(p, "", redirectURI), CodeVerifier: "any"})
}

// ask lets a fake answer an endpoint with a body and logs in.
func ask(t *testing.T, e providertest.Endpoint, answer providertest.Answer) (provider.Person, error) {
	t.Helper()
	fake, base := providertest.StartGitHub(t, providertest.Options{})
	fake.Always(e, answer)
	return identify(t, fake, base, providertest.Persons()[0])
}

// ST-06, ST-17.
func TestAuthorizeURL_HasExactlyTheDocumentedParameters(t *testing.T) {
	g, err := github.New(github.Config{ClientID: "key"}, provider.NewClient(provider.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	got, err := g.AuthorizeURL(t.Context(), provider.AuthorizeRequest{RedirectURI: "https://a.example/b", State: "s t", Nonce: "n", CodeChallenge: "c"})
	want := "https://github.com/login/oauth/authorize?client_id=key&code_challenge=c&code_challenge_method=S256" +
		"&redirect_uri=https%3A%2F%2Fa.example%2Fb&response_type=code&scope=user%3Aemail&state=s%20t"
	if err != nil || got != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
}

// CB-04: two ids that one float64 would hold.
func TestIdentify_LargeIDsStayApart(t *testing.T) {
	fake, base := providertest.StartGitHub(t, providertest.Options{})
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
	fake, base := providertest.StartGitHub(t, providertest.Options{})
	persons := append(providertest.Persons(), providertest.Person{ID: 5, Bare: true})
	for i, want := range []user.Profile{
		{Email: "daemun.kim@example.com", EmailVerified: true, Nickname: "김대문", PictureURL: "https://k.kakaocdn.net/dn/daemun/640x640.jpg"},
		{Nickname: "이누리"},
		{Email: "family@example.com", EmailVerified: true, Nickname: "👨‍👩‍👧‍👦 가족"},
		{Email: "haneul.park@example.com", Nickname: "박하늘"},
		{Nickname: "daemun-user"}, // no name: the login is one
	} {
		got, err := identify(t, fake, base, persons[i])
		if diff := cmp.Diff(want, got.Profile); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", persons[i].Nickname, err, diff)
		}
	}
}

// CB-13: the primary address counts, and GitHub's word on it; never the one that
// is shown in public.
func TestIdentify_EmailIsThePrimaryOne(t *testing.T) {
	for list, want := range map[string]user.Profile{
		`[]`: {},
		`[{"email":"a@example.com","verified":true}]`:                                                                            {},
		`[{"email":"a@example.com","primary":true,"verified":true}]`:                                                             {Email: "a@example.com", EmailVerified: true},
		`[{"email":"a@example.com","primary":true,"verified":false}]`:                                                            {Email: "a@example.com"},
		`[{"email":"a@example.com","primary":true}]`:                                                                             {Email: "a@example.com"},
		`[{"email":"a@example.com","primary":true,"Verified":true}]`:                                                             {Email: "a@example.com"},
		`[{"email":"nobody","primary":true,"verified":true}]`:                                                                    {},
		`[{"email":"b@example.com","verified":true},{"email":"a@example.com","primary":true,"verified":true,"visibility":null}]`: {Email: "a@example.com", EmailVerified: true},
	} {
		got, err := ask(t, providertest.Emails, providertest.JSON(200, list))
		got.Profile.Nickname, got.Profile.PictureURL = "", ""
		if err != nil || got.Profile != want {
			t.Errorf("%s: got %v, %v; want %v", list, got.Profile, err, want)
		}
	}
}

// A login needs no address: without an answer about them it goes on.
func TestIdentify_GoesOnWithoutTheAddresses(t *testing.T) {
	for name, answer := range map[string]providertest.Answer{
		"not allowed":   providertest.JSON(http.StatusForbidden, `{"message":"Resource not accessible by integration"}`),
		"not found":     providertest.JSON(http.StatusNotFound, `{"message":"Not Found"}`),
		"busy":          providertest.RetryAfter(http.StatusTooManyRequests, 60),
		"down":          providertest.JSON(http.StatusBadGateway, ``),
		"closed":        providertest.Cut(),
		"redirect":      providertest.Redirect(http.StatusFound, "http://169.254.169.254/"),
		"HTML":          providertest.Body(http.StatusOK, "text/html", "<p>"),
		"object":        providertest.JSON(http.StatusOK, `{"email":"a@example.com","primary":true,"verified":true}`),
		"wrong type":    providertest.JSON(http.StatusOK, `[{"email":"a@example.com","primary":true,"verified":true},{"email":"b@example.com","primary":"true"}]`),
		"repeated name": providertest.JSON(http.StatusOK, `[{"email":"a@example.com","primary":true,"verified":true,"verified":true}]`),
		"endless":       providertest.Huge(0),
	} {
		got, err := ask(t, providertest.Emails, answer)
		if err != nil || got.Identity.Subject != "4100000001" || got.Profile.Email != "" || got.Profile.EmailVerified {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}

// The addresses cost no time of their own, and nobody waits for them in vain.
func TestIdentify_AsksForBothAtOnce(t *testing.T) {
	fake, base := providertest.StartGitHub(t, providertest.Options{})
	arrived := make(chan struct{})
	fake.Next(providertest.Userinfo, providertest.Wait(arrived))
	fake.Next(providertest.Emails, func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
		close(arrived)
		honest.ServeHTTP(w, r)
	})
	if got, err := identify(t, fake, base, providertest.Persons()[0]); err != nil || !got.Profile.EmailVerified {
		t.Errorf("got %v, %v", got, err)
	}
	fake.Next(providertest.Userinfo, providertest.JSON(http.StatusUnauthorized, `{"message":"Bad credentials"}`))
	fake.Next(providertest.Emails, providertest.Hang())
	if got, err := identify(t, fake, base, providertest.Persons()[0]); fault.CodeOf(err) != fault.BadProviderResponse {
		t.Errorf("got %v, %v", got, err)
	}
}

// The codes that GitHub documents, under status 200 as they come.
func TestIdentify_ErrorCodesOfGitHub(t *testing.T) {
	for code, want := range map[string]fault.Code{
		"bad_verification_code":        fault.LoginExpired,
		"incorrect_client_credentials": fault.ProviderMisconfigured,
		"redirect_uri_mismatch":        fault.LoginExpired,
		"unverified_user_email":        fault.BadProviderResponse,
		"x":                            fault.BadProviderResponse,
	} {
		body := `{"error":"` + code + `","error_description":"x","error_uri":"https://docs.github.com"}`
		if _, err := ask(t, providertest.Token, providertest.JSON(http.StatusOK, body)); fault.CodeOf(err) != want {
			t.Errorf("%s: got %v, want %s", code, err, want)
		}
	}
}

// Limits of GitHub's API, as it documents them: 403 as well as 429, and a header.
func TestIdentify_LimitsOfGitHub(t *testing.T) {
	limited := func(status int, header http.Header) providertest.Answer {
		return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			for name := range header {
				w.Header().Set(name, header.Get(name))
			}
			providertest.JSON(status, `{"message":"API rate limit exceeded","documentation_url":"https://docs.github.com/rest"}`)(w, r, nil)
		}
	}
	for _, status := range []int{http.StatusForbidden, http.StatusTooManyRequests} {
		for name, c := range map[string]struct {
			header http.Header
			wait   time.Duration
		}{
			"primary":             {http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"1900000000"}}, time.Minute},
			"secondary":           {http.Header{"X-Ratelimit-Remaining": {"4999"}, "Retry-After": {"30"}}, 30 * time.Second},
			"secondary, for long": {http.Header{"Retry-After": {"3600"}}, time.Minute},
		} {
			_, err := ask(t, providertest.Userinfo, limited(status, c.header))
			if fault.CodeOf(err) != fault.ProviderUnavailable || fault.From(err).RetryAfter != c.wait {
				t.Errorf("%s, %d: got %v, to wait %v; want %v", name, status, err, fault.From(err).RetryAfter, c.wait)
			}
		}
	}
	other := http.Header{"X-Ratelimit-Remaining": {"4999"}}
	if _, err := ask(t, providertest.Userinfo, limited(http.StatusForbidden, other)); fault.CodeOf(err) != fault.BadProviderResponse {
		t.Errorf("403 for another reason: got %v", err)
	}
}

func TestNew_SaysEverythingThatIsWrong(t *testing.T) {
	_, err := github.New(github.Config{ClientID: "a b", AuthURL: "ftp://a", TokenURL: "http://a", UserinfoURL: "https://u:p@a"},
		provider.NewClient(provider.Options{}))
	want := "github: client id: want visible ASCII characters\n" +
		"authorization URL: want https\n" +
		"token URL: plain http needs INSECURE_PROVIDERS=true\n" +
		"userinfo URL: want an absolute URL without credentials and fragment"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
