package main

import (
	"crypto/rand"
	"encoding/base64"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/lambdahttp"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/provider"
	"daemun/shared/provider/apple"
	"daemun/shared/provider/catalog"
	"daemun/shared/provider/providertest"
	"daemun/shared/user"
)

// postWorld is callback with Apple, which has the browser post its response.
type postWorld struct {
	*lambdatest.World
	t       *testing.T
	apple   *providertest.Apple
	login   flow.Login
	handler *lambdahttp.Handler
}

func openPost(t *testing.T) *postWorld {
	t.Helper()
	w := &postWorld{World: lambdatest.New(t), t: t}
	var base string
	w.apple, base = providertest.StartApple(t, providertest.Options{Now: w.Now})
	w.Env["APPLE_CLIENT_ID"], w.Env["APPLE_TEAM_ID"], w.Env["APPLE_KEY_ID"] = providertest.AppleClientID, providertest.AppleTeamID, providertest.AppleKeyID
	w.Env["APPLE_PRIVATE_KEY"] = providertest.ApplePrivateKey()
	w.Env["APPLE_AUTH_URL"], w.Env["APPLE_TOKEN_URL"] = base+providertest.AppleAuthorizePath, base+providertest.AppleTokenPath
	w.Env["APPLE_JWKS_URL"], w.Env["APPLE_ISSUER"] = base+providertest.AppleKeysPath, base
	providers, err := catalog.New(catalog.Config{Apple: apple.Config{ClientID: providertest.AppleClientID, AuthURL: w.Env["APPLE_AUTH_URL"]}},
		provider.NewClient(provider.Options{InsecureProviders: true}))
	if err != nil {
		t.Fatal(err)
	}
	w.login = flow.Login{
		Providers: providers, PublicURL: lambdatest.PublicURL, Keys: w.Keys.Transaction, Now: w.Now, Rand: rand.Reader,
		ReturnTo: flow.ReturnPolicy{Default: lambdatest.FrontURL, DefaultOrigin: lambdatest.Front},
	}
	w.handler = w.Build(builder())
	t.Cleanup(func() {
		if got := w.apple.MaxCodeSent(); got > 1 { // CB-09
			t.Errorf("a code was sent %d times", got)
		}
	})
	return w
}

// posted is a login at the moment when Apple's page posts.
type posted struct {
	cookie string
	fields url.Values
}

// begin goes to Apple's page.
func (w *postWorld) begin() posted {
	w.t.Helper()
	begun, err := w.login.Begin(w.t.Context(), "apple", "")
	if err != nil {
		w.t.Fatal(err)
	}
	if !begun.FormPost {
		w.t.Error("the login does not know that Apple posts")
	}
	w.Canary(begun.State, begun.Transaction)
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, begun.AuthorizeURL, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	response, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	action, fields, ok := providertest.FormPost(string(page))
	if !ok || action != lambdatest.PublicURL+"/auth/apple/callback" {
		w.t.Fatalf("no form to the callback: %s", page)
	}
	return posted{"__Host-daemun-tx-" + begun.ID + "=" + begun.Transaction, fields}
}

// send fills a golden event with a login, and sends it.
func (w *postWorld) send(name string, p posted, changes ...func(*events.APIGatewayV2HTTPRequest)) lambdatest.Answer {
	w.t.Helper()
	code, state := p.fields.Get("code"), p.fields.Get("state")
	event := lambdatest.Event(w.t, "callback", "form-post/"+name, "cookie", p.cookie, "code", code, "state", state,
		"base64", base64.StdEncoding.EncodeToString([]byte("code="+code+"&state="+state)))
	for _, c := range changes {
		event = lambdatest.With(w.t, event, c)
	}
	return lambdatest.Invoke(w.t, w.handler, event)
}

// body is the form as a browser writes it.
func body(form url.Values) func(*events.APIGatewayV2HTTPRequest) {
	return func(e *events.APIGatewayV2HTTPRequest) { e.Body = form.Encode() }
}

type postOutcome struct {
	Status int
	Code   fault.Code
}

// The golden events, each with a login of its own. HD-05, ST-05, ST-14, ST-15,
// CB-06, CK-02, CK-05, RG-06.
func TestFormPost_GoldenEvents(t *testing.T) {
	in, refused := postOutcome{302, ""}, func(code fault.Code) postOutcome { return postOutcome{302, code} }
	want := map[string]postOutcome{
		"login": in, "login-first-time": in, "login-base64": in, "login-broken-name": in, "login-tokens-in-form": in,
		"cancelled": refused(fault.AccessDenied), "cancelled-with-code": refused(fault.AccessDenied),
		"cancelled-json":    {400, fault.AccessDenied},
		"no-cookie":         refused(fault.InvalidState),
		"cookie-twice":      refused(fault.InvalidState),
		"no-state":          refused(fault.InvalidState),
		"no-code":           refused(fault.InvalidRequest),
		"code-twice":        refused(fault.InvalidRequest),
		"control-character": refused(fault.InvalidRequest),
		"in-query":          refused(fault.InvalidState),
		"in-json":           refused(fault.InvalidRequest),
		"multipart":         refused(fault.InvalidRequest),
		"no-content-type":   refused(fault.InvalidRequest),
		"base64-broken":     refused(fault.InvalidRequest),
		"issuer-of-another": refused(fault.InvalidState),
		"to-kakao":          refused(fault.MethodNotAllowed),
		"to-nobody":         refused(fault.UnknownProvider),
		"redirected":        refused(fault.MethodNotAllowed),
	}
	names := lambdatest.EventNames(t, "callback/form-post")
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(slices.Values(names))); diff != "" {
		t.Fatalf("events (-tested +there):\n%s", diff)
	}
	w := openPost(t)
	logins := 0
	for _, name := range names {
		p := w.begin()
		a := w.send(name, p)
		if got := (postOutcome{a.StatusCode, a.Failure()}); got != want[name] {
			t.Errorf("%s: %+v, want %+v", name, got, want[name])
		}
		w.cookies(name, a, want[name] == in)
		if want[name] == in {
			logins++
			if a.Headers["Location"] != lambdatest.FrontURL {
				t.Errorf("%s: goes to %s", name, a.Headers["Location"])
			}
		}
	}
	if got := w.apple.Hits(providertest.Token); got != logins {
		t.Errorf("%d codes were exchanged for %d logins", got, logins)
	}
}

// cookies expects a session or none, and the transaction cleared as it was set
// (CK-01).
func (w *postWorld) cookies(name string, a lambdatest.Answer, in bool) {
	w.t.Helper()
	if (a.Cookie(w.t, "__Host-daemun-at") != "") != in || (a.Cookie(w.t, "__Host-daemun-rt") != "") != in {
		w.t.Errorf("%s: cookies %q", name, a.Cookies)
	}
	for _, c := range a.Cookies {
		_, value, _ := strings.Cut(c, "=")
		value, _, _ = strings.Cut(value, ";")
		if strings.HasPrefix(c, "__Host-daemun-tx-") {
			if !strings.HasSuffix(c, "=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=None") {
				w.t.Errorf("%s: the transaction is not cleared: %q", name, c)
			}
			continue
		}
		w.Canary(value)
	}
}

// The name comes once, from the form; the address never does.
func TestFormPost_FirstLoginKeepsTheName(t *testing.T) {
	w := openPost(t)
	first := w.begin()
	if first.fields.Get("user") == "" {
		t.Fatal("Apple told no name")
	}
	first.fields.Set("user", strings.ReplaceAll(first.fields.Get("user"), "daemun.kim@example.com", "evil@example.com"))
	w.cookies("first", w.send("login", first, body(first.fields)), true)
	again := w.begin()
	if again.fields.Has("user") {
		t.Fatal("Apple told the name twice")
	}
	w.cookies("again", w.send("login", again, body(again.fields)), true)
	identity, err := user.NewIdentity("apple", w.apple.Subject(providertest.Persons()[0]))
	if err != nil {
		t.Fatal(err)
	}
	id, err := w.Store().FindIdentity(t.Context(), identity)
	if err != nil || id == "" {
		t.Fatalf("no such user: %v", err)
	}
	want := user.Profile{Email: "daemun.kim@example.com", EmailVerified: true, Nickname: "김대문"}
	if diff := cmp.Diff(want, w.User(id).Profile); diff != "" {
		t.Errorf("profile (-want +got):\n%s", diff)
	}
}

// ST-03: a form can be posted again too.
func TestFormPost_StateIsGoodOnce(t *testing.T) {
	w := openPost(t)
	p := w.begin()
	w.cookies("first", w.send("login", p), true)
	if a := w.send("login", p); a.Failure() != fault.InvalidState {
		t.Errorf("got %d %s", a.StatusCode, a.Failure())
	}
	if got := w.apple.Hits(providertest.Token); got != 1 {
		t.Errorf("%d token requests, want 1", got)
	}
}

// ST-01, ST-04: another site can make a browser post anything, but not with the
// cookie of a login that it has not begun.
func TestFormPost_NeedsTheCookieOfTheSameLogin(t *testing.T) {
	w := openPost(t)
	mine, theirs := w.begin(), w.begin()
	theirs.cookie = mine.cookie
	if a := w.send("login", theirs); a.Failure() != fault.InvalidState {
		t.Errorf("got %d %s", a.StatusCode, a.Failure())
	}
	if got := w.apple.Hits(providertest.Token); got != 0 {
		t.Errorf("%d token requests, want none", got)
	}
}
