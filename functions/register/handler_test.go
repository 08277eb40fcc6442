package main

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/lambdahttp"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/provider/providertest"
	"daemun/shared/registration"
	"daemun/shared/user"
)

const (
	malformed = "400 invalid_request"
	noToken   = "401 invalid_token"
	foreign   = "403 origin_not_allowed"
	mediaType = "415 unsupported_media_type"
	bad       = "422 validation_failed"
)

// Every golden event has its answer here, and every answer its event. A refusal
// stores nothing, and spends nothing. RG-06, RT-13, CK-02, HD-05, IN-03.
func TestEvents_EachHasItsAnswer(t *testing.T) {
	want := map[string]string{
		"describe-cookie": "200", "describe-cookie-own-origin": "200", "describe-bearer": "200", "describe-bearer-page": "200",
		"describe-cookie-foreign-origin": foreign, "describe-bearer-foreign-origin": foreign,
		"describe-cookie-twice": malformed, "describe-anonymous": noToken, "describe-anonymous-foreign-origin": noToken, "describe-in-query": noToken,
		"cookie": "200", "cookie-same-origin": "200", "bearer": "200", "bearer-page": "200", "bearer-and-other-cookie": "200",
		"with-identity": "200", "base64": "200", "charset": "200",
		"cookie-unmarked": foreign, "cookie-foreign-origin": foreign, "cookie-null-origin": foreign,
		"bearer-foreign-origin": foreign, "bearer-page-of-another-client": foreign,
		"cookie-twice": malformed, "cookie-named-otherwise": noToken,
		"anonymous": noToken, "basic": noToken, "in-query": noToken, "in-body": noToken,
		"other-provider": malformed, "other-person": malformed, "identity-is-a-number": malformed,
		"base64-broken": malformed, "list": malformed, "trailing-text": malformed, "duplicate-member": malformed,
		"unknown-member": malformed, "nested": malformed,
		"other-charset": mediaType, "gzip": mediaType, "form": mediaType, "text": mediaType, "merge-patch": mediaType, "no-content-type": mediaType,
		"no-body": bad, "null": bad, "empty": bad, "too-young": bad, "without-consent": bad,
		"put": "404 not_found", "payload-v1": malformed,
	}
	names := lambdatest.EventNames(t, "register")
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(slices.Values(names))); diff != "" {
		t.Fatalf("events (-tested +there):\n%s", diff)
	}
	refusing := open(t)
	for _, name := range names {
		w := refusing
		if want[name] == "200" {
			w = open(t)
		}
		registerToken := w.tokenFor(name)
		if got := w.send(name, registerToken).Outcome(); got != want[name] {
			t.Errorf("%s: %s, want %s", name, got, want[name])
		}
		switch {
		case strings.HasPrefix(name, "describe"), want[name] != "200":
			w.requests(map[string]int{})
		default:
			w.requests(map[string]int{"TransactWriteItems": 1})
			w.stored(1)
		}
	}
	refusing.stored(0)
	refusing.registered(refusing.send("cookie", refusing.newcomer(lambdatest.Person(), "")), "")
}

// What the provider told, what is asked, and for how long; as often as one likes.
func TestDescribe_TellsThePersonAndTheForm(t *testing.T) {
	w := open(t)
	form, err := registration.Load("profile")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range providertest.Persons() {
		for _, clientName := range []string{"", lambdatest.Shop} {
			required := w.Newcomer(p, clientName)
			w.Wait(100 * time.Second)
			event := map[string]string{"": "describe-cookie", lambdatest.Shop: "describe-bearer"}[clientName]
			for range 2 {
				a := w.send(event, required.RegisterToken)
				var got struct {
					lambdahttp.NewcomerJSON
					Schema    jsontext.Value `json:"schema"`
					ExpiresIn int64          `json:"expires_in"`
				}
				if err := json.Unmarshal([]byte(a.Body), &got, json.RejectUnknownMembers(true)); err != nil || a.StatusCode != 200 || len(a.Cookies) > 0 {
					t.Fatalf("answer %s, %s, %v", a.Outcome(), a.Body, err)
				}
				if diff := cmp.Diff(lambdahttp.NewNewcomerJSON(required.Identity, required.Profile), got.NewcomerJSON); diff != "" {
					t.Errorf("person (-want +got):\n%s", diff)
				}
				want := form.Schema()
				if err := want.Compact(); err != nil || string(got.Schema) != string(want) {
					t.Errorf("schema %s (%v)", got.Schema, err)
				}
				if got.ExpiresIn != 500 && got.ExpiresIn != 499 { // tokens count in seconds
					t.Errorf("expires in %d s", got.ExpiresIn)
				}
			}
		}
	}
}

// CB-13, RG-02: what is stored is what the provider vouched for and what the
// person answered; the answer shows both.
func TestRegister_MakesTheAccount(t *testing.T) {
	for _, p := range providertest.Persons() {
		for _, clientName := range []string{"", lambdatest.Shop} {
			w := open(t)
			required := w.Newcomer(p, clientName)
			event := map[string]string{"": "cookie", lambdatest.Shop: "bearer"}[clientName]
			got := w.registered(w.send(event, required.RegisterToken), clientName)
			want := &user.User{
				ID: got.User.ID, Identities: []user.Identity{required.Identity}, Profile: required.Profile, ProfileComplete: true,
				CreatedAt: w.Now(), Answers: user.Answers{
					Fields: user.Fields{
						"nickname": jsontext.Value(`"바다토끼"`), "position": jsontext.Value(`"backend"`), "birth_date": jsontext.Value(`"1990-01-02"`),
					},
					Consents: user.Consents{
						"terms_of_service": {Accepted: true, Version: "2026-11-01", At: w.Now()},
						"marketing":        {Accepted: false, Version: "2026-11-01", At: w.Now()},
					},
				},
			}
			if diff := cmp.Diff(want, w.User(got.User.ID)); diff != "" {
				t.Errorf("user (-want +got):\n%s", diff)
			}
			shown := lambdahttp.NewUserJSON(want)
			shown.Roles = []string{}
			if diff := cmp.Diff(shown, got.User); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if clientName == "" && got.ReturnTo != lambdatest.Front+"/there" {
				t.Errorf("returns to %q", got.ReturnTo)
			}
			sessions := w.DB.Scan(t, w.DB.RefreshTokens)
			if len(sessions) != 1 || sessions[0]["user_agent"] != "Mozilla/5.0" || sessions[0]["source_ip"] != "192.0.2.1" {
				t.Errorf("sessions %v", sessions)
			}
		}
	}
}

// A return address that did not fit into the token is the front end's.
func TestRegister_LongReturnGoesToTheFrontEnd(t *testing.T) {
	w := open(t)
	text := w.mint(func(r *register) { r.ReturnTo = lambdatest.Front + "/" + strings.Repeat("x", 1200) })
	if got := w.registered(w.send("cookie", text), "").ReturnTo; got != lambdatest.FrontURL {
		t.Errorf("returns to %q", got)
	}
}

// RG-03: a token makes one account. The cookie is taken away where it is of no
// more use.
func TestRegister_OnlyOnce(t *testing.T) {
	for event, clientName := range map[string]string{"cookie": "", "bearer": lambdatest.Shop} {
		w := open(t)
		registerToken, later := w.newcomer(lambdatest.Person(), clientName), w.newcomer(lambdatest.Person(), clientName)
		made := w.registered(w.send(event, registerToken), clientName)
		w.DB.Proxy.Reset()
		for _, again := range []string{registerToken, registerToken, later} {
			a := w.send(event, again, nickname("다른토끼"))
			w.refused(a, "409 already_registered")
			if cleared := len(a.Cookies) == 1; cleared != (clientName == "") {
				t.Errorf("cookies %q", a.Cookies)
			}
			w.requests(map[string]int{"TransactWriteItems": 1})
		}
		w.stored(1)
		if got := string(w.User(made.User.ID).Answers.Fields["nickname"]); got != `"바다토끼"` {
			t.Errorf("the nickname became %s", got)
		}
		if got := w.LogIn(lambdatest.Person()).User.ID; got != made.User.ID {
			t.Errorf("the next login is of user %s", got)
		}
	}
}

// What is not registered by this policy, is not by any body or token.
func TestRegister_NotEnabled(t *testing.T) {
	for _, policy := range []string{"", "automatic", "deferred"} {
		w := open(t)
		registerToken := w.newcomer(lambdatest.Person(), "") // from when the policy was another
		w.Env["REGISTRATION"] = policy
		w.handler = w.Build(build)
		for _, event := range []string{"describe-cookie", "describe-anonymous", "describe-cookie-foreign-origin", "cookie", "cookie-twice", "cookie-foreign-origin", "anonymous", "text"} {
			if got := w.send(event, registerToken).Code; got != string(fault.RegistrationNotEnabled) {
				t.Errorf("%q: %s: %s", policy, event, got)
			}
		}
		w.stored(0)
		w.requests(map[string]int{"GetItem": 1}) // which opens the connection
	}
}

// On a loopback address without TLS the cookies have their plain names.
func TestRegister_InsecureCookiesOnLoopback(t *testing.T) {
	const base = "http://localhost:3000"
	w := open(t)
	w.Env["PUBLIC_URL"], w.Env["FRONT_URL"], w.Env["INSECURE_COOKIES"] = base, base, "true"
	w.handler = w.Build(build)
	event := w.event("cookie", w.mint(func(r *register) { r.issuer = base }), header("origin", base),
		func(e *events.APIGatewayV2HTTPRequest) { e.Cookies[1] = strings.TrimPrefix(e.Cookies[1], "__Host-") })
	a := lambdatest.Invoke(t, w.handler, event)
	if a.StatusCode != 200 || a.Cookie(t, "daemun-at") == "" || a.Cookie(t, "daemun-rt") == "" || !strings.Contains(a.Cookie(t, "daemun-reg"), "Max-Age=0") {
		t.Errorf("answer %s, cookies %v", a.Outcome(), a.Cookies)
	}
}
