package token_test

import (
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/jws"
	"daemun/shared/token"
)

var asymmetric = []string{jws.ES256, jws.EdDSA, jws.RS256}

func TestNewKeyring_SigningKeysSignAndTheirPublicPartsCheck(t *testing.T) {
	for _, kind := range asymmetric {
		r := newRing(t, kind)
		private, public := textOf(t, r), textOf(t, publicOf(t, r))
		i, v := access(t)
		read(t, &i.Key, private)
		read(t, &v.Keys, public) // which refuses private members
		text, err := i.Mint(person, now)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Verify(text, now); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if d := member(t, onlyKey(t, private), "d"); d == "" || strings.Contains(public, d) {
			t.Errorf("%s: no private part, or it is in the public one", kind)
		}
	}
}

func publicOf(t testing.TB, r *token.Keyring) *token.Keyring {
	t.Helper()
	p, err := r.Public()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNewKeyring_SecretsServeBothUsesAndHaveNoPublicPart(t *testing.T) {
	r := newRing(t, token.Secret)
	read(t, new(token.RefreshKeys), textOf(t, r))
	read(t, new(token.TransactionKeys), textOf(t, r))
	if p, err := r.Public(); err == nil {
		t.Errorf("got %s", textOf(t, p))
	}
}

func TestNewKeyring_AllKeysAreDifferent(t *testing.T) {
	seen := map[string]bool{}
	for range 50 {
		secret, ec := newSecret(t), newEC(t)
		for _, v := range []string{member(t, secret, "kid"), member(t, secret, "k"), member(t, ec, "kid"), member(t, ec, "d")} {
			if v == "" || seen[v] {
				t.Fatalf("%q again", v)
			}
			seen[v] = true
		}
	}
}

func TestNewKeyring_NeedsRandomness(t *testing.T) {
	dry := iotest.ErrReader(errors.New("dry"))
	for enough := range int64(41) { // 32 bytes of key, 9 of id
		if _, err := token.NewKeyring(token.Secret, io.MultiReader(io.LimitReader(rand.Reader, enough), dry), now); err == nil {
			t.Errorf("a key of %d random bytes", enough)
		}
	}
	for _, kind := range asymmetric[:2] {
		if _, err := token.NewKeyring(kind, dry, now); err == nil {
			t.Errorf("%s: made without randomness", kind)
		}
	}
}

func TestNewKeyring_RefusesOtherKinds(t *testing.T) {
	for _, kind := range []string{"", "HS256", "none", "ES384", "EC", "es256"} {
		if _, err := token.NewKeyring(kind, rand.Reader, now); err == nil {
			t.Errorf("%q is taken", kind)
		}
	}
}

// TK-10: published ahead, used, kept as long as its tokens live, gone.
func TestKeyring_LifeOfAKey(t *testing.T) {
	const life = 15 * time.Minute
	for _, kind := range []string{token.Secret, jws.ES256} {
		r := newRing(t, kind)
		first := r.List()[0].ID
		statuses := func(want ...token.Status) {
			t.Helper()
			var got []token.Status
			for _, k := range r.List() {
				got = append(got, k.Status)
				if k.Kind != kind {
					t.Errorf("kind %q, want %q", k.Kind, kind)
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			if _, err := token.ParseKeyring([]byte(textOf(t, r))); err != nil {
				t.Errorf("cannot be read again: %v", err)
			}
		}
		statuses(token.Active)

		if err := r.Promote(now, 0); !errors.Is(err, token.ErrNoNext) {
			t.Errorf("promoted nothing: %v", err)
		}
		if err := r.Publish(rand.Reader, now); err != nil {
			t.Fatal(err)
		}
		statuses(token.Active, token.Next)
		if err := r.Publish(rand.Reader, now); !errors.Is(err, token.ErrNextExists) {
			t.Errorf("published two: %v", err)
		}

		early := now.Add(token.PublishAhead - time.Second)
		if err := r.Promote(early, token.PublishAhead); !errors.Is(err, token.ErrTooEarly) {
			t.Errorf("promoted too early: %v", err)
		}
		statuses(token.Active, token.Next)
		switched := now.Add(token.PublishAhead)
		if err := r.Promote(switched, token.PublishAhead); err != nil {
			t.Fatal(err)
		}
		statuses(token.Retired, token.Active)

		if gone := r.Retire(switched.Add(life-time.Second), life); gone != nil {
			t.Errorf("%v went while tokens of theirs lived", gone)
		}
		if d := cmp.Diff([]string{first}, r.Retire(switched.Add(life), life)); d != "" {
			t.Error(d)
		}
		statuses(token.Active)
	}
}

func TestKeyring_SurvivesItsText(t *testing.T) {
	r := newRing(t, jws.EdDSA)
	if err := r.Publish(rand.Reader, now); err != nil {
		t.Fatal(err)
	}
	again, err := token.ParseKeyring([]byte(textOf(t, r)))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(r.List(), again.List()); d != "" {
		t.Error(d)
	}
	if textOf(t, r) != textOf(t, again) {
		t.Error("the text changed")
	}
}

// The public set says of each key what the private one says, so that both
// switch alike.
func TestKeyring_PublicKeepsIDsAndStatuses(t *testing.T) {
	r := newRing(t, jws.ES256)
	if err := r.Publish(rand.Reader, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(r.List(), publicOf(t, r).List()); d != "" {
		t.Error(d)
	}
}

// A promotion that was cut short leaves two active keys: the newest stays.
func TestParseKeyring_FinishesAPromotion(t *testing.T) {
	older, newer := members(t, secretJWK("a", "active", "a"), "since", 100), members(t, secretJWK("b", "active", "b"), "since", 200)
	r, err := token.ParseKeyring([]byte(setOf(older, newer)))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range r.List() {
		want := map[string]token.Status{"a": token.Retired, "b": token.Active}[k.ID]
		if k.Status != want || k.Since.Unix() != 200 {
			t.Errorf("%s is %s since %v", k.ID, k.Status, k.Since)
		}
	}
}

func TestParseKeyring_WantsAnActiveKey(t *testing.T) {
	good := secretJWK("a", "active", "a")
	for _, text := range []string{"", "{}", setOf(), setOf(secretJWK("a", "next", "a")), setOf(good, good)} {
		if _, err := token.ParseKeyring([]byte(text)); err == nil {
			t.Errorf("%.40q is taken", text)
		}
	}
}
