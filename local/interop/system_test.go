package interop

import (
	"bytes"
	"crypto/rand"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"daemun/local"
)

// shopPage is where the client "shop" has the provider send its logins. Nobody
// answers there: the browser stays before it.
const shopPage = "https://shop.example/login/oidc"

// startSystem starts the whole of Daemun, from the binaries that `make build` made,
// with the npm package as its provider oidc.
func startSystem(t *testing.T) *local.System {
	t.Helper()
	provider := listen(t, 0)
	s, err := local.Start(t.Context(), local.Options{
		Templates: []string{"../../template.yaml"},
		BuildDir:  "../../.build",
		EnvFile:   os.DevNull,
		StackName: "interop-" + strings.ToLower(rand.Text()),
		Logs:      t.Output(),
		Environment: map[string]string{
			"OIDC_OIDC_ISSUER": provider.issuer, "OIDC_OIDC_CLIENT_ID": "RS256", "OIDC_OIDC_CLIENT_SECRET": clientSecret,
			"CLIENTS": `{"shop":{"redirect_uris":{"oidc":"` + shopPage + `"}}}`,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	provider.serve(s.URL+"/auth/oidc/callback", shopPage)
	return s
}

// One system serves all, because the provider is slow to start.
func TestSystem_AtAProviderOfOthers(t *testing.T) {
	s := startSystem(t)
	for name, test := range map[string]func(*testing.T, *local.System){
		"logs in with cookies and in JSON":       logsIn,
		"logs in who is known by a subject only": logsInWithoutProfile,
		"is cancelled":                           isCancelled,
		"refuses codes":                          refusesCodes,
	} {
		t.Run(name, func(t *testing.T) { test(t, s) })
	}
}

// answer is what may be in one of Daemun's.
type answer struct {
	person
	Error string `json:"error"`
	// Of a login that begins in JSON, and of one that ends so.
	URL          string `json:"url"`
	State        string `json:"state"`
	Transaction  string `json:"transaction"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	User         person `json:"user"`
}

type person struct {
	ID         string           `json:"id"`
	Identities []identity       `json:"identities"`
	Profile    providersProfile `json:"profile"`
}

type identity struct {
	Provider string `json:"provider"`
}

type providersProfile struct {
	Email    string `json:"email"`
	Nickname string `json:"nickname"`
}

// get asks for a path, as the browser or with an access token.
func get(t *testing.T, browser *http.Client, url, accessToken string) (status int, a answer) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if accessToken != "" {
		request.Header.Set("Authorization", "Bearer "+accessToken)
	}
	return ask(t, browser, request)
}

// post sends JSON as an app does: with neither cookies nor an origin.
func post(t *testing.T, url string, body map[string]string) (status int, a answer) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	return ask(t, http.DefaultClient, request)
}

func ask(t *testing.T, browser *http.Client, request *http.Request) (status int, a answer) {
	t.Helper()
	response, err := browser.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.UnmarshalRead(response.Body, &a); err != nil {
		t.Fatalf("%s %s: %d, %v", request.Method, request.URL, response.StatusCode, err)
	}
	return response.StatusCode, a
}

// beginAtShop is the shop's part of a login until the browser leaves for the provider.
func beginAtShop(t *testing.T, s *local.System) answer {
	t.Helper()
	status, login := get(t, http.DefaultClient, s.URL+"/auth/oidc/login-url?client=shop", "")
	if status != http.StatusOK {
		t.Fatalf("login-url: %d %s", status, login.Error)
	}
	return login
}

// logInAtShop goes all the way back to the shop's page, and returns what the shop
// then sends to the token route.
func logInAtShop(t *testing.T, s *local.System, who string) map[string]string {
	t.Helper()
	login := beginAtShop(t, s)
	back := sentBack(t, agree(t, newBrowser(t, shopPage), login.URL, who))
	if back.Get("state") != login.State {
		t.Fatalf("the provider answers %v to state %q", back, login.State)
	}
	return map[string]string{"code": back.Get("code"), "state": login.State, "transaction": login.Transaction}
}

// Somebody who logs in with cookies, and then at a client, is one user.
func logsIn(t *testing.T, s *local.System) {
	browser := newBrowser(t, "")
	if at := agree(t, browser, s.URL+"/auth/oidc/login", "kim").Request.URL.String(); strings.TrimSuffix(at, "/") != s.URL {
		t.Errorf("the login ends at %s", at)
	}
	status, me := get(t, browser, s.URL+"/me", "")
	want := person{me.ID, []identity{{"oidc"}}, providersProfile{"kim@example.com", "김대문"}}
	if diff := cmp.Diff(want, me.person); status != http.StatusOK || me.ID == "" || diff != "" {
		t.Errorf("/me with the cookie: %d %s", status, diff)
	}

	kept := logInAtShop(t, s, "kim")
	status, ended := post(t, s.URL+"/auth/oidc/token", kept)
	if status != http.StatusOK || ended.User.ID != me.ID {
		t.Errorf("login in JSON: %d %s, user %q after %q", status, ended.Error, ended.User.ID, me.ID)
	}
	if _, again := get(t, http.DefaultClient, s.URL+"/me", ended.AccessToken); !cmp.Equal(again.person, me.person) {
		t.Errorf("/me with the token: %+v", again.person)
	}
	if status, refreshed := post(t, s.URL+"/auth/refresh", map[string]string{"refresh_token": ended.RefreshToken}); status != http.StatusOK || refreshed.RefreshToken == "" {
		t.Errorf("refresh: %d %s", status, refreshed.Error)
	}
	// ST-03
	if status, again := post(t, s.URL+"/auth/oidc/token", kept); status != http.StatusBadRequest || again.Error != "invalid_state" {
		t.Errorf("the same once more: %d %s", status, again.Error)
	}
}

// CB-02: the provider may say nothing of somebody but the subject.
func logsInWithoutProfile(t *testing.T, s *local.System) {
	browser := newBrowser(t, "")
	agree(t, browser, s.URL+"/auth/oidc/login", "bare")
	status, me := get(t, browser, s.URL+"/me", "")
	if want := (person{ID: me.ID, Identities: []identity{{"oidc"}}}); status != http.StatusOK || me.ID == "" || !cmp.Equal(me.person, want) {
		t.Errorf("%d %+v", status, me.person)
	}
}

// ST-14: who cancels at the provider's page is told so at the front end, and is
// nobody. In JSON it is the client that hears of it.
func isCancelled(t *testing.T, s *local.System) {
	browser := newBrowser(t, "")
	at := agree(t, browser, s.URL+"/auth/oidc/login", "").Request.URL
	if !strings.HasPrefix(at.String(), s.URL) || at.Query().Get("error") != "access_denied" || at.Query().Get("request_id") == "" {
		t.Errorf("the login ends at %s", at)
	}
	if status, me := get(t, browser, s.URL+"/me", ""); status != http.StatusUnauthorized || me.Error != "invalid_token" {
		t.Errorf("/me: %d %s", status, me.Error)
	}
	login := beginAtShop(t, s)
	back := sentBack(t, agree(t, newBrowser(t, shopPage), login.URL, ""))
	if back.Get("error") != "access_denied" || back.Get("state") != login.State || back.Has("code") {
		t.Errorf("the shop hears %v", back)
	}
}

// ST-06, CB-09: a code that the provider refuses lets nobody in, and the login is
// over: the right code comes too late. Nor does it do for another login, which has
// another challenge.
func refusesCodes(t *testing.T, s *local.System) {
	mine, theirs := logInAtShop(t, s, "kim"), logInAtShop(t, s, "bare")
	right := mine["code"]
	for _, step := range []struct {
		login      map[string]string
		code, want string
	}{{mine, right + "x", "login_expired"}, {mine, right, "invalid_state"}, {theirs, right, "login_expired"}} {
		step.login["code"] = step.code
		status, got := post(t, s.URL+"/auth/oidc/token", step.login)
		if status != http.StatusBadRequest || got.Error != step.want || got.AccessToken != "" {
			t.Errorf("%d %s, want %s", status, got.Error, step.want)
		}
	}
}
