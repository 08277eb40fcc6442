package browsertest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/registration"
)

// These tests draw forms on the demo page alone. Their API judges answers as Daemun does.

func TestForm_SendsWhatWasAnsweredAndNothingElse(t *testing.T) {
	a := &asking{form: formOf(t, everyKind)}
	tb := startBrowser(t, a.serve(t)).visitor(t)
	tb.open("/register")
	tb.fill("nickname", "  \u1100\u1175\u11b7대문 ") // its ends do not count, and the letters are composed
	tb.fill("phone", "010-1234-5678")
	tb.fill("birth_date", "1990-01-02")
	tb.pick("position", "Tester")
	tb.tick("interests-a", "interests-c")
	tb.fill("years", "0")
	tb.pick("newsletter", "No")
	tb.tick("terms")
	tb.click("asked-send")
	tb.see("user-id")
	a.wantAccepted(t, `{"nickname":"김대문","phone":"010-1234-5678","birth_date":"1990-01-02","position":"qa","interests":["a","c"],
		"years":0,"newsletter":false,"terms":true,"marketing":false}`)
	tb.wantCleanAddress()
	if loads := tb.requested(tb.site + "/app.js"); len(loads) != 1 {
		t.Errorf("the page was loaded %d times: its access token is lost", len(loads))
	}
}

func TestForm_AsksInTheOrderOfTheSchema(t *testing.T) {
	a := &asking{form: formOf(t, everyKind)}
	tb := startBrowser(t, a.serve(t)).visitor(t)
	tb.open("/register")
	got := script[[]string](tb, `[...document.querySelectorAll("#fields [id^=field-]")].map((input) => input.id.slice(6))`)
	want := strings.Fields("nickname motto phone birth_date joined position interests-a interests-b interests-c interests-d years balance newsletter terms marketing")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if got := script[string](tb, `document.querySelector("#fields a:not([hidden])").getAttribute("href")`); got != "/terms" {
		t.Errorf("the terms are at %q", got)
	}
}

func TestForm_ShowsEachProblemAtItsField(t *testing.T) {
	a := &asking{form: formOf(t, everyKind)}
	tb := startBrowser(t, a.serve(t)).visitor(t)
	tb.open("/register")
	tb.fill("nickname", "a\u202eb")
	tb.fill("motto", strings.Repeat("가", 101))
	tb.fill("phone", "112")
	tb.fill("birth_date", time.Now().Format(time.DateOnly))
	tb.tick("interests-a", "interests-b", "interests-c", "interests-d")
	tb.fill("years", "61")
	tb.fill("balance", "much")
	tb.click("asked-send")
	for name, want := range map[string]string{
		"nickname":   "There are characters in it that cannot be seen or told apart, or a space too many.",
		"motto":      "At most 100 characters, please. Emoji may count as several.",
		"phone":      "Please write it in another way.",
		"birth_date": "You have to be 14 years old.",
		"interests":  "Please choose at most 3.",
		"years":      "At most 60, please.",
		"balance":    "Please give a whole number.",
		"terms":      "We need you to agree.",
	} {
		tb.wantSeen("problem-"+name, want)
	}
	for _, name := range []string{"joined", "position", "newsletter", "marketing"} {
		tb.wantAbsent("problem-" + name)
	}
	tb.wantSeen("error-message", "Some answers need another look.")
	tb.wantInvalid("nickname", "field-nickname")

	tb.fill("nickname", "김")
	tb.fill("motto", "")
	tb.click("asked-send")
	tb.wantSeen("problem-nickname", "At least 2 characters, please.")
	tb.wantAbsent("problem-motto")
	tb.fill("nickname", "")
	tb.click("asked-send")
	tb.wantSeen("problem-nickname", "Please fill this in.")
	tb.click("language-ko")
	tb.wantSeen("problem-nickname", "필수 항목입니다.")
	tb.wantSeen("error-message", "다시 확인할 항목이 있습니다.")
}

// wantInvalid checks what people with a screen reader are told of a field with a problem, and that they are led to it.
func (tb *tab) wantInvalid(name, focused string) {
	tb.t.Helper()
	do(tb, focused+" has the focus", chromedp.WaitReady(chromedp.CSS("#"+focused+":focus")))
	const told = `(() => {
		const input = document.getElementById("field-%[1]s");
		const about = input.getAttribute("aria-describedby").split(" ").map((id) => document.getElementById(id)?.textContent);
		return [input.ariaInvalid, input.labels.length > 0 && input.labels[0].textContent !== "", about.join("") !== ""].join();
	})()`
	if got := script[string](tb, fmt.Sprintf(told, name)); got != "true,true,true" {
		tb.t.Errorf("%s: invalid, labelled, described: %s", name, got)
	}
}

// What was typed stays where the language changes.
func TestForm_SpeaksKoreanAndEnglish(t *testing.T) {
	a := &asking{form: formOf(t, shipped)}
	tb := startBrowser(t, a.serve(t)).visitor(t)
	tb.open("/register")
	tb.wantSeen("asked-title", "Your profile")
	tb.fill("nickname", "문지기")
	tb.pick("position", "Designer")
	tb.click("language-ko")
	tb.wantSeen("asked-title", "회원 정보")
	tb.wantSeen("asked-send", "가입하기")
	tb.fill("birth_date", "1990-01-02")
	tb.tick("terms_of_service")
	for _, want := range []string{"별명", "주소 (선택)", "이용약관에 동의합니다 (필수)", "디자인", "버전 2026-11-01"} {
		if page := script[string](tb, `document.getElementById("fields").textContent`); !strings.Contains(page, want) {
			t.Errorf("the form does not say %q: %s", want, page)
		}
	}
	tb.click("asked-send")
	tb.wantSeen("status", "환영합니다. 가입이 끝났습니다.")
	a.wantAccepted(t, `{"nickname":"문지기","position":"design","birth_date":"1990-01-02","terms_of_service":true,"marketing":false}`)
}

// A consent to an older text is not one to this.
func TestForm_PatchesOnlyWhatWasChanged(t *testing.T) {
	a := &asking{form: formOf(t, shipped)}
	a.account = `,"profile_complete":true,
		"fields":{"nickname":"문지기","position":"design","address":"서울","birth_date":"1990-01-02"},
		"consents":{"terms_of_service":{"accepted":true,"version":"2020-01-01"},"marketing":{"accepted":true,"version":"2026-11-01"}}`
	tb := startBrowser(t, a.serve(t)).visitor(t)
	tb.open("/")
	tb.wantSeen("nickname", "문지기")
	tb.click("change")
	tb.see("asked-send")
	tb.pick("position", "Something else")
	tb.fill("address", "")
	tb.tick("terms_of_service")
	tb.click("asked-send")
	tb.wantSeen("status", "Your profile is saved.")
	a.wantAccepted(t, `{"position":"other","address":null,"terms_of_service":true}`)
	a.wantRefreshes(t, 2) // at the start, and for a token that knows of the change
}

func TestForm_SaysWhatIsStillMissing(t *testing.T) {
	a := &asking{form: formOf(t, shipped), account: `,"profile_complete":false,"fields":{},"consents":{}`}
	tb := startBrowser(t, a.serve(t)).visitor(t)
	tb.open("/")
	tb.see("incomplete")
	tb.click("complete-profile")
	tb.fill("nickname", "문지기")
	tb.tick("terms_of_service")
	tb.click("asked-send")
	tb.wantSeen("error-message", "That is saved. Some answers are still missing.")
	tb.wantSeen("problem-position", "Please fill this in.")
	tb.wantAbsent("problem-nickname")
	a.wantAccepted(t, `{"nickname":"문지기","terms_of_service":true,"marketing":false}`)
	tb.click("asked-leave")
	tb.see("incomplete")
}

func TestForm_ClosesWhereTheSessionEnds(t *testing.T) {
	a := &asking{form: formOf(t, shipped), account: `,"profile_complete":false,"fields":{},"consents":{}`}
	a.refresh = func(w http.ResponseWriter, _ int64) {
		if a.expired.Load() {
			answer(w, http.StatusUnauthorized, `{"error":"invalid_grant","request_id":"r"}`)
			return
		}
		answerToken(w, 900)
	}
	tb := startBrowser(t, a.serve(t)).visitor(t)
	tb.open("/")
	tb.click("complete-profile")
	tb.fill("nickname", "문지기")
	a.expired.Store(true)
	tb.click("asked-send")
	tb.wantSeen("error-message", saySessionEnded)
	tb.see("login-kakao")
	tb.wantAbsent("asked")
}

// Whatever becomes of other tabs, the form stays as long as somebody is to register here.
func TestForm_StaysWhileAnotherTabRefreshes(t *testing.T) {
	a := &asking{form: formOf(t, shipped)}
	first := startBrowser(t, a.serve(t)).visitor(t)
	second := first.another()
	first.open("/register")
	first.fill("nickname", "문지기")
	second.open("/")
	second.click("refresh")
	second.wantSeen("status", sayRefreshed)
	do(first, "the page asks whether somebody is still new",
		chromedp.Poll[bool](`performance.getEntriesByName(location.origin + "/auth/register").length > 1`))
	first.see("asked-send")
	if got := script[string](first, `document.getElementById("field-nickname").value`); got != "문지기" {
		t.Errorf("the form says %q", got)
	}
	a.expired.Store(true)
	second.open("/")
	first.see("user-id")
	first.wantAbsent("asked")
	first.wantCleanAddress()
}

func TestForm_HasWordsForEveryProblem(t *testing.T) {
	tb := startBrowser(t, (&api{}).serve(t)).visitor(t)
	tb.open("/")
	type words struct{ En, Ko []string }
	got := script[words](tb, `import("/texts.js").then(({texts}) => ({
		en: Object.keys(texts.en.form.problems), ko: Object.keys(texts.ko.form.problems)}))`)
	if diff := cmp.Diff(got.En, got.Ko); diff != "" {
		t.Errorf("codes in English and Korean (-en +ko):\n%s", diff)
	}
	for _, code := range []string{
		registration.CodeRequired, registration.CodeWrongType, registration.CodeTooShort, registration.CodeTooLong,
		registration.CodeTooSmall, registration.CodeTooLarge, registration.CodeTooFew, registration.CodeTooMany,
		registration.CodeDuplicateItem, registration.CodeNotAllowed, registration.CodeBadFormat, registration.CodeBadText,
		registration.CodeBadNickname, registration.CodeTooYoung, registration.CodeConsentRequired,
	} {
		if !slices.Contains(got.En, code) {
			t.Errorf("no words for %s", code)
		}
	}
}
