package orders_test

import (
	"crypto/rand"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"strings"
	"testing"

	"daemun/local"

	"github.com/go-json-experiment/json"
)

// Where the account comes before the form, the orders wait for the form: the gate asks for a complete profile, and the
// first token after it says so.
func TestOrders_WaitForACompleteProfile(t *testing.T) {
	demands, err := os.ReadFile("demands.json")
	if err != nil {
		t.Fatal(err)
	}
	system, err := local.Start(t.Context(), local.Options{
		Templates:   []string{"../../template.yaml", "template.yaml"},
		BuildDir:    "../../.build",
		EnvFile:     os.DevNull,
		AutoConsent: true,
		Environment: map[string]string{"AUTHORIZER_DEMANDS": string(demands), "REGISTRATION": "deferred"},
		StackName:   "profile-" + strings.ToLower(rand.Text()),
		Logs:        t.Output(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(system.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &person{t: t, base: system.URL, client: http.Client{Jar: jar}}
	p.ask("GET", "/auth/kakao/login", "")
	w := &world{t: t, system: system}
	orders := func(when, bearer string, want int) {
		t.Helper()
		for _, api := range []string{httpAPI, restAPI} {
			if status, body := w.call(api, "GET", "/orders", bearer); status != want {
				t.Errorf("%s: %s: %d %s, want %d", when, api, status, body, want)
			}
		}
	}

	before := p.refresh()
	orders("at first", before, http.StatusForbidden)
	if status, body := p.ask("GET", "/me/form", ""); status != http.StatusOK || !strings.Contains(body, `"terms_of_service"`) {
		t.Errorf("the form: %d %s", status, body)
	}
	if status, body := p.ask("PATCH", "/me", `{"nickname":"바다토끼","position":"backend"}`); status != http.StatusOK || !strings.Contains(body, `"profile_complete":false`) {
		t.Errorf("half of it: %d %s", status, body)
	}
	orders("half filled in", p.refresh(), http.StatusForbidden)
	if status, body := p.ask("PATCH", "/me", `{"birth_date":"1990-01-02","terms_of_service":true}`); status != http.StatusOK || !strings.Contains(body, `"profile_complete":true`) {
		t.Errorf("the rest: %d %s", status, body)
	}
	orders("with the token from before", before, http.StatusForbidden)
	orders("filled in", p.refresh(), http.StatusOK)
}

// A person is a browser at Daemun.
type person struct {
	t      *testing.T
	base   string
	client http.Client
}

func (p *person) ask(method, path, patch string) (status int, body string) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, strings.NewReader(patch))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Origin", p.base)
	if patch != "" {
		request.Header.Set("Content-Type", "application/merge-patch+json")
	}
	response, err := p.client.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

// refresh gets an access token.
func (p *person) refresh() string {
	p.t.Helper()
	status, body := p.ask("POST", "/auth/refresh", "")
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(body), &token); err != nil || status != http.StatusOK {
		p.t.Fatalf("refresh: %d %s", status, body)
	}
	return token.AccessToken
}
