package main

import (
	"crypto/rand"
	"testing"
	"time"

	"daemun/shared/lambdahttp"
	"daemun/shared/token"
)

// refreshKeys are the key sets of a change of keys: the new key is not yet known;
// is known; makes the tokens.
type refreshKeys struct{ before, during, after string }

func newRefreshKeys(t *testing.T, now time.Time) (keys refreshKeys) {
	t.Helper()
	ring, err := token.NewKeyring(token.Secret, rand.Reader, now)
	keys.before = text(t, ring, err)
	err = ring.Publish(rand.Reader, now)
	keys.during = text(t, ring, err)
	err = ring.Promote(now.Add(token.PublishAhead), token.PublishAhead)
	keys.after = text(t, ring, err)
	return keys
}

// text is the key set as a function is configured with it.
func text(t *testing.T, ring *token.Keyring, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	set, err := ring.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	return string(set)
}

// startWithKeys is start for a person who logged in while the set before was
// everywhere.
func startWithKeys(t *testing.T) (*world, refreshKeys) {
	t.Helper()
	w, keys := start(t), newRefreshKeys(t, time.Now())
	if err := w.Keys.Refresh.UnmarshalText([]byte(keys.before)); err != nil {
		t.Fatal(err)
	}
	w.again()
	return w, keys
}

// instance is the function with another set of refresh keys.
func (w *world) instance(set string) *lambdahttp.Handler {
	w.t.Helper()
	w.Env["REFRESH_KEYS"] = set
	h := w.Build(build)
	w.DB.Proxy.Reset()
	return h
}

// F-73: instances of the old and the new key set hand out the same bytes,
// whichever of them rotated.
func TestRefresh_InstancesWithDifferentActiveKeysAgreeByteForByte(t *testing.T) {
	w, keys := startWithKeys(t)
	older, newer := w.instance(keys.during), w.instance(keys.after)
	current := w.login.RefreshToken
	for round, rotating := range []*lambdahttp.Handler{newer, older, older, newer, newer} {
		w.h = rotating
		parent := current
		current = w.rotated(parent)
		for _, w.h = range []*lambdahttp.Handler{older, newer} {
			for _, presented := range []string{parent, current} {
				if got := w.refreshed(presented).RefreshToken; got != current {
					t.Errorf("round %d: %q and %q", round, current, got)
				}
			}
		}
	}
	w.alive(6)
}

// An instance that does not know the key of the current token is not yet able to
// answer. Another key in its place would fork the session.
func TestRefresh_CurrentTokenOfUnknownKeyIsAskedForLater(t *testing.T) {
	w, keys := startWithKeys(t)
	early, newer := w.instance(keys.before), w.instance(keys.after)
	w.h = newer
	second := w.refreshed(w.login.RefreshToken).RefreshToken
	before := w.session()["key_id"]

	w.h = early
	w.busy(w.invoke("json", w.login.RefreshToken))
	if got := w.session()["key_id"]; got != before {
		t.Errorf("key id %v became %v", before, got)
	}
	w.alive(2)
	w.h = newer
	if got := w.refreshed(w.login.RefreshToken).RefreshToken; got != second {
		t.Error("the parent got another successor")
	}
	w.alive(2)
}

// A token under a key that was never ours or is gone is a forged one.
func TestRefresh_TokenOfUnknownKeyIsRefusedWithoutTheDatabase(t *testing.T) {
	w, keys := startWithKeys(t)
	w.h = w.instance(newRefreshKeys(t, w.Now()).after)
	w.refused(w.login.RefreshToken)
	w.requests(map[string]int{})
	w.h = w.instance(keys.after)
	w.refreshed(w.login.RefreshToken)
}
