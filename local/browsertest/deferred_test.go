package browsertest

import "testing"

const saySaved = "Your profile is saved."

// The account is there at once, and what demands a complete profile opens with it.
func TestDeferred_ProfileIsCompletedLater(t *testing.T) {
	_, b := startConfigured(t, map[string]string{
		"REGISTRATION":       "deferred",
		"AUTHORIZER_DEMANDS": `{"*":{"*":{"profile_complete":true}}}`,
	}, ordersTemplate)
	tb := b.visitor(t)
	tb.login(person(0))
	tb.see("incomplete")
	tb.wantSeen("profile", "not complete")
	id := tb.see("user-id")
	tb.click("orders-call")
	tb.wantSeen("orders-status", "403")
	tb.photographWhole("profile not complete")

	tb.click("complete-profile")
	tb.see("asked-send")
	tb.answerAll("문")
	tb.click("asked-send")
	tb.wantSeen("problem-nickname", "At least 2 characters, please.")
	tb.fill("nickname", "문지기")
	tb.click("asked-send")
	tb.wantSeen("status", saySaved)
	tb.wantSeen("profile", "complete")
	tb.wantSeen("nickname", "문지기")
	tb.wantAbsent("incomplete")
	tb.click("orders-call")
	tb.wantSeen("orders-status", "200")

	tb.open("/")
	tb.wantSeen("profile", "complete")
	tb.wantSeen("user-id", id)
	tb.click("change")
	tb.see("asked-send")
	tb.photographWhole("profile changed")
	tb.fill("address", "서울시 종로구")
	tb.tick("marketing")
	tb.click("asked-send")
	tb.wantSeen("status", saySaved)
	answers := script[string](tb, `fetch("/me").then((response) => response.json()).then(({ fields, consents }) =>
		[fields.nickname, fields.position, fields.address, consents.marketing.accepted, consents.terms_of_service.version].join())`)
	if answers != "문지기,backend,서울시 종로구,true,2026-11-01" {
		t.Errorf("the answers are %s", answers)
	}
}

func TestDeferred_InKorean(t *testing.T) {
	_, b := startPolicy(t, "deferred")
	tb := b.visitor(t)
	tb.open("/")
	tb.click("language-ko")
	tb.login(person(1))
	tb.wantSeen("profile", "작성 전")
	tb.wantSeen("complete-profile", "회원 정보 입력")
	tb.click("complete-profile")
	tb.wantSeen("asked-title", "회원 정보")
	tb.wantSeen("asked-send", "저장")
}

func TestAutomatic_AsksNothing(t *testing.T) {
	_, b := startPolicy(t, "automatic")
	tb := b.visitor(t)
	tb.open("/register")
	tb.wantSeen("error-message", "There is nothing to sign up for: logging in is enough.")
	tb.wantCleanAddress()
	tb.login(person(0))
	tb.wantSeen("profile", "complete")
	tb.wantAbsent("incomplete")
	tb.wantAbsent("change")
	tb.wantAbsent("asked")
}
