package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"daemun/shared/fault"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/provider/providertest"
	"daemun/shared/store/storetest"
	"daemun/shared/token"
)

// ST-01: the callback of one browser does nothing in another.
func TestState_OfAnotherBrowser(t *testing.T) {
	w := open(t)
	attacker, victim := w.begin(person(1)), w.begin(person(2))
	for name, held := range map[string][]string{
		"no cookie":                       nil,
		"a transaction of its own":        {victim.Cookie},
		"its own under the other's name":  {"__Host-daemun-tx-" + attacker.ID + "=" + victim.Transaction}, // ST-04
		"an empty cookie":                 {"__Host-daemun-tx-" + attacker.ID + "="},
		"the cookie without its prefix":   {strings.TrimPrefix(attacker.Cookie, "__Host-")},
		"the state as cookie":             {"__Host-daemun-tx-" + attacker.ID + "=" + attacker.State},
		"the cookie of an insecure world": {"daemun-tx-" + attacker.ID + "=" + attacker.Transaction},
	} {
		t.Run(name, func(*testing.T) {
			w.refused(w.finish(attacker, cookies(held...)), fault.InvalidState)
			w.nothingHappened(0)
		})
	}
}

// ST-02: a state that is missing, short or guessed.
func TestState_MustBeTheOneThatWasSent(t *testing.T) {
	w := open(t)
	b := w.begin(person(1))
	for _, state := range []string{"", "a", b.State[:42], b.State + "a", strings.ToLower(b.State) + "=", "%00", "%2500", b.ID, strings.Repeat("a", 4096), "undefined", "null"} {
		id := sha256.Sum256([]byte(strings.ReplaceAll(state, "%25", "%")))
		planted := "__Host-daemun-tx-" + base64.RawURLEncoding.EncodeToString(id[:])[:8] + "=" + b.Transaction
		a := w.finish(b, query("code="+b.Code+"&state="+state), cookies(b.Cookie, planted))
		if state == "%00" { // IN-02
			w.refused(a, fault.InvalidRequest)
			continue
		}
		w.refused(a, fault.InvalidState)
	}
	w.nothingHappened(0)
}

// ST-04: every third character of the transaction and of its key's id, and every
// character of the state.
func TestState_NoCharacterMayChange(t *testing.T) {
	w := open(t)
	b := w.begin(person(1))
	cookie := "__Host-daemun-tx-" + b.ID + "="
	for i := 0; i < len(b.Transaction); i += 3 {
		changed := b.Transaction[:i] + swap(b.Transaction[i]) + b.Transaction[i+1:]
		w.refused(w.finish(b, cookies(cookie+changed)), fault.InvalidState)
	}
	for _, changed := range []string{b.Transaction + "A", b.Transaction + "=", b.Transaction[1:], `"` + b.Transaction + `"`, b.Transaction + ".", "." + b.Transaction, b.Transaction[:20]} {
		w.refused(w.finish(b, cookies(cookie+changed)), fault.InvalidState)
	}
	for i := range b.State {
		changed := b.State[:i] + swap(b.State[i]) + b.State[i+1:]
		id := sha256.Sum256([]byte(changed))
		planted := "__Host-daemun-tx-" + base64.RawURLEncoding.EncodeToString(id[:])[:8] + "=" + b.Transaction
		w.refused(w.finish(b, query("code="+b.Code+"&state="+changed), cookies(planted)), fault.InvalidState)
	}
	w.nothingHappened(0)
	w.loggedIn(w.finish(b), lambdatest.FrontURL) // it was good all the time
}

// swap is another character of base64url.
func swap(c byte) string {
	if c == 'A' {
		return "B"
	}
	return "A"
}

// ST-04, ST-20: two logins of one browser do not mix.
func TestState_OfAnotherTab(t *testing.T) {
	w := open(t)
	one, two := w.begin(person(1)), w.begin(person(2))
	w.refused(w.finish(one, cookies("__Host-daemun-tx-"+one.ID+"="+two.Transaction, two.Cookie)), fault.InvalidState)
	w.nothingHappened(0)
	// Its code at the other's state: the provider finds that the verifier does not fit (ST-06).
	w.refused(w.finish(one, query("code="+two.Code+"&state="+one.State), cookies(one.Cookie, two.Cookie)), fault.LoginExpired)
	w.stored(0, 0)
}

// ST-20: five logins of one jar, finished in reverse.
func TestState_TabsFinishInAnyOrder(t *testing.T) {
	w := open(t)
	var tabs []lambdatest.Begun
	held := map[string]string{}
	for i := range 5 {
		tabs = append(tabs, w.begin(person(int64(i+1))))
		held[tabs[i].ID] = tabs[i].Cookie
	}
	seen := map[string]bool{}
	for i := 4; i >= 0; i-- {
		var jar []string
		for _, cookie := range held {
			jar = append(jar, cookie)
		}
		a := w.finish(tabs[i], cookies(jar...))
		seen[w.loggedIn(a, lambdatest.FrontURL)] = true
		if !strings.HasPrefix(a.Cookies[0], "__Host-daemun-tx-"+tabs[i].ID+"=;") {
			t.Errorf("another tab's transaction is cleared: %q", a.Cookies[0])
		}
		delete(held, tabs[i].ID)
	}
	if len(seen) != 5 {
		t.Errorf("five persons became %d users", len(seen))
	}
}

// ST-03: once means once, though the cookie and the code are presented again.
func TestState_SecondUseIsRefused(t *testing.T) {
	w := open(t)
	b := w.begin(person(1))
	w.loggedIn(w.finish(b), lambdatest.FrontURL)
	w.refused(w.finish(b), fault.InvalidState)
	w.refusedJSON(w.finish(b, asJSON()), fault.InvalidState)
	w.refused(w.finish(b, query("code="+b.Code+"2&state="+b.State)), fault.InvalidState)
	if got := w.Kakao.Hits(providertest.Token); got != 1 {
		t.Errorf("%d exchanges", got)
	}
	w.stored(1, 1)
}

// ST-05: a transaction of one provider is worth nothing at another.
func TestState_OfAnotherProvider(t *testing.T) {
	w := open(t)
	b := w.begin(person(1))
	tx, err := w.Keys.Transaction.Open(b.Transaction)
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{"naver", "", "Kakao", "kakao2"} {
		tx.Provider = other
		sealed, err := w.Keys.Transaction.Seal(tx, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		w.refused(w.finish(b, cookies("__Host-daemun-tx-"+b.ID+"="+sealed)), fault.InvalidState)
		w.refused(w.finish(b, providerName(other)), fault.UnknownProvider)
	}
	w.nothingHappened(0)
}

// ST-04, TK-10: a transaction that somebody else's keys sealed.
func TestState_SealedByAnother(t *testing.T) {
	w, other := open(t), lambdatest.New(t)
	theirs, ours := other.Begin(person(1), "https://app.example.com/"), w.begin(person(1))
	w.refused(w.finish(theirs), fault.InvalidState)
	_, sealed, _ := strings.Cut(theirs.Transaction, ".")
	id, _, _ := strings.Cut(ours.Transaction, ".")
	w.refused(w.finish(theirs, cookies("__Host-daemun-tx-"+theirs.ID+"="+id+"."+sealed)), fault.InvalidState)
	w.nothingHappened(0)
}

// ST-08: ten minutes, by our clock and not by the cookie's life.
func TestState_TooOld(t *testing.T) {
	w := open(t)
	w.StopClock()
	young, old := w.begin(person(1)), w.begin(person(2))
	w.Wait(token.TransactionLifetime - time.Millisecond)
	w.loggedIn(w.finish(young), lambdatest.FrontURL)
	w.Wait(time.Millisecond)
	w.refused(w.finish(old), fault.LoginExpired)
	w.refusedJSON(w.finish(old, asJSON()), fault.LoginExpired)
	w.stored(1, 1)
	if got := w.Kakao.Hits(providertest.Token); got != 1 {
		t.Errorf("%d exchanges", got)
	}
}

// ST-08, F-28: the claim counts while it is there, and when it is cleaned away
// the transaction is too old.
func TestState_ClaimOutlivesTheTransaction(t *testing.T) {
	w := open(t)
	w.StopClock()
	b := w.begin(person(1))
	w.loggedIn(w.finish(b), lambdatest.FrontURL)
	claim := w.DB.Scan(t, w.DB.OneTime)[0]
	end := time.Unix(int64(claim["expires_at"].(float64)), 0)
	if end.Before(w.Now().Add(token.TransactionLifetime)) {
		t.Errorf("the claim may be cleaned away at %s, before the transaction is too old", end)
	}
	key := storetest.Item{"id": claim["id"]}
	w.DB.Set(t, w.DB.OneTime, key, storetest.Item{"expires_at": w.Now().Unix() - 1})
	w.refused(w.finish(b), fault.InvalidState)
	w.DB.Delete(t, w.DB.OneTime, key)
	w.Wait(token.TransactionLifetime)
	w.refused(w.finish(b), fault.LoginExpired)
	w.stored(1, 1)
}

// ST-07: the defence does not rest on PKCE: a code that is bound to no challenge
// still needs the state of this browser.
func TestState_StopsACodeWithoutChallenge(t *testing.T) {
	w := open(t)
	attacker, victim := w.begin(person(1)), w.begin(person(2))
	unbound := w.Kakao.Code(person(1), "", lambdatest.PublicURL+"/auth/kakao/callback")
	for _, state := range []string{attacker.State, "", strings.Repeat("A", 43)} {
		w.refused(w.finish(victim, query("code="+unbound+"&state="+state)), fault.InvalidState)
	}
	w.nothingHappened(0)
}
