package orders_test

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"daemun/local"
	"daemun/shared/jws"
	"daemun/shared/token"

	"github.com/go-json-experiment/json"
)

// A world is Daemun and the orders API on this machine, from the binaries that `make build` made, and who can sign
// tokens for it.
type world struct {
	t      *testing.T
	system *local.System
	key    token.SigningKey
}

func start(t *testing.T, algorithm string) *world {
	t.Helper()
	demands, err := os.ReadFile("demands.json")
	if err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	system, err := local.Start(t.Context(), local.Options{
		Templates:        []string{"../../template.yaml", "template.yaml"},
		BuildDir:         "../../.build",
		DataDir:          data,
		EnvFile:          os.DevNull,
		AutoConsent:      true,
		SigningAlgorithm: algorithm,
		Environment:      map[string]string{"AUTHORIZER_DEMANDS": string(demands)},
		StackName:        "orders-" + strings.ToLower(rand.Text()),
		Logs:             t.Output(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(system.Close)
	content, err := os.ReadFile(filepath.Join(data, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	var sets map[string]string
	if err := json.Unmarshal(content, &sets); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, system: system}
	if err := w.key.UnmarshalText([]byte(sets["SIGNING_KEYS"])); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) mint(key token.SigningKey, now time.Time, roles ...string) string {
	w.t.Helper()
	return w.sign(key, now, token.Access{UserID: user, SessionID: "session", Roles: roles, ProfileComplete: true})
}

func (w *world) sign(key token.SigningKey, now time.Time, who token.Access) string {
	w.t.Helper()
	issuer := token.AccessIssuer{
		Issuer: w.system.URL, Audience: w.system.URL, ClientID: w.system.URL, Lifetime: token.MaxAccessLifetime, Key: key, Rand: rand.Reader,
	}
	signed, err := issuer.Mint(who, now)
	if err != nil {
		w.t.Fatal(err)
	}
	return signed
}

// user asks for orders in every test.
const user = "01J00000000000000000000000"

func foreignKey(t *testing.T, algorithm string) (key token.SigningKey) {
	t.Helper()
	ring, err := token.NewKeyring(algorithm, rand.Reader, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	set, err := ring.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	if err := key.UnmarshalText(set); err != nil {
		t.Fatal(err)
	}
	return key
}

// call asks the API of that logical id, with the bearer token unless it is empty.
func (w *world) call(api, method, path, bearer string) (status int, body string) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), method, w.urlOf(api)+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	request.Header.Set("X-User-Id", "01J99999999999999999999999") // AZ-03: nobody believes it
	return w.send(http.DefaultClient, request)
}

func (w *world) send(client *http.Client, request *http.Request) (status int, body string) {
	w.t.Helper()
	response, err := client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

func (w *world) urlOf(api string) string {
	w.t.Helper()
	for _, served := range w.system.APIs {
		if served.LogicalID == api {
			return served.URL
		}
	}
	w.t.Fatalf("there is no API %s among %v", api, w.system.APIs)
	return ""
}

const (
	httpAPI = "OrdersHttpApi"
	restAPI = "OrdersRestApi"
	jwtAPI  = "OrdersJwtApi"
)

// AZ-01, AZ-03: what each kind of token gets, from the client's side of API Gateway.
func TestOrders_EachTokenGetsItsAnswer(t *testing.T) {
	w := start(t, jws.RS256)
	now := time.Now()
	good, admin := w.mint(w.key, now), w.mint(w.key, now, "admin")
	unfinished := w.sign(w.key, now, token.Access{UserID: user, SessionID: "session"})
	tokens := []struct {
		name, method, path, bearer string
		http, rest, jwt            int
	}{
		{"good", "GET", "/orders", good, 200, 200, 200},
		{"good, with a role", "GET", "/orders", admin, 200, 200, 200},
		{"expired", "GET", "/orders", w.mint(w.key, now.Add(-token.MaxAccessLifetime)), 403, 401, 401},
		{"foreign", "GET", "/orders", w.mint(foreignKey(t, jws.RS256), now), 403, 401, 401},
		{"malformed", "GET", "/orders", "not.a.token", 403, 401, 401},
		{"tampered", "GET", "/orders", tampered(good), 403, 401, 401},
		{"none", "GET", "/orders", "", 401, 401, 401},
		{"good, role not held", "DELETE", "/orders/1", good, 403, 403, 404},
		{"good, role held", "DELETE", "/orders/1", admin, 200, 200, 404},
		{"good, unfinished", "GET", "/orders", unfinished, 403, 403, 200},
		{"good, no such route", "GET", "/nothing", good, 404, 403, 404},
	}
	table := []string{fmt.Sprintf("%-20s %-16s %-9s %-9s %s", "token", "request", "HTTP API", "REST API", "JWT authorizer")}
	for _, test := range tokens {
		got := map[string]int{}
		for api, want := range map[string]int{httpAPI: test.http, restAPI: test.rest, jwtAPI: test.jwt} {
			status, body := w.call(api, test.method, test.path, test.bearer)
			if got[api] = status; status != want {
				t.Errorf("%s, %s %s of %s: %d %s, want %d", test.name, test.method, test.path, api, status, body, want)
			}
			if status == http.StatusOK && !strings.Contains(body, `"user_id":"`+user+`"`) {
				t.Errorf("%s of %s: the function was told another caller: %s", test.name, api, body)
			}
		}
		table = append(table, fmt.Sprintf("%-20s %-16s %-9d %-9d %d", test.name, test.method+" "+test.path, got[httpAPI], got[restAPI], got[jwtAPI]))
	}
	t.Log("\n" + strings.Join(table, "\n"))
}

// tampered changes one character of the signature that carries six bits.
func tampered(signed string) string {
	at := strings.LastIndex(signed, ".") + 1
	other := "A"
	if signed[at] == 'A' {
		other = "B"
	}
	return signed[:at] + other + signed[at+1:]
}

// AZ-02: with a cache, what one route allowed says nothing of another, and what one path did nothing of the next.
func TestOrders_KeptVerdictSpeaksForNoOtherRoute(t *testing.T) {
	w := start(t, "")
	person, admin := w.mint(w.key, time.Now()), w.mint(w.key, time.Now(), "admin")
	for _, api := range []string{httpAPI, restAPI} {
		for _, step := range []struct {
			method, path, bearer string
			want                 int
		}{
			{"GET", "/orders", person, 200},
			{"DELETE", "/orders/1", person, 403},
			{"GET", "/orders", person, 200},
			{"GET", "/orders", person, 200},
			{"DELETE", "/orders/1", admin, 200},
			{"DELETE", "/orders/2", admin, 200},
			{"GET", "/orders", admin, 200},
			{"DELETE", "/orders/2", person, 403},
		} {
			if status, body := w.call(api, step.method, step.path, step.bearer); status != step.want {
				t.Errorf("%s: %s %s: %d %s, want %d", api, step.method, step.path, status, body, step.want)
			}
		}
	}
}

// API Gateway's own check knows RSA keys only; Daemun's authorizer knows them all.
func TestOrders_JWTAuthorizerRefusesWhatIsNotRS256(t *testing.T) {
	for _, algorithm := range []string{jws.ES256, jws.EdDSA} {
		t.Run(algorithm, func(t *testing.T) {
			w := start(t, algorithm)
			good := w.mint(w.key, time.Now())
			for api, want := range map[string]int{httpAPI: 200, restAPI: 200, jwtAPI: 401} {
				if status, body := w.call(api, "GET", "/orders", good); status != want {
					t.Errorf("%s: %d %s, want %d", api, status, body, want)
				}
			}
		})
	}
}

// HD-03: a front end on another site can read what it got, and why it was refused.
func TestOrders_FrontEndReadsAnswersAndRefusals(t *testing.T) {
	w := start(t, "")
	good := w.mint(w.key, time.Now())
	for bearer, want := range map[string]int{good: 200, "x": 403, "": 401} {
		request, err := http.NewRequestWithContext(t.Context(), "GET", w.urlOf(httpAPI)+"/orders", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Origin", w.system.URL)
		if bearer != "" {
			request.Header.Set("Authorization", "Bearer "+bearer)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if got := response.Header.Get("Access-Control-Allow-Origin"); got != w.system.URL || response.StatusCode != want {
			t.Errorf("%d, allowed origin %q; want %d, %q", response.StatusCode, got, want, w.system.URL)
		}
	}
}
