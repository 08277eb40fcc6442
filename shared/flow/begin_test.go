package flow_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/token"
)

func newLogin(t testing.TB) *flow.Login {
	t.Helper()
	s := &stage{now: start}
	return &flow.Login{
		Providers: s, PublicURL: "https://auth.example.com", ReturnTo: policy,
		Keys: newKeys(t).transaction, Now: s.Now, Rand: rand.Reader,
	}
}

// begin returns what the browser carries to the provider, and what it keeps.
func begin(t testing.TB, l *flow.Login) (flow.Begun, url.Values, token.Transaction) {
	t.Helper()
	b, err := l.Begin(t.Context(), "kakao", "/there")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(b.AuthorizeURL)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := l.Keys.Open(b.Transaction)
	if err != nil {
		t.Fatal(err)
	}
	return b, u.Query(), tx
}

func hashOf(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

func TestBegin_SealsWhatTheCallbackMustKnow(t *testing.T) {
	b, query, got := begin(t, newLogin(t))
	want := token.Transaction{
		Provider: "kakao", StateHash: hashOf(query.Get("state")), CodeVerifier: got.CodeVerifier,
		Nonce: query.Get("nonce"), ReturnTo: "https://app.example.com/there", IssuedAt: start,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	// ST-06: S256, and the verifier stays sealed.
	if challenge := base64.RawURLEncoding.EncodeToString(hashOf(got.CodeVerifier)); query.Get("code_challenge") != challenge {
		t.Errorf("code_challenge %q, want %q", query.Get("code_challenge"), challenge)
	}
	if strings.Contains(b.AuthorizeURL, got.CodeVerifier) {
		t.Error("the verifier is in the URL")
	}
	if want := base64.RawURLEncoding.EncodeToString(want.StateHash)[:8]; b.ID != want || flow.TransactionID(query.Get("state")) != want {
		t.Errorf("id %q, want %q", b.ID, want)
	}
}

// ST-02, ST-06, ST-19: 10 000 logins, none like another and none stored; there
// is nothing in a Login to store them with.
func TestBegin_NoTwoAreAlike(t *testing.T) {
	const logins = 10_000
	l := newLogin(t)
	form := regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`) // 256 bits; unreserved, RFC 7636 §4.1
	seen := make(map[string]bool, 4*logins)
	var places [43]map[byte]bool // which characters a state has in each place
	for i := range places {
		places[i] = map[byte]bool{}
	}
	for range logins {
		b, query, tx := begin(t, l)
		state := query.Get("state")
		for _, v := range []string{state, query.Get("nonce"), tx.CodeVerifier} {
			if !form.MatchString(v) {
				t.Fatalf("%q: want 43 characters of base64url", v)
			}
		}
		for _, v := range []string{state, query.Get("nonce"), tx.CodeVerifier, b.Transaction} {
			if seen[v] {
				t.Fatalf("%q came twice", v)
			}
			seen[v] = true
		}
		for i := range places {
			places[i][state[i]] = true
		}
	}
	for i, characters := range places { // the last has 4 bits, the others 6
		if want := 64; len(characters) != want && (i < 42 || len(characters) != 16) {
			t.Errorf("place %d of the state takes %d characters only", i, len(characters))
		}
	}
}

func TestBegin_NeedsAllItsRandomness(t *testing.T) {
	l := newLogin(t)
	for enough := range int64(3*32 + 12) { // state, nonce, verifier; the seal's nonce
		l.Rand = io.MultiReader(io.LimitReader(rand.Reader, enough), iotest.ErrReader(errors.New("dry")))
		if b, err := l.Begin(t.Context(), "kakao", ""); fault.CodeOf(err) != fault.Internal || b != (flow.Begun{}) {
			t.Fatalf("after %d bytes: %v, %v", enough, b, err)
		}
	}
}

func TestBegin_Refuses(t *testing.T) {
	l := newLogin(t)
	for _, test := range []struct {
		provider, returnTo string
		want               fault.Code
	}{
		{"", "", fault.UnknownProvider},
		{"KAKAO", "", fault.UnknownProvider},
		{"google", "//evil.example", fault.UnknownProvider},
		{"kakao", "//evil.example", fault.InvalidRequest},
	} {
		if b, err := l.Begin(t.Context(), test.provider, test.returnTo); fault.CodeOf(err) != test.want || b != (flow.Begun{}) {
			t.Errorf("%v: %v, %v", test, b, err)
		}
	}
}
