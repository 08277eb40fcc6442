package browsertest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// wantSessions waits until the page lists so many sessions, and returns their texts.
func (tb *tab) wantSessions(want int) []string {
	tb.t.Helper()
	const rows = `[...document.querySelectorAll('[data-testid="sessions"] > li')]`
	do(tb, fmt.Sprintf("see %d sessions", want), chromedp.PollFunction[bool](fmt.Sprintf(`() => %s.length === %d`, rows, want)))
	return script[[]string](tb, rows+`.map((row) => row.innerText)`)
}

// Two browsers of one person are two sessions; each can end the other, and then the other's next refresh fails.
func TestSessions_OneBrowserEndsAnother(t *testing.T) {
	_, b := startSystem(t)
	here, there, stranger := b.visitor(t), b.visitor(t), b.visitor(t)
	stranger.login(person(1))
	there.login(person(0))
	there.wantSessions(1)
	there.wantAbsent("end-session") // its own ends by logging out
	here.login(person(0))
	sessions := here.wantSessions(2)
	for i, want := range [][]string{{"Chrome on Linux", "127.0.0.0/24", "last used", "this browser"}, {"Chrome on Linux", "127.0.0.0/24", "End"}} {
		for _, part := range want { // the last used is on top, and that is this one
			if !strings.Contains(sessions[i], part) {
				t.Errorf("session %d says %q, want %q in it", i, sessions[i], part)
			}
		}
	}
	here.photograph("sessions")
	here.click("end-session")
	here.wantSeen("status", sayEndedThat)
	here.wantSessions(1)
	here.wantAbsent("error")

	there.click("refresh")
	there.wantSeen("error-message", saySessionEnded)
	there.wantSeen("login-kakao", "Log in with Kakao")
	for _, tb := range []*tab{here, stranger} {
		tb.click("refresh")
		tb.wantSeen("status", sayRefreshed)
		tb.wantSessions(1)
	}
}

func TestSessions_InKorean(t *testing.T) {
	_, b := startSystem(t)
	there, here := b.visitor(t), b.visitor(t)
	there.login(person(0))
	here.login(person(0))
	here.click("language-ko")
	here.wantSeen("current-session", "현재 브라우저")
	here.wantSeen("end-session", "끝내기")
	here.photograph("sessions in Korean")
	here.click("end-session")
	here.wantSeen("status", "그 세션을 끝냈습니다.")
	here.click("logout-all")
	here.wantSeen("status", "모든 기기에서 로그아웃했습니다.")
	here.wantAbsent("sessions")
}

// What the API says becomes text, and an id that is no id stays within its path.
func TestSessions_ForeignWordsAreText(t *testing.T) {
	const device, id = `<img src=x onerror=alert(1)>`, `../../auth/logout?x`
	var asked string
	a := &api{session: func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			asked = r.PathValue("id")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		answer(w, http.StatusOK, fmt.Sprintf(`{"sessions":[{"id":%q,"current":false,"client":"shop","device":%q,"network":"unknown",
			"created_at":"2026-03-04T05:06:07Z","last_used_at":"2026-03-04T05:06:07Z"}]}`, id, device))
	}}
	tb := startBrowser(t, a.serve(t)).visitor(t)
	tb.open("/")
	if got := tb.wantSessions(1)[0]; !strings.Contains(got, device) || !strings.Contains(got, "shop") || strings.Contains(got, "unknown") {
		t.Errorf("the page says %q", got)
	}
	tb.click("end-session")
	tb.wantSeen("status", sayEndedThat)
	if asked != id {
		t.Errorf("the page ended %q, want %q", asked, id)
	}
}
