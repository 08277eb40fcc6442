package provider_test

import (
	"strings"
	"testing"

	"daemun/shared/provider"
)

// CB-10, RG-09.
func TestPicture_DropsWhatABrowserShouldNotLoad(t *testing.T) {
	long := "https://a.example/" + strings.Repeat("p", 2048-len("https://a.example/"))
	for raw, keep := range map[string]bool{
		"https://k.kakaocdn.net/a.jpg?x=y": true,
		long:                               true,
		long + "p":                         false,
		"":                                 false,
		"http://a.example/p":               false,
		"http://169.254.169.254/":          false,
		"https://user@a.example/p":         false,
		"https://u:p@a.example/p":          false,
		"https:///p":                       false,
		"https:opaque":                     false,
		"//a.example/p":                    false,
		"javascript:alert(1)":              false,
		"data:image/png;base64,AA==":       false,
		"https://a.example/\r\nX: y":       false,
		"https://a.example/%zz":            false,
	} {
		want := ""
		if keep {
			want = raw
		}
		if got := provider.Picture(raw); got != want {
			t.Errorf("%.60q: got %.60q", raw, got)
		}
	}
}

func TestNickname_IsKeptWholeOrDropped(t *testing.T) {
	family := "👨‍👩‍👧‍👦"
	for nickname, keep := range map[string]bool{
		"김대문":                      true,
		family:                     true,
		strings.Repeat(family, 40): true,
		strings.Repeat(family, 41): false,
		strings.Repeat("x", 1024):  true,
		strings.Repeat("x", 1025):  false,
		"<script>":                 true, // escaping is for whoever shows it
		"a\nb":                     false,
		"a\x00b":                   false,
		"a\u0085b":                 false,
		"\x1b[31m":                 false,
	} {
		want := ""
		if keep {
			want = nickname
		}
		if got := provider.Nickname(nickname); got != want {
			t.Errorf("%.40q: got %.40q", nickname, got)
		}
	}
}

func TestEmail_IsKeptWholeOrDropped(t *testing.T) {
	for email, keep := range map[string]bool{
		"a@example.com":                    true,
		"대문@example.com":                   true,
		strings.Repeat("a", 252) + "@b":    true,
		strings.Repeat("a", 253) + "@b":    false,
		"nobody":                           false,
		"a@example.com\r\nBcc: b@evil.tld": false,
	} {
		want := ""
		if keep {
			want = email
		}
		if got := provider.Email(email); got != want {
			t.Errorf("%.40q: got %.40q", email, got)
		}
	}
}

// An issuer has no query; an endpoint may have one.
func TestCheckIssuer_HasNoQuery(t *testing.T) {
	c := provider.NewClient(provider.Options{})
	for raw, want := range map[string]bool{
		"https://p.example": true, "https://p.example/a/": true, "https://p.example/?": false, "https://p.example?a=b": false, "http://p.example": false,
	} {
		if err := c.CheckIssuer(raw); (err == nil) != want {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func TestCheckEndpoint_TakesHTTPSAlone(t *testing.T) {
	strict := provider.NewClient(provider.Options{})
	insecure := provider.NewClient(provider.Options{InsecureProviders: true})
	for raw, want := range map[string][2]bool{ // strict, insecure
		"https://p.example/token":   {true, true},
		"http://127.0.0.1:4000/t":   {false, true},
		"":                          {false, false},
		"p.example/token":           {false, false},
		"/token":                    {false, false},
		"file:///etc/passwd":        {false, false},
		"gopher://p.example/":       {false, false},
		"https://u:p@p.example/":    {false, false},
		"https://p.example/?a=b":    {true, true},
		"https://p.example/#f":      {false, false},
		"https://p.example/\x00":    {false, false},
		"https://p.example:x/token": {false, false},
	} {
		got := [2]bool{strict.CheckEndpoint("URL", raw) == nil, insecure.CheckEndpoint("URL", raw) == nil}
		if got != want {
			t.Errorf("%q: got %v, want %v", raw, got, want)
		}
	}
}
