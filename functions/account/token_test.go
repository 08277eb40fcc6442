package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"daemun/shared/jws"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/token"
)

// mint makes an access token of the person, changed.
func (w *world) mint(change func(*token.AccessIssuer, *token.Access), now time.Time) string {
	w.t.Helper()
	i := w.Issuer().Access
	a := token.Access{UserID: w.login.User.ID, SessionID: w.login.SessionID, Roles: []string{}, ProfileComplete: true}
	change(&i, &a)
	text, err := i.Mint(a, now)
	if err != nil {
		w.t.Fatal(err)
	}
	w.Canary(text)
	return text
}

// another is a signing key of another issuer, under our key's id if wished.
func (w *world) another(kid string) token.SigningKey {
	w.t.Helper()
	ring, err := token.NewKeyring(jws.ES256, rand.Reader, w.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	text, err := ring.MarshalText()
	if err != nil {
		w.t.Fatal(err)
	}
	var key token.SigningKey
	if kid != "" {
		text = []byte(strings.ReplaceAll(string(text), ring.List()[0].ID, kid))
	}
	if err := key.UnmarshalText(text); err != nil {
		w.t.Fatal(err)
	}
	return key
}

// TK-01…TK-12 at this door: only our own access tokens, for us, alive.
func TestMe_TokensThatAreNotOursOrNotAliveAreRefused(t *testing.T) {
	w := start(t)
	kid := w.privateKey().ID
	none := func(*token.AccessIssuer, *token.Access) {}
	good := w.mint(none, w.Now())
	parts := strings.Split(good, ".")
	header := func(text string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(text)) + "." + parts[1] + "." + parts[2]
	}
	if a := w.me(good); a.StatusCode != 200 {
		t.Fatalf("the good token: answer %s", a.Outcome())
	}
	w.DB.Proxy.Reset()
	for name, refused := range map[string]string{
		"expired":             w.mint(none, w.Now().Add(-token.MaxAccessLifetime)),
		"from the future":     w.mint(none, w.Now().Add(62*time.Second)),
		"too long a life":     w.mint(func(i *token.AccessIssuer, _ *token.Access) { i.Lifetime = time.Hour }, w.Now()),
		"another issuer":      w.mint(func(i *token.AccessIssuer, _ *token.Access) { i.Issuer = "https://evil.example" }, w.Now()),
		"another audience":    w.mint(func(i *token.AccessIssuer, _ *token.Access) { i.Audience = "https://api.example.com" }, w.Now()),
		"no subject":          w.mint(func(_ *token.AccessIssuer, a *token.Access) { a.UserID = "" }, w.Now()),
		"no session":          w.mint(func(_ *token.AccessIssuer, a *token.Access) { a.SessionID = "" }, w.Now()),
		"unknown key":         w.mint(func(i *token.AccessIssuer, _ *token.Access) { i.Key = w.another("") }, w.Now()),
		"another key, our id": w.mint(func(i *token.AccessIssuer, _ *token.Access) { i.Key = w.another(kid) }, w.Now()),
		"alg none":            header(`{"alg":"none","typ":"at+jwt","kid":"` + kid + `"}`),
		"alg HS256":           header(`{"alg":"HS256","typ":"at+jwt","kid":"` + kid + `"}`),
		"crit":                header(`{"alg":"ES256","typ":"at+jwt","kid":"` + kid + `","crit":["x"]}`),
		"other claims":        parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"x"}`)) + "." + parts[2],
		"no signature":        parts[0] + "." + parts[1] + ".",
		"cut":                 good[:len(good)-1],
		"empty parts":         "..",
		"garbage":             "garbage",
		"refresh (TK-02)":     w.login.RefreshToken,
		"transaction (TK-02)": w.Begin(lambdatest.Person(), "").Transaction,
	} {
		t.Run(name, func(t *testing.T) {
			w.refused(w.me(refused))
			w.refused(lambdatest.Invoke(t, w.h, w.event("cookie", refused)))
			w.requests(map[string]int{})
		})
	}
}

// No leeway for the end: a token lives as long as expires_in said.
func TestMe_LastSecondOfATokenIsGood(t *testing.T) {
	w := start(t)
	w.Wait(token.MaxAccessLifetime - 2*time.Second)
	if a := w.me(w.login.AccessToken); a.StatusCode != 200 {
		t.Errorf("answer %s before the end", a.Outcome())
	}
	w.Wait(2 * time.Second)
	w.refused(w.me(w.login.AccessToken))
}

// TOKEN_AUDIENCE moves the audience for maker and checker alike.
func TestMe_AudienceIsTheConfiguredOne(t *testing.T) {
	w := start(t)
	w.Env["TOKEN_AUDIENCE"] = "https://api.example.com"
	w.h = w.Build(build)
	w.refused(w.me(w.login.AccessToken))
	fits := w.mint(func(i *token.AccessIssuer, _ *token.Access) { i.Audience = "https://api.example.com" }, w.Now())
	if a := w.me(fits); a.StatusCode != 200 {
		t.Errorf("answer %s", a.Outcome())
	}
}

// privateKey is the world's signing key, as it is configured.
func (w *world) privateKey() jws.PrivateKey {
	w.t.Helper()
	var set struct {
		Keys []struct {
			ID string `json:"kid"`
			D  string `json:"d"`
		} `json:"keys"`
	}
	if err := json.Unmarshal([]byte(w.Env["SIGNING_KEYS"]), &set); err != nil {
		w.t.Fatal(err)
	}
	d, err := base64.RawURLEncoding.DecodeString(set.Keys[0].D)
	if err != nil {
		w.t.Fatal(err)
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d)
	if err != nil {
		w.t.Fatal(err)
	}
	return jws.PrivateKey{ID: set.Keys[0].ID, Algorithm: jws.ES256, Signer: key}
}

// TK-02, TK-05: what our own key signed for another purpose, or without what an
// access token must say, is no access token.
func TestMe_TokensOfOurOwnKeyAreHeldToTypeAndClaims(t *testing.T) {
	w := start(t)
	key := w.privateKey()
	now := w.Now().Unix()
	claims := fmt.Sprintf(`{"iss":%q,"aud":%q,"sub":%q,"client_id":"web","sid":"s","iat":%d,"exp":%d,"jti":"j","roles":[],"profile_complete":true}`,
		lambdatest.PublicURL, lambdatest.PublicURL, w.login.User.ID, now, now+900)
	without := func(member string) string { return strings.Replace(claims, `"`+member+`":`, `"x_`+member+`":`, 1) }
	for name, c := range map[string]struct {
		typ, claims string
		ok          bool
	}{
		"as we make them":   {"at+jwt", claims, true},
		"plain JWT":         {"JWT", claims, false},
		"register token":    {"register+jwt", claims, false},
		"no type":           {"", claims, false},
		"type in capitals":  {"AT+JWT", claims, false},
		"no exp":            {"at+jwt", without("exp"), false},
		"no iat":            {"at+jwt", without("iat"), false},
		"no iss":            {"at+jwt", without("iss"), false},
		"no aud":            {"at+jwt", without("aud"), false},
		"no jti":            {"at+jwt", without("jti"), false},
		"two subjects":      {"at+jwt", strings.Replace(claims, `"sub":`, `"sub":"x","sub":`, 1), false},
		"list of audiences": {"at+jwt", strings.Replace(claims, `"aud":"`+lambdatest.PublicURL+`"`, `"aud":["`+lambdatest.PublicURL+`","x"]`, 1), false},
		"no object":         {"at+jwt", `[]`, false},
	} {
		signed, err := jws.Sign([]byte(c.claims), c.typ, key)
		if err != nil {
			t.Fatal(err)
		}
		a := w.me(signed)
		if !c.ok {
			w.refused(a)
		}
		if c.ok != (a.StatusCode == 200) {
			t.Errorf("%s: answer %s", name, a.Outcome())
		}
	}
}
