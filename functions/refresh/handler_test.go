package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/flow"
	"daemun/shared/lambdahttp"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/store/storetest"
	"daemun/shared/token"
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
	w.h = w.Build(build)
	w.again()
	return w
}

// again logs the person in once more: a session of its own.
func (w *world) again() flow.Completed {
	w.t.Helper()
	w.login = w.LogIn(lambdatest.Person())
	w.DB.Proxy.Reset()
	return w.login
}

func (w *world) event(name, refreshToken string) []byte {
	w.t.Helper()
	return lambdatest.Event(w.t, "refresh", name, "refresh_token", refreshToken)
}

func (w *world) invoke(name, refreshToken string) lambdatest.Answer {
	w.t.Helper()
	return lambdatest.Invoke(w.t, w.h, w.event(name, refreshToken))
}

// refreshed refreshes in JSON and wants it to go well.
func (w *world) refreshed(refreshToken string) lambdahttp.TokenJSON {
	w.t.Helper()
	return w.tokens(w.invoke("json", refreshToken))
}

// refused refreshes in JSON and wants it refused.
func (w *world) refused(refreshToken string) lambdatest.Answer {
	w.t.Helper()
	a := w.invoke("json", refreshToken)
	if a.Outcome() != "401 invalid_grant" {
		w.t.Fatalf("answer %s, want 401 invalid_grant", a.Outcome())
	}
	return a
}

func (w *world) tokens(a lambdatest.Answer) lambdahttp.TokenJSON {
	w.t.Helper()
	var j lambdahttp.TokenJSON
	if a.StatusCode != 200 {
		w.t.Fatalf("status %d: %s; log %v", a.StatusCode, a.Body, w.Log.Last(w.t))
	}
	if err := json.Unmarshal([]byte(a.Body), &j); err != nil {
		w.t.Fatal(err)
	}
	return j
}

// sessionKey is the key of a login's session.
func sessionKey(login flow.Completed) storetest.Item {
	return storetest.Item{"user_id": login.User.ID, "session_id": login.SessionID}
}

// session is the session of the last login, as it is stored.
func (w *world) session() storetest.Item {
	w.t.Helper()
	return w.DB.Get(w.t, w.DB.RefreshTokens, sessionKey(w.login))
}

// requests wants these requests to the database since the last login or Reset.
func (w *world) requests(want map[string]int) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.DB.Proxy.Counts()); diff != "" {
		w.t.Errorf("requests to the database (-want +got):\n%s", diff)
	}
}

// RT-13, RT-17, CK-02, HD-05, RG-06, IN-03. Whatever does not rotate asks nothing of
// the database and changes nothing.
func TestRefresh_GoldenEvents(t *testing.T) {
	want := map[string]string{
		"json":                  "200",
		"cookie":                "200",
		"cookie-same-origin":    "200",
		"cookie-foreign-origin": "403 origin_not_allowed",
		"cookie-null-origin":    "403 origin_not_allowed",
		"cookie-cross-site":     "403 origin_not_allowed",
		"cookie-unmarked":       "403 origin_not_allowed",
		"cookie-twice":          "400 invalid_request",
		"none":                  "401 invalid_grant",
		"forged":                "401 invalid_grant",
		"in-query":              "400 invalid_request",
		"in-authorization":      "400 invalid_request",
		"json-and-cookie":       "400 invalid_request",
		"form":                  "415 unsupported_media_type",
		"unknown-member":        "400 invalid_request",
		"duplicate-member":      "400 invalid_request",
		"base64":                "401 invalid_grant", // decoded, but forged
		"base64-broken":         "400 invalid_request",
		"payload-v1":            "400 invalid_request",
		"put":                   "404 not_found",
	}
	w := start(t)
	for _, name := range lambdatest.EventNames(t, "refresh") {
		if want[name] == "" {
			t.Errorf("golden event %s is not in the table", name)
		}
	}
	for name, expected := range want {
		t.Run(name, func(t *testing.T) {
			login := w.again()
			before := w.session()
			a := w.invoke(name, login.RefreshToken)
			if got := a.Outcome(); got != expected {
				t.Fatalf("answer %s, want %s", got, expected)
			}
			if a.StatusCode == 200 {
				w.requests(map[string]int{"GetItem": 1, "UpdateItem": 1})
				return
			}
			w.requests(map[string]int{})
			if diff := cmp.Diff(before, w.session()); diff != "" {
				t.Errorf("session (-before +after):\n%s", diff)
			}
			if len(a.Cookies) > 0 || !strings.Contains(a.Body, `"request_id":"JKJaXmPLvHcESHA="`) {
				t.Errorf("refusal %s with cookies %v", a.Body, a.Cookies)
			}
		})
	}
}

// RT-14, RFC 6749 §5.1.
func TestRefresh_JSONDeliversTheWholePair(t *testing.T) {
	w := start(t)
	a := w.invoke("json", w.login.RefreshToken)
	got := w.tokens(a)
	want := lambdahttp.TokenJSON{
		AccessToken: got.AccessToken, TokenType: "Bearer", ExpiresIn: 900,
		RefreshToken: got.RefreshToken, RefreshExpiresIn: 604800, User: lambdahttp.NewUserJSON(w.login.User),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if got.RefreshToken == w.login.RefreshToken || got.RefreshToken == "" {
		t.Error("the refresh token did not rotate")
	}
	if len(a.Cookies) > 0 || a.Headers["Cache-Control"] != "no-store" {
		t.Errorf("cookies %v, Cache-Control %q", a.Cookies, a.Headers["Cache-Control"])
	}
	w.speaksForLogin(got.AccessToken)
	w.requests(map[string]int{"GetItem": 1, "UpdateItem": 1})
}

// speaksForLogin checks an access token as any API would.
func (w *world) speaksForLogin(accessToken string) {
	w.t.Helper()
	v := token.AccessVerifier{Issuer: lambdatest.PublicURL, Audience: lambdatest.PublicURL, Keys: w.Keys.Verification}
	who, err := v.Verify(accessToken, w.Now())
	if err != nil || who.UserID != w.login.User.ID || who.SessionID != w.login.SessionID || !who.ProfileComplete {
		w.t.Errorf("access token says %+v, %v", who, err)
	}
}

// RT-14, CK-01.
func TestRefresh_CookieDeliversTheRefreshTokenInItsCookieOnly(t *testing.T) {
	w := start(t)
	a := w.invoke("cookie", w.login.RefreshToken)
	got := w.tokens(a)
	if got.RefreshToken != "" || strings.Contains(a.Body, "refresh_token") {
		t.Errorf("the body has a refresh token: %s", a.Body)
	}
	next := w.refreshed(w.login.RefreshToken).RefreshToken // the same again
	want := []string{
		"__Host-daemun-at=" + got.AccessToken + "; Path=/; Max-Age=900; HttpOnly; Secure; SameSite=Lax",
		"__Host-daemun-rt=" + next + "; Path=/; Max-Age=604800; HttpOnly; Secure; SameSite=Strict",
	}
	if diff := cmp.Diff(want, a.Cookies); diff != "" {
		t.Errorf("cookies (-want +got):\n%s", diff)
	}
	w.speaksForLogin(got.AccessToken)
}

// RT-14: a late answer must not put an old refresh cookie over a newer one.
func TestRefresh_CookieIsSetOnlyIfItDiffersFromThePresentedOne(t *testing.T) {
	w := start(t)
	current := w.refreshed(w.login.RefreshToken).RefreshToken
	a := w.invoke("cookie", current)
	if a.Cookie(t, "__Host-daemun-at") == "" || len(a.Cookies) != 1 {
		t.Errorf("cookies for the current token: %v, want the access token's alone", a.Cookies)
	}
	a = w.invoke("cookie", w.login.RefreshToken)
	if got := a.Cookie(t, "__Host-daemun-rt"); !strings.HasPrefix(got, "__Host-daemun-rt="+current+";") {
		t.Errorf("cookie for the parent token: %q, want the current token", got)
	}
}

// The cookie ends with the session, not after it.
func TestRefresh_CookieLivesNoLongerThanTheSession(t *testing.T) {
	w := start(t)
	w.DB.Set(t, w.DB.RefreshTokens, sessionKey(w.login), storetest.Item{
		"created_at": w.Now().Add(time.Hour - lambdatest.Rule.Absolute).UnixMilli(), "rotated_at": w.Now().Add(-time.Hour).UnixMilli(),
	})
	a := w.invoke("cookie", w.login.RefreshToken)
	if got := a.Cookie(t, "__Host-daemun-rt"); !strings.Contains(got, "; Max-Age=3600;") {
		t.Errorf("cookie %q, want the hour that is left", got)
	}
}

// LG-02.
func TestRefresh_IsLoggedWithWhoAndWhat(t *testing.T) {
	w := start(t)
	w.refreshed(w.login.RefreshToken)
	got := w.Log.Last(t)
	delete(got, "time")
	want := map[string]any{
		"level": "INFO", "msg": "request", "request_id": "JKJaXmPLvHcESHA=", "route": "POST /auth/refresh", "status": 200.0,
		"event": "refresh", "rotated": true, "user_id": w.login.User.ID, "session_id": w.login.SessionID,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// RT-08: a stolen table is worth no token.
func TestRefresh_StoresNoToken(t *testing.T) {
	w := start(t)
	got := w.refreshed(w.login.RefreshToken)
	stored := fmt.Sprint(w.DB.Scan(t, w.DB.RefreshTokens), w.DB.Scan(t, w.DB.Users), w.DB.Scan(t, w.DB.OneTime))
	for _, secret := range []string{w.login.RefreshToken, w.login.AccessToken, got.RefreshToken, got.AccessToken} {
		if strings.Contains(stored, secret[strings.LastIndexByte(secret, '.')+1:]) {
			t.Errorf("the tables hold the end of %.12s…", secret)
		}
	}
}
