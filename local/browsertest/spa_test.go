package browsertest

import (
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/go-json-experiment/json"

	"daemun/local"
	"daemun/shared/provider/providertest"
)

// These tests log in from front ends on other origins, which get their tokens in JSON.

//go:embed testdata/spa.html
var spaPage string

// spa is a front end on an origin of its own, and the client that it says it is.
type spa struct {
	origin, client string
	api            atomic.Value // URL of Daemun
}

func serveSPA(t *testing.T, client string) *spa {
	t.Helper()
	s := &spa{client: client}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Referrer-Policy", "no-referrer")
		fmt.Fprint(w, strings.NewReplacer("{{API}}", s.api.Load().(string), "{{CLIENT}}", s.client).Replace(spaPage))
	}))
	t.Cleanup(server.Close)
	s.origin = server.URL
	return s
}

// spaSystem is Daemun with three clients on other origins, one of them on its own site, and somebody on another one who
// takes the name of the first.
type spaSystem struct {
	*local.System
	browser                    *browser
	shop, other, near, foreign *spa
}

func startSPASystem(t *testing.T) *spaSystem {
	t.Helper()
	s := &spaSystem{shop: serveSPA(t, "shop"), other: serveSPA(t, "other"), near: serveSPA(t, "near"), foreign: serveSPA(t, "shop")}
	s.near.origin = strings.Replace(s.near.origin, "127.0.0.1", "localhost", 1)
	client := func(c *spa) string {
		return fmt.Sprintf(`%q:{"redirect_uris":{"kakao":"%s/login/kakao"},"allowed_origins":[%q]}`, c.client, c.origin, c.origin)
	}
	var err error
	s.System, err = local.Start(t.Context(), local.Options{
		Templates: []string{"../../template.yaml", "../../examples/orders-api/template.yaml"},
		BuildDir:  "../../.build",
		StackName: "browsertest-" + strings.ToLower(rand.Text()),
		Logs:      t.Output(),
		Environment: map[string]string{
			"CORS_ORIGINS": s.shop.origin + "," + s.other.origin + "," + s.near.origin,
			"CLIENTS":      "{" + client(s.shop) + "," + client(s.other) + "," + client(s.near) + "}",
		},
	})
	if err != nil {
		t.Fatalf("start the system: %v", err)
	}
	t.Cleanup(s.Close)
	for _, c := range []*spa{s.shop, s.other, s.near, s.foreign} {
		c.api.Store(s.URL)
	}
	s.browser = startBrowser(t, s.shop.origin)
	return s
}

// visit opens the front end in a browser of its own.
func (s *spaSystem) visit(t *testing.T, at *spa) *tab {
	t.Helper()
	tb := openTab(t, s.browser.ctx, at.origin, chromedp.WithNewBrowserContext())
	do(tb, "open the front end", chromedp.Navigate(at.origin+"/"))
	tb.wantWho("nobody")
	return tb
}

// wantWho waits until the front end says who is logged in, or what went wrong.
func (tb *tab) wantWho(want string) {
	tb.t.Helper()
	do(tb, "the front end to say "+want, chromedp.WaitVisible(fmt.Sprintf(`//*[@id='who' and .="%s"]`, want)))
}

// loginAtShop logs a person in at the front end.
func (tb *tab) loginAtShop(p providertest.Person) {
	tb.t.Helper()
	do(tb, "log in", chromedp.Click(chromedp.ID("login"), chromedp.NodeVisible))
	do(tb, "the provider's login page", chromedp.WaitVisible(chromedp.ID("cancel")))
	tb.choose(p)
	tb.wantWho(p.Nickname)
}

type spaTokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

type spaAnswer struct {
	Status int
	Body   struct {
		spaTokens
		ID    string
		Error string
	}
}

// ask sends a request as the front end does; body is a JavaScript expression, or empty.
func (tb *tab) ask(path, accessToken, body string) spaAnswer {
	tb.t.Helper()
	if body == "" {
		body = "undefined"
	}
	return script[spaAnswer](tb, fmt.Sprintf(`ask(%q, %q, %s)`, path, accessToken, body))
}

// ST-13: a login, a refresh and a logout without a cookie, and without a token in any address.
func TestSPA_LogsInFromAnotherOrigin(t *testing.T) {
	s := startSPASystem(t)
	tb := s.visit(t, s.shop)
	tb.loginAtShop(person(0))
	tokens := script[spaTokens](tb, `tokens.body`)
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(tokens.Access, ".")[1])
	var claims struct {
		Client string `json:"client_id"`
	}
	if err == nil {
		err = json.Unmarshal(payload, &claims)
	}
	if err != nil || claims.Client != "shop" {
		t.Errorf("tokens of client %q, %v", claims.Client, err)
	}
	if me := tb.ask("/me", tokens.Access, ""); me.Status != 200 || me.Body.ID == "" {
		t.Errorf("/me: %d", me.Status)
	}
	const order = `fetch(%q, {headers: {Authorization: "Bearer " + tokens.body.access_token}}).then((response) => response.status, () => 0)`
	if status := script[int](tb, fmt.Sprintf(order, s.APIs[1].URL+"/orders")); status != 200 { // HD-03: another API, of the same CORS list
		t.Errorf("orders: %d", status)
	}
	refreshed := tb.ask("/auth/refresh", "", fmt.Sprintf(`{refresh_token: %q}`, tokens.Refresh))
	if refreshed.Status != 200 || refreshed.Body.Refresh == "" || refreshed.Body.Access == tokens.Access {
		t.Errorf("refresh: %d %s", refreshed.Status, refreshed.Body.Error)
	}
	if out := tb.ask("/auth/logout", "", fmt.Sprintf(`{refresh_token: %q}`, refreshed.Body.Refresh)); out.Status != 204 {
		t.Errorf("logout: %d", out.Status)
	}
	if again := tb.ask("/auth/refresh", "", fmt.Sprintf(`{refresh_token: %q}`, refreshed.Body.Refresh)); again.Status != 401 {
		t.Errorf("refresh after the logout: %d", again.Status)
	}
	tb.site = s.URL
	if held := tb.cookies(); len(held) > 0 {
		t.Errorf("the browser holds cookies %v", held)
	}
	for _, r := range tb.requested("") {
		for _, token := range []string{tokens.Access, tokens.Refresh, refreshed.Body.Access, refreshed.Body.Refresh} {
			if strings.Contains(r.url, token) {
				t.Errorf("a token is in %s", r.url)
			}
		}
	}
}

// ST-03: sent again, what logged in once logs nobody in.
func TestSPA_SecondAnswerIsRefused(t *testing.T) {
	s := startSPASystem(t)
	tb := s.visit(t, s.shop)
	tb.loginAtShop(person(0))
	if again := tb.ask("/auth/kakao/token", "", "request"); again.Status != 400 || again.Body.Error != "invalid_state" {
		t.Errorf("%d %s", again.Status, again.Body.Error)
	}
	if hits := s.Lookalike.Kakao().Hits(providertest.Token); hits != 1 {
		t.Errorf("the provider was asked %d times", hits)
	}
}

// RT-13, HD-03, ST-10: on Daemun's own site the browser adds the front end's cookies to what the page asks, and CORS lets
// the page read the answer. Yet it gets nothing by them; it has tokens of its own.
func TestSPA_FrontEndsCookiesAreNotItsOwn(t *testing.T) {
	s := startSPASystem(t)
	tb := s.visit(t, s.near)
	front := openTab(t, tb.ctx, s.URL)
	front.login(person(0))

	const ask = `fetch(%q, {method: %q, credentials: "include", headers: {Accept: "application/json"}})
		.then(async (response) => response.status + " " + (await response.json()).error)`
	for request, want := range map[string]string{
		"POST /auth/refresh": "403 origin_not_allowed",
		"POST /auth/logout":  "403 origin_not_allowed",
		"GET /me":            "403 origin_not_allowed",
		"GET /auth/kakao/login?return_to=" + s.near.origin + "/": "400 invalid_request",
	} {
		method, path, _ := strings.Cut(request, " ")
		if got := script[string](tb, fmt.Sprintf(ask, s.URL+path, method)); got != want {
			t.Errorf("%s: %s, want %s", request, got, want)
		}
	}

	tb.loginAtShop(person(1))
	if me := tb.ask("/me", script[string](tb, `tokens.body.access_token`), ""); me.Status != 200 {
		t.Errorf("/me with its own token: %d %s", me.Status, me.Body.Error)
	}
	front.open("/")
	front.wantSeen("nickname", person(0).Nickname)
	if status := front.refreshStatus(); status != 200 {
		t.Errorf("the front end's refresh: %d", status)
	}
}

// A person who refuses comes back to the front end, and Daemun hears nothing of it.
func TestSPA_CancelledLogin(t *testing.T) {
	s := startSPASystem(t)
	tb := s.visit(t, s.shop)
	do(tb, "log in", chromedp.Click(chromedp.ID("login"), chromedp.NodeVisible))
	do(tb, "cancel", chromedp.Click(chromedp.ID("cancel"), chromedp.NodeVisible))
	tb.wantWho("access_denied")
}

// Another client's page is refused, and a page that is nobody's cannot even read the refusal.
func TestSPA_OtherOriginsGetNothing(t *testing.T) {
	s := startSPASystem(t)
	const path = "/auth/kakao/login-url?client=shop"
	if got := s.visit(t, s.other).ask(path, "", ""); got.Status != 403 || got.Body.Error != "origin_not_allowed" {
		t.Errorf("the other client: %d %s", got.Status, got.Body.Error)
	}
	foreign := s.visit(t, s.foreign)
	if got := foreign.ask(path, "", ""); got.Status != 0 {
		t.Errorf("somebody else: %d", got.Status)
	}
	shop := s.visit(t, s.shop)
	shop.loginAtShop(person(0))
	stolen := script[string](shop, `JSON.stringify(request)`)
	if got := foreign.ask("/auth/kakao/token", "", stolen); got.Status != 0 {
		t.Errorf("somebody else, with what the shop sent: %d", got.Status)
	}
}
