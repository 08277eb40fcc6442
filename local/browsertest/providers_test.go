package browsertest

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// The look-alikes are on another site than Daemun, as the providers are: cookies have to cross sites, for Apple in a POST.
func TestLogin_WithEveryProvider(t *testing.T) {
	_, b := startSystem(t)
	tb := b.visitor(t)
	tb.open("/")
	tb.wantSeen("login-kakao", "Log in with Kakao")
	tb.photograph("providers in english")
	tb.click("language-ko")
	tb.wantSeen("login-kakao", "카카오 로그인")
	tb.photograph("providers in korean")
	for _, p := range []struct{ name, english, korean, shown string }{
		{"kakao", "Log in with Kakao", "카카오 로그인", "Kakao"},
		{"naver", "Log in with Naver", "네이버 로그인", "Naver"},
		{"google", "Sign in with Google", "Google 계정으로 로그인", "Google"},
		{"apple", "Sign in with Apple", "Apple로 로그인", "Apple"},
		{"line", "Log in with LINE", "LINE으로 로그인", "LINE"},
		{"github", "Log in with GitHub", "GitHub로 로그인", "GitHub"},
		{"oidc", "Log in with OpenID Connect", "OpenID Connect 로그인", "OpenID Connect"},
	} {
		tb.click("language-ko")
		tb.wantSeen("login-"+p.name, p.korean)
		tb.click("language-en")
		tb.wantSeen("login-"+p.name, p.english)

		tb.click("login-" + p.name)
		do(tb, "the provider's login page", chromedp.WaitVisible(chromedp.ID("cancel")))
		tb.photograph("provider " + p.name)
		do(tb, "cancel", chromedp.Click(chromedp.ID("cancel")))
		tb.wantSeen("error-message", sayCancelled)

		tb.click("login-" + p.name)
		do(tb, "the provider's login page", chromedp.WaitVisible(chromedp.ID("cancel")))
		tb.choose(person(0))
		tb.wantSeen("nickname", person(0).Nickname)
		tb.wantSeen("identities", p.shown)
		tb.wantCleanAddress()
		tb.click("logout")
		tb.wantSeen("login-"+p.name, p.english)
	}
}
