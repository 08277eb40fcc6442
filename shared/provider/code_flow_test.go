package provider

import (
	"testing"

	"daemun/shared/fault"
)

// A mistake of ours, found before the code is spent.
func TestRedeemClaims_NeedsKeys(t *testing.T) {
	f, err := NewCodeFlow(Parts{Name: "acme", OAuth2: OAuth2{
		Client: NewClient(Options{}), ClientID: "id", AuthURL: "https://p.example/authorize", TokenURL: "https://p.example/token",
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.RedeemClaims(t.Context(), Authorization{Code: "code"}); fault.CodeOf(err) != fault.Internal {
		t.Errorf("got %v", err)
	}
}

func TestExtend_KeepsTheQuery(t *testing.T) {
	for _, c := range [][3]string{
		{"https://p/me", "", "https://p/me"},
		{"https://p/me", "/emails", "https://p/me/emails"},
		{"https://p/me", "?a=b", "https://p/me?a=b"},
		{"https://p/me?x=y", "", "https://p/me?x=y"},
		{"https://p/me?x=y", "/emails", "https://p/me/emails?x=y"},
		{"https://p/me?x=y", "?a=b", "https://p/me?x=y&a=b"},
		{"https://p/me?", "/emails?a=b", "https://p/me/emails?a=b"},
	} {
		if got := extend(c[0], c[1]); got != c[2] {
			t.Errorf("%s and %s: %s", c[0], c[1], got)
		}
	}
}
