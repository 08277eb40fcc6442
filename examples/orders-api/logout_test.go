package orders_test

import (
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

// browser is a person's, logged in at Daemun.
type browser struct {
	*world
	client      *http.Client
	accessToken string
}

func (w *world) logIn() *browser {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	b := &browser{world: w, client: &http.Client{Jar: jar}}
	if status, body := b.at("GET", "/auth/kakao/login", ""); status != http.StatusOK {
		w.t.Fatalf("login ended with %d %s", status, body)
	}
	status, body := b.at("POST", "/auth/refresh", "")
	var got struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || got.AccessToken == "" {
		w.t.Fatalf("refresh: %d %s", status, body)
	}
	b.accessToken = got.AccessToken
	return b
}

// at asks Daemun, as its front end would.
func (b *browser) at(method, path, content string) (status int, body string) {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), method, b.system.URL+path, strings.NewReader(content))
	if err != nil {
		b.t.Fatal(err)
	}
	if method != http.MethodGet {
		request.Header.Set("Origin", b.system.URL)
		request.Header.Set("Content-Type", "application/json")
	}
	return b.send(b.client, request)
}

func (b *browser) wants(when, api, path string, want int) {
	b.t.Helper()
	if status, body := b.call(api, "GET", path, b.accessToken); status != want {
		b.t.Errorf("%s: GET %s of %s: %d %s, want %d", when, path, api, status, body, want)
	}
}

// AZ-05. The two authorizers, after each way to log out. Who else is logged in
// notices nothing.
func TestOrders_AfterALogout(t *testing.T) {
	w := start(t, "")
	for name, body := range map[string]string{"logout": "", "logout of all": `{"all":true}`} {
		person := w.logIn()
		person.wants("logged in", httpAPI, "/payments", 200)
		person.wants("logged in, verdict kept from now on", restAPI, "/payments", 200)
		if status, answer := person.at("POST", "/auth/logout", body); status != http.StatusNoContent {
			t.Fatalf("%s: %d %s", name, status, answer)
		}
		person.wants(name+", plain authorizer", httpAPI, "/orders", 200)
		person.wants(name+", plain authorizer", restAPI, "/orders", 200)
		person.wants(name+", session read", httpAPI, "/payments", 403)
		person.wants(name+", verdict kept", restAPI, "/payments", 200)
	}
	left, stays := w.logIn(), w.logIn()
	left.at("POST", "/auth/logout", "")
	left.wants("session read", restAPI, "/payments", 401)
	stays.wants("the same person on another device", httpAPI, "/payments", 200)
}

// A token whose session never was is no token here, however well it is signed.
func TestOrders_TokenWithoutASession(t *testing.T) {
	w := start(t, "")
	good := w.mint(w.key, time.Now())
	for api, want := range map[string]int{httpAPI: 403, restAPI: 401} {
		if status, body := w.call(api, "GET", "/payments", good); status != want {
			t.Errorf("%s: %d %s, want %d", api, status, body, want)
		}
	}
}
