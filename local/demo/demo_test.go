package demo_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"daemun/local/demo"
)

func get(t *testing.T, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	recorder := httptest.NewRecorder()
	demo.Handler("").ServeHTTP(recorder, httptest.NewRequest(method, path, nil))
	return recorder
}

func TestHandler_ServesThePageAndItsParts(t *testing.T) {
	for path, contentType := range map[string]string{
		"/":                "text/html; charset=utf-8",
		"/?error=internal": "text/html; charset=utf-8",
		"/register":        "text/html; charset=utf-8",
		"/style.css":       "text/css; charset=utf-8",
		"/app.js":          "text/javascript; charset=utf-8",
		"/session.js":      "text/javascript; charset=utf-8",
		"/sign_up.js":      "text/javascript; charset=utf-8",
		"/form.js":         "text/javascript; charset=utf-8",
		"/texts.js":        "text/javascript; charset=utf-8",
		"/icon.svg":        "image/svg+xml",
		"/kakao.svg":       "image/svg+xml",
		"/naver.svg":       "image/svg+xml",
		"/google.svg":      "image/svg+xml",
		"/apple.svg":       "image/svg+xml",
		"/line.svg":        "image/svg+xml",
		"/github.svg":      "image/svg+xml",
	} {
		response := get(t, http.MethodGet, path)
		if response.Code != http.StatusOK || response.Header().Get("Content-Type") != contentType {
			t.Errorf("GET %s: %d %s, want 200 %s", path, response.Code, response.Header().Get("Content-Type"), contentType)
		}
	}
}

// HD-02
func TestHandler_SetsSecurityHeadersOnEveryAnswer(t *testing.T) {
	for _, request := range [][2]string{{"GET", "/"}, {"HEAD", "/app.js"}, {"GET", "/register"}, {"GET", "/nothing"}, {"GET", "/../demo.go"}, {"POST", "/"}} {
		header := get(t, request[0], request[1]).Header()
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'self'; img-src 'self' https: data: http://127.0.0.1:*; form-action 'none'; frame-ancestors 'none'",
			"X-Content-Type-Options":  "nosniff",
			"Referrer-Policy":         "no-referrer",
		} {
			if got := header.Get(name); got != want {
				t.Errorf("%s %s: %s is %q, want %q", request[0], request[1], name, got, want)
			}
		}
	}
}

func TestHandler_RefusesWhatIsNoPage(t *testing.T) {
	if code := get(t, http.MethodGet, "/nothing").Code; code != http.StatusNotFound {
		t.Errorf("GET /nothing: %d, want 404", code)
	}
	if code := get(t, http.MethodPost, "/").Code; code != http.StatusMethodNotAllowed {
		t.Errorf("POST /: %d, want 405", code)
	}
}

// The policy would block it without a sound for whoever looks at the page alone.
func TestPage_HasNothingInline(t *testing.T) {
	inline := regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|<script(?:\s[^>]*)?>[^<]`)
	page := get(t, http.MethodGet, "/").Body.String()
	if found := inline.FindString(page); found != "" || !strings.Contains(page, `<script type="module" src="/app.js">`) {
		t.Errorf("the page has %q inline, or not the module", found)
	}
}
