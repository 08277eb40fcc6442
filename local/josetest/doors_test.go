package josetest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"daemun/local"
)

// person is somebody with one token of each kind: a session, another login on its
// way, and one somewhere else, where they have to register.
type person struct {
	session
	begun
	register string
}

// newPerson logs in, and registers if that has to be.
func newPerson(t *testing.T, s *local.System) person {
	t.Helper()
	p := person{register: finishedAt(t, s, "naver").cookies["daemun-reg"]}
	done := finishedAt(t, s, "kakao")
	if registerToken := done.cookies["daemun-reg"]; registerToken != "" {
		done = signUp(t, s, registerToken)
	}
	p.session, p.begun = session{done.cookies["daemun-at"], done.cookies["daemun-rt"]}, begin(t, s)
	if p.access == "" || p.refresh == "" || p.register == "" {
		t.Fatalf("%+v lacks a token", p)
	}
	return p
}

// finishedAt is a login at the provider, up to the answer of callback.
func finishedAt(t *testing.T, s *local.System, provider string) answer {
	t.Helper()
	login := do(t, http.MethodGet, s.URL+"/auth/"+provider+"/login", "")
	agreed := do(t, http.MethodGet, login.location, "")
	var cookies []string
	for name, value := range login.cookies {
		cookies = append(cookies, name+"="+value)
	}
	return do(t, http.MethodGet, agreed.location, "", "Cookie", strings.Join(cookies, "; "))
}

func signUp(t *testing.T, s *local.System, registerToken string) answer {
	t.Helper()
	return do(t, http.MethodPost, s.URL+"/auth/register", `{"terms_of_service":true}`,
		"Cookie", "daemun-reg="+registerToken, "Content-Type", "application/json", "Origin", s.URL)
}

// door is a place that takes one kind of token. open tries any, and returns the
// status, or the error that a redirect tells, and whether the door opened.
type door struct {
	name, takes string
	open        func(t *testing.T, s *local.System, p person, presented string) (outcome string, opened bool)
}

func doors() []door {
	return []door{
		{"authorizer", "access", func(t *testing.T, s *local.System, _ person, presented string) (string, bool) {
			return status(do(t, http.MethodGet, s.APIs[1].URL+"/orders", "", "Authorization", "Bearer "+presented), http.StatusOK)
		}},
		{"/me", "access", func(t *testing.T, s *local.System, _ person, presented string) (string, bool) {
			return status(do(t, http.MethodGet, s.URL+"/me", "", "Authorization", "Bearer "+presented), http.StatusOK)
		}},
		{"refresh", "refresh", func(t *testing.T, s *local.System, _ person, presented string) (string, bool) {
			body := `{"refresh_token":"` + presented + `"}`
			return status(do(t, http.MethodPost, s.URL+"/auth/refresh", body, "Content-Type", "application/json"), http.StatusOK)
		}},
		{"callback", "transaction", func(t *testing.T, _ *local.System, p person, presented string) (string, bool) {
			code := failure(t, p.finish(t, presented))
			return strings.TrimSpace("302 " + code), code == ""
		}},
		{"register", "register", func(t *testing.T, s *local.System, _ person, presented string) (string, bool) {
			return status(signUp(t, s, presented), http.StatusOK)
		}},
		{"logout of all", "access", func(t *testing.T, s *local.System, _ person, presented string) (string, bool) {
			return status(do(t, http.MethodPost, s.URL+"/auth/logout", `{"all":true}`,
				"Authorization", "Bearer "+presented, "Content-Type", "application/json"), http.StatusNoContent)
		}},
	}
}

func status(a answer, good int) (string, bool) { return fmt.Sprint(a.status), a.status == good }

// TK-02: each door takes its own kind of token and no other.
func TestTokens_EachOpensItsOwnDoorsOnly(t *testing.T) {
	s := start(t, map[string]string{"REGISTRATION": "required", "REGISTRATION_FORM": "terms"}, mainTemplate, ordersTemplate)
	kinds := []struct {
		name string
		of   func(person) string
	}{
		{"access", func(p person) string { return p.access }},
		{"refresh", func(p person) string { return p.refresh }},
		{"transaction", func(p person) string { return p.sealed }},
		{"register", func(p person) string { return p.register }},
	}
	var matrix strings.Builder
	fmt.Fprintf(&matrix, "%-12s", "")
	for _, d := range doors() {
		fmt.Fprintf(&matrix, " %-20s", d.name)
	}
	for _, kind := range kinds {
		p := newPerson(t, s)
		fmt.Fprintf(&matrix, "\n%-12s", kind.name)
		for _, d := range doors() {
			outcome, opened := d.open(t, s, p, kind.of(p))
			if opened != (d.takes == kind.name) {
				t.Errorf("%s with a token of kind %s: %s", d.name, kind.name, outcome)
			}
			fmt.Fprintf(&matrix, " %-20s", map[bool]string{true: "opens ", false: "shut "}[opened]+outcome)
		}
	}
	t.Logf("tokens and doors:\n%s", matrix.String())
}
