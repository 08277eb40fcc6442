package main

import (
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/flow"
	"daemun/shared/lambdahttp"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/provider/providertest"
	"daemun/shared/store/storetest"
	"daemun/shared/user"
)

// world is a person with a session, in front of the function. Its clock stands
// still.
type world struct {
	*lambdatest.World
	t     *testing.T
	h     *lambdahttp.Handler
	login flow.Completed
}

func start(t *testing.T) *world {
	t.Helper()
	w := &world{World: lambdatest.New(t), t: t}
	w.StopClock()
	w.login = w.LogIn(lambdatest.Person())
	w.h = w.Build(build)
	w.DB.Proxy.Reset()
	return w
}

func (w *world) event(name, accessToken string) []byte {
	w.t.Helper()
	return lambdatest.Event(w.t, "account", name, "access_token", accessToken, "session_id", w.login.SessionID)
}

// me asks by bearer.
func (w *world) me(accessToken string) lambdatest.Answer {
	w.t.Helper()
	return lambdatest.Invoke(w.t, w.h, w.event("bearer", accessToken))
}

// refused wants the one answer to a token that does not do: HD-04.
func (w *world) refused(a lambdatest.Answer) {
	w.t.Helper()
	if a.Outcome() != "401 invalid_token" || a.Headers["WWW-Authenticate"] != `Bearer error="invalid_token"` || len(a.Cookies) > 0 {
		w.t.Errorf("answer %s, WWW-Authenticate %q, cookies %v", a.Outcome(), a.Headers["WWW-Authenticate"], a.Cookies)
	}
}

// requests wants these requests to the database since the last Reset.
func (w *world) requests(want map[string]int) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.DB.Proxy.Counts()); diff != "" {
		w.t.Errorf("requests to the database (-want +got):\n%s", diff)
	}
}

// session is the item of a login's session.
func (w *world) session(login flow.Completed) storetest.Item {
	w.t.Helper()
	return w.DB.Get(w.t, w.DB.RefreshTokens, sessionKey(login))
}

func sessionKey(login flow.Completed) storetest.Item {
	return storetest.Item{"user_id": login.User.ID, "session_id": login.SessionID}
}

// userKey is the key of the person's item.
func (w *world) userKey() storetest.Item {
	return storetest.Item{"pk": "USER#" + w.login.User.ID, "sk": "USER"}
}

// AZ-01, CK-02, HD-05, IN-03, RT-13, LO-04.
func TestAccount_GoldenEvents(t *testing.T) {
	const anonymous, foreign = "401 invalid_token", "403 origin_not_allowed"
	none, me := map[string]int{}, map[string]int{"GetItem": 1}
	list, end := map[string]int{"GetItem": 1, "Query": 1}, map[string]int{"UpdateItem": 1}
	want := map[string]struct {
		outcome  string
		requests map[string]int
	}{
		"bearer":                            {"200", me},
		"cookie":                            {"200", me},
		"cookie-twice":                      {"400 invalid_request", none},
		"anonymous":                         {anonymous, none},
		"basic":                             {anonymous, none},
		"in-query":                          {anonymous, none},
		"put":                               {"404 not_found", none},
		"payload-v1":                        {"400 invalid_request", none},
		"sessions":                          {"200", list},
		"sessions-cookie":                   {"200", list},
		"sessions-anonymous":                {anonymous, none},
		"end-session":                       {"204", end},
		"end-session-cookie":                {"204", end},
		"end-session-cookie-same-origin":    {"204", end},
		"end-session-cookie-foreign-origin": {foreign, none},
		"end-session-cookie-unmarked":       {foreign, none},
		"end-session-anonymous":             {anonymous, none},
	}
	for _, name := range lambdatest.EventNames(t, "account") {
		if want[name].outcome == "" {
			t.Errorf("golden event %s is not in the table", name)
		}
	}
	w := start(t)
	for name, c := range want {
		t.Run(name, func(t *testing.T) {
			w.login = w.LogIn(lambdatest.Person())
			w.DB.Proxy.Reset()
			a := lambdatest.Invoke(t, w.h, w.event(name, w.login.AccessToken))
			if a.Outcome() != c.outcome {
				t.Fatalf("answer %s, want %s", a.Outcome(), c.outcome)
			}
			w.requests(c.requests)
			if ended := w.session(w.login)["ended_at"] != nil; ended != (c.outcome == "204") {
				t.Errorf("session ended: %v", ended)
			}
		})
	}
}

// A person learns what we know of them, but no id of a provider's.
func TestMe_TellsWhoThePersonIs(t *testing.T) {
	w := start(t)
	for i, person := range providertest.Persons() {
		w.login = w.LogIn(person)
		a := w.me(w.login.AccessToken)
		var got lambdahttp.UserJSON
		if err := json.Unmarshal([]byte(a.Body), &got, json.RejectUnknownMembers(true)); err != nil {
			t.Fatal(err)
		}
		want := lambdahttp.UserJSON{
			ID: w.login.User.ID, Roles: []string{}, ProfileComplete: true, Identities: []lambdahttp.IdentityJSON{{Provider: "kakao"}},
			Profile: lambdahttp.ProfileJSON{
				Email: person.Email, EmailVerified: person.EmailVerified, Nickname: person.Nickname, PictureURL: got.Profile.PictureURL,
			},
			Fields: user.Fields{}, Consents: user.Consents{},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("person %d (-want +got):\n%s", i, diff)
		}
		subject := w.User(w.login.User.ID).Identities[0].Subject
		if subject == "" || strings.Contains(a.Body, subject) {
			t.Errorf("the answer has the provider's id %q", subject)
		}
		if !strings.Contains(a.Body, `"roles":[]`) {
			t.Errorf("roles are not a list: %s", a.Body)
		}
	}
}

// Roles are the stored ones, as of now.
func TestMe_TellsRolesAndCompletenessAsTheyAreStored(t *testing.T) {
	w := start(t)
	w.DB.Put(t, w.DB.Users, storetest.Item{
		"pk": "USER#" + w.login.User.ID, "sk": "USER", "created_at": w.Now().UnixMilli(),
		"disabled": false, "profile_complete": false, "email_verified": false,
	})
	want := `{"id":"` + w.login.User.ID + `","roles":[],"profile_complete":false,"identities":[],"profile":{"email_verified":false},"fields":{},"consents":{}}`
	if got := w.me(w.login.AccessToken).Body; got != want {
		t.Errorf("answer %s, want %s", got, want)
	}
}

// AZ-01: any case of the scheme, one space, one token.
func TestMe_BearerSchemeIsHeldToItsForm(t *testing.T) {
	w := start(t)
	token := w.login.AccessToken
	for authorization, ok := range map[string]bool{
		"Bearer " + token:                       true,
		"bearer " + token:                       true,
		"BEARER " + token:                       true,
		"Basic " + token:                        false,
		"Bearer":                                false,
		"Bearer ":                               false,
		"Bearer  ":                              false,
		"Bearer  " + token:                      false,
		" Bearer " + token:                      false,
		"Bearer " + token + " ":                 false,
		"Bearer\t" + token:                      false,
		"Bearer a b":                            false,
		token:                                   false,
		"Bearer " + token + ",Bearer " + token:  false,
		"Bearer " + token + ", Bearer " + token: false,
		"Bearer, Bearer " + token:               false,
		"Bearer=" + token:                       false,
		"Bearer \"" + token + "\"":              false,
		"Token " + token:                        false,
	} {
		// The good cookie must not make up for a bad header.
		event := lambdatest.With(t, w.event("cookie", token), func(e *events.APIGatewayV2HTTPRequest) {
			e.Headers["authorization"] = authorization
		})
		a := lambdatest.Invoke(t, w.h, event)
		if ok != (a.StatusCode == 200) {
			t.Errorf("%s: answer %s", strings.ReplaceAll(authorization, token, "<token>"), a.Outcome())
		}
		if !ok {
			w.refused(a)
		}
	}
}

// RT-13, HD-03: the cookie counts for a GET that names no origin, wherever it came
// from: no script reads the answer. Of the pages that do read it, some may not use
// the cookie, and have tokens of their own.
func TestMe_CookieIsForItsPages(t *testing.T) {
	w := start(t)
	w.AddClients()
	w.h = w.Build(build)
	for origin, want := range map[string]string{
		"": "200", lambdatest.Front: "200", lambdatest.ShopOrigin: "200",
		lambdatest.OtherOrigin: "403 origin_not_allowed", "https://evil.example": "403 origin_not_allowed", "null": "403 origin_not_allowed",
	} {
		from := func(e *events.APIGatewayV2HTTPRequest) {
			e.Headers["origin"], e.Headers["sec-fetch-site"] = origin, "cross-site"
			if origin == "" {
				delete(e.Headers, "origin")
			}
		}
		if a := lambdatest.Invoke(t, w.h, lambdatest.With(t, w.event("cookie", w.login.AccessToken), from)); a.Outcome() != want {
			t.Errorf("cookie, from %q: %s, want %s", origin, a.Outcome(), want)
		}
		if a := lambdatest.Invoke(t, w.h, lambdatest.With(t, w.event("bearer", w.login.AccessToken), from)); a.Outcome() != "200" {
			t.Errorf("bearer, from %q: %s", origin, a.Outcome())
		}
		w.refused(lambdatest.Invoke(t, w.h, lambdatest.With(t, w.event("anonymous", ""), from)))
	}
}

// ASVS 7.4.2: the access token outlives the user by not one request here.
func TestMe_UserWhoIsGoneOrDisabledIsRefused(t *testing.T) {
	w := start(t)
	w.DB.Set(t, w.DB.Users, w.userKey(), storetest.Item{"disabled": true})
	w.refused(w.me(w.login.AccessToken))
	w.DB.Set(t, w.DB.Users, w.userKey(), storetest.Item{"disabled": false})
	if a := w.me(w.login.AccessToken); a.StatusCode != 200 {
		t.Errorf("answer %s", a.Outcome())
	}
	w.DB.Delete(t, w.DB.Users, w.userKey())
	w.refused(w.me(w.login.AccessToken))
}

// F-20, F-22, F-32, V7.
func TestMe_FaultOfTheDatabaseIsOurs(t *testing.T) {
	w := start(t)
	for name, f := range map[string]storetest.Fault{
		"throttled":    storetest.Error("ThrottlingException"),
		"request lost": storetest.RequestLost(),
		"not allowed":  storetest.Error("AccessDeniedException"),
	} {
		w.DB.Proxy.Reset()
		w.DB.Proxy.On("GetItem", 0, f)
		a := w.me(w.login.AccessToken)
		if a.Outcome() != "503 temporarily_unavailable" || a.Headers["Retry-After"] != "1" {
			t.Errorf("%s: answer %s, Retry-After %q", name, a.Outcome(), a.Headers["Retry-After"])
		}
	}
	w.DB.Proxy.Reset()
	w.DB.Proxy.On("GetItem", 1, storetest.Error("ThrottlingException"))
	if a := w.me(w.login.AccessToken); a.StatusCode != 200 {
		t.Errorf("throttled once: answer %s", a.Outcome())
	}
}

// F-27: the user, signed up by the last write, is seen.
func TestMe_ReadsTheUserConsistently(t *testing.T) {
	w := start(t)
	w.DB.Proxy.ServeStale(t)
	w.login = w.LogIn(providertest.Persons()[1])
	if a := w.me(w.login.AccessToken); a.StatusCode != 200 {
		t.Errorf("answer %s", a.Outcome())
	}
}

// F-31.
func TestMe_CorruptUserIsInternal(t *testing.T) {
	w := start(t)
	w.DB.Remove(t, w.DB.Users, w.userKey(), "disabled")
	if a := w.me(w.login.AccessToken); a.Outcome() != "500 internal" {
		t.Errorf("answer %s, want 500 internal", a.Outcome())
	}
	if got := w.Log.Last(t)["level"]; got != "ERROR" {
		t.Errorf("logged at %v, want ERROR", got)
	}
}

// IN-03: events that are none of the gateway's.
func TestMe_EventsOfNoGateway(t *testing.T) {
	w := start(t)
	for _, event := range []string{`{}`, `[]`, `"x"`, `null`, ``, `{"version":"2.0"}`, `{"version":"2.0","routeKey":"GET /me"}`} {
		if a := lambdatest.Invoke(t, w.h, []byte(event)); a.StatusCode < 400 || a.StatusCode >= 500 {
			t.Errorf("event %s: answer %s, want a 4xx", event, a.Outcome())
		}
	}
	w.requests(map[string]int{})
}
