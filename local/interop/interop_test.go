// Package interop proves the generic provider against an OpenID provider that
// others wrote: npm oidc-provider. It needs node and npm.
package interop

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"daemun/shared/fault"
	"daemun/shared/provider"
	"daemun/shared/provider/oidc"
	"daemun/shared/secret"
	"daemun/shared/user"
)

const (
	redirectURI  = "https://app.example/auth/acme/callback"
	clientSecret = "a-client-secret-of-the-test"
	verifier     = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636 appendix B
)

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// install puts the pinned version in place, unless it is there.
func install(t *testing.T) {
	t.Helper()
	version := func(file string) (v struct {
		Version      string            `json:"version"`
		Dependencies map[string]string `json:"dependencies"`
	}) {
		text, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(text, &v)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		return v
	}
	if version("node_modules/oidc-provider/package.json").Version == version("package.json").Dependencies["oidc-provider"] {
		return
	}
	npm := exec.CommandContext(t.Context(), "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
	if out, err := npm.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
}

// start runs the provider on a port, 0 for any, and returns its issuer and how
// to stop it.
func start(t *testing.T, port int) (issuer string, stop func()) {
	t.Helper()
	settings, err := json.Marshal(map[string]any{"port": port, "redirectURI": redirectURI, "clients": []map[string]any{
		{"client_id": "RS256", "client_secret": clientSecret, "id_token_signed_response_alg": "RS256"},
		{"client_id": "ES256", "client_secret": clientSecret, "id_token_signed_response_alg": "ES256"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	node := exec.CommandContext(t.Context(), "node", "server.mjs", string(settings))
	stdin, errIn := node.StdinPipe()
	stdout, errOut := node.StdoutPipe()
	var stderr strings.Builder
	node.Stderr = &stderr
	if err := errors.Join(errIn, errOut, node.Start()); err != nil {
		t.Fatal(err)
	}
	stop = func() {
		_ = stdin.Close()
		_ = node.Wait() // it may have been killed
	}
	t.Cleanup(stop)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		stop()
		t.Fatalf("no issuer: %v\n%s", err, stderr.String())
	}
	return strings.TrimSpace(line), stop
}

func newProvider(t *testing.T, issuer string, change func(*oidc.Config)) *oidc.Provider {
	t.Helper()
	c := oidc.Config{Name: "acme", Issuer: issuer, ClientID: "RS256", ClientSecret: secret.New(clientSecret), Scope: "openid email profile", Algorithm: "RS256"}
	if change != nil {
		change(&c)
	}
	p, err := oidc.New(c, provider.NewClient(provider.Options{InsecureProviders: true}))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var action = regexp.MustCompile(`action="([^"]+)"`)

// visit is somebody with a browser at the provider's own pages: who logs in and
// consents, or cancels. It returns the authorization response.
func visit(t *testing.T, p *oidc.Provider, person string) url.Values {
	t.Helper()
	target, err := p.AuthorizeURL(t.Context(), provider.AuthorizeRequest{RedirectURI: redirectURI, State: "the state", Nonce: "the nonce", CodeChallenge: challenge()})
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), redirectURI+"?") {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	response, err := browser.Get(target)
	for _, form := range []url.Values{{"prompt": {"login"}, "login": {person}, "password": {"any"}}, {"prompt": {"consent"}}} {
		if err != nil {
			t.Fatal(err)
		}
		page, readErr := io.ReadAll(response.Body)
		_ = response.Body.Close()
		at := action.FindSubmatch(page)
		if readErr != nil || at == nil {
			t.Fatalf("status %d, no form: %v\n%s", response.StatusCode, readErr, page)
		}
		if person == "" {
			response, err = browser.Get(string(at[1]) + "/abort")
			break
		}
		response, err = browser.PostForm(string(at[1]), form)
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	back, err := response.Location()
	if err != nil {
		t.Fatalf("status %d: %v", response.StatusCode, err)
	}
	return back.Query()
}

func authorization(response url.Values) provider.Authorization {
	return provider.Authorization{RedirectURI: redirectURI, Code: response.Get("code"), State: "the state", Nonce: "the nonce", CodeVerifier: verifier}
}

func TestLogin(t *testing.T) {
	install(t)
	issuer, _ := start(t, 0)
	for _, algorithm := range []string{"RS256", "ES256"} {
		p := newProvider(t, issuer, func(c *oidc.Config) { c.ClientID, c.Algorithm = algorithm, algorithm })
		for person, want := range map[string]user.Profile{
			"kim":  {Email: "kim@example.com", EmailVerified: true, Nickname: "김대문", PictureURL: "https://img.example/kim.jpg"},
			"bare": {},
		} {
			response := visit(t, p, person)
			if response.Get("state") != "the state" || response.Get("iss") != p.Issuer() {
				t.Errorf("got %v", response)
			}
			got, err := p.Identify(t.Context(), authorization(response))
			if err != nil || got != (provider.Person{Identity: user.Identity{Provider: "acme", Subject: person}, Profile: want}) {
				t.Errorf("%s, %s: got %+v, %v", algorithm, person, got, err)
			}
		}
	}
}

func TestLogin_Cancelled(t *testing.T) {
	install(t)
	issuer, _ := start(t, 0)
	response := visit(t, newProvider(t, issuer, nil), "")
	if response.Get("error") != "access_denied" || response.Get("iss") != issuer || response.Has("code") {
		t.Errorf("got %v", response)
	}
}

func TestLogin_Refused(t *testing.T) {
	install(t)
	issuer, _ := start(t, 0)
	for name, c := range map[string]struct {
		configure func(*oidc.Config)
		change    func(*provider.Authorization)
		want      fault.Code
		cause     error
	}{
		"wrong secret":      {func(c *oidc.Config) { c.ClientSecret = secret.New("wrong") }, nil, fault.ProviderMisconfigured, nil},
		"wrong verifier":    {nil, func(a *provider.Authorization) { a.CodeVerifier += "x" }, fault.LoginExpired, nil},
		"wrong redirect":    {nil, func(a *provider.Authorization) { a.RedirectURI += "x" }, fault.LoginExpired, nil},
		"unknown code":      {nil, func(a *provider.Authorization) { a.Code += "x" }, fault.LoginExpired, nil},
		"another nonce":     {nil, func(a *provider.Authorization) { a.Nonce = "another" }, fault.BadProviderResponse, provider.ErrNonce},
		"another algorithm": {func(c *oidc.Config) { c.Algorithm = "ES256" }, nil, fault.BadProviderResponse, nil},
	} {
		p := newProvider(t, issuer, c.configure)
		a := authorization(visit(t, p, "kim"))
		if c.change != nil {
			c.change(&a)
		}
		got, err := p.Identify(t.Context(), a)
		if fault.CodeOf(err) != c.want || got != (provider.Person{}) || c.cause != nil && !errors.Is(err, c.cause) {
			t.Errorf("%s: got %v, %v; want %s", name, got, err, c.want)
		}
	}
	p := newProvider(t, issuer, nil)
	a := authorization(visit(t, p, "kim"))
	if _, err := p.Identify(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Identify(t.Context(), a); fault.CodeOf(err) != fault.LoginExpired {
		t.Errorf("a code used twice: %v", err)
	}
}

// JW-01: the provider comes back with new keys, and we still have its old ones.
func TestLogin_AfterTheKeysHaveChanged(t *testing.T) {
	install(t)
	issuer, stop := start(t, 0)
	p := newProvider(t, issuer, nil)
	if _, err := p.Identify(t.Context(), authorization(visit(t, p, "kim"))); err != nil {
		t.Fatal(err)
	}
	stop()
	port, err := strconv.Atoi(issuer[strings.LastIndex(issuer, ":")+1:])
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := start(t, port); again != issuer {
		t.Fatalf("it came back as %s", again)
	}
	if _, err := p.Identify(t.Context(), authorization(visit(t, p, "kim"))); err != nil {
		t.Error(err)
	}
}

// An issuer is compared exactly (JW-02).
func TestLogin_IssuerUnderAnotherName(t *testing.T) {
	install(t)
	issuer, _ := start(t, 0)
	for _, other := range []string{issuer + "/", strings.Replace(issuer, "127.0.0.1", "localhost", 1)} {
		p := newProvider(t, other, nil)
		_, err := p.AuthorizeURL(t.Context(), provider.AuthorizeRequest{})
		if fault.CodeOf(err) != fault.BadProviderResponse || !errors.Is(err, provider.ErrIssuer) {
			t.Errorf("%s: got %v", other, err)
		}
	}
}
