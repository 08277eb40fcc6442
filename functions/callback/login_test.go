package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/provider/providertest"
	"daemun/shared/store/storetest"
	"daemun/shared/user"
)

// Every golden event has its answer here, and every answer its event.
func TestEvents_EachHasItsAnswer(t *testing.T) {
	type answer struct {
		status  int
		failure fault.Code
	}
	in := answer{status: 302}
	want := map[string]answer{
		"login":                  in,
		"login-json":             in,
		"login-with-issuer":      in, // ST-05
		"login-with-old-session": in, // CB-14
		"login-forged-headers":   in, // ST-16, HD-06
		"login-return-to-added":  in, // ST-11
		"login-tokens-in-query":  in, // CB-06
		"tokens-without-code":    {302, fault.InvalidRequest},
		"refused":                {302, fault.AccessDenied}, // ST-14
		"refused-json":           {400, fault.AccessDenied},
		"refused-with-code":      {302, fault.AccessDenied},
		"refused-without-state":  {302, fault.InvalidState},
		"issuer-of-another":      {302, fault.InvalidState}, // ST-05
		"no-cookie":              {302, fault.InvalidState}, // CK-05, F-82
		"no-cookie-json":         {400, fault.InvalidState},
		"cookie-twice":           {302, fault.InvalidState},           // CK-02
		"cookie-header-differs":  {302, fault.InvalidRequest},         // CK-03
		"no-state":               {302, fault.InvalidState},           // ST-02
		"no-code":                {302, fault.InvalidRequest},         // ST-14
		"code-twice":             {302, fault.InvalidRequest},         // ST-15
		"unknown-provider":       {302, fault.UnknownProvider},        // ST-18
		"prefetch":               {503, fault.TemporarilyUnavailable}, // CB-16
		"head":                   {404, fault.NotFound},
		"form-post":              {302, fault.MethodNotAllowed}, // HD-05
		"payload-v1":             {400, fault.InvalidRequest},   // IN-03
	}
	names := lambdatest.EventNames(t, "callback")
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(slices.Values(names))); diff != "" {
		t.Fatalf("events (-tested +there):\n%s", diff)
	}
	w := open(t)
	logins := 0
	for _, name := range names {
		a := lambdatest.Invoke(t, w.handler, w.event(name, w.begin(person(1))))
		if got := (answer{a.StatusCode, a.Failure()}); got != want[name] {
			t.Errorf("%s: %+v, want %+v", name, got, want[name])
		}
		if want[name] == in {
			w.loggedIn(a, lambdatest.FrontURL)
			logins++
			continue
		}
		w.noToken(a)
	}
	w.stored(1, logins)
	if got := w.Kakao.Hits(providertest.Token); got != logins {
		t.Errorf("%d codes were exchanged for %d logins", got, logins)
	}
}

// What the provider tells of a person is stored as it came, and no more.
func TestCallback_FirstLoginMakesAUser(t *testing.T) {
	for _, p := range providertest.Persons() {
		t.Run(p.Nickname, func(t *testing.T) {
			w := open(t)
			id := w.logIn(p)
			got := w.User(id)
			if got == nil {
				t.Fatal("there is no such user")
			}
			want := &user.User{
				ID: id, Identities: got.Identities, ProfileComplete: true, CreatedAt: got.CreatedAt,
				// CB-13: an address counts as verified by the provider's word alone.
				Profile: user.Profile{Email: p.Email, EmailVerified: p.EmailVerified && p.EmailValid, Nickname: p.Nickname},
			}
			if p.ImageURL != "" {
				want.Profile.PictureURL = "https://" + p.ImageURL
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("user (-want +got):\n%s", diff)
			}
			w.stored(1, 1)
		})
	}
}

func TestCallback_KnownUserGetsAnotherSession(t *testing.T) {
	w := open(t)
	first := w.logIn(person(1))
	for range 3 {
		if again := w.logIn(person(1)); again != first {
			t.Errorf("user %s became %s", first, again)
		}
	}
	if other := w.logIn(person(2)); other == first {
		t.Error("two persons are one user")
	}
	w.stored(2, 5)
}

// ST-11, ST-13: the browser goes where the login was begun for.
func TestCallback_GoesWhereTheLoginWanted(t *testing.T) {
	w := open(t)
	for returnTo, want := range map[string]string{
		"":                                    lambdatest.FrontURL,
		"/orders/7?page=2#top":                lambdatest.Front + "/orders/7?page=2#top",
		lambdatest.Front + "/?error=planned#": lambdatest.Front + "/?error=planned#",
	} {
		b := w.Begin(person(1), returnTo)
		w.loggedIn(w.finish(b, query("code="+b.Code+"&state="+b.State+"&return_to=https://evil.example&ReturnTo=/x")), want)
	}
}

// ST-16, HD-06: the exchange names the redirect URI that the login named, or the
// provider refuses it; and the session remembers the address that the gateway
// saw, not one that the client invented.
func TestCallback_ForgedHeadersCountForNothing(t *testing.T) {
	w := open(t)
	a := lambdatest.Invoke(t, w.handler, w.event("login-forged-headers", w.begin(person(1))))
	w.loggedIn(a, lambdatest.FrontURL)
	for _, s := range w.DB.Scan(t, w.DB.RefreshTokens) {
		if s["source_ip"] != "192.0.2.1" || s["user_agent"] != "Mozilla/5.0" {
			t.Errorf("the session is of %v, %v", s["source_ip"], s["user_agent"])
		}
	}
}

// CB-14: a login makes a session of its own, whatever the browser held before.
func TestCallback_NeverAdoptsASession(t *testing.T) {
	w := open(t)
	victim := w.LogIn(person(1))
	event := strings.NewReplacer("{{old_access_token}}", victim.AccessToken, "{{old_refresh_token}}", victim.RefreshToken).
		Replace(string(w.event("login-with-old-session", w.begin(person(2)))))
	a := lambdatest.Invoke(t, w.handler, []byte(event))
	if got := w.loggedIn(a, lambdatest.FrontURL); got == victim.User.ID {
		t.Error("the login went on as somebody else")
	}
	if c := a.Cookie(t, "__Host-daemun-rt"); strings.Contains(c, victim.SessionID) {
		t.Error("the old session was adopted")
	}
	w.stored(2, 2)
}

// A user who may not log in gets no token, and the session that was started for
// them is ended.
func TestCallback_DisabledOrGoneUser(t *testing.T) {
	for name, spoil := range map[string]func(*lambdatest.World, storetest.Item){
		"disabled": func(w *lambdatest.World, key storetest.Item) {
			w.DB.Set(t, w.DB.Users, key, storetest.Item{"disabled": true})
		},
		"gone": func(w *lambdatest.World, key storetest.Item) { w.DB.Delete(t, w.DB.Users, key) },
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{World: lambdatest.New(t), t: t} // whose tables are not in order at the end
			w.handler = w.Build(builder())
			id := w.LogIn(person(1)).User.ID
			spoil(w.World, storetest.Item{"pk": "USER#" + id, "sk": "USER"})
			w.DB.Proxy.Reset()
			w.refused(w.finish(w.begin(person(1))), fault.AccountDisabled)
			w.requests(name, map[string]int{"PutItem": 2, "GetItem": 2, "UpdateItem": 1})
			w.refusedJSON(w.finish(w.begin(person(1)), asJSON()), fault.AccountDisabled)
			ended := 0
			for _, s := range w.DB.Scan(t, w.DB.RefreshTokens) {
				if s["ended_why"] == "user_gone" {
					ended++
				}
			}
			if ended != 2 {
				t.Errorf("%d sessions are ended, want 2", ended)
			}
		})
	}
}

// A failure says the same in JSON to who asks for it.
func TestCallback_AcceptDecidesTheFormOfFailures(t *testing.T) {
	w := open(t)
	for accept, isJSON := range map[string]bool{
		"application/json": true, "application/json;q=0.9, */*;q=0.1": true,
		"": false, "*/*": false, "text/html": false, "text/html,application/json": false, "application/jso": false, "text/plain": false,
	} {
		a := w.finish(w.begin(person(1)), cookies(), header("accept", accept))
		if isJSON {
			w.refusedJSON(a, fault.InvalidState)
		} else {
			w.refused(a, fault.InvalidState)
		}
	}
	w.nothingHappened(0)
}
