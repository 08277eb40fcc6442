package crashtest

import (
	"crypto/rand"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"daemun/local/crashtest/invariant"
	"daemun/shared/provider/providertest"
	"daemun/shared/session"
	"daemun/shared/store/storetest"
	"daemun/shared/token"
	"daemun/shared/user"
)

const (
	accessCookie   = "daemun-at"
	refreshCookie  = "daemun-rt"
	registerCookie = "daemun-reg"
)

// client is a browser without a screen, and the person before it. It follows no
// redirect, and sends nothing again unless it is told to.
type client struct {
	w        *world
	http     *http.Client
	person   providertest.Person
	callback string    // where the provider has sent the browser back to
	kept     []string  // what the operation's check needs
	others   []*client // other devices and persons
}

// newClient is a browser with nothing in it.
func (w *world) newClient(person int64) *client {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	w.must(err)
	name := providertest.Marker + "-" + strconv.FormatInt(person, 10)
	return &client{
		w: w, person: providertest.Person{ID: person, Nickname: name, Email: name + "@example.com", EmailValid: true, EmailVerified: true},
		http: &http.Client{
			Jar: jar, Transport: &http.Transport{DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// answer is what a request got.
type answer struct {
	status   int
	location string
	body     []byte
}

// do sends a request as one of our own pages does.
func (c *client) do(method, path, body string) answer {
	c.w.t.Helper()
	address := path
	if strings.HasPrefix(path, "/") {
		address = c.w.url + path
	}
	request, err := http.NewRequestWithContext(c.w.t.Context(), method, address, strings.NewReader(body))
	c.w.must(err)
	if method != http.MethodGet {
		request.Header.Set("Origin", c.w.url)
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return answer{} // lost
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	c.w.must(err)
	if response.StatusCode == http.StatusServiceUnavailable && response.Header.Get("Retry-After") == "" {
		c.w.t.Errorf("V7: %s answered 503 without Retry-After: %s", method, got)
	}
	return answer{response.StatusCode, response.Header.Get("Location"), got}
}

// outcome is the answer in short: an error's code, or else the status. "lost" is
// no answer, and a process that was killed a bare 500 of the gateway's.
func (a answer) outcome() string {
	if a.status == 0 {
		return "lost"
	}
	if location, err := url.Parse(a.location); err == nil && location.Query().Has("error") {
		return location.Query().Get("error")
	}
	var failure struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(a.body, &failure) == nil && failure.Error != "" {
		return failure.Error
	}
	return strconv.Itoa(a.status)
}

// begin begins a login, and has the person agree to it at the provider.
func (c *client) begin() {
	c.w.t.Helper()
	c.agree(c.do(http.MethodGet, "/auth/kakao/login", ""))
}

// agree takes the answer that sends the browser to the provider.
func (c *client) agree(login answer) {
	c.w.t.Helper()
	c.w.mu.Lock()
	c.w.loggingIn = c.person
	c.w.mu.Unlock()
	agreed := c.do(http.MethodGet, login.location, "")
	if c.callback = agreed.location; !strings.HasPrefix(c.callback, c.w.url+"/auth/kakao/callback?") {
		c.w.t.Errorf("login answered %s, the provider %d to %q", login.outcome(), agreed.status, agreed.location)
	}
}

func (c *client) finish() answer { return c.do(http.MethodGet, c.callback, "") }

func (c *client) refresh() answer { return c.do(http.MethodPost, "/auth/refresh", "") }

// logIn is a whole login.
func (c *client) logIn() {
	c.w.t.Helper()
	c.begin()
	c.expect("login", c.finish(), "302")
}

// expect wants an outcome.
func (c *client) expect(what string, a answer, want string) {
	c.w.t.Helper()
	if got := a.outcome(); got != want {
		c.w.t.Errorf("%s: %s, want %s", what, got, want)
	}
}

// cookie is a cookie's value, "" if the browser has none.
func (c *client) cookie(name string) string {
	c.w.t.Helper()
	home, err := url.Parse(c.w.url)
	c.w.must(err)
	for _, cookie := range c.http.Jar.Cookies(home) {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	return ""
}

// put gives the browser a refresh token, as a tab has it that was slow, or a
// thief.
func (c *client) put(refreshToken string) { c.setCookie(refreshCookie, refreshToken) }

// beAsked gives the browser the register token of its person, as a login does.
func (c *client) beAsked() {
	c.w.t.Helper()
	issuer := token.RegisterIssuer{Issuer: c.w.url, Key: c.w.keys.signing, Rand: rand.Reader}
	text, _, err := issuer.Mint(token.Register{Identity: user.Identity{Provider: "kakao", Subject: strconv.FormatInt(c.person.ID, 10)}}, time.Now())
	c.w.must(err)
	c.setCookie(registerCookie, text)
}

func (c *client) setCookie(name, value string) {
	c.w.t.Helper()
	home, err := url.Parse(c.w.url)
	c.w.must(err)
	c.http.Jar.SetCookies(home, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

// token is what the browser's refresh token says.
func (c *client) token() token.Refresh {
	c.w.t.Helper()
	t, err := c.w.keys.refresh.Parse(c.cookie(refreshCookie))
	if err != nil {
		c.w.t.Errorf("the browser's refresh token: %v", err)
	}
	return t
}

// session is the session of the browser's refresh token, as it is stored.
func (c *client) session() storetest.Item {
	c.w.t.Helper()
	t := c.token()
	return c.w.db.Get(c.w.t, c.w.db.RefreshTokens, storetest.Item{"user_id": t.UserID, "session_id": t.SessionID})
}

// alive wants the browser's session alive, in the generation of its token.
func (c *client) alive(generation int64) {
	c.w.t.Helper()
	if s := c.session(); s["ended_at"] != nil || s["generation"] != float64(generation) || c.token().Generation != generation {
		c.w.t.Errorf("V2: session %v with a token of generation %d, want both of generation %d", s, c.token().Generation, generation)
	}
}

// ended wants the session of a refresh token ended for the reason, and the token
// refused.
func (c *client) ended(refreshToken string, why session.EndReason) {
	c.w.t.Helper()
	c.put(refreshToken)
	if s := c.session(); s["ended_why"] != string(why) {
		c.w.t.Errorf("V6: session %v, want it ended, why: %s", s, why)
	}
	c.expect("V3: refresh of an ended session", c.refresh(), "invalid_grant")
}

// liveSessions is how many sessions of the browser's user have not ended.
func (c *client) liveSessions() int {
	c.w.t.Helper()
	live := 0
	for _, s := range invariant.Read(c.w.t, c.w.db).Sessions {
		if s["user_id"] == c.token().UserID && s["ended_at"] == nil {
			live++
		}
	}
	return live
}

// ageSession makes what a stored session did last a while ago.
func (w *world) ageSession(s storetest.Item, d time.Duration) {
	w.t.Helper()
	aged := storetest.Item{}
	for _, name := range []string{"created_at", "rotated_at", "ended_at"} {
		if at, ok := s[name].(float64); ok {
			aged[name] = int64(at) - d.Milliseconds()
		}
	}
	w.db.Set(w.t, w.db.RefreshTokens, storetest.Item{"user_id": s["user_id"], "session_id": s["session_id"]}, aged)
}

// leaveWindow has the session rotate at its next refresh.
func (c *client) leaveWindow() { c.w.ageSession(c.session(), 2*graceSeconds*time.Second) }

// rotate refreshes, and wants a token of the next generation.
func (c *client) rotate() {
	c.w.t.Helper()
	before := c.token().Generation
	c.leaveWindow()
	c.expect("refresh", c.refresh(), "200")
	c.alive(before + 1)
}

// me asks who the person is.
func (c *client) me() string {
	c.w.t.Helper()
	var me struct {
		ID string `json:"id"`
	}
	if a := c.do(http.MethodGet, "/me", ""); json.Unmarshal(a.body, &me) != nil || me.ID == "" {
		c.w.t.Errorf("V6: /me answered %s", a.outcome())
	}
	return me.ID
}

// isOneUser wants the logged-in person to be one user, and the session to last.
func (c *client) isOneUser() {
	c.w.t.Helper()
	id := c.me()
	name := "kakao#" + strconv.FormatInt(c.person.ID, 10)
	if owner := invariant.Read(c.w.t, c.w.db).Identities[name]; owner != id {
		c.w.t.Errorf("V1: the person is user %s, and the identity that of %s", id, owner)
	}
	c.rotate()
}
