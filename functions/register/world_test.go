package main

import (
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

// world is register in its surroundings, with clients beside the front end. Its
// clock stands still.
type world struct {
	*lambdatest.World
	t       *testing.T
	handler *lambdahttp.Handler
}

// open makes a world where people have to register. Whatever its test does, the
// tables hold no half of anything, and no log what people answered.
func open(t *testing.T) *world {
	t.Helper()
	w := &world{World: lambdatest.New(t), t: t}
	w.StopClock()
	w.AddClients()
	w.Env["REGISTRATION"] = "required"
	w.handler = w.Build(build)
	w.Canary("바다토끼", "1990-01-02")
	t.Cleanup(w.CheckTables)
	w.DB.Proxy.Reset()
	return w
}

// newcomer is the register token of a person who just logged in: in cookies, or
// in JSON at a client.
func (w *world) newcomer(person providertest.Person, clientName string) string {
	w.t.Helper()
	registerToken := w.Newcomer(person, clientName).RegisterToken
	w.DB.Proxy.Reset()
	return registerToken
}

// tokenFor is a register token for a golden event: one for JSON where the event
// has an Authorization header.
func (w *world) tokenFor(event string) string {
	w.t.Helper()
	if strings.Contains(event, "bearer") || strings.Contains(string(lambdatest.Event(w.t, "register", event)), `"authorization"`) {
		return w.newcomer(lambdatest.Person(), lambdatest.Shop)
	}
	return w.newcomer(lambdatest.Person(), "")
}

// change changes an event.
type change = func(*events.APIGatewayV2HTTPRequest)

func body(text string) change {
	return func(e *events.APIGatewayV2HTTPRequest) { e.Body = text }
}

func header(name, value string) change {
	return func(e *events.APIGatewayV2HTTPRequest) { e.Headers[name] = value }
}

// answers is a good body, with other members in front.
func answers(more string) change {
	return body(`{` + more + `"position":"backend","birth_date":"1990-01-02","terms_of_service":true}`)
}

// nickname is a good body with this nickname.
func nickname(name string) change {
	quoted, err := json.Marshal(name)
	if err != nil {
		panic(err) // a test's own mistake
	}
	return answers(`"nickname":` + string(quoted) + `,`)
}

func (w *world) event(name, registerToken string, changes ...change) []byte {
	w.t.Helper()
	event := lambdatest.Event(w.t, "register", name, "register_token", registerToken)
	for _, c := range changes {
		event = lambdatest.With(w.t, event, c)
	}
	return event
}

func (w *world) send(name, registerToken string, changes ...change) lambdatest.Answer {
	w.t.Helper()
	return lambdatest.Invoke(w.t, w.handler, w.event(name, registerToken, changes...))
}

// tokenJSON is the answer to a registration.
type tokenJSON struct {
	lambdahttp.TokenJSON
	ReturnTo string `json:"return_to"`
}

// registered expects an account with a session, delivered as the register token
// was, and returns what it says.
func (w *world) registered(a lambdatest.Answer, clientName string) tokenJSON {
	w.t.Helper()
	var got tokenJSON
	if a.StatusCode != 200 || json.Unmarshal([]byte(a.Body), &got, json.RejectUnknownMembers(true)) != nil {
		w.t.Fatalf("answer %s, %s", a.Outcome(), a.Body)
	}
	refresh := got.RefreshToken
	if clientName == "" {
		if refresh != "" || got.RefreshExpiresIn != 0 || len(a.Cookies) != 3 {
			w.t.Errorf("refresh token %q in JSON, cookies %q", refresh, a.Cookies)
		}
		w.cookie(a, "__Host-daemun-reg", "Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax")
		if access := w.cookie(a, "__Host-daemun-at", "Path=/; Max-Age=900; HttpOnly; Secure; SameSite=Lax"); access != got.AccessToken {
			w.t.Error("the access token of the cookie is another")
		}
		refresh = w.cookie(a, "__Host-daemun-rt", "Path=/; Max-Age=604800; HttpOnly; Secure; SameSite=Strict")
	} else if got.RefreshExpiresIn != 604800 || len(a.Cookies) > 0 || got.ReturnTo != "" {
		w.t.Errorf("refresh token for %d s, cookies %q, return_to %q", got.RefreshExpiresIn, a.Cookies, got.ReturnTo)
	}
	w.Canary(got.AccessToken, refresh)
	verifier := token.AccessVerifier{Issuer: lambdatest.PublicURL, Audience: lambdatest.PublicURL, Keys: w.Keys.Verification}
	who, err := verifier.Verify(got.AccessToken, w.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	want := token.Refresh{UserID: got.User.ID, SessionID: who.SessionID, Generation: 1, Client: clientName}
	if parsed, err := w.Keys.Refresh.Parse(refresh); err != nil || parsed != want || who.UserID != got.User.ID || !who.ProfileComplete {
		w.t.Errorf("refresh token %+v (%v), want %+v; access token of %+v", parsed, err, want, who)
	}
	return got
}

func (w *world) cookie(a lambdatest.Answer, name, attributes string) (value string) {
	w.t.Helper()
	value, got, _ := strings.Cut(strings.TrimPrefix(a.Cookie(w.t, name), name+"="), "; ")
	if got != attributes {
		w.t.Errorf("attributes of %s: %q, want %q", name, got, attributes)
	}
	return value
}

// refused expects this failure, and that no cookie is set.
func (w *world) refused(a lambdatest.Answer, want string) {
	w.t.Helper()
	if a.Outcome() != want {
		w.t.Errorf("answer %s, %s; want %s", a.Outcome(), a.Body, want)
	}
	for _, c := range a.Cookies {
		if c != "__Host-daemun-reg=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax" {
			w.t.Errorf("a failure sets %q", c)
		}
	}
}

// requests expects these requests to the database since the last look.
func (w *world) requests(want map[string]int) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.DB.Proxy.Counts()); diff != "" {
		w.t.Errorf("requests to the database (-want +got):\n%s", diff)
	}
	w.DB.Proxy.Reset()
}

// userIDs of all who are stored.
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

// stored expects so many users, each with one session.
func (w *world) stored(users int) {
	w.t.Helper()
	if got, sessions := len(w.userIDs()), len(w.DB.Scan(w.t, w.DB.RefreshTokens)); got != users || sessions != users {
		w.t.Errorf("%d users, %d sessions; want %d", got, sessions, users)
	}
}
