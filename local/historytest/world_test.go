// Package historytest holds sessions to their promises over whole histories. A
// state machine plays operations, faults and the passing of time one after
// another and compares every step with a model; clients at work at the same time
// leave recorded histories, and for each there must be an order of its operations
// that the model allows. The model is written from the rules, not from the code.
//
// The flows run in the test's own process, on a real engine behind the fault
// proxy, as several instances that have each a clock and an active key. So the
// test holds the time: no window has to be waited for, none passes unawares, and
// what an instance's clock said is part of the history. What this leaves out is
// what racetest shows: that the functions are these flows, and that processes
// behind a gateway do no more to each other than instances here.
package historytest

import (
	"context"
	"crypto/rand"
	"encoding"
	"flag"
	"fmt"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/jws"
	"daemun/shared/provider"
	"daemun/shared/provider/catalog"
	"daemun/shared/provider/kakao"
	"daemun/shared/provider/providertest"
	"daemun/shared/secret"
	"daemun/shared/session"
	"daemun/shared/store"
	"daemun/shared/store/storetest"
	"daemun/shared/token"
)

// long asks for the histories that the promises speak of; otherwise a shorter cut
// of the same tests runs.
var long = os.Getenv("DAEMUN_LONG") == "1"

// rounds is how often something is done.
func rounds(short, all int) int {
	if long {
		return all
	}
	return short
}

// TestMain says how much rapid does where its own flags do not.
func TestMain(m *testing.M) {
	for name, value := range map[string]int{"rapid.checks": rounds(5, 500), "rapid.steps": rounds(40, 100)} {
		if err := flag.Set(name, fmt.Sprint(value)); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

const (
	publicURL = "https://auth.example.com"
	frontURL  = "https://app.example.com"
)

// rule is that of all sessions here.
var rule = session.Rule{Grace: 10 * time.Second, Idle: 7 * 24 * time.Hour, Absolute: 90 * 24 * time.Hour}

// world is a database, a provider, and the instances that use them.
type world struct {
	t            testing.TB
	db           *storetest.DB
	kakao        *providertest.Kakao
	providers    *catalog.Catalog
	transactions token.TransactionKeys
	signing      token.SigningKey
	verification token.VerificationKeys
	instances    []*instance
	limit        int   // of a user's sessions
	persons      int64 // that there were

	mu   sync.Mutex
	now  time.Time
	tick time.Duration // passes whenever an instance looks at its clock
}

// instance is a process of every function. Whatever its clock and keys are, it
// uses the database of the world.
type instance struct {
	w        *world
	skew     time.Duration
	keys     token.RefreshKeys
	oneTime  flow.OneTime
	users    flow.Users
	sessions flow.Sessions
}

func newWorld(t testing.TB) *world {
	t.Helper()
	fake, base := providertest.StartKakao(t, providertest.KakaoOptions{})
	w := &world{t: t, db: storetest.New(t), kakao: fake, limit: 50}
	w.restart()
	var err error
	w.providers, err = catalog.New(catalog.Config{Kakao: kakao.Config{
		ClientID: providertest.KakaoClientID, ClientSecret: secret.New(providertest.KakaoClientSecret),
		AuthURL: base + providertest.KakaoAuthorizePath, TokenURL: base + providertest.KakaoTokenPath,
		UserinfoURL: base + providertest.KakaoUserinfoPath,
	}}, provider.NewClient(provider.Options{InsecureProviders: true, Now: w.clock}))
	w.must(err)
	w.read(&w.transactions, w.keyring(token.Secret))
	signing := w.keyring(jws.ES256)
	w.read(&w.signing, signing)
	public, err := signing.Public()
	w.must(err)
	w.read(&w.verification, public)

	before := w.keyring(token.Secret)
	w.must(before.Publish(rand.Reader, w.now))
	for range 2 {
		i := w.newInstance()
		w.read(&i.keys, before)
	}
	w.must(before.Promote(w.now, 0)) // the others do not know yet
	w.read(&w.newInstance().keys, before)
	return w
}

func (w *world) newInstance() *instance {
	db := store.New(w.db.Config())
	i := &instance{w: w, oneTime: db, users: db, sessions: db}
	w.instances = append(w.instances, i)
	return i
}

func (w *world) keyring(kind string) *token.Keyring {
	w.t.Helper()
	ring, err := token.NewKeyring(kind, rand.Reader, w.now)
	w.must(err)
	return ring
}

func (w *world) read(keys encoding.TextUnmarshaler, ring *token.Keyring) {
	w.t.Helper()
	text, err := ring.MarshalText()
	w.must(err)
	w.must(keys.UnmarshalText(text))
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// restart puts the true time back to a year ago: however much of it a test lets
// pass, nothing is in the future of those who go by the time of this machine.
func (w *world) restart() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = time.Now().AddDate(-1, 0, 0).Truncate(time.Millisecond)
}

// clock is the true time.
func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// pass lets time pass.
func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// newPerson is somebody whom nobody knows yet.
func (w *world) newPerson() int64 {
	w.persons++
	return w.persons
}

// clock is that of one operation, which is the instance's and leaves in
// now what it said last: zero if it was not asked.
func (i *instance) clock(now *time.Time) func() time.Time {
	return func() time.Time {
		i.w.pass(i.w.tick)
		*now = i.w.clock().Add(i.skew)
		return *now
	}
}

func (i *instance) issuer() flow.Issuer {
	return flow.Issuer{
		Access: token.AccessIssuer{
			Issuer: publicURL, Audience: publicURL, ClientID: "web", Lifetime: token.MaxAccessLifetime, Key: i.w.signing, Rand: rand.Reader,
		},
		Refresh: i.keys, Rule: rule, Rand: rand.Reader,
	}
}

// logIn is a whole login of the person.
func (i *instance) logIn(ctx context.Context, person int64) (done flow.Completed, now time.Time, err error) {
	login := flow.Login{
		Providers: i.w.providers, PublicURL: publicURL, Keys: i.w.transactions, Now: i.clock(&now), Rand: rand.Reader,
		ReturnTo: flow.ReturnPolicy{Default: frontURL, DefaultOrigin: frontURL},
	}
	begun, err := login.Begin(ctx, "kakao", "")
	if err != nil {
		return done, now, err
	}
	target, err := url.Parse(begun.AuthorizeURL)
	if err != nil {
		return done, now, err
	}
	completion := flow.Completion{
		Providers: i.w.providers, PublicURL: publicURL, Transactions: i.w.transactions, OneTime: i.oneTime, Users: i.users, Sessions: i.sessions,
		SessionLimit: i.w.limit, Issuer: i.issuer(), Now: i.clock(&now), Rand: rand.Reader,
	}
	done, err = completion.Complete(ctx, flow.Callback{
		Provider: "kakao", State: begun.State, Transaction: begun.Transaction,
		Code: i.w.kakao.Code(providertest.Person{ID: person}, target.Query().Get("code_challenge"), target.Query().Get("redirect_uri")),
	})
	return done, now, err
}

func (i *instance) refresh(ctx context.Context, presented string) (got flow.Refreshed, now time.Time, err error) {
	r := flow.Refresh{Users: i.users, Sessions: i.sessions, Issuer: i.issuer(), Now: i.clock(&now)}
	got, err = r.Refresh(ctx, presented)
	return got, now, err
}

func (i *instance) logOut(ctx context.Context, presented string) (now time.Time, err error) {
	l := flow.Logout{Sessions: i.sessions, Refresh: i.keys, Now: i.clock(&now)}
	_, _, err = l.End(ctx, presented)
	return now, err
}

func (i *instance) logOutOfAll(ctx context.Context, who token.Access) (now time.Time, err error) {
	l := flow.Logout{Sessions: i.sessions, Refresh: i.keys, Now: i.clock(&now)}
	_, err = l.EndAll(ctx, who)
	return now, err
}

func (i *instance) endSession(ctx context.Context, who token.Access, id string) (now time.Time, err error) {
	o := flow.OwnSessions{Users: i.users, Sessions: i.sessions, Rule: rule, Now: i.clock(&now)}
	return now, o.End(ctx, who, id)
}

// outcomeOf is what a client learns from an operation.
func outcomeOf(err error) outcome {
	switch fault.CodeOf(err) {
	case "":
		return done
	case fault.InvalidGrant, fault.AccountDisabled:
		return refused
	case fault.TemporarilyUnavailable, fault.ProviderTimeout: // which clients see that go away
		return unknown
	default:
		return outcome(err.Error()) // none that the model knows
	}
}
