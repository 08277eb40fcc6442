package lambdatest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"daemun/shared/fault"
)

// Jar is the cookies of one browser. The zero value is a new browser.
type Jar struct {
	cookies []*http.Cookie // the longest held first, as browsers send them
}

// Take does what an answer's Set-Cookie lines say.
func (j *Jar) Take(t testing.TB, a Answer) {
	t.Helper()
	for _, line := range a.Cookies {
		set, err := http.ParseSetCookie(line)
		if err != nil {
			t.Fatalf("cookie %q: %v", line, err)
		}
		at := slices.IndexFunc(j.cookies, func(c *http.Cookie) bool { return c.Name == set.Name })
		switch {
		case set.MaxAge < 0 && at >= 0: // net/http reads Max-Age=0 as -1
			j.cookies = slices.Delete(j.cookies, at, at+1)
		case set.MaxAge < 0:
		case at >= 0:
			j.cookies[at] = set
		default:
			j.cookies = append(j.cookies, set)
		}
	}
}

// Cookies is what the browser sends: the cookies list of an event.
func (j *Jar) Cookies() []string {
	var list []string
	for _, c := range j.cookies {
		list = append(list, c.Name+"="+c.Value)
	}
	return list
}

// Failure is the code of a failed answer: in JSON, or on the way to the front
// end; "" if the answer is no failure.
func (a Answer) Failure() fault.Code {
	if query, ok := strings.CutPrefix(a.Headers["Location"], FrontURL+"?error="); ok {
		code, _, _ := strings.Cut(query, "&")
		return fault.Code(code)
	}
	return fault.Code(a.Code)
}

// auditRedirect checks what holds for every redirect: ST-12, ST-13. One to the
// front end with a failure says its code and the request's id, and no more.
func auditRedirect(t testing.TB, a Answer) {
	t.Helper()
	location, ok := a.Headers["Location"]
	if found := a.StatusCode == http.StatusFound || a.StatusCode == http.StatusSeeOther; found != ok {
		t.Errorf("status %d with Location %q", a.StatusCode, location)
	}
	if !ok {
		return
	}
	u, err := url.Parse(location)
	if err != nil || !u.IsAbs() || u.Host == "" || u.User != nil {
		t.Errorf("Location %q is not an absolute URL", location)
		return
	}
	for _, c := range a.Cookies {
		_, value, _ := strings.Cut(c, "=")
		value, _, _ = strings.Cut(value, ";")
		if value != "" && strings.Contains(location, value) {
			t.Error("Location shows a cookie")
		}
	}
	if token := tokenForms.FindString(location); token != "" {
		t.Error("Location shows a token")
	}
	if code := a.Failure(); code != "" {
		auditFailurePage(t, u, code)
	}
}

func auditFailurePage(t testing.TB, u *url.URL, code fault.Code) {
	t.Helper()
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil || len(query) != 2 || len(query["error"]) != 1 || len(query["request_id"]) != 1 || u.Fragment != "" {
		t.Errorf("a failure's Location has more than error and request_id: %q", u)
	}
	if !slices.Contains(fault.Codes(), code) {
		t.Errorf("%q is not in the table of codes", code)
	}
}
