package browsertest

import (
	"testing"

	"github.com/chromedp/chromedp"

	"daemun/shared/provider/providertest"
)

const (
	sayInvalidState = "This login was not started in this browser, or was used already. Please start again."
	sayCancelled    = "The login was cancelled."
	sayUnavailable  = "The login provider cannot be reached. Please try again later."
)

func TestLogin_ShowsWhoLoggedIn(t *testing.T) {
	_, b := startSystem(t)
	tests := map[string]struct {
		person providertest.Person
		email  string
	}{
		"with an email":    {person(0), person(0).Email},
		"without an email": {person(1), "No email shared"},
		"emoji nickname":   {person(2), person(2).Email},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			tb := b.visitor(t)
			tb.login(test.person)
			tb.wantSeen("email", test.email)
			tb.wantSeen("identities", "Kakao")
			tb.wantAbsent("error")
			tb.wantCleanAddress()
			tb.photograph("logged in " + name)
		})
	}
}

// ST-14
func TestLogin_CancelledIsToldOnTheFrontPage(t *testing.T) {
	_, b := startSystem(t)
	tb := b.visitor(t)
	tb.beginLogin()
	do(tb, "cancel", chromedp.Click(chromedp.ID("cancel")))
	tb.wantSeen("error-message", sayCancelled)
	if tb.see("request-id") == "" {
		t.Error("the page shows no request id")
	}
	tb.wantCleanAddress()
	tb.wantSeen("login-kakao", "Log in with Kakao")
	tb.photograph("failed")
	tb.click("language-ko")
	tb.wantSeen("error-message", "로그인을 취소했습니다.")
}

func TestLogin_ProviderFailureIsToldOnTheFrontPage(t *testing.T) {
	system, b := startSystem(t)
	system.Lookalike.Kakao().Next(providertest.Token, providertest.JSON(503, `{}`))
	tb := b.visitor(t)
	tb.beginLogin()
	tb.choose(person(0))
	tb.wantSeen("error-message", sayUnavailable)
	tb.wantCleanAddress()
	tb.login(person(0)) // and the next login works
}

// ST-03
func TestCallback_OpenedAgainIsRefusedAndSendsNoCode(t *testing.T) {
	system, b := startSystem(t)
	tb := b.visitor(t)
	tb.login(person(0))
	tb.open(tb.requested(tb.callbackURL())[0].url)
	tb.wantSeen("error-message", sayInvalidState)
	tb.wantSeen("nickname", person(0).Nickname) // the login before it stands
	tb.wantCleanAddress()
	if hits := system.Lookalike.Kakao().Hits(providertest.Token); hits != 1 {
		t.Errorf("the provider's token endpoint was asked %d times, want once", hits)
	}
}

// ST-03: back to the provider's page, and a second answer to the same login.
func TestCallback_AfterGoingBackIsRefused(t *testing.T) {
	_, b := startSystem(t)
	tb := b.visitor(t)
	tb.login(person(0))
	script[chromedp.Void](tb, `history.back()`)
	tb.choose(person(1))
	tb.wantSeen("error-message", sayInvalidState)
	tb.wantSeen("nickname", person(0).Nickname)
	tb.wantCleanAddress()
}

// ST-01
func TestCallback_OfAnotherBrowserLogsNobodyIn(t *testing.T) {
	system, b := startSystem(t)
	attacker := b.visitor(t)
	attacker.beginLogin()
	callback := attacker.withhold(person(0))

	idle, busy := b.visitor(t), b.visitor(t)
	busy.beginLogin() // has a transaction of its own
	for _, victim := range []*tab{idle, busy} {
		victim.open(callback)
		victim.wantSeen("error-message", sayInvalidState)
		victim.wantSeen("login-kakao", "Log in with Kakao")
		if status := victim.refreshStatus(); status != 401 {
			t.Errorf("a refresh answers %d, want 401", status)
		}
	}
	if hits := system.Lookalike.Kakao().Hits(providertest.Token); hits != 0 {
		t.Errorf("the provider's token endpoint was asked %d times, want never", hits)
	}
	attacker.open(callback) // where it belongs, it is as good as ever
	attacker.wantSeen("nickname", person(0).Nickname)
}

// ST-20
func TestLogin_FiveTabsFinishInAnyOrder(t *testing.T) {
	_, b := startSystem(t)
	tabs := []*tab{b.visitor(t)}
	for len(tabs) < 5 {
		tabs = append(tabs, tabs[0].another())
	}
	for _, tb := range tabs {
		tb.beginLogin()
	}
	for i := len(tabs) - 1; i >= 0; i-- {
		tabs[i].choose(person(0))
		tabs[i].wantSeen("nickname", person(0).Nickname)
		tabs[i].wantAbsent("error")
		tabs[i].wantCleanAddress()
	}
}

func TestLogin_InKorean(t *testing.T) {
	_, b := startSystem(t)
	tb := b.visitor(t)
	tb.open("/")
	tb.click("language-ko")
	tb.wantSeen("login-kakao", "카카오 로그인")
	tb.photograph("logged out")
	tb.login(person(1))
	tb.wantSeen("email", "이메일 제공 안 함")
	tb.wantSeen("logout", "로그아웃")
}
