package main

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/lambdahttp"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/provider/providertest"
	"daemun/shared/token"
)

// world is login-url in its surroundings.
type world struct {
	*lambdatest.World
	t       testing.TB
	handler *lambdahttp.Handler
}

// open makes a world. Whatever its test does, login-url needs neither the
// database (ST-19) nor the provider.
func open(t testing.TB, environment ...string) *world {
	t.Helper()
	w := &world{World: lambdatest.New(t), t: t}
	for i := 0; i < len(environment); i += 2 {
		w.Env[environment[i]] = environment[i+1]
	}
	w.handler = w.Build(builder())
	t.Cleanup(func() {
		if got := w.DB.Proxy.Counts(); len(got) > 0 {
			t.Errorf("login-url asked the database: %v", got)
		}
		for _, e := range []providertest.Endpoint{providertest.Authorize, providertest.Token, providertest.Userinfo} {
			if got := w.Kakao.Hits(e); got > 0 {
				t.Errorf("login-url asked the provider's %s endpoint", e)
			}
		}
	})
	return w
}

// change changes an event.
type change = func(*events.APIGatewayV2HTTPRequest)

func query(raw string) change {
	return func(e *events.APIGatewayV2HTTPRequest) { e.RawQueryString = raw }
}

func cookies(list ...string) change {
	return func(e *events.APIGatewayV2HTTPRequest) { e.Cookies = list }
}

func header(name, value string) change {
	return func(e *events.APIGatewayV2HTTPRequest) { e.Headers[name] = value }
}

func providerName(name string) change {
	return func(e *events.APIGatewayV2HTTPRequest) { e.PathParameters["provider"] = name }
}

// login sends the plain login, changed.
func (w *world) login(changes ...change) lambdatest.Answer {
	w.t.Helper()
	event := lambdatest.Event(w.t, "login-url", "login-plain")
	for _, c := range changes {
		event = lambdatest.With(w.t, event, c)
	}
	return lambdatest.Invoke(w.t, w.handler, event)
}

// begun expects an answer that sends the browser to the provider with the one
// set of parameters that we send (ST-16, ST-17), a challenge that fits the
// sealed verifier (ST-06), and the transaction cookie (CK-01).
func (w *world) begun(a lambdatest.Answer) (url.Values, token.Transaction) {
	w.t.Helper()
	endpoint, rawQuery, _ := strings.Cut(a.Headers["Location"], "?")
	if a.StatusCode != 302 || endpoint != w.Env["KAKAO_AUTH_URL"] {
		w.t.Fatalf("status %d, Location %q: not the provider's", a.StatusCode, a.Headers["Location"])
	}
	q, err := url.ParseQuery(rawQuery)
	if err != nil {
		w.t.Fatal(err)
	}
	want := []string{"client_id", "code_challenge", "code_challenge_method", "nonce", "redirect_uri", "response_type", "state"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(q))); diff != "" {
		w.t.Errorf("parameters (-want +got):\n%s", diff)
	}
	for name, want := range map[string]string{
		"client_id": providertest.KakaoClientID, "response_type": "code", "code_challenge_method": "S256",
		"redirect_uri": lambdatest.PublicURL + "/auth/kakao/callback",
	} {
		if got := q[name]; len(got) != 1 || got[0] != want {
			w.t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	tx := w.transaction(a, q.Get("state"))
	challenge := sha256.Sum256([]byte(tx.CodeVerifier))
	if got := q.Get("code_challenge"); got != base64.RawURLEncoding.EncodeToString(challenge[:]) {
		w.t.Errorf("code_challenge %q does not fit the verifier", got)
	}
	if tx.Nonce != q.Get("nonce") {
		w.t.Error("the nonce sent is not the nonce sealed")
	}
	w.Canary(q.Get("state"), tx.Nonce, tx.CodeVerifier)
	return q, tx
}

// transaction opens the cookie that belongs to the state.
func (w *world) transaction(a lambdatest.Answer, state string) token.Transaction {
	w.t.Helper()
	hash := sha256.Sum256([]byte(state))
	name := "__Host-daemun-tx-" + base64.RawURLEncoding.EncodeToString(hash[:])[:8]
	value, attributes, _ := strings.Cut(strings.TrimPrefix(a.Cookie(w.t, name), name+"="), "; ")
	if want := "Path=/; Max-Age=600; HttpOnly; Secure; SameSite=Lax"; attributes != want {
		w.t.Errorf("attributes of the cookie: %q, want %q", attributes, want)
	}
	tx, err := w.Keys.Transaction.Open(value)
	if err != nil {
		w.t.Fatalf("cookie %s: %v", name, err)
	}
	if !slices.Equal(tx.StateHash, hash[:]) || tx.Provider != "kakao" {
		w.t.Error("the transaction is of another state or provider")
	}
	w.Canary(value)
	return tx
}

// refused expects a failure at the front end, and nothing begun.
func (w *world) refused(a lambdatest.Answer, want fault.Code) {
	w.t.Helper()
	if a.StatusCode != 302 || a.Failure() != want {
		w.t.Errorf("status %d, Location %q, %s; want %s at the front end", a.StatusCode, a.Headers["Location"], a.Body, want)
	}
	if len(a.Cookies) > 0 {
		w.t.Errorf("cookies %q", a.Cookies)
	}
}
