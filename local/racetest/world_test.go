package racetest

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"daemun/local"
	"daemun/shared/session"
	"daemun/shared/store/storetest"
)

// grace is the window of every world, and past an age at which it is over for
// every instance.
const (
	grace = 10 * time.Second
	past  = grace + session.ClockSkew + time.Second
)

// world is the system with the fault proxy between its functions and the
// database.
type world struct {
	*local.System
	db *storetest.DB
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{db: storetest.New(t)}
	environment := w.db.Environment()
	environment["REFRESH_GRACE_SECONDS"] = fmt.Sprint(grace.Seconds())
	environment["SESSION_LIMIT"] = sessionLimit
	environment["CLIENTS"] = `{"app":{"redirect_uris":{"kakao":"http://127.0.0.1:9/login"}}}`
	s, err := local.Start(t.Context(), local.Options{
		Templates: []string{"../../template.yaml"}, BuildDir: "../../.build", EnvFile: os.DevNull, AutoConsent: true,
		Environment: environment, Logs: unusual{t.Output()},
		// None starts in the middle of a race: it would ask the database too.
		Minimum: map[string]int{"RefreshFunction": 2 * processes, "LogoutFunction": 2, "CallbackFunction": 4, "AccountFunction": 2},
	})
	must(t, err)
	t.Cleanup(s.Close)
	w.System = s
	return w
}

// unusual passes on what is no common request and no refusal.
type unusual struct{ to io.Writer }

func (u unusual) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(`"level":"INFO"`)) || bytes.Contains(line, []byte(`"level":"WARN"`)) {
		return len(line), nil
	}
	return u.to.Write(line)
}

// The cookies' names on plain http.
const (
	accessCookie  = "daemun-at"
	refreshCookie = "daemun-rt"
)

// logIn logs the first person in and returns the cookies.
func (w *world) logIn(t *testing.T) []*http.Cookie {
	t.Helper()
	b := begin(t, w.System)
	done := get(t, b.callback, b.transaction)
	if code := failure(done); code != "" {
		t.Fatalf("login failed: %s", code)
	}
	return done.cookies
}

// newFamily logs in.
func (w *world) newFamily(t *testing.T) *family {
	t.Helper()
	return w.familyOf(t, w.logIn(t))
}

func (w *world) familyOf(t *testing.T, cookies []*http.Cookie) *family {
	t.Helper()
	f := &family{w: w}
	for _, c := range cookies {
		switch c.Name {
		case accessCookie:
			f.access = c.Value
		case refreshCookie:
			f.token = c.Value
		}
	}
	parts := strings.Split(f.token, ".")
	if len(parts) < 4 {
		t.Fatal("a login without a refresh token")
	}
	f.key = storetest.Item{"user_id": parts[2], "session_id": parts[3]}
	return f
}

// family is one session, and the newest tokens that its client got.
type family struct {
	w             *world
	key           storetest.Item // of the session
	token, access string
}

func (f *family) item(t *testing.T) storetest.Item {
	t.Helper()
	return f.w.db.Get(t, f.w.db.RefreshTokens, f.key)
}

func (f *family) generation(t *testing.T) int {
	t.Helper()
	generation, _ := f.item(t)["generation"].(float64)
	return int(generation)
}

func (f *family) isEnded(t *testing.T) bool {
	t.Helper()
	return f.item(t)["ended_at"] != nil
}

// age makes the last rotation so long ago. There must have been one.
func (f *family) age(t *testing.T, ago time.Duration) {
	t.Helper()
	f.w.db.Set(t, f.w.db.RefreshTokens, f.key, storetest.Item{"rotated_at": time.Now().Add(-ago).UnixMilli()})
}

// advance rotates once, takes the new token, and lets the window pass.
func (f *family) advance(t *testing.T) {
	t.Helper()
	got := f.w.refresh(t, f.token)
	if got.status != http.StatusOK || got.token == f.token {
		t.Errorf("refresh answered %d, or the same token", got.status)
		return
	}
	f.token, f.access = got.token, got.access
	f.age(t, past)
}

// refreshed is the answer to a refresh.
type refreshed struct {
	status        int
	retryAfter    string
	token, access string
}

func (w *world) refreshRequest(t *testing.T, token string) *http.Request {
	t.Helper()
	return newRequest(t, http.MethodPost, w.URL+"/auth/refresh", `{"refresh_token":"`+token+`"}`)
}

// refresh presents the token.
func (w *world) refresh(t *testing.T, token string) refreshed {
	t.Helper()
	return readRefresh(t, do(t, w.refreshRequest(t, token)))
}

func readRefresh(t *testing.T, a answer) refreshed {
	t.Helper()
	var body struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if err := json.Unmarshal(a.body, &body); err != nil || a.status == http.StatusOK && body.Refresh == "" {
		t.Errorf("refresh answered %d: %s", a.status, a.body)
	}
	return refreshed{a.status, a.retryAfter, body.Refresh, body.Access}
}

// endings are the requests that end the family.
func (f *family) endings(t *testing.T) map[string]*http.Request {
	t.Helper()
	endings := map[string]*http.Request{
		logout:      newRequest(t, http.MethodPost, f.w.URL+"/auth/logout", `{"refresh_token":"`+f.token+`"}`),
		logoutOfAll: newRequest(t, http.MethodPost, f.w.URL+"/auth/logout", `{"all":true}`),
		endSession:  newRequest(t, http.MethodDelete, f.w.URL+"/me/sessions/"+f.key["session_id"].(string), ""),
	}
	endings[logoutOfAll].Header.Set("Authorization", "Bearer "+f.access)
	endings[endSession].Header.Set("Authorization", "Bearer "+f.access)
	return endings
}

// wantOver wants the family to have ended, and all the tokens to be good for
// nothing: presented at once, and again when the window has passed.
func (f *family) wantOver(t *testing.T, tokens ...string) {
	t.Helper()
	if !f.isEnded(t) {
		t.Error("a family is alive that was to end")
	}
	for range 2 {
		parallel(len(tokens), func(i int) {
			if got := f.w.refresh(t, tokens[i]); got.status != http.StatusUnauthorized {
				t.Errorf("a token of an ended family: refresh answered %d", got.status)
			}
		})
		f.age(t, past)
	}
}

// tally counts answers by their status. It is safe for concurrent use.
type tally struct {
	mu     sync.Mutex
	counts map[int]int
}

func (c *tally) add(status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[int]int{}
	}
	c.counts[status]++
}

func (c *tally) of(status int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[status]
}

// String is such as "99 x 200, 1 x 503".
func (c *tally) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var parts []string
	for _, status := range slices.Sorted(maps.Keys(c.counts)) {
		parts = append(parts, fmt.Sprintf("%d x %d", c.counts[status], status))
	}
	return strings.Join(parts, ", ")
}

// chance is seeded: what it decides is the same in each run.
func chance(seed int) *rand.Rand { return rand.New(rand.NewPCG(uint64(seed), 0)) }
