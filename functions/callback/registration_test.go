package main

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/lambdahttp"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/token"
	"daemun/shared/user"
)

const registerURL = lambdatest.Front + "/sign-up?step=1"

// openRequired is a world where people have to register.
func openRequired(t *testing.T) *world {
	t.Helper()
	return open(t, "REGISTRATION", "required", "REGISTER_URL", registerURL)
}

// registering expects an answer that sends the browser to the form with a
// register token, and with no session, and returns what the token says.
func (w *world) registering(a lambdatest.Answer) token.Register {
	w.t.Helper()
	if a.StatusCode != 302 || a.Headers["Location"] != registerURL || len(a.Cookies) != 2 {
		w.t.Fatalf("status %d, Location %q, cookies %q; want the form", a.StatusCode, a.Headers["Location"], a.Cookies)
	}
	if !strings.HasPrefix(a.Cookies[0], "__Host-daemun-tx-") || !strings.HasSuffix(a.Cookies[0], "=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax") {
		w.t.Errorf("the transaction is not cleared: %q", a.Cookies[0])
	}
	text := w.cookie(a, "__Host-daemun-reg", "Path=/; Max-Age=600; HttpOnly; Secure; SameSite=Lax")
	w.Canary(text)
	return w.verified(text, true)
}

func (w *world) verified(text string, inCookie bool) token.Register {
	w.t.Helper()
	verifier := token.RegisterVerifier{Issuer: lambdatest.PublicURL, Keys: w.Keys.Verification}
	r, err := verifier.Verify(text, inCookie, w.Now())
	if err != nil {
		w.t.Fatalf("register token: %v", err)
	}
	return r
}

// CB-13, RG-04: somebody new gets a register token in its cookie, which says what
// the provider said of them, and no account: two requests, and no write but the
// used state. Who has an account logs in as ever.
func TestRegistration_RequiredInTheBrowser(t *testing.T) {
	w := openRequired(t)
	known := w.LogIn(person(2)).User.ID
	w.DB.Proxy.Reset()
	got := w.registering(w.finish(w.Begin(person(1), "/orders/7")))
	w.requests("new person", map[string]int{"PutItem": 1, "GetItem": 1})
	p := person(1)
	want := token.Register{
		ID: got.ID, Identity: user.Identity{Provider: "kakao", Subject: "1"}, ExpiresAt: got.ExpiresAt, ReturnTo: lambdatest.Front + "/orders/7",
		Profile: user.Profile{Email: p.Email, EmailVerified: true, Nickname: p.Nickname},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("register token (-want +got):\n%s", diff)
	}
	if last := w.Log.Last(t); last["event"] != "login" || last["registration_required"] != true || last["user_id"] != nil {
		t.Errorf("logged %v", last)
	}
	w.stored(1, 1)
	if again := w.logIn(person(2)); again != known {
		t.Errorf("user %s became %s", known, again)
	}
	w.requests("known user", map[string]int{"PutItem": 2, "GetItem": 2, "Query": 1})
}

// What does not fit into a cookie is left out; whom it is about is not.
func TestRegistration_LongProfileFitsTheCookie(t *testing.T) {
	w := openRequired(t)
	p := person(1)
	p.Nickname, p.ImageURL = strings.Repeat("가", 85), "example.com/"+strings.Repeat("x", 2000)
	got := w.registering(w.finish(w.Begin(p, "/"+strings.Repeat("y", 400))))
	if got.Identity.Subject != "1" || got.Profile.Email != p.Email {
		t.Errorf("register token of %+v", got)
	}
}

// F-45, F-63: however many logins of somebody new there are at once, nobody is
// made; each state is used once.
func TestRegistration_ParallelLoginsMakeNobody(t *testing.T) {
	w := openRequired(t)
	b := w.begin(person(1))
	events := [][]byte{w.event("login", b), w.event("login", b)}
	for range 20 {
		events = append(events, w.event("login", w.begin(person(1))))
	}
	tokens := map[string]bool{}
	for _, a := range w.together(events) {
		if a.Failure() == "" {
			tokens[w.registering(a).ID] = true
		}
	}
	if len(tokens) != 21 {
		t.Errorf("%d register tokens", len(tokens))
	}
	w.stored(0, 0)
}

// A login in JSON gets the register token in JSON, where it is no cookie's.
func TestRegistration_RequiredInJSON(t *testing.T) {
	w := openJSON(t)
	w.Env["REGISTRATION"], w.Env["REGISTER_URL"] = "required", registerURL
	w.handler = w.Build(builder())
	p := lambdatest.Person()
	a := w.end("page", w.begun())
	var got lambdahttp.RegistrationRequiredJSON
	if err := json.Unmarshal([]byte(a.Body), &got, json.RejectUnknownMembers(true)); err != nil || a.StatusCode != 200 {
		t.Fatalf("status %d, %s", a.StatusCode, a.Body)
	}
	w.Canary(got.RegisterToken)
	want := lambdahttp.RegistrationRequiredJSON{
		Status: "registration_required", RegisterToken: got.RegisterToken, ExpiresIn: 600,
		NewcomerJSON: lambdahttp.NewcomerJSON{
			Provider: "kakao", OAuthID: "4100000001",
			Profile: lambdahttp.NewcomerProfileJSON{Email: p.Email, Nickname: p.Nickname, ProfileImageURL: "https://" + p.ImageURL},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if r := (&world{World: w.World, t: t}).verified(got.RegisterToken, false); r.Client != lambdatest.Shop || r.ReturnTo != "" {
		t.Errorf("register token of %+v", r)
	}
	if last := w.Log.Last(t); last["client"] != lambdatest.Shop || last["registration_required"] != true {
		t.Errorf("logged %v", last)
	}
	if len(w.DB.Scan(t, w.DB.Users))+len(w.DB.Scan(t, w.DB.RefreshTokens)) > 0 {
		t.Error("somebody was made")
	}
}

// A deferred account is made at once, and its tokens say that the profile is not
// complete.
func TestRegistration_Deferred(t *testing.T) {
	w := open(t, "REGISTRATION", "deferred")
	a := w.finish(w.begin(person(1)))
	id := w.loggedIn(a, lambdatest.FrontURL)
	w.requests("new user", map[string]int{"PutItem": 1, "GetItem": 1, "TransactWriteItems": 1})
	if w.User(id).ProfileComplete {
		t.Error("the profile is complete")
	}
	access := w.cookie(a, "__Host-daemun-at", "Path=/; Max-Age=900; HttpOnly; Secure; SameSite=Lax")
	if got := claim(t, access, "profile_complete"); got != false {
		t.Errorf("profile_complete is %v", got)
	}
	w.stored(1, 1)
}

// The form is on a page of the front end, or nobody is sent to it.
func TestRegistration_ConfigurationIsChecked(t *testing.T) {
	w := lambdatest.New(t)
	for _, policy := range []string{"", "automatic", "deferred"} {
		w.Env["REGISTRATION"] = policy
		w.Build(builder()) // needs no page
	}
	w.RefusesToBuild(t, builder(), map[string]string{"REGISTRATION": "Required"}, "want automatic, required or deferred")
	w.Env["REGISTRATION"] = "required"
	for _, page := range []string{"", "/sign-up", "https://evil.example/sign-up", lambdatest.PublicURL + "/", lambdatest.Front + "/#sign-up", lambdatest.Front + "/\n"} {
		w.RefusesToBuild(t, builder(), map[string]string{"REGISTER_URL": page, "REFRESH_GRACE_SECONDS": "1"}, "REGISTER_URL", "REFRESH_GRACE_SECONDS")
	}
	w.Env["REGISTER_URL"] = registerURL
	w.Build(builder())
}
