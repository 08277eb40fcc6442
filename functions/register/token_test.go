package main

import (
	"crypto/rand"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"daemun/shared/jws"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/provider/providertest"
	"daemun/shared/token"
	"daemun/shared/user"
)

// register is a register token to be made.
type register struct {
	token.Register
	issuer string
	key    token.SigningKey
	now    time.Time
}

// mint makes a register token of a person, for a cookie, changed.
func (w *world) mint(change func(*register)) string {
	w.t.Helper()
	r := register{
		Register: token.Register{Identity: user.Identity{Provider: "kakao", Subject: "1"}, ReturnTo: lambdatest.FrontURL},
		issuer:   lambdatest.PublicURL, key: w.Keys.Signing, now: w.Now(),
	}
	change(&r)
	issuer := token.RegisterIssuer{Issuer: r.issuer, Key: r.key, Rand: rand.Reader}
	text, _, err := issuer.Mint(r.Register, r.now)
	if err != nil {
		w.t.Fatal(err)
	}
	w.Canary(text)
	return text
}

// keys is a new signing key set, in configuration's form.
func (w *world) keys() (text string, key token.SigningKey) {
	w.t.Helper()
	ring, err := token.NewKeyring(jws.ES256, rand.Reader, w.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	set, err := ring.MarshalText()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := key.UnmarshalText(set); err != nil {
		w.t.Fatal(err)
	}
	return string(set), key
}

// RG-01, TK-02: what is no register token of ours, for us, alive, opens nothing.
// A cookie that is good for nothing is taken away.
func TestToken_OthersAreRefused(t *testing.T) {
	w := open(t)
	login := w.LogIn(providertest.Persons()[1])
	w.DB.Proxy.Reset()
	_, another := w.keys()
	good := w.mint(func(*register) {})
	parts := strings.Split(good, ".")
	header := func(text string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(text)) + "." + parts[1] + "." + parts[2]
	}
	for name, presented := range map[string]string{
		"access token":        login.AccessToken,
		"refresh token":       login.RefreshToken,
		"transaction":         w.Begin(lambdatest.Person(), "").Transaction,
		"of another issuer":   w.mint(func(r *register) { r.issuer = "https://evil.example" }),
		"of another key":      w.mint(func(r *register) { r.key = another }),
		"expired":             w.mint(func(r *register) { r.now = w.Now().Add(-10 * time.Minute) }),
		"from the future":     w.mint(func(r *register) { r.now = w.Now().Add(2 * time.Minute) }),
		"of no provider":      w.mint(func(r *register) { r.Identity.Provider = "" }),
		"of no person":        w.mint(func(r *register) { r.Identity.Subject = "" }),
		"alg none":            header(`{"alg":"none","typ":"register+jwt"}`),
		"other claims":        parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"kakao#1"}`)) + "." + parts[2],
		"without a signature": parts[0] + "." + parts[1] + ".",
		"cut":                 good[:len(good)-1],
		"garbage":             "garbage",
		"long":                strings.Repeat("x", 5000),
	} {
		for _, event := range []string{"describe-cookie", "describe-bearer", "cookie", "bearer"} {
			a := w.send(event, presented)
			w.refused(a, noToken)
			if strings.Contains(a.Body, "access token") {
				t.Errorf("%s: %s", name, a.Body)
			}
			if cleared := len(a.Cookies) == 1; cleared != (event == "cookie") {
				t.Errorf("%s, %s: cookies %q", name, event, a.Cookies)
			}
		}
	}
	w.requests(map[string]int{})
	w.registered(w.send("cookie", good), "")
}

// RT-13: where a page may not use cookies, nothing is said of the one that came,
// and it stays as it is.
func TestToken_OfAForeignPageIsNotLookedAt(t *testing.T) {
	w := open(t)
	for _, event := range []string{"describe-cookie-foreign-origin", "cookie-foreign-origin", "cookie-unmarked"} {
		a := w.send(event, "garbage")
		w.refused(a, foreign)
		if len(a.Cookies) > 0 {
			t.Errorf("%s: cookies %q", event, a.Cookies)
		}
	}
}

// RG-04: a token that was given in a cookie has been seen by no script, and is
// good in that cookie alone; one that was given in JSON is never good there.
func TestToken_IsGoodOnlyWhereItWasGiven(t *testing.T) {
	w := open(t)
	inCookie, inJSON := w.newcomer(lambdatest.Person(), ""), w.newcomer(lambdatest.Person(), lambdatest.Shop)
	for event, presented := range map[string]string{
		"describe-bearer": inCookie, "bearer": inCookie, "bearer-page": inCookie,
		"describe-cookie": inJSON, "cookie": inJSON, "cookie-same-origin": inJSON,
	} {
		w.refused(w.send(event, presented), noToken)
	}
	// The header is what counts, even beside the cookie that it was taken from.
	both := w.event("cookie", inCookie, header("authorization", "Bearer "+inCookie))
	w.refused(lambdatest.Invoke(t, w.handler, both), noToken)
	w.requests(map[string]int{})
	w.stored(0)
	w.registered(w.send("cookie", inCookie), "")
}

// RG-03: ten minutes, by our clock, whatever the cookie's age.
func TestToken_Expires(t *testing.T) {
	w := open(t)
	first, last := w.newcomer(lambdatest.Person(), ""), w.newcomer(providertest.Persons()[1], "")
	w.Wait(10*time.Minute - 2*time.Second)
	w.registered(w.send("cookie", first), "")
	w.Wait(2 * time.Second)
	w.refused(w.send("describe-cookie", last), noToken)
	w.refused(w.send("cookie", last), noToken)
	w.stored(1)
}

// Keys rotate while people fill in the form: the old key's tokens are good as
// long as it is known, and what they become is signed with the new one.
func TestToken_SurvivesAKeyRotation(t *testing.T) {
	w := open(t)
	registerToken, lost := w.newcomer(lambdatest.Person(), ""), w.newcomer(providertest.Persons()[1], "")
	var old, fresh struct {
		Keys []map[string]any `json:"keys"`
	}
	freshSet, freshKey := w.keys()
	for text, set := range map[string]any{w.Env["SIGNING_KEYS"]: &old, freshSet: &fresh} {
		if err := json.Unmarshal([]byte(text), set); err != nil {
			t.Fatal(err)
		}
	}
	old.Keys[0]["status"] = "retired"
	fresh.Keys = append(fresh.Keys, old.Keys[0])
	both, err := json.Marshal(fresh)
	if err != nil {
		t.Fatal(err)
	}
	w.Env["SIGNING_KEYS"], w.Keys.Verification = string(both), freshKey.VerificationKeys()
	w.handler = w.Build(build)
	w.registered(w.send("cookie", registerToken), "")
	w.Env["SIGNING_KEYS"] = freshSet
	w.handler = w.Build(build)
	w.refused(w.send("cookie", lost), noToken)
}

// A client that is configured no more gets no account for a token on its way.
func TestToken_OfAClientThatIsGone(t *testing.T) {
	w := open(t)
	registerToken := w.newcomer(lambdatest.Person(), lambdatest.Shop)
	w.Env["CLIENTS"] = ""
	w.handler = w.Build(build)
	w.refused(w.send("describe-bearer", registerToken), noToken)
	w.refused(w.send("bearer", registerToken), noToken)
	w.stored(0)
}
