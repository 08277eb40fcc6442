package lookalike_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daemun/local/lookalike"
	"daemun/shared/config"
	"daemun/shared/provider"
	"daemun/shared/provider/catalog"
	"daemun/shared/provider/providertest"
)

type settings struct{ Providers catalog.Config }

func (*settings) Check() error { return nil }

// startAll serves the stand-ins and makes every provider from the environment
// that they tell, as functions do.
func startAll(t *testing.T) []provider.Provider {
	t.Helper()
	l := lookalike.New(lookalike.Options{})
	server := httptest.NewServer(l)
	t.Cleanup(server.Close)
	var environ []string
	for name, value := range l.Environment(server.URL) {
		environ = append(environ, name+"="+value)
	}
	var s settings
	if err := config.Load(t.Context(), environ, nil, &s); err != nil {
		t.Fatal(err)
	}
	providers, err := catalog.New(s.Providers, provider.NewClient(provider.Options{InsecureProviders: true}))
	if err != nil {
		t.Fatal(err)
	}
	return providers.All()
}

// back is what the browser brings from the provider, by redirect or by form.
func back(t *testing.T, response *http.Response, body, redirectURI string) url.Values {
	t.Helper()
	if action, fields, ok := providertest.FormPost(body); ok && action == redirectURI {
		return fields
	}
	location, err := response.Location()
	if err != nil || !strings.HasPrefix(location.String(), redirectURI+"?") {
		t.Fatalf("status %d to %v: %s", response.StatusCode, location, body)
	}
	return location.Query()
}

func TestStandIns_EveryProviderLogsEverybodyIn(t *testing.T) {
	var names []string
	for _, p := range startAll(t) {
		names = append(names, p.Name())
		subjects := map[string]bool{}
		for _, person := range providertest.Persons() {
			redirectURI := "http://localhost:3000/auth/" + p.Name() + "/callback"
			target, err := p.AuthorizeURL(t.Context(), provider.AuthorizeRequest{RedirectURI: redirectURI, State: "the state", Nonce: "the nonce",
				CodeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}) // RFC 7636 appendix B
			if err != nil {
				t.Fatalf("%s: %v", p.Name(), err)
			}
			if _, page := visit(t, http.MethodGet, target, nil); !strings.Contains(page, "look-alike "+p.DisplayName()) {
				t.Errorf("the page of %s does not say whose it is: %s", p.Name(), page)
			}
			response, page := visit(t, http.MethodPost, target, url.Values{"person": {strconv.FormatInt(person.ID, 10)}})
			answer := back(t, response, page, redirectURI)
			got, err := p.Identify(t.Context(), provider.Authorization{RedirectURI: redirectURI, Code: answer.Get("code"), State: answer.Get("state"),
				Nonce: "the nonce", CodeVerifier: verifier, User: answer.Get("user")})
			if err != nil || answer.Get("state") != "the state" || got.Identity.Provider != p.Name() || got.Profile.Nickname != person.Nickname || got.Profile.Email != person.Email {
				t.Errorf("%s: %v, %v, want %s", p.Name(), got, err, person.Nickname)
			}
			required, err := provider.RequiresIssuer(t.Context(), p)
			if err != nil || required != (p.Name() == "oidc") || (required || answer.Has("iss")) && !slices.Contains(p.Issuers(), answer.Get("iss")) { // ST-05
				t.Errorf("%s: iss %q, required %v (%v), of the issuers %q", p.Name(), answer["iss"], required, err, p.Issuers())
			}
			subjects[got.Identity.Subject] = true
		}
		if len(subjects) != len(providertest.Persons()) {
			t.Errorf("%s: subjects %v", p.Name(), subjects)
		}
	}
	if d := cmp.Diff([]string{"kakao", "naver", "google", "apple", "line", "github", "oidc"}, names); d != "" {
		t.Errorf("providers (-want +got):\n%s", d)
	}
}

func TestStandIns_EveryProviderTakesARefusal(t *testing.T) {
	for _, p := range startAll(t) {
		redirectURI := "http://localhost:3000/auth/" + p.Name() + "/callback"
		target, err := p.AuthorizeURL(t.Context(), provider.AuthorizeRequest{RedirectURI: redirectURI, State: "s", Nonce: "n",
			CodeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"})
		if err != nil {
			t.Fatal(err)
		}
		response, page := visit(t, http.MethodPost, target, url.Values{"cancel": {"1"}})
		if answer := back(t, response, page, redirectURI); answer.Get("error") == "" || answer.Has("code") || answer.Get("state") != "s" {
			t.Errorf("%s: %v", p.Name(), answer)
		}
	}
}
