package lambdaauth_test

import (
	"bytes"
	"crypto/rand"
	"log/slog"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"daemun/shared/gate"
	"daemun/shared/jws"
	"daemun/shared/lambdaauth"
	"daemun/shared/lambdaauth/authtest"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/token"
)

const issuer = "https://auth.example.com"

// buyer is who the good tokens speak for.
var buyer = token.Access{UserID: "01JNVYD3W00000000000000000", SessionID: "c2Vzc2lvbg", Roles: []string{"buyer"}}

// world is a handler and what makes its tokens.
type world struct {
	t       testing.TB
	now     time.Time
	log     *bytes.Buffer
	signing token.SigningKey
	handler lambdaauth.Handler
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, now: time.Unix(1773342238, 0), log: &bytes.Buffer{}}
	ring, err := token.NewKeyring(jws.ES256, rand.Reader, w.now)
	if err != nil {
		t.Fatal(err)
	}
	public, err := ring.Public()
	if err != nil {
		t.Fatal(err)
	}
	verifier := token.AccessVerifier{Issuer: issuer, Audience: issuer}
	for _, set := range []struct {
		from *token.Keyring
		to   interface{ UnmarshalText([]byte) error }
	}{{ring, &w.signing}, {public, &verifier.Keys}} {
		text, err := set.from.MarshalText()
		if err == nil {
			err = set.to.UnmarshalText(text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	w.handler = lambdaauth.Handler{
		Gate:   gate.Gate{Verifier: verifier, Now: func() time.Time { return w.now }},
		Logger: slog.New(slog.NewJSONHandler(w.log, nil)),
	}
	return w
}

// demand makes the routes of the golden events' API ask something.
func (w *world) demand(routes string) *world {
	w.t.Helper()
	w.handler.Demands = gate.Demands{}
	if err := w.handler.Demands.UnmarshalText([]byte(`{"a1b2c3d4e5":` + routes + `}`)); err != nil {
		w.t.Fatal(err)
	}
	return w
}

// cookies makes the access cookie count.
func (w *world) cookies() *world {
	w.handler.AccessCookie, w.handler.Origins = "__Host-daemun-at", []string{"https://app.example.com"}
	return w
}

func (w *world) mint(who token.Access) string {
	w.t.Helper()
	access := token.AccessIssuer{
		Issuer: issuer, Audience: issuer, ClientID: "web", Lifetime: token.MaxAccessLifetime, Key: w.signing, Rand: rand.Reader,
	}
	text, err := access.Mint(who, w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}

// event is a golden event with a good token.
func (w *world) event(name string) object {
	w.t.Helper()
	return w.eventWith(name, w.mint(buyer))
}

func (w *world) eventWith(name, accessToken string) object {
	w.t.Helper()
	var o object
	if err := json.Unmarshal(lambdatest.Event(w.t, "authorizer", name, "access_token", accessToken), &o); err != nil {
		w.t.Fatal(err)
	}
	return o
}

// object is an event that a test changes.
type object map[string]any

// in is a member that is itself an object.
func (o object) in(member string) map[string]any { return o[member].(map[string]any) }

const (
	allow        = authtest.Allow
	deny         = authtest.Deny
	unauthorized = authtest.Unauthorized
	failed       = authtest.Failed
)

func (w *world) ask(o object) string {
	w.t.Helper()
	verdict, _ := authtest.Ask(w.t, &w.handler, encode(w.t, o))
	return verdict
}

func encode(t testing.TB, o object) []byte {
	t.Helper()
	event, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return event
}
