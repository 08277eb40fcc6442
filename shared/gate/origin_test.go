package gate_test

import (
	"testing"

	"daemun/shared/gate"
)

// RT-13.
func TestOrigin_MayUseCookies(t *testing.T) {
	text := func(s string) *string { return &s }
	for _, test := range []struct {
		name   string
		origin gate.Origin
		change bool // by a request that may change something
		read   bool // by one that only reads
	}{
		{"allowed", gate.Origin{Header: text("https://app.example.com")}, true, true},
		{"allowed, though fetched across sites", gate.Origin{Header: text("https://app.example.com"), FetchSite: "cross-site"}, true, true},
		{"foreign", gate.Origin{Header: text("https://evil.example")}, false, false},
		{"foreign, though marked", gate.Origin{Header: text("https://evil.example"), FetchSite: "same-origin"}, false, false},
		{"null", gate.Origin{Header: text("null"), FetchSite: "same-origin"}, false, false},
		{"empty header", gate.Origin{Header: text(""), FetchSite: "same-origin"}, false, false},
		{"no header, marked", gate.Origin{FetchSite: "same-origin"}, true, true},
		{"no header, same site", gate.Origin{FetchSite: "same-site"}, false, true},
		{"nothing", gate.Origin{}, false, true},
	} {
		for method, want := range map[string]bool{
			"POST": test.change, "DELETE": test.change, "": test.change, "get": test.change, "TRACE": test.change,
			"GET": test.read, "HEAD": test.read, "OPTIONS": test.read,
		} {
			if got := test.origin.MayUseCookies(method, []string{"https://app.example.com"}); got != want {
				t.Errorf("%s, %q: %v", test.name, method, got)
			}
		}
	}
}
