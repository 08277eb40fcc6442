package racetest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"daemun/shared/session"
	"daemun/shared/store/storetest"
)

// A client goes away at a moment of its request: 0 is when it is written, then
// each request of the database makes two, when it comes and when it is done.

// abandon sends a request and goes away at the moment. What the client abandoned
// goes on when release is closed. waits returns when so many moments have passed,
// of this request and of those that follow.
func (w *world) abandon(t *testing.T, request *http.Request, moment int32, release <-chan struct{}) (waits func(moments int)) {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	passed := make(chan struct{}, 100)
	var count atomic.Int32
	w.db.Proxy.Hook(func(storetest.Call, storetest.Point) {
		if count.Add(1) == moment {
			leave()
			<-release
		}
		passed <- struct{}{}
	})
	if moment == 0 {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { leave() }})
	}
	if response, err := client.Do(request.WithContext(ctx)); err == nil {
		response.Body.Close() // the answer came first, and nobody reads it
	}
	if n := count.Load(); n < moment {
		t.Errorf("the request had %d moments: the client did not go away at number %d", n, moment)
	}
	return func(moments int) {
		t.Helper()
		tooLong := time.After(time.Minute)
		for n := range moments {
			select {
			case <-passed:
			case <-tooLong:
				t.Fatalf("%d moments passed, want %d", n, moments)
			}
		}
	}
}

// moments is how many a request has, the endpoint's second one: a function's
// process that starts for the first one asks the database for more.
func (w *world) moments(t *testing.T, e endpoint) int32 {
	t.Helper()
	first := e.visit(t)
	first.check(do(t, first.request()), func(int) {})
	v := e.visit(t)
	var count atomic.Int32
	w.db.Proxy.Hook(func(storetest.Call, storetest.Point) { count.Add(1) })
	a := do(t, v.request())
	w.db.Proxy.Hook(nil)
	v.check(a, func(int) {})
	return count.Load()
}

// visit is a request, and what must hold of the answer to it when it was sent
// before. waits returns when so many moments of both have passed.
type visit struct {
	request func() *http.Request
	check   func(a answer, waits func(moments int))
}

// endpoint makes visits that do not depend on each other.
type endpoint struct {
	name  string
	visit func(*testing.T) visit
}

// endpoints begin with refresh: what is left of abandoned requests to others must
// not be counted among its moments.
func (w *world) endpoints() []endpoint {
	all := []endpoint{
		{"refresh", w.visitRefresh},
		{"callback", w.visitCallback},
		{"callback of a new user", w.visitCallbackNew},
		{"token", w.visitToken},
	}
	for _, name := range []string{logout, logoutOfAll, endSession} {
		all = append(all, endpoint{name, func(t *testing.T) visit { return w.visitEnding(t, name) }})
	}
	for _, path := range []string{
		"/me", "/me/sessions", "/auth/kakao/login", "/auth/kakao/login-url?client=app", "/auth/providers", "/.well-known/jwks.json",
	} {
		all = append(all, endpoint{"GET " + path, func(t *testing.T) visit { return w.visitPage(t, path) }})
	}
	return all
}

// F-80, V2, V5, V6: at each moment, of each endpoint, the client goes away and
// sends the same request again at once, while the first one goes on, or before.
func TestDisconnect_RequestCanBeSentAgain(t *testing.T) {
	w, began := newWorld(t), time.Now()
	var cases int
	for _, e := range w.endpoints() {
		for moment := range w.moments(t, e) + 1 {
			for _, overtaken := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%d/%v", e.name, moment, overtaken), func(t *testing.T) { w.sendTwice(t, e.visit(t), moment, overtaken) })
				cases++
			}
		}
	}
	if n := w.Lookalike.Kakao().MaxCodeSent(); n != 1 {
		t.Errorf("a code was sent %d times", n)
	}
	measured(t, "%d endpoints, the client goes away and sends its request again, at each moment: %d times, all are well (%.0f s)",
		len(w.endpoints()), cases, time.Since(began).Seconds())
}

// sendTwice has the repeated request overtake the first one, or not.
func (w *world) sendTwice(t *testing.T, v visit, moment int32, overtaken bool) {
	t.Helper()
	release := make(chan struct{})
	if !overtaken {
		close(release)
	}
	waits := w.abandon(t, v.request(), moment, release)
	again := do(t, v.request())
	if overtaken {
		close(release)
	}
	v.check(again, waits)
	w.db.Proxy.Hook(nil)
}

func (w *world) visitRefresh(t *testing.T) visit {
	t.Helper()
	f := w.newFamily(t)
	return visit{
		func() *http.Request { return w.refreshRequest(t, f.token) },
		func(a answer, waits func(int)) {
			got := readRefresh(t, a)
			if got.status != http.StatusOK || f.generation(t) != 2 {
				t.Fatalf("refresh answered %d, generation %d is stored; want 200 and 2", got.status, f.generation(t))
			}
			waits(8)
			f.token = got.token
			f.age(t, past)
			f.advance(t)
		},
	}
}

func (w *world) visitEnding(t *testing.T, name string) visit {
	t.Helper()
	w.forgetUsers(t) // so that there is one session to end
	f := w.newFamily(t)
	return visit{
		func() *http.Request { return f.endings(t)[name] },
		func(a answer, _ func(int)) {
			if a.status != http.StatusNoContent {
				t.Errorf("%s answered %d", name, a.status)
			}
			f.wantOver(t, f.token)
		},
	}
}

func (w *world) visitCallback(t *testing.T) visit {
	t.Helper()
	b := begin(t, w.System)
	return visit{
		func() *http.Request { return newRequest(t, http.MethodGet, b.callback, "", b.transaction) },
		func(a answer, _ func(int)) { w.checkLogin(t, failure(a)) },
	}
}

func (w *world) visitCallbackNew(t *testing.T) visit {
	t.Helper()
	w.forgetUsers(t)
	return w.visitCallback(t)
}

func (w *world) forgetUsers(t *testing.T) {
	t.Helper()
	for _, item := range w.db.Scan(t, w.db.Users) {
		w.db.Delete(t, w.db.Users, storetest.Item{"pk": item["pk"], "sk": item["sk"]})
	}
}

// visitToken ends a login of the client app.
func (w *world) visitToken(t *testing.T) visit {
	t.Helper()
	var begun struct {
		URL         string `json:"url"`
		State       string `json:"state"`
		Transaction string `json:"transaction"`
	}
	must(t, json.Unmarshal(get(t, w.URL+"/auth/kakao/login-url?client=app").body, &begun))
	agreed := get(t, begun.URL)
	_, code, _ := strings.Cut(agreed.location, "code=")
	code, _, _ = strings.Cut(code, "&")
	body := fmt.Sprintf(`{"code":%q,"state":%q,"transaction":%q}`, code, begun.State, begun.Transaction)
	return visit{
		func() *http.Request { return newRequest(t, http.MethodPost, w.URL+"/auth/kakao/token", body) },
		func(a answer, _ func(int)) {
			var refused struct {
				Error string `json:"error"`
			}
			must(t, json.Unmarshal(a.body, &refused))
			w.checkLogin(t, refused.Error)
		},
	}
}

// checkLogin wants a login to have gone well, or to say that it must begin anew;
// and then that a new one goes well, and that there is one user, with one
// identity (V1).
func (w *world) checkLogin(t *testing.T, code string) {
	t.Helper()
	if code != "" && code != "invalid_state" {
		t.Errorf("the login failed with %s", code)
	}
	w.newFamily(t).advance(t)
	if items := w.db.Scan(t, w.db.Users); len(items) != 2 {
		t.Errorf("%d items of users and identities, want one of each", len(items))
	}
}

func (w *world) visitPage(t *testing.T, path string) visit {
	t.Helper()
	cookies := w.logIn(t)
	return visit{
		func() *http.Request { return newRequest(t, http.MethodGet, w.URL+path, "", cookies...) },
		func(a answer, _ func(int)) {
			if a.status != http.StatusOK && a.status != http.StatusFound {
				t.Errorf("%s answered %d", path, a.status)
			}
		},
	}
}

// F-81, RT-02: the rotation is stored, its answer is lost, and the client comes
// back with the old token. Inside the window it gets the same successor; after it,
// it is logged out. There are never two successors.
func TestDisconnect_LostAnswerIsGivenAgainInTheWindow(t *testing.T) {
	w := newWorld(t)
	for _, ago := range []time.Duration{time.Second, 9 * time.Second, 11 * time.Second, 61 * time.Second, time.Hour} {
		for tries := 1; !w.loseAnswer(t, ago); tries++ {
			if tries == 10 {
				t.Fatal("this machine is too slow to refresh in a window")
			}
		}
	}
	measured(t, "answer lost, client back after 1 s, 9 s, 11 s: 200 and the same successor; after 61 s, 1 h: 401 and the family ended")
}

// loseAnswer returns false if it took too long to say what age a rotation had.
func (w *world) loseAnswer(t *testing.T, ago time.Duration) bool {
	t.Helper()
	f := w.newFamily(t)
	f.advance(t)
	const rotated = 4 // the moment
	release := make(chan struct{})
	close(release)
	w.abandon(t, w.refreshRequest(t, f.token), rotated, release)
	w.db.Proxy.Hook(nil)
	successor := w.refresh(t, f.token).token // which the client does not get either
	at := time.Now()
	f.age(t, ago)
	got := w.refresh(t, f.token)
	if time.Since(at) > session.ClockSkew/4 {
		return false
	}
	if g := f.generation(t); g != 3 {
		t.Errorf("after %v: generation %d is stored, want 3", ago, g)
	}
	if ago < grace+session.ClockSkew {
		if got.status != http.StatusOK || got.token != successor || f.isEnded(t) {
			t.Errorf("after %v: refresh answered %d, or another successor", ago, got.status)
		}
		f.token = successor
		f.age(t, past)
		f.advance(t)
		return true
	}
	if got.status != http.StatusUnauthorized || f.item(t)["ended_why"] != "reuse" {
		t.Errorf("after %v: refresh answered %d, family ended by %v", ago, got.status, f.item(t)["ended_why"])
	}
	f.wantOver(t, f.token, successor)
	return true
}
