package main

import (
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"daemun/shared/fault"
	"daemun/shared/lambdahttp"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/provider/providertest"
	"daemun/shared/token"
)

// world is callback in its surroundings.
type world struct {
	*lambdatest.World
	t       testing.TB
	handler *lambdahttp.Handler
}

// open makes a world. Whatever its test does, no code is sent twice (CB-09, V5)
// and the tables hold no half of anything (V1, V10).
func open(t testing.TB, environment ...string) *world {
	t.Helper()
	w := &world{World: lambdatest.New(t), t: t}
	for i := 0; i < len(environment); i += 2 {
		w.Env[environment[i]] = environment[i+1]
	}
	w.handler = w.Build(builder())
	w.DB.Proxy.Reset()
	t.Cleanup(func() {
		if got := w.Kakao.MaxCodeSent(); got > 1 {
			t.Errorf("a code was sent %d times", got)
		}
		w.CheckTables()
	})
	return w
}

// person makes somebody with an account at Kakao, whose name and address are in
// no log: both hold the mark.
func person(id int64) providertest.Person {
	name := providertest.Marker + "-" + strconv.FormatInt(id, 10)
	return providertest.Person{ID: id, Nickname: name, Email: name + "@example.com", EmailValid: true, EmailVerified: true}
}

// begin is a login of the person that has come back from the provider.
func (w *world) begin(p providertest.Person) lambdatest.Begun {
	w.t.Helper()
	b := w.Begin(p, "")
	tx, err := w.Keys.Transaction.Open(b.Transaction)
	if err != nil {
		w.t.Fatal(err)
	}
	w.Canary(tx.CodeVerifier)
	return b
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

func asJSON() change { return header("accept", "application/json") }

// event fills a golden event with a login.
func (w *world) event(name string, b lambdatest.Begun, changes ...change) []byte {
	w.t.Helper()
	event := lambdatest.Event(w.t, "callback", name, "state", b.State, "code", b.Code, "cookie", b.Cookie)
	for _, c := range changes {
		event = lambdatest.With(w.t, event, c)
	}
	return event
}

// finish ends a login, with changes to what the browser sends.
func (w *world) finish(b lambdatest.Begun, changes ...change) lambdatest.Answer {
	w.t.Helper()
	return lambdatest.Invoke(w.t, w.handler, w.event("login", b, changes...))
}

// logIn begins and ends a login of the person, and returns the user's id.
func (w *world) logIn(p providertest.Person) (userID string) {
	w.t.Helper()
	return w.loggedIn(w.finish(w.begin(p)), lambdatest.FrontURL)
}

// loggedIn expects an answer that sends the browser on with a session, and
// returns whose. Its cookies are the two of the session, for their time, and the
// ends of the transaction's and of a register token's (CK-01).
func (w *world) loggedIn(a lambdatest.Answer, to string) (userID string) {
	w.t.Helper()
	if a.StatusCode != 302 || a.Headers["Location"] != to || len(a.Cookies) != 4 {
		w.t.Fatalf("status %d, Location %q, %d cookies; want a session at %q", a.StatusCode, a.Headers["Location"], len(a.Cookies), to)
	}
	if !strings.HasPrefix(a.Cookies[0], "__Host-daemun-tx-") || !strings.HasSuffix(a.Cookies[0], "=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax") {
		w.t.Errorf("the transaction is not cleared: %q", a.Cookies[0])
	}
	if left := w.cookie(a, "__Host-daemun-reg", "Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"); left != "" {
		w.t.Errorf("the login sets a register token: %q", left)
	}
	access := w.cookie(a, "__Host-daemun-at", "Path=/; Max-Age=900; HttpOnly; Secure; SameSite=Lax")
	refresh := w.cookie(a, "__Host-daemun-rt", "Path=/; Max-Age=604800; HttpOnly; Secure; SameSite=Strict")
	w.Canary(access, refresh)
	verifier := token.AccessVerifier{Issuer: lambdatest.PublicURL, Audience: lambdatest.PublicURL, Keys: w.Keys.Verification}
	claims, err := verifier.Verify(access, w.Now())
	if err != nil {
		w.t.Fatalf("access token: %v", err)
	}
	parsed, err := w.Keys.Refresh.Parse(refresh)
	if err != nil || parsed != (token.Refresh{UserID: claims.UserID, SessionID: claims.SessionID, Generation: 1}) {
		w.t.Errorf("refresh token %+v (%v) is not of session %s of user %s", parsed, err, claims.SessionID, claims.UserID)
	}
	return claims.UserID
}

func (w *world) cookie(a lambdatest.Answer, name, attributes string) (value string) {
	w.t.Helper()
	value, got, _ := strings.Cut(strings.TrimPrefix(a.Cookie(w.t, name), name+"="), "; ")
	if got != attributes {
		w.t.Errorf("attributes of %s: %q, want %q", name, got, attributes)
	}
	return value
}

// refused expects a failure at the front end, and no token.
func (w *world) refused(a lambdatest.Answer, want fault.Code) {
	w.t.Helper()
	if a.StatusCode != 302 || a.Failure() != want {
		w.t.Errorf("status %d, Location %q, %s; want %s at the front end", a.StatusCode, a.Headers["Location"], a.Body, want)
	}
	w.noToken(a)
}

// refusedJSON expects a failure in JSON, and no token.
func (w *world) refusedJSON(a lambdatest.Answer, want fault.Code) {
	w.t.Helper()
	if a.StatusCode != want.Status() || a.Code != string(want) {
		w.t.Errorf("status %d, %s; want %s", a.StatusCode, a.Body, want)
	}
	w.noToken(a)
}

func (w *world) noToken(a lambdatest.Answer) {
	w.t.Helper()
	for _, c := range a.Cookies {
		if !strings.Contains(c, "=; Path=/; Max-Age=0;") {
			w.t.Errorf("a failure sets %q", c)
		}
	}
}

// nothingHappened expects that the provider was not asked and that nobody and
// nothing is stored but the given number of claimed states.
func (w *world) nothingHappened(claims int) {
	w.t.Helper()
	if got := w.Kakao.Hits(providertest.Token) + w.Kakao.Hits(providertest.Userinfo); got > 0 {
		w.t.Errorf("the provider was asked %d times", got)
	}
	w.stored(0, 0)
	if got := len(w.DB.Scan(w.t, w.DB.OneTime)); got != claims {
		w.t.Errorf("%d claimed states, want %d", got, claims)
	}
}

// stored expects that many users and sessions in the tables.
func (w *world) stored(users, sessions int) {
	w.t.Helper()
	if found := w.userIDs(); len(found) != users {
		w.t.Errorf("%d users, want %d", len(found), users)
	}
	if found := len(w.DB.Scan(w.t, w.DB.RefreshTokens)); found != sessions {
		w.t.Errorf("%d sessions, want %d", found, sessions)
	}
}

func (w *world) userIDs() []string {
	w.t.Helper()
	var ids []string
	for _, item := range w.DB.Scan(w.t, w.DB.Users) {
		if id, ok := strings.CutPrefix(item["pk"].(string), "USER#"); ok {
			ids = append(ids, id)
		}
	}
	return ids
}
