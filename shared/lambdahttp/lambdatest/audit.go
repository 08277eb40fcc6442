package lambdatest

import (
	"regexp"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"daemun/shared/fault"
	"daemun/shared/provider/providertest"
)

var (
	// Our forms of a Set-Cookie line.
	secureCookie = regexp.MustCompile(`^__Host-daemun-[\w-]+=[\w.-]*; Path=/; Max-Age=\d+; HttpOnly; Secure; SameSite=(Lax|Strict)$`)
	// A transaction that has to survive a POST from another site is Secure even on a
	// loopback address.
	crossSiteCookie = regexp.MustCompile(`^(__Host-)?daemun-tx-[\w-]+=[\w.-]*; Path=/; Max-Age=\d+; HttpOnly; Secure; SameSite=None$`)
	loopbackCookie  = regexp.MustCompile(`^daemun-[\w-]+=[\w.-]*; Path=/; Max-Age=\d+; HttpOnly; SameSite=(Lax|Strict)$`)
	// What no client may see of our inside.
	leaks = regexp.MustCompile(`goroutine |\.go:\d|runtime error|panic:|arn:aws|Exception|UsersTable|RefreshTokensTable|OneTimeTable|[dD]ynamo|DYNAMO|` +
		providertest.Marker)
	// Our tokens, whatever is in them.
	tokenForms = regexp.MustCompile(`eyJ[\w-]+\.[\w-]+|\br1\.[\w-]+\.`)
)

// audit checks what holds for every answer of every function, failures too:
// HD-01, HD-02, HD-03, HD-07, CK-01.
func audit(t testing.TB, a Answer) {
	t.Helper()
	for name, want := range map[string]string{
		"X-Content-Type-Options":    "nosniff",
		"Referrer-Policy":           "no-referrer",
		"Content-Security-Policy":   "default-src 'none'; frame-ancestors 'none'",
		"Strict-Transport-Security": "max-age=63072000; includeSubDomains",
	} {
		if got := a.Headers[name]; got != want {
			t.Errorf("header %s: %q, want %q", name, got, want)
		}
	}
	if c := a.Headers["Cache-Control"]; c != "no-store" && (c != "public, max-age=300" || a.StatusCode != 200 || len(a.Cookies) > 0) {
		t.Errorf("status %d with Cache-Control %q", a.StatusCode, c)
	}
	for name, value := range a.Headers {
		if strings.HasPrefix(strings.ToLower(name), "access-control-") {
			t.Errorf("header %s: CORS is the gateway's", name)
		}
		if strings.ContainsAny(value, "\r\n\x00") {
			t.Errorf("header %s breaks its line", name)
		}
	}
	for _, c := range a.Cookies {
		auditCookie(t, c)
	}
	auditRedirect(t, a)
	if a.StatusCode >= 400 {
		auditFailure(t, a)
	}
	if leak := leaks.FindString(a.Body + strings.Join(a.Cookies, "") + a.Headers["Location"]); leak != "" {
		t.Errorf("the answer shows %q", leak)
	}
}

// auditCookie holds a Set-Cookie line to one of our forms.
func auditCookie(t testing.TB, line string) {
	t.Helper()
	if strings.ContainsAny(line, "\r\n\x00") {
		t.Error("a cookie breaks its line")
	}
	if !secureCookie.MatchString(line) && !loopbackCookie.MatchString(line) && !crossSiteCookie.MatchString(line) {
		t.Errorf("cookie %q has not our form", line)
	}
	if len(line) > 4096 {
		t.Errorf("a cookie of %d bytes", len(line))
	}
}

// auditFailure holds an error answer to the closed table.
func auditFailure(t testing.TB, a Answer) {
	t.Helper()
	var body struct {
		Error       fault.Code      `json:"error"`
		Description string          `json:"error_description"`
		RequestID   string          `json:"request_id"`
		Problems    []fault.Problem `json:"problems"`
	}
	if err := json.Unmarshal([]byte(a.Body), &body, json.RejectUnknownMembers(true)); err != nil {
		t.Fatalf("error answer %s: %v", a.Body, err)
	}
	if body.Error.Status() != a.StatusCode || body.Description == "" {
		t.Errorf("status %d does not fit %s", a.StatusCode, a.Body)
	}
	if told := len(body.Problems) > 0; told != strings.Contains(a.Body, `"problems"`) || told && a.StatusCode != 400 && a.StatusCode != 422 {
		t.Errorf("status %d with the problems %v", a.StatusCode, body.Problems)
	}
	wait := a.Headers["Retry-After"] != ""
	if wait && a.StatusCode < 500 || !wait && a.StatusCode == 503 { // V7
		t.Errorf("status %d with Retry-After %q", a.StatusCode, a.Headers["Retry-After"])
	}
	if (a.Headers["WWW-Authenticate"] != "") != (body.Error == fault.InvalidToken) { // HD-04
		t.Errorf("%s with WWW-Authenticate %q", body.Error, a.Headers["WWW-Authenticate"])
	}
}

// auditLog checks that what the functions logged is JSON, a line each, and holds
// nothing that a log must not have: LG-01, LG-03.
func (w *World) auditLog() {
	w.t.Helper()
	text := w.Log.String()
	for line := range strings.Lines(text) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			w.t.Errorf("log line is not a JSON object: %s", line)
		}
	}
	secrets := append(w.canaries, providertest.Marker)
	for _, p := range providertest.Persons() {
		secrets = append(secrets, p.Nickname, p.Email, p.ImageURL)
	}
	for _, value := range w.Env {
		for _, key := range regexp.MustCompile(`"[kd]":"([\w-]+)"`).FindAllStringSubmatch(value, -1) {
			secrets = append(secrets, key[1])
		}
	}
	for _, s := range secrets {
		if s != "" && strings.Contains(text, s) {
			w.t.Errorf("the log holds %q", s)
		}
	}
	if token := tokenForms.FindString(text); token != "" {
		w.t.Errorf("the log holds the token %q", token)
	}
}

// Canary marks secrets: the test fails if one of them, or its tail, is logged.
func (w *World) Canary(secrets ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range secrets {
		w.canaries = append(w.canaries, s[max(0, len(s)-16):])
	}
}
