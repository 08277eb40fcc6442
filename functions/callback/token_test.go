package main

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/lambdahttp"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/provider/providertest"
	"daemun/shared/token"
)

// jsonWorld is callback with clients.
type jsonWorld struct {
	*lambdatest.World
	t       *testing.T
	handler *lambdahttp.Handler
}

func openJSON(t *testing.T) *jsonWorld {
	t.Helper()
	w := &jsonWorld{World: lambdatest.New(t), t: t}
	w.AddClients()
	w.handler = w.Build(builder())
	t.Cleanup(func() {
		if got := w.Kakao.MaxCodeSent(); got > 1 { // CB-09
			t.Errorf("a code was sent %d times", got)
		}
	})
	return w
}

// begun is a login at the shop that has come back from the provider.
func (w *jsonWorld) begun() lambdatest.Begun {
	w.t.Helper()
	return w.BeginJSON(lambdatest.Person(), lambdatest.Shop)
}

// end sends a golden event with what a login brought.
func (w *jsonWorld) end(name string, b lambdatest.Begun, changes ...func(*events.APIGatewayV2HTTPRequest)) lambdatest.Answer {
	w.t.Helper()
	event := lambdatest.Event(w.t, "callback", "token/"+name,
		"code", b.Code, "state", b.State, "transaction", b.Transaction, "cookie", b.Cookie)
	for _, change := range changes {
		event = lambdatest.With(w.t, event, change)
	}
	a := lambdatest.Invoke(w.t, w.handler, event)
	if len(a.Cookies) > 0 {
		w.t.Errorf("%s sets %q", name, a.Cookies)
	}
	return a
}

// tokens expects the tokens of a session, and returns them.
func (w *jsonWorld) tokens(a lambdatest.Answer) lambdahttp.TokenJSON {
	w.t.Helper()
	var body lambdahttp.TokenJSON
	if a.StatusCode != 200 || json.Unmarshal([]byte(a.Body), &body, json.RejectUnknownMembers(true)) != nil {
		w.t.Fatalf("status %d, %s", a.StatusCode, a.Body)
	}
	w.Canary(body.AccessToken, body.RefreshToken)
	verifier := token.AccessVerifier{Issuer: lambdatest.PublicURL, Audience: lambdatest.PublicURL, Keys: w.Keys.Verification}
	who, err := verifier.Verify(body.AccessToken, w.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	parsed, err := w.Keys.Refresh.Parse(body.RefreshToken)
	if want := (token.Refresh{UserID: body.User.ID, SessionID: who.SessionID, Generation: 1, Client: lambdatest.Shop}); err != nil || parsed != want || who.UserID != body.User.ID {
		w.t.Errorf("refresh token %+v (%v), want %+v", parsed, err, want)
	}
	if body.TokenType != "Bearer" || body.ExpiresIn != 900 || body.RefreshExpiresIn != 604800 {
		w.t.Errorf("%s for %d and %d s", body.TokenType, body.ExpiresIn, body.RefreshExpiresIn)
	}
	return body
}

// nobodyIn expects that the provider was not asked, and that nothing is stored
// but the given number of claimed states.
func (w *jsonWorld) nobodyIn(claims int) {
	w.t.Helper()
	if got := w.Kakao.Hits(providertest.Token); got > 0 {
		w.t.Errorf("the provider was asked %d times", got)
	}
	users, sessions := w.DB.Scan(w.t, w.DB.Users), w.DB.Scan(w.t, w.DB.RefreshTokens)
	if got := len(w.DB.Scan(w.t, w.DB.OneTime)); got != claims || len(users)+len(sessions) > 0 {
		w.t.Errorf("%d claims, want %d; %d users, %d sessions", got, claims, len(users), len(sessions))
	}
}

// claim reads a claim of an access token.
func claim(t *testing.T, accessToken, name string) any {
	t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(accessToken, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims[name]
}

// Every golden event has its answer here, and every answer its event. A mistake
// in the request spends nothing: the same login may go on after it.
func TestTokenEvents_EachHasItsAnswer(t *testing.T) {
	const malformed, mediaType = "400 invalid_request", "415 unsupported_media_type"
	want := map[string]string{
		"app": "200", "page": "200", "with-cookies": "200",
		"page-of-another-client": "403 origin_not_allowed", "foreign-origin": "403 origin_not_allowed", "null-origin": "403 origin_not_allowed",
		"unknown-provider":      "404 unknown_provider", // ST-18
		"transaction-in-cookie": malformed, "in-query": malformed,
		"no-code": malformed, "no-state": malformed, "null-code": malformed, "empty": malformed, "no-body": malformed,
		"code-is-a-number": malformed, "code-twice": malformed, "other-case": malformed, "unknown-member": malformed, // CB-12
		"provider-tokens": malformed, // CB-06
		"trailing-text":   malformed, "list": malformed,
		"form": mediaType, "text": mediaType, "no-content-type": mediaType,
	}
	names := lambdatest.EventNames(t, "callback/token")
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(slices.Values(names))); diff != "" {
		t.Fatalf("events (-tested +there):\n%s", diff)
	}
	w := openJSON(t)
	for _, name := range names {
		if want[name] == "200" {
			w.tokens(w.end(name, w.begun()))
		}
	}
	w = openJSON(t)
	b := w.begun()
	for _, name := range names {
		if want[name] == "200" {
			continue
		}
		if got := w.end(name, b).Outcome(); got != want[name] {
			t.Errorf("%s: %s, want %s", name, got, want[name])
		}
	}
	w.nobodyIn(0)
	w.tokens(w.end("page", b))
}

// The session is the client's, in its tokens and at rest.
func TestToken_SessionIsTheClients(t *testing.T) {
	w := openJSON(t)
	body := w.tokens(w.end("page", w.begun()))
	if got := claim(t, body.AccessToken, "client_id"); got != lambdatest.Shop {
		t.Errorf("client_id %v", got)
	}
	sessions := w.DB.Scan(t, w.DB.RefreshTokens)
	if len(sessions) != 1 || sessions[0]["client"] != lambdatest.Shop || sessions[0]["user_agent"] != "Mozilla/5.0" || sessions[0]["source_ip"] != "192.0.2.1" {
		t.Errorf("sessions %v", sessions)
	}
	if body.User.Profile.Nickname != lambdatest.Person().Nickname || !slices.Equal(body.User.Identities, []lambdahttp.IdentityJSON{{Provider: "kakao"}}) {
		t.Errorf("user %+v", body.User)
	}
	again := w.tokens(w.end("app", w.begun()))
	if again.User.ID != body.User.ID || again.RefreshToken == body.RefreshToken { // CB-14
		t.Errorf("second login: user %s, then %s", body.User.ID, again.User.ID)
	}
	if got := w.Log.Last(t); got["client"] != lambdatest.Shop || got["event"] != "login" || got["new_user"] != false {
		t.Errorf("logged %v", got)
	}
}

// ST-05: a client may tell who the response says it is from. That of another
// provider is refused, and the login is spent; its code goes nowhere.
func TestToken_IssuerMayBeTold(t *testing.T) {
	w := openJSON(t)
	end := func(b lambdatest.Begun, issuer string) lambdatest.Answer {
		return w.end("page", b, func(e *events.APIGatewayV2HTTPRequest) { e.Body = `{"iss":"` + issuer + `",` + e.Body[1:] })
	}
	b := w.begun()
	if got := end(b, "https://evil.example").Outcome(); got != "400 invalid_state" {
		t.Errorf("another issuer: %s", got)
	}
	if got := w.end("page", b).Outcome(); got != "400 invalid_state" {
		t.Errorf("once more, without: %s", got)
	}
	w.nobodyIn(1)
	w.tokens(end(w.begun(), "https://kauth.kakao.com"))
}

// ST-01, ST-04, ST-05, TK-02: nothing else opens, however real it is.
func TestToken_TransactionsOfOthersAreRefused(t *testing.T) {
	w := openJSON(t)
	b, theirs, inCookies := w.begun(), w.BeginJSON(lambdatest.Person(), "other"), w.Begin(lambdatest.Person(), "")
	for name, bad := range map[string]lambdatest.Begun{
		"other client's transaction":    {State: b.State, Code: b.Code, Transaction: theirs.Transaction},
		"other client's state and code": {State: theirs.State, Code: theirs.Code, Transaction: b.Transaction},
		"login in cookies":              inCookies,
		"transaction of a cookie":       {State: b.State, Code: b.Code, Transaction: inCookies.Transaction},
		"other state":                   {State: b.State + "x", Code: b.Code, Transaction: b.Transaction},
		"one bit":                       {State: b.State, Code: b.Code, Transaction: flip(b.Transaction)},
		"cut":                           {State: b.State, Code: b.Code, Transaction: b.Transaction[:40]},
		"garbage":                       {State: b.State, Code: b.Code, Transaction: "x"},
	} {
		if got := w.end("app", bad).Outcome(); got != "400 invalid_state" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := w.end("page", theirs).Outcome(); got != "403 origin_not_allowed" { // the shop's page, another client's login
		t.Errorf("other client's login: %s", got)
	}
	w.nobodyIn(0)

	login := w.LogInJSON(lambdatest.Person(), lambdatest.Shop)
	for name, foreign := range map[string]string{"access token": login.AccessToken, "refresh token": login.RefreshToken} {
		if got := w.end("app", lambdatest.Begun{State: b.State, Code: b.Code, Transaction: foreign}).Outcome(); got != "400 invalid_state" {
			t.Errorf("%s as transaction: %s", name, got)
		}
	}
}

// flip changes one bit in the middle of a sealed text.
func flip(sealed string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	at := len(sealed) / 2
	return sealed[:at] + string(alphabet[strings.IndexByte(alphabet, sealed[at])^1]) + sealed[at+1:]
}

// TK-02: a transaction for JSON, planted as a cookie, ends no login there.
func TestCallback_TransactionForJSONIsNoCookie(t *testing.T) {
	w := openJSON(t)
	b := w.begun()
	event, err := json.Marshal(events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: "GET /auth/{provider}/callback", RawQueryString: "code=" + b.Code + "&state=" + b.State,
		Cookies: []string{b.Cookie}, Headers: map[string]string{"accept": "application/json"}, PathParameters: map[string]string{"provider": "kakao"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := lambdatest.Invoke(t, w.handler, event).Outcome(); got != "400 invalid_state" {
		t.Errorf("%s", got)
	}
	w.nobodyIn(0)
	w.tokens(w.end("page", b)) // where it belongs it is as good as ever
}
