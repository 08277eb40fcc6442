package browsertest

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"

	"daemun/shared/provider/providertest"
)

const (
	sayRefreshed    = "You have a new access token."
	sayLoggedOut    = "You are logged out."
	sayLoggedOutAll = "You are logged out on every device."
	saySessionEnded = "Your session has ended. Please log in again."
	sayEndedThat    = "That session has ended."
)

// The cookies of a session, as they are called on plain http.
const (
	accessCookie  = "daemun-at"
	refreshCookie = "daemun-rt"
)

func TestSession_RefreshGivesANewAccessToken(t *testing.T) {
	_, b := startSystem(t)
	tb := b.visitor(t)
	tb.login(person(0))
	tb.click("refresh")
	tb.wantSeen("status", sayRefreshed)
	tokens := tb.accessTokens()
	if len(tokens) != 2 || tokens[0] == tokens[1] {
		t.Errorf("the page got %d access tokens, want 2 that differ", len(tokens))
	}
	if left := tb.see("expires"); left != "15:00" && !strings.HasPrefix(left, "14:") {
		t.Errorf("the page says that the token expires in %q, want 15 minutes", left)
	}
}

// CK-01, as far as plain http has it
func TestSession_CookiesAreOutOfReachOfScripts(t *testing.T) {
	_, b := startSystem(t)
	tb := b.visitor(t)
	tb.login(person(0))
	cookies := tb.cookies()
	for name, sameSite := range map[string]network.CookieSameSite{
		accessCookie:  network.CookieSameSiteLax,
		refreshCookie: network.CookieSameSiteStrict,
	} {
		c := cookies[name]
		if c == nil || !c.HTTPOnly || c.SameSite != sameSite || c.Path != "/" || c.Domain != "localhost" {
			t.Errorf("cookie %s: %+v, want HttpOnly, SameSite=%s, Path=/, for this host", name, c, sameSite)
		}
	}
	if len(cookies) != 2 {
		t.Errorf("the browser holds %d cookies, want 2: the login's own is spent", len(cookies))
	}
	const stores = `[document.cookie, ...Object.values(localStorage), ...Object.values(sessionStorage)].join("")`
	if kept := script[string](tb, stores); kept != "" {
		t.Errorf("scripts can read %q, want nothing", kept)
	}
}

// ST-13
func TestSession_NoTokenIsInAnyURL(t *testing.T) {
	_, b := startSystem(t)
	tb := b.visitor(t)
	tb.login(person(0))
	secrets := []string{}
	gather := func() {
		for _, name := range []string{accessCookie, refreshCookie} {
			secrets = append(secrets, tb.cookies()[name].Value)
		}
	}
	gather()
	tb.click("refresh")
	tb.wantSeen("status", sayRefreshed)
	gather()
	secrets = append(secrets, tb.accessTokens()...)
	tb.click("logout")
	tb.wantSeen("status", sayLoggedOut)

	for _, r := range tb.requested("") {
		for _, secret := range secrets {
			if strings.Contains(r.url, secret) {
				t.Errorf("a token is in %s", r.url)
			}
		}
		// The provider's code belongs into the one URL that brings it.
		if strings.Contains(r.url, providertest.Marker) && !strings.HasPrefix(r.url, tb.callbackURL()) {
			t.Errorf("a secret of the provider is in %s", r.url)
		}
	}
	for _, referer := range tb.sentReferers() {
		if strings.Contains(referer, "?") {
			t.Errorf("a Referer header says %s, want no query", referer)
		}
	}
}

func TestLogout_EndsTheSessionAndNotOnlyTheCookies(t *testing.T) {
	_, b := startSystem(t)
	tb := b.visitor(t)
	tb.login(person(0))
	stolen := tb.cookies()[refreshCookie]
	tb.click("logout")
	tb.wantSeen("status", sayLoggedOut)
	tb.wantSeen("login-kakao", "Log in with Kakao")
	if cookies := tb.cookies(); len(cookies) != 0 {
		t.Errorf("the browser still holds %d cookies", len(cookies))
	}
	if status := tb.refreshStatus(); status != 401 {
		t.Errorf("a refresh without cookies answers %d, want 401", status)
	}
	call(tb, network.SetCookie, network.SetCookieParams{Name: stolen.Name, Value: stolen.Value, URL: tb.site + "/"})
	if status := tb.refreshStatus(); status != 401 {
		t.Errorf("a refresh with the cookie of before answers %d, want 401", status)
	}
}

func TestLogout_EverywhereEndsTheSessionsOfOtherBrowsers(t *testing.T) {
	_, b := startSystem(t)
	here, there, stranger := b.visitor(t), b.visitor(t), b.visitor(t)
	here.login(person(0))
	there.login(person(0))
	stranger.login(person(1))
	here.click("logout-all")
	here.wantSeen("status", sayLoggedOutAll)
	there.click("refresh")
	there.wantSeen("error-message", saySessionEnded)
	there.wantSeen("login-kakao", "Log in with Kakao")
	stranger.click("refresh")
	stranger.wantSeen("status", sayRefreshed)
}
