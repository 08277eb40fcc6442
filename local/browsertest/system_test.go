package browsertest

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/go-json-experiment/json"

	"daemun/local"
	"daemun/shared/provider/providertest"
)

// startSystem starts the whole of Daemun, from the binaries that `make build` made, and a browser for it.
func startSystem(t *testing.T) (*local.System, *browser) {
	t.Helper()
	return startConfigured(t, nil)
}

// startConfigured starts Daemun with variables of its own, further templates beside it, and a browser for it.
func startConfigured(t *testing.T, environment map[string]string, further ...string) (*local.System, *browser) {
	t.Helper()
	system, err := local.Start(t.Context(), local.Options{
		Templates:   append([]string{"../../template.yaml"}, further...),
		BuildDir:    "../../.build",
		Environment: environment,
		StackName:   "browsertest-" + strings.ToLower(rand.Text()),
		Logs:        t.Output(),
	})
	if err != nil {
		t.Fatalf("start the system: %v", err)
	}
	t.Cleanup(system.Close)
	return system, startBrowser(t, system.URL)
}

// person is one of those whom the look-alike Kakao offers.
func person(nth int) providertest.Person { return providertest.Persons()[nth] }

// beginLogin goes from the front page to the provider's login page.
func (tb *tab) beginLogin() {
	tb.t.Helper()
	tb.open("/")
	tb.click("login-kakao")
	do(tb, "the provider's login page", chromedp.WaitVisible(chromedp.ID("cancel")))
}

// choose logs a person in at the provider's login page.
func (tb *tab) choose(p providertest.Person) {
	tb.t.Helper()
	do(tb, "choose "+p.Nickname, chromedp.Click(chromedp.ID(fmt.Sprintf("person-%d", p.ID)), chromedp.NodeVisible))
}

// login logs a person in, all the way.
func (tb *tab) login(p providertest.Person) {
	tb.t.Helper()
	tb.beginLogin()
	tb.choose(p)
	tb.wantSeen("nickname", p.Nickname)
}

func (tb *tab) callbackURL() string { return tb.site + "/auth/kakao/callback?" }

// withhold logs a person in at the provider's login page, stops the browser on its way back, and returns where it was
// going.
func (tb *tab) withhold(p providertest.Person) (callback string) {
	tb.t.Helper()
	call(tb, fetch.Enable, fetch.EnableParams{
		Patterns: []*fetch.RequestPattern{{URLPattern: tb.callbackURL() + "*"}},
	})
	button := chromedp.Click(chromedp.ID(fmt.Sprintf("person-%d", p.ID)), chromedp.NodeVisible)
	paused := do(tb, "choose "+p.Nickname, chromedp.WaitEvent(fetch.RequestPaused, nil, button))
	call(tb, fetch.FailRequest, fetch.FailRequestParams{
		RequestID: paused.RequestID, ErrorReason: network.ErrorReasonAborted,
	})
	call(tb, fetch.Disable, cdp.Empty{})
	return paused.Request.URL
}

// cookies are the cookies that the browser would send to the site, by name.
func (tb *tab) cookies() map[string]*network.Cookie {
	tb.t.Helper()
	result := call(tb, network.GetCookies, network.GetCookiesParams{URLs: []string{tb.site + "/"}})
	named := map[string]*network.Cookie{}
	for _, c := range result.Cookies {
		named[c.Name] = c
	}
	return named
}

// accessTokens are those that the answers to the refreshes of the page have, since it was loaded, oldest first.
func (tb *tab) accessTokens() (tokens []string) {
	tb.t.Helper()
	requests := tb.requested("")
	for i := len(requests) - 1; i >= 0 && requests[i].url != tb.site+"/"; i-- {
		if requests[i].url != tb.site+"/auth/refresh" {
			continue
		}
		result := call(tb, network.GetResponseBody, network.GetResponseBodyParams{RequestID: requests[i].id})
		var answer struct {
			AccessToken string `json:"access_token"`
		}
		if err := json.Unmarshal(result.Body, &answer); err != nil {
			tb.t.Fatalf("answer to a refresh: %v", err)
		}
		tokens = append([]string{answer.AccessToken}, tokens...)
	}
	return tokens
}

// refreshStatus refreshes from a script of the page, with whatever cookies there are.
func (tb *tab) refreshStatus() int {
	tb.t.Helper()
	return script[int](tb, `fetch("/auth/refresh", {method: "POST"}).then((response) => response.status)`)
}
