package browsertest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"daemun/local/demo"
)

// These tests hold the demo page to the rules for clients, against an API that answers what a test wants.

// api is the HTTP API as the page sees it. Handlers that a test leaves out answer as to somebody who is logged in.
type api struct {
	refresh func(w http.ResponseWriter, call int64) // call counts from 1
	me      func(w http.ResponseWriter, call int64)
	session http.HandlerFunc            // lists them, and ends one
	routes  map[string]http.HandlerFunc // further ones

	refreshes, mes atomic.Int64
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

func answerToken(w http.ResponseWriter, lifetime int) {
	answer(w, http.StatusOK, fmt.Sprintf(`{"access_token":"t","token_type":"Bearer","expires_in":%d,"user":{"id":"u"}}`, lifetime))
}

func answerPerson(w http.ResponseWriter, nickname string) {
	answer(w, http.StatusOK, fmt.Sprintf(`{"id":"u","roles":[],"profile_complete":true,"identities":[{"provider":"kakao"}],
		"profile":{"nickname":%q}}`, nickname))
}

func answerBusy(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	answer(w, http.StatusServiceUnavailable, `{"error":"temporarily_unavailable","request_id":"r-503"}`)
}

func answerRefused(w http.ResponseWriter) {
	answer(w, http.StatusUnauthorized, `{"error":"invalid_token","request_id":"r-401"}`)
}

// serve puts the API and the demo page on one origin.
func (a *api) serve(t *testing.T) (origin string) {
	mux := http.NewServeMux()
	mux.Handle("/", demo.Handler(""))
	mux.HandleFunc("GET /auth/providers", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, `{"providers":[{"name":"kakao","display_name":"Kakao","login_path":"/auth/kakao/login"}]}`)
	})
	mux.HandleFunc("POST /auth/refresh", func(w http.ResponseWriter, _ *http.Request) {
		if call := a.refreshes.Add(1); a.refresh != nil {
			a.refresh(w, call)
		} else {
			answerToken(w, 900)
		}
	})
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, _ *http.Request) {
		if call := a.mes.Add(1); a.me != nil {
			a.me(w, call)
		} else {
			answerPerson(w, "김대문")
		}
	})
	if a.session == nil {
		a.session = func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, `{"sessions":[]}`) }
	}
	mux.Handle("GET /me/sessions", a.session)
	mux.Handle("DELETE /me/sessions/{id}", a.session)
	for pattern, handle := range a.routes {
		mux.HandleFunc(pattern, handle)
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func (a *api) wantRefreshes(t *testing.T, want int64) {
	t.Helper()
	if got := a.refreshes.Load(); got != want {
		t.Errorf("the page refreshed %d times, want %d", got, want)
	}
}

func TestDemo_WaitsOnceWhenA503AsksForIt(t *testing.T) {
	a := &api{refresh: func(w http.ResponseWriter, call int64) {
		if call == 1 {
			answerBusy(w)
			return
		}
		answerToken(w, 900)
	}}
	tb := startBrowser(t, a.serve(t)).visitor(t)
	tb.open("/")
	tb.wantSeen("nickname", "김대문")
	tb.wantAbsent("error")
	a.wantRefreshes(t, 2)
}

func TestDemo_ShowsTheFailureWhenA503Lasts(t *testing.T) {
	a := &api{refresh: func(w http.ResponseWriter, _ int64) { answerBusy(w) }}
	tb := startBrowser(t, a.serve(t)).visitor(t)
	tb.open("/")
	tb.wantSeen("error-message", "We are busy right now. Please try again in a moment.")
	tb.wantSeen("request-id", "r-503")
	a.wantRefreshes(t, 2)
}

func TestDemo_RefreshesOnceOn401ThenTriesAgain(t *testing.T) {
	a := &api{me: func(w http.ResponseWriter, call int64) {
		if call == 1 {
			answerRefused(w)
			return
		}
		answerPerson(w, "김대문")
	}}
	tb := startBrowser(t, a.serve(t)).visitor(t)
	tb.open("/")
	tb.wantSeen("nickname", "김대문")
	a.wantRefreshes(t, 2) // at the start, and for the 401
}

func TestDemo_DoesNotRefreshAgainWhen401Lasts(t *testing.T) {
	a := &api{me: func(w http.ResponseWriter, _ int64) { answerRefused(w) }}
	tb := startBrowser(t, a.serve(t)).visitor(t)
	tb.open("/")
	tb.wantSeen("login-kakao", "Log in with Kakao")
	a.wantRefreshes(t, 2)
}

func TestDemo_RefreshesBeforeTheTokenExpires(t *testing.T) {
	again := make(chan struct{})
	a := &api{refresh: func(w http.ResponseWriter, call int64) {
		if call == 2 {
			close(again)
		}
		answerToken(w, 3) // due when a quarter of it is left
	}}
	tb := startBrowser(t, a.serve(t)).visitor(t)
	tb.open("/")
	select {
	case <-again:
	case <-time.After(patience):
		t.Error("the page did not refresh by itself")
	}
}

func TestDemo_OneTabRefreshesAtATime(t *testing.T) {
	started, release := make(chan struct{}, 3), make(chan struct{})
	var inFlight, most atomic.Int64
	a := &api{refresh: func(w http.ResponseWriter, _ int64) {
		most.Store(max(most.Load(), inFlight.Add(1)))
		started <- struct{}{}
		select {
		case <-release:
		case <-t.Context().Done():
		}
		inFlight.Add(-1)
		answerToken(w, 900)
	}}
	first := startBrowser(t, a.serve(t)).visitor(t)
	second, third := first.another(), first.another()
	for _, tb := range []*tab{first, second, third} {
		do(tb, "open the page", chromedp.Navigate(tb.site+"/"))
	}
	<-started
	do(first, "two tabs wait", chromedp.PollFunction[bool](`async () => (await navigator.locks.query()).pending.length === 2`))
	close(release)
	for _, tb := range []*tab{first, second, third} {
		tb.wantSeen("nickname", "김대문")
	}
	if most.Load() != 1 {
		t.Errorf("%d refreshes at a time, want 1", most.Load())
	}
}

func TestDemo_EveryTabHearsOfALogout(t *testing.T) {
	a := &api{}
	var gone atomic.Bool
	a.refresh = func(w http.ResponseWriter, _ int64) {
		if gone.Load() {
			answer(w, http.StatusUnauthorized, `{"error":"invalid_grant","request_id":"r"}`)
			return
		}
		answerToken(w, 900)
	}
	first := startBrowser(t, a.serve(t)).visitor(t)
	second := first.another()
	first.open("/")
	second.open("/")
	gone.Store(true)
	first.click("refresh")
	first.wantSeen("error-message", "Your session has ended. Please log in again.")
	second.wantSeen("login-kakao", "Log in with Kakao")
}

func TestDemo_EveryTabHearsOfAnotherLogin(t *testing.T) {
	var nickname atomic.Value
	nickname.Store("first")
	a := &api{
		refresh: func(w http.ResponseWriter, _ int64) {
			answer(w, http.StatusOK, fmt.Sprintf(`{"access_token":"t","expires_in":900,"user":{"id":%q}}`, nickname.Load()))
		},
		me: func(w http.ResponseWriter, _ int64) {
			answer(w, http.StatusOK, fmt.Sprintf(`{"id":%[1]q,"identities":[],"profile":{"nickname":%[1]q}}`, nickname.Load()))
		},
	}
	first := startBrowser(t, a.serve(t)).visitor(t)
	second := first.another()
	first.open("/")
	first.wantSeen("nickname", "first")
	nickname.Store("second")
	second.open("/")
	first.wantSeen("nickname", "second")
}

// Nothing that a person or a link says becomes anything but text.
func TestDemo_ShowsForeignWordsAsText(t *testing.T) {
	const nickname = `<img src=x onerror=alert(1)> 👩‍👩‍👧‍👦 שלום`
	a := &api{me: func(w http.ResponseWriter, _ int64) { answerPerson(w, nickname) }}
	tb := startBrowser(t, a.serve(t)).visitor(t)
	tb.open("/?error=<b>gone</b>&request_id=<b>call+0000+now</b>")
	tb.wantSeen("nickname", nickname)
	tb.wantSeen("error-message", "Something went wrong. Please try again.")
	tb.wantAbsent("request-id")
	tb.wantCleanAddress()
}

func TestDemo_ShowsThePicture(t *testing.T) {
	a := &api{me: func(w http.ResponseWriter, _ int64) {
		answer(w, http.StatusOK, `{"id":"u","identities":[],"profile":{"picture_url":"/icon.svg"}}`)
	}}
	tb := startBrowser(t, a.serve(t)).visitor(t)
	tb.open("/")
	tb.see("picture")
	tb.wantSeen("nickname", "No nickname")
}

func TestDemo_HasAMessageForEveryFailedLogin(t *testing.T) {
	tb := startBrowser(t, (&api{}).serve(t)).visitor(t)
	tb.open("/")
	type texts struct{ En, Ko []string }
	got := script[texts](tb, `import("/texts.js").then(({texts}) => ({
		en: Object.keys(texts.en.errors), ko: Object.keys(texts.ko.errors)}))`)
	if diff := cmp.Diff(got.En, got.Ko); diff != "" {
		t.Errorf("codes in English and Korean (-en +ko):\n%s", diff)
	}
	for _, code := range strings.Fields(`access_denied invalid_state login_expired invalid_request unknown_provider
		provider_unavailable provider_timeout bad_provider_response provider_misconfigured temporarily_unavailable
		not_configured account_disabled internal already_registered registration_not_enabled validation_failed`) {
		if !slices.Contains(got.En, code) {
			t.Errorf("no message for %s", code)
		}
	}
}

func TestDemo_SpeaksKoreanAndEnglish(t *testing.T) {
	a := &api{refresh: func(w http.ResponseWriter, _ int64) { answerRefused(w) }}
	tb := startBrowser(t, a.serve(t)).visitor(t)
	tb.open("/?error=access_denied&request_id=r-1")
	tb.wantSeen("login-kakao", "Log in with Kakao")
	tb.wantSeen("error-message", "The login was cancelled.")
	tb.click("language-ko")
	tb.wantSeen("login-kakao", "카카오 로그인")
	tb.wantSeen("error-message", "로그인을 취소했습니다.")
	tb.open("/")
	tb.wantSeen("login-kakao", "카카오 로그인") // the choice is remembered
	if lang := script[string](tb, `document.documentElement.lang`); lang != "ko" {
		t.Errorf("the page says that it is in %q, want ko", lang)
	}
}

func TestDemo_SpeaksTheLanguageOfTheBrowser(t *testing.T) {
	a := &api{refresh: func(w http.ResponseWriter, _ int64) { answerRefused(w) }}
	tb := startBrowser(t, a.serve(t)).visitor(t)
	call(tb, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
		UserAgent: script[string](tb, `navigator.userAgent`), AcceptLanguage: "ko-KR",
	})
	tb.open("/")
	tb.wantSeen("login-kakao", "카카오 로그인")
}
