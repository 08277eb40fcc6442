package config_test

import (
	"testing"

	"daemun/shared/config"
)

// Browsers are sent there with a register token in hand: to pages of ours only.
func TestSite_FrontPageIsOfTheFrontEnd(t *testing.T) {
	site := func(allowed ...string) *config.Site {
		return &config.Site{Issuer: config.Issuer{PublicURL: "https://auth.example.com"}, FrontURL: "https://app.example.com/home", AllowedOrigins: allowed}
	}
	for page, ok := range map[string]bool{
		"https://app.example.com":                      true,
		"https://app.example.com/sign-up?step=1":       true,
		"https://app.example.com/%EA%B0%80%EC%9E%85":   true,
		"https://other.example.com/sign-up":            false,
		"https://auth.example.com/":                    false,
		"https://app.example.com.evil.example/sign-up": false,
		"https://app.example.com@evil.example/":        false,
		"https://app.example.com:8443/":                false,
		"http://app.example.com/sign-up":               false,
		"https://app.example.com/#sign-up":             false,
		"https://app.example.com/가입":                   false,
		"https://app.example.com/\r\nSet-Cookie:x=y":   false,
		"//app.example.com/":                           false, "/sign-up": false, "javascript:alert(1)": false, "": false,
	} {
		if err := site().CheckFrontPage(page); (err == nil) != ok {
			t.Errorf("%q: %v", page, err)
		}
	}
	listed := site("https://app.example.com", "https://other.example.com")
	if err := listed.CheckFrontPage("https://other.example.com/sign-up"); err != nil {
		t.Error(err)
	}
}
