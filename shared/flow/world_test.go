package flow_test

import (
	"context"
	"crypto/rand"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/client"
	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/provider"
	"daemun/shared/store"
	"daemun/shared/store/storetest"
	"daemun/shared/token"
	"daemun/shared/user"
)

const publicURL = "https://auth.example.com"

// kakao is a provider at which one person has just logged in.
type kakao struct{ person provider.Person }

func (k *kakao) Get(name string) (provider.Provider, bool) { return k, name == k.Name() }

func (*kakao) Name() string        { return "kakao" }
func (*kakao) DisplayName() string { return "Kakao" }
func (*kakao) Issuers() []string   { return []string{""} }

func (*kakao) AuthorizeURL(_ context.Context, r provider.AuthorizeRequest) (string, error) {
	return "https://provider.example/?state=" + url.QueryEscape(r.State), nil
}

func (k *kakao) Identify(context.Context, provider.Authorization) (provider.Person, error) {
	return k.person, nil
}

// questions is a form: a nickname and the terms are required, a city, languages
// and marketing are not. It takes any text of 1 to 20 runes.
type questions struct {
	version string   // of the consents
	also    []string // is required too
	not     string   // is asked no more
	longest int      // runes of a text; 0 means 20
}

func (q questions) Check(answers jsontext.Value, now time.Time) (user.Answers, []fault.Problem, error) {
	var given map[string]jsontext.Value
	if json.Unmarshal(answers, &given) != nil || given == nil {
		return user.Answers{}, nil, fault.Newf(fault.InvalidRequest, "not a JSON object")
	}
	a := user.Answers{Fields: user.Fields{}, Consents: user.Consents{}}
	longest := 20
	if q.longest > 0 {
		longest = q.longest
	}
	refused := &fault.Error{Code: fault.ValidationFailed}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value, code := given[name], ""
		switch name {
		case q.not:
			code = "unknown_field"
		case "nickname", "city", "langs":
			a.Fields[name] = value
			if n := utf8.RuneCount(value) - 2; name != "langs" && (value.Kind() != '"' || n < 1 || n > longest) {
				code = "too_long"
			}
		case "terms", "marketing":
			a.Consents[name] = user.Consent{Accepted: value.Kind() == 't', Version: q.version, At: now}
			if value.Kind() != 't' && (name == "terms" || value.Kind() != 'f') {
				code = "consent_required"
			}
		default:
			code = "unknown_field"
		}
		if code != "" {
			refused.Problems = append(refused.Problems, fault.Problem{Pointer: "/" + name, Code: code})
		}
		if code == "unknown_field" {
			refused.Code = fault.InvalidRequest
		}
	}
	var missing []fault.Problem
	for _, name := range append([]string{"nickname", "terms"}, q.also...) {
		if given[name] == nil {
			missing = append(missing, fault.Problem{Pointer: "/" + name, Code: "required"})
		}
	}
	if len(refused.Problems) > 0 {
		return a, missing, refused
	}
	return a, missing, nil
}

func (q questions) Asks(name string) (consentVersion string, asked bool) {
	switch name {
	case q.not:
		return "", false
	case "terms", "marketing":
		return q.version, true
	}
	return "", slices.Contains([]string{"nickname", "city", "langs"}, name)
}

// world is the flows on a real database.
type world struct {
	t            testing.TB
	db           *storetest.DB
	provider     *kakao
	keys         *keys
	now          time.Time
	login        flow.Login
	completion   flow.Completion
	registration flow.Registration
	profiles     flow.Profiles
	refresh      flow.Refresh
}

var alice = provider.Person{
	Identity: user.Identity{Provider: "kakao", Subject: "1"},
	Profile:  user.Profile{Email: "alice@example.com", EmailVerified: true, Nickname: "앨리스 🦊", PictureURL: "https://example.com/p.png"},
}

func open(t testing.TB, p flow.Policy) *world {
	t.Helper()
	db, k := storetest.New(t), newKeys(t)
	w := &world{t: t, db: db, provider: &kakao{alice}, keys: k, now: start}
	s, clock := store.New(db.Config()), func() time.Time { return w.now }
	clients := client.Registry{
		{Name: "web", Origins: []string{"https://app.example.com"}},
		{Name: "spa", Origins: []string{"https://spa.example.com"}, RedirectURIs: map[string]string{"kakao": "https://spa.example.com/done"}},
	}
	w.login = flow.Login{
		Providers: w.provider, Clients: clients, PublicURL: publicURL, ReturnTo: policy, Keys: k.transaction, Now: clock, Rand: rand.Reader,
	}
	w.completion = flow.Completion{
		SessionLimit: 50,
		Providers:    w.provider, Clients: clients, PublicURL: publicURL, Transactions: k.transaction, OneTime: s, Users: s, Sessions: s,
		Issuer: k.issuer(), Registration: p, Register: token.RegisterIssuer{Issuer: publicURL, Key: k.signing, Rand: rand.Reader},
		Now: clock, Rand: rand.Reader,
	}
	w.registration = flow.Registration{
		Policy: p, Tokens: token.RegisterVerifier{Issuer: publicURL, Keys: k.signing.VerificationKeys()}, Clients: clients,
		Form: questions{version: "1"}, Users: s, Issuer: k.issuer(), Now: clock, Rand: rand.Reader,
	}
	w.profiles = flow.Profiles{Users: s, Form: questions{version: "1"}, Now: clock}
	w.refresh = flow.Refresh{Users: s, Sessions: s, Issuer: k.issuer(), Now: clock}
	return w
}

// finish logs the person in, in cookies or, with the client's name, in JSON.
func (w *world) finish(clientName string) (flow.Completed, error) {
	w.t.Helper()
	var b flow.Begun
	var err error
	if clientName == "" {
		b, err = w.login.Begin(w.t.Context(), "kakao", "/there")
	} else {
		b, err = w.login.BeginJSON(w.t.Context(), "kakao", clientName, "")
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return w.completion.Complete(w.t.Context(), flow.Callback{
		Provider: "kakao", State: b.State, Code: "code", Transaction: b.Transaction, JSON: clientName != "",
	})
}

// loggedIn is a login that ends with tokens.
func (w *world) loggedIn() flow.Completed {
	w.t.Helper()
	done, err := w.finish("")
	if err != nil || done.AccessToken == "" || done.RefreshToken == "" || done.Registration != nil {
		w.t.Fatalf("%+v, %v", done.Registration, err)
	}
	return done
}

// registering is a login that ends with a register token.
func (w *world) registering(clientName string) flow.RegisterProof {
	w.t.Helper()
	done, err := w.finish(clientName)
	if err != nil || done.Registration == nil {
		w.t.Fatalf("%+v, %v", done, err)
	}
	return flow.RegisterProof{Token: done.Registration.RegisterToken, InCookie: clientName == ""}
}

// request is a registration with a nickname, and all else that is required.
func request(p flow.RegisterProof, nickname string) flow.RegisterRequest {
	quoted, _ := jsontext.AppendQuote(nil, nickname)
	return flow.RegisterRequest{RegisterProof: p, Answers: jsontext.Value(`{"nickname":` + string(quoted) + `,"terms":true}`)}
}

func (w *world) register(p flow.RegisterProof, nickname string) (flow.Completed, error) {
	return w.registration.Register(w.t.Context(), request(p, nickname))
}

// access is what an access token says.
func (w *world) access(text string) token.Access {
	w.t.Helper()
	v := token.AccessVerifier{Issuer: publicURL, Audience: "api", Keys: w.keys.signing.VerificationKeys()}
	a, err := v.Verify(text, w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) user(id string) *user.User {
	w.t.Helper()
	u, err := store.New(w.db.Config()).FindUser(w.t.Context(), id)
	if err != nil || u == nil {
		w.t.Fatalf("user %q: %v, %v", id, u, err)
	}
	return u
}

// userIDs of all that are stored. Each must have its identity, each identity and
// each session its user (V1).
func (w *world) userIDs() []string {
	w.t.Helper()
	var ids []string
	owners := map[any]int{}
	for _, item := range w.db.Scan(w.t, w.db.Users) {
		if id, ok := strings.CutPrefix(item["pk"].(string), "USER#"); ok {
			ids = append(ids, id)
		} else {
			owners[item["user_id"]]++
		}
	}
	for _, id := range ids {
		if owners[id] != 1 {
			w.t.Errorf("user %s has %d identities", id, owners[id])
		}
	}
	for _, s := range w.db.Scan(w.t, w.db.RefreshTokens) {
		if owners[s["user_id"]] != 1 {
			w.t.Errorf("session %v has no user", s)
		}
	}
	if len(owners) != len(ids) {
		w.t.Errorf("%d identities of %d users", len(owners), len(ids))
	}
	return ids
}

func (w *world) stored(users, sessions, marks int) {
	w.t.Helper()
	got := []int{len(w.userIDs()), len(w.db.Scan(w.t, w.db.RefreshTokens)), 0}
	for _, m := range w.db.Scan(w.t, w.db.OneTime) {
		if strings.HasPrefix(m["id"].(string), "REGISTER#") {
			got[2]++
		}
	}
	if diff := cmp.Diff([]int{users, sessions, marks}, got); diff != "" {
		w.t.Errorf("users, sessions, used register tokens (-want +got):\n%s", diff)
	}
}

func (w *world) requests(want map[string]int) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.db.Proxy.Counts()); diff != "" {
		w.t.Errorf("requests (-want +got):\n%s", diff)
	}
	w.db.Proxy.Reset()
}

func wantCode(t testing.TB, err error, want fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
}

// wantProblems expects a refusal with these problems.
func wantProblems(t testing.TB, err error, code fault.Code, want ...fault.Problem) {
	t.Helper()
	wantCode(t, err, code)
	if err == nil {
		return
	}
	if diff := cmp.Diff(want, fault.From(err).Problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
