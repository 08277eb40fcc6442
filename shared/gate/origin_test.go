package gate_test

import (
	"testing"

	"daemun/shared/gate"
)

// RT-13.
func TestOrigin_IsOwn(t *testing.T) {
	text := func(s string) *string { return &s }
	for _, test := range []struct {
		name   string
		origin gate.Origin
		want   bool
	}{
		{"allowed", gate.Origin{Header: text("https://app.example.com")}, true},
		{"allowed, though fetched across sites", gate.Origin{Header: text("https://app.example.com"), FetchSite: "cross-site"}, true},
		{"foreign", gate.Origin{Header: text("https://evil.example")}, false},
		{"foreign, though marked", gate.Origin{Header: text("https://evil.example"), FetchSite: "same-origin"}, false},
		{"null", gate.Origin{Header: text("null"), FetchSite: "same-origin"}, false},
		{"empty header", gate.Origin{Header: text(""), FetchSite: "same-origin"}, false},
		{"no header, marked", gate.Origin{FetchSite: "same-origin"}, true},
		{"no header, same site", gate.Origin{FetchSite: "same-site"}, false},
		{"nothing", gate.Origin{}, false},
	} {
		if got := test.origin.IsOwn([]string{"https://app.example.com"}); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}
