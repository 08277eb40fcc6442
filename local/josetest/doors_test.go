package josetest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"daemun/local"
)

// person is somebody with one token of each kind: a session, and another login
// on its way.
type person struct {
	session
	begun
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
		{"logout of all", "access", func(t *testing.T, s *local.System, _ person, presented string) (string, bool) {
			return status(do(t, http.MethodPost, s.URL+"/auth/logout", `{"all":true}`,
				"Authorization", "Bearer "+presented, "Content-Type", "application/json"), http.StatusNoContent)
		}},
	}
}

func status(a answer, good int) (string, bool) { return fmt.Sprint(a.status), a.status == good }

// TK-02: each door takes its own kind of token and no other.
func TestTokens_EachOpensItsOwnDoorsOnly(t *testing.T) {
	s := start(t, nil, mainTemplate, ordersTemplate)
	kinds := []struct {
		name string
		of   func(person) string
	}{
		{"access", func(p person) string { return p.access }},
		{"refresh", func(p person) string { return p.refresh }},
		{"transaction", func(p person) string { return p.sealed }},
	}
	var matrix strings.Builder
	fmt.Fprintf(&matrix, "%-12s", "")
	for _, d := range doors() {
		fmt.Fprintf(&matrix, " %-20s", d.name)
	}
	for _, kind := range kinds {
		p := person{logIn(t, s), begin(t, s)}
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
