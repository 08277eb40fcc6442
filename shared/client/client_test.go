package client_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/client"
)

var registry = client.Registry{
	{Name: client.Default, Origins: []string{"https://app.example.com"}},
	{Name: "shop", Origins: []string{"https://shop.example.com", "https://help.example.com", "https://app.example.com"},
		ReturnURLs: []string{"https://shop.example.com/a", "https://help.example.com.evil.example/", "https://help.example.com:8443", "http://help.example.com"}},
	{Name: "spa", Origins: []string{"https://spa.example.com", "https://app.example.com"}},
}

func TestFind(t *testing.T) {
	for name, want := range map[string]string{"": "web", "web": "web", "shop": "shop"} {
		if c, ok := registry.Find(name); !ok || c.Name != want {
			t.Errorf("%q: %v, %v", name, c, ok)
		}
	}
	for _, name := range []string{"Shop", "shop ", "x"} {
		if c, ok := registry.Find(name); ok {
			t.Errorf("%q: %v", name, c)
		}
	}
}

func TestRegistry_ListsWhatAllClientsMayUse(t *testing.T) {
	if d := cmp.Diff([]string{"https://app.example.com", "https://shop.example.com", "https://help.example.com", "https://spa.example.com"}, registry.Origins()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(registry[1].ReturnURLs, registry.ReturnURLs()); d != "" {
		t.Error(d)
	}
}

// RT-13: pages that no login in cookies returns to have no business with cookies,
// unless another client has the same pages: neither those of a client whose logins
// all end in JSON, nor the other pages of one that has return URLs.
func TestRegistry_CookiesAreForOriginsThatLoginsReturnTo(t *testing.T) {
	if d := cmp.Diff([]string{"https://app.example.com", "https://shop.example.com"}, registry.CookieOrigins()); d != "" {
		t.Error(d)
	}
}

func TestIsAt(t *testing.T) {
	for url, want := range map[string]bool{
		"https://a.example": true, "https://a.example/": true, "https://a.example?b": true, "https://a.example#b": true, "https://a.example/b": true,
		"": false, "https://a.exampl": false, "https://a.example.evil.example/": false, "https://a.example:444/": false, "https://a.example@evil.example/": false,
		"HTTPS://a.example/": false, `https://a.example\`: false, "http://a.example/": false,
	} {
		if got := client.IsAt("https://a.example", url); got != want {
			t.Errorf("%q: %v", url, got)
		}
	}
}

// An app has no origin; a page has exactly one of its client's.
func TestAllowsOrigin(t *testing.T) {
	shop, _ := registry.Find("shop")
	for origin, want := range map[string]bool{
		"": true, "https://shop.example.com": true, "https://shop.example.com/": false, "HTTPS://shop.example.com": false,
		"null": false, "https://evil.example": false, "https://shop.example.com,https://evil.example": false,
	} {
		if got := shop.AllowsOrigin(origin); got != want {
			t.Errorf("%q: %v", origin, got)
		}
	}
}
