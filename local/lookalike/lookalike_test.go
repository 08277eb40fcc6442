package lookalike_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/caarlos0/env/v11"

	"daemun/local/lookalike"
	"daemun/shared/provider"
	"daemun/shared/provider/catalog"
	"daemun/shared/provider/providertest"
)

const redirectURI = "http://localhost:3000/auth/kakao/callback"

// start serves the stand-ins and makes Kakao from the environment that they tell.
func start(t *testing.T, o lookalike.Options) (*lookalike.Lookalike, provider.Provider) {
	t.Helper()
	l := lookalike.New(o)
	server := httptest.NewServer(l)
	t.Cleanup(server.Close)
	var config catalog.Config
	if err := env.ParseWithOptions(&config, env.Options{Environment: l.Environment(server.URL)}); err != nil {
		t.Fatal(err)
	}
	providers, err := catalog.New(config, provider.NewClient(provider.Options{InsecureProviders: true}))
	if err != nil {
		t.Fatal(err)
	}
	kakao, ok := providers.Get("kakao")
	if !ok {
		t.Fatal("no kakao in the catalog")
	}
	return l, kakao
}

func authorizeURL(t *testing.T, p provider.Provider, redirectURI string) string {
	t.Helper()
	u, err := p.AuthorizeURL(t.Context(), provider.AuthorizeRequest{RedirectURI: redirectURI, State: "the state", Nonce: "n",
		CodeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}) // RFC 7636 appendix B
	if err != nil {
		t.Fatal(err)
	}
	return u
}

const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

// visit makes one request as a browser does, and returns the answer and its body.
func visit(t *testing.T, method, target string, form url.Values) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
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
	return response, string(body)
}

func TestPage_OffersEveryPersonAndARefusal(t *testing.T) {
	_, kakao := start(t, lookalike.Options{})
	response, body := visit(t, http.MethodGet, authorizeURL(t, kakao, redirectURI), nil)
	if response.StatusCode != http.StatusOK || response.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("status %d, Cache-Control %q", response.StatusCode, response.Header.Get("Cache-Control"))
	}
	for _, want := range []string{"look-alike Kakao", "김대문", "👨‍👩‍👧‍👦 가족", "shares no email", "not verified", "localhost:3000 asks",
		`id="person-9007199254740993"`, `id="cancel"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestPage_WhoIsPickedLogsIn(t *testing.T) {
	_, kakao := start(t, lookalike.Options{})
	response, _ := visit(t, http.MethodPost, authorizeURL(t, kakao, redirectURI), url.Values{"person": {"9007199254740993"}})
	back, err := response.Location()
	if err != nil || response.StatusCode != http.StatusFound {
		t.Fatalf("status %d: %v", response.StatusCode, err)
	}
	if !strings.HasPrefix(back.String(), redirectURI+"?code=") || back.Query().Get("state") != "the state" {
		t.Errorf("sent back to %s", back)
	}
	got, err := kakao.Identify(t.Context(), provider.Authorization{RedirectURI: redirectURI, Code: back.Query().Get("code"), CodeVerifier: verifier})
	if err != nil || got.Identity.Subject != "9007199254740993" || got.Profile.Nickname != "👨‍👩‍👧‍👦 가족" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestPage_CancelGoesBackAsKakaoDoes(t *testing.T) {
	_, kakao := start(t, lookalike.Options{})
	response, _ := visit(t, http.MethodPost, authorizeURL(t, kakao, redirectURI), url.Values{"cancel": {"1"}})
	want := redirectURI + "?error=access_denied&error_description=User%20denied%20access&state=the+state"
	if got := response.Header.Get("Location"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestPage_UnknownPersonIsAskedAgain(t *testing.T) {
	_, kakao := start(t, lookalike.Options{})
	response, body := visit(t, http.MethodPost, authorizeURL(t, kakao, redirectURI), url.Values{"person": {"1"}})
	if response.StatusCode != http.StatusBadRequest || !strings.Contains(body, "김대문") {
		t.Errorf("status %d: %s", response.StatusCode, body)
	}
	if response, _ := visit(t, http.MethodPut, authorizeURL(t, kakao, redirectURI), nil); response.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("PUT: status %d", response.StatusCode)
	}
}

func TestAutoConsent_LogsTheFirstPersonIn(t *testing.T) {
	l, kakao := start(t, lookalike.Options{AutoConsent: true})
	response, _ := visit(t, http.MethodGet, authorizeURL(t, kakao, redirectURI), nil)
	back, err := response.Location()
	if err != nil {
		t.Fatal(err)
	}
	got, err := kakao.Identify(t.Context(), provider.Authorization{RedirectURI: redirectURI, Code: back.Query().Get("code"), CodeVerifier: verifier})
	if err != nil || got.Profile.Nickname != "김대문" || l.Kakao().Hits(providertest.Authorize) != 1 {
		t.Errorf("got %v, %v", got, err)
	}
}

// Only loopback redirect URIs are registered.
func TestAuthorize_RedirectURIs(t *testing.T) {
	_, kakao := start(t, lookalike.Options{AutoConsent: true})
	for uri, want := range map[string]int{
		"http://localhost:3000/x":     http.StatusFound,
		"https://127.0.0.1/x":         http.StatusFound,
		"http://[::1]:3000/x":         http.StatusFound,
		"https://evil.example/x":      http.StatusBadRequest,
		"http://localhost.evil.test/": http.StatusBadRequest,
		"http://10.0.0.1/":            http.StatusBadRequest,
		"javascript://localhost/":     http.StatusBadRequest,
		"http://localhost@evil.test/": http.StatusBadRequest,
	} {
		response, body := visit(t, http.MethodGet, authorizeURL(t, kakao, uri), nil)
		if response.StatusCode != want || want == http.StatusBadRequest && (!strings.Contains(body, "KOE006") || response.Header.Get("Location") != "") {
			t.Errorf("%s: status %d: %s", uri, response.StatusCode, body)
		}
	}
}
