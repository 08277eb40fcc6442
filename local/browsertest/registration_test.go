package browsertest

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"daemun/local"
	"daemun/shared/provider/providertest"
)

const (
	sayRegistered          = "Welcome. You have an account now."
	sayLookAgain           = "Some answers need another look."
	sayRegistrationExpired = "This sign-up took too long or was finished already. Please log in again."
	sayAlreadyRegistered   = "You have an account already. Please log in again."
)

const registerCookie = "daemun-reg"

// startPolicy starts Daemun with a policy for people who log in for the first time.
func startPolicy(t *testing.T, policy string) (*local.System, *browser) {
	t.Helper()
	return startConfigured(t, map[string]string{"REGISTRATION": policy})
}

// loginToForm logs somebody new in, who is then asked to sign up.
func (tb *tab) loginToForm(p providertest.Person) {
	tb.t.Helper()
	tb.beginLogin()
	tb.choose(p)
	tb.see("asked-send")
}

// answerAll fills in the form as shipped, so that it will do.
func (tb *tab) answerAll(nickname string) {
	tb.t.Helper()
	tb.fill("nickname", nickname)
	tb.pick("position", "Back-end developer")
	tb.fill("birth_date", "1990-01-02")
	tb.tick("terms_of_service")
}

// signUp answers everything and waits for the account.
func (tb *tab) signUp(nickname string) {
	tb.t.Helper()
	tb.answerAll(nickname)
	tb.click("asked-send")
	tb.wantSeen("status", sayRegistered)
	tb.wantSeen("nickname", nickname)
}

// Nobody has an account before the form is filled in.
func TestRegister_NewPersonHasAnAccountAfterTheForm(t *testing.T) {
	_, b := startPolicy(t, "required")
	tb := b.visitor(t)
	tb.loginToForm(person(0))
	tb.wantAddress("/register")
	tb.wantSeen("asked-title", "Your profile")
	tb.wantSeen("email", person(0).Email)
	if got := script[string](tb, `document.getElementById("field-nickname").value`); got != person(0).Nickname {
		t.Errorf("the form proposes the nickname %q", got)
	}
	tb.photographWhole("sign up")
	cookies := tb.cookies()
	if c := cookies[registerCookie]; len(cookies) != 1 || c == nil || !c.HTTPOnly || c.SameSite != network.CookieSameSiteLax {
		t.Errorf("cookies %v, want the register cookie alone, HttpOnly and Lax", cookies)
	}
	if status := tb.refreshStatus(); status != 401 {
		t.Errorf("a refresh answers %d before there is an account, want 401", status)
	}

	tb.signUp("문지기")
	tb.wantCleanAddress()
	tb.wantAbsent("asked")
	tb.wantSeen("profile", "complete")
	if cookies := tb.cookies(); len(cookies) != 2 || cookies[accessCookie] == nil || cookies[refreshCookie] == nil {
		t.Errorf("cookies %v, want those of a session", cookies)
	}
	id := tb.see("user-id")
	for _, r := range tb.requested("") {
		if strings.Contains(r.url, "1990") || strings.Contains(r.url, cookies[registerCookie].Value) {
			t.Errorf("an answer or the register token is in %s", r.url)
		}
	}

	tb.click("logout")
	tb.wantSeen("status", sayLoggedOut)
	tb.beginLogin()
	tb.choose(person(0))
	tb.wantSeen("user-id", id) // known now, and asked nothing
	tb.wantSeen("nickname", "문지기")
	tb.wantCleanAddress()
}

// RG-05: what will not do is told where it stands, and costs nothing that was typed.
func TestRegister_ProblemsAreShownAtTheirFields(t *testing.T) {
	_, b := startPolicy(t, "required")
	tb := b.visitor(t)
	tb.loginToForm(person(0))
	tb.fill("nickname", "관\u202e리자")
	tb.fill("birth_date", time.Now().AddDate(-10, 0, 0).Format(time.DateOnly))
	tb.fill("address", strings.Repeat("서울", 101))
	tb.click("asked-send")
	for name, want := range map[string]string{
		"nickname":         "There are characters in it that cannot be seen or told apart, or a space too many.",
		"position":         "Please fill this in.",
		"address":          "At most 200 characters, please. Emoji may count as several.",
		"birth_date":       "You have to be 14 years old.",
		"terms_of_service": "We need you to agree.",
	} {
		tb.wantSeen("problem-"+name, want)
	}
	tb.wantAbsent("problem-marketing")
	tb.wantSeen("error-message", sayLookAgain)
	tb.wantInvalid("nickname", "field-nickname")
	tb.photographWhole("sign up problems")
	tb.fill("address", "")
	tb.signUp("문지기")
	tb.wantAbsent("error")
}

func TestRegister_InKorean(t *testing.T) {
	_, b := startPolicy(t, "required")
	tb := b.visitor(t)
	tb.open("/")
	tb.click("language-ko")
	tb.loginToForm(person(1)) // without an email
	tb.wantSeen("asked-title", "회원 정보")
	tb.wantSeen("email", "이메일 제공 안 함")
	tb.click("asked-send")
	tb.wantSeen("problem-birth_date", "필수 항목입니다.")
	tb.wantSeen("problem-terms_of_service", "동의가 필요합니다.")
	tb.photographWhole("sign up in Korean")
	tb.pick("position", "백엔드 개발")
	tb.fill("birth_date", "1990-01-02")
	tb.tick("terms_of_service", "marketing")
	tb.click("asked-send")
	tb.wantSeen("status", "환영합니다. 가입이 끝났습니다.")
	tb.wantSeen("nickname", person(1).Nickname)
	tb.wantSeen("profile", "작성 완료")
}

// Reloaded, or in another tab, the form is there again; where one tab has signed up, the other hears of it.
func TestRegister_InTwoTabs(t *testing.T) {
	_, b := startPolicy(t, "required")
	first := b.visitor(t)
	first.loginToForm(person(0))
	first.open("/register")
	first.see("asked-send")
	second := first.another()
	second.open("/register")
	second.see("asked-send")
	first.signUp("문지기")
	second.wantSeen("nickname", "문지기")
	second.see("user-id")
	second.wantAbsent("asked")
	second.wantAbsent("error")
	second.wantCleanAddress()
}

// RG-03: the browser still holds the cookie of a sign-up that is done, as one that lost the answer does.
func TestRegister_SecondTimeIsToldToLogIn(t *testing.T) {
	_, b := startPolicy(t, "required")
	tb := b.visitor(t)
	tb.loginToForm(person(0))
	used := tb.cookies()[registerCookie]
	tb.signUp("문지기")
	id := tb.see("user-id")
	tb.click("logout")
	tb.wantSeen("status", sayLoggedOut)
	call(tb, network.SetCookie, network.SetCookieParams{Name: used.Name, Value: used.Value, URL: tb.site + "/", HTTPOnly: new(true)})
	tb.open("/register")
	tb.answerAll("다른 이름")
	tb.click("asked-send")
	tb.wantSeen("error-message", sayAlreadyRegistered)
	tb.wantAbsent("asked")
	tb.wantCleanAddress()
	tb.click("login-kakao")
	do(tb, "the provider's login page", chromedp.WaitVisible(chromedp.ID("cancel")))
	tb.choose(person(0))
	tb.wantSeen("user-id", id)
	tb.wantSeen("nickname", "문지기")
}

// Back is the provider's page: the login that it belongs to is over, and the person stays logged in.
func TestRegister_BackAfterSignUp(t *testing.T) {
	_, b := startPolicy(t, "required")
	tb := b.visitor(t)
	tb.loginToForm(person(0))
	tb.signUp("문지기")
	script[chromedp.Void](tb, `history.back()`)
	tb.choose(person(0))
	tb.wantSeen("error-message", sayInvalidState)
	tb.wantSeen("nickname", "문지기")
	tb.open("/register")
	tb.wantSeen("nickname", "문지기")
	tb.wantAbsent("asked")
	tb.wantAbsent("error")
	tb.wantCleanAddress()
}

// RG-03: after ten minutes the browser has forgotten its cookie.
func TestRegister_ExpiredStartsAgain(t *testing.T) {
	_, b := startPolicy(t, "required")
	tb := b.visitor(t)
	tb.loginToForm(person(0))
	tb.answerAll("문지기")
	call(tb, network.DeleteCookies, network.DeleteCookiesParams{Name: registerCookie, URL: tb.site + "/"})
	tb.click("asked-send")
	tb.wantSeen("error-message", sayRegistrationExpired)
	tb.wantAbsent("asked")
	tb.wantCleanAddress()
	tb.open("/register")
	tb.wantSeen("error-message", sayRegistrationExpired)
	tb.see("login-kakao")
	tb.loginToForm(person(0))
	tb.signUp("문지기")
}

// The page sends whom it shows, so nobody signs up with the answers of somebody else.
func TestRegister_NotForSomebodyElseOfAnotherTab(t *testing.T) {
	_, b := startPolicy(t, "required")
	first := b.visitor(t)
	second := first.another()
	first.loginToForm(person(0))
	second.loginToForm(person(1)) // whose cookie takes the place of the first
	first.answerAll("문지기")
	first.click("asked-send")
	first.wantSeen("error-message", "We did not understand that request. Please start again.")
	if status := first.refreshStatus(); status != 401 {
		t.Errorf("a refresh answers %d, want 401", status)
	}
	second.signUp("누리")
	second.wantSeen("email", "No email shared")
}

func TestRegister_NotNowMakesNoAccount(t *testing.T) {
	_, b := startPolicy(t, "required")
	tb := b.visitor(t)
	tb.loginToForm(person(0))
	tb.click("asked-leave")
	tb.see("login-kakao")
	tb.wantAbsent("error")
	tb.wantCleanAddress()
	if status := tb.refreshStatus(); status != 401 {
		t.Errorf("a refresh answers %d, want 401", status)
	}
	tb.loginToForm(person(0))
}
