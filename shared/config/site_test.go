package config_test

import (
	"slices"
	"strings"
	"testing"

	"daemun/shared/config"
)

// An origin is compared with what browsers send, byte for byte: anything that
// they would write in another way can never match.
func TestSite_PublicURLIsAnOrigin(t *testing.T) {
	for _, good := range []string{
		"https://auth.example.com", "https://auth.example.com:8443", "https://a", "https://xn--vk1b.example", "https://192.0.2.1",
		"https://[2001:db8::1]", "https://a-b.example_c.com", "http://localhost:3000", "http://localhost", "http://127.0.0.1:3000", "http://[::1]:3000", "http://127.8.8.8",
	} {
		s := config.Site{Issuer: config.Issuer{PublicURL: good}, FrontURL: "https://app.example.com"}
		if err := s.Check(); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range append(notOrigins(),
		"https://auth.example.com/", "https://auth.example.com/path", "HTTPS://auth.example.com", "https://auth.example.com?a", "https://auth.example.com#a", "https://auth.example.com?",
	) {
		s := config.Site{Issuer: config.Issuer{PublicURL: bad}, FrontURL: "https://app.example.com"}
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), "PUBLIC_URL") {
			t.Errorf("PUBLIC_URL %q: %v", bad, err)
		}
		s = config.Site{Issuer: config.Issuer{PublicURL: "https://auth.example.com"}, FrontURL: "https://app.example.com", AllowedOrigins: []string{bad}}
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), "ALLOWED_ORIGINS") {
			t.Errorf("ALLOWED_ORIGINS %q: %v", bad, err)
		}
	}
}

// notOrigins are not even a URL on an origin.
func notOrigins() []string {
	return []string{
		"", " ", "*", "null", "auth.example.com", "//auth.example.com", "https://", "https:", "https:auth.example.com", "https:/auth.example.com",
		"http://auth.example.com", "http://192.0.2.1", "http://localhost.example.com", "http://127.0.0.1.example.com", "http://0.0.0.0:3000", "http://127.1:3000",
		"ftp://auth.example.com", "javascript:alert(1)", "file:///",
		"https://Auth.example.com", "https://auth.EXAMPLE.com", "https://user@auth.example.com", "https://user:pass@auth.example.com", "https://@auth.example.com",
		"https://auth.example.com:", "https://auth.example.com:443", "https://auth.example.com:0443", "http://localhost:80", "https://auth.example.com:x", "https://auth.example.com:08443",
		"https://*.example.com", "https://대문.example", "https://auth.example.com,https://b.example", "https://auth example.com", "https://auth.example.com ", " https://auth.example.com",
		"https://auth.example.com\n", "https://auth.example.com\x00", "https://auth%2eexample.com", "https://%EB%8C%80.example", "https://[::1", "https://auth;b.example", "https://auth\\example.com",
	}
}

func TestSite_FrontURLMayHaveAPath(t *testing.T) {
	for front, origin := range map[string]string{
		"https://app.example.com":               "https://app.example.com",
		"https://app.example.com/":              "https://app.example.com",
		"https://app.example.com:8443/a?b=c":    "https://app.example.com:8443",
		"http://localhost:3000/demo":            "http://localhost:3000",
		"http://[::1]:3000/demo":                "http://[::1]:3000",
		"https://app.example.com/https://x.y/z": "https://app.example.com",
	} {
		s := config.Site{Issuer: config.Issuer{PublicURL: "https://auth.example.com"}, FrontURL: front}
		if err := s.Check(); err != nil || s.FrontOrigin() != origin || !slices.Equal(s.Origins(), []string{origin}) {
			t.Errorf("%s: %q, %v, %v", front, s.FrontOrigin(), s.Origins(), err)
		}
	}
	for _, bad := range append(notOrigins(), // the others would spoil every redirect there
		"https://app.example.com/대문", "https://app.example.com/a b", "https://app.example.com/#/home", "https://app.example.com#",
	) {
		s := config.Site{Issuer: config.Issuer{PublicURL: "https://auth.example.com"}, FrontURL: bad}
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), "FRONT_URL") {
			t.Errorf("FRONT_URL %q: %v", bad, err)
		}
	}
}

// What is configured replaces the front end's origin; it is not added to it. So
// a list without it is a mistake: nobody could stay logged in where logins end.
func TestSite_AllowedOriginsAreTakenAsTheyAre(t *testing.T) {
	c, err := load(t, "ALLOWED_ORIGINS=https://a.example,https://app.example.com")
	if err != nil || !slices.Equal(c.Origins(), []string{"https://a.example", "https://app.example.com"}) {
		t.Errorf("%v, %v", c.Origins(), err)
	}
	if _, err := load(t, "ALLOWED_ORIGINS=https://a.example"); err == nil || !strings.Contains(err.Error(), "the origin of FRONT_URL, https://app.example.com, is not among them") {
		t.Errorf("without the front end's: %v", err)
	}
	for _, bad := range []string{"https://a.example, https://app.example.com", "https://app.example.com,", ",", "https://app.example.com;https://b.example", "https://app.example.com/"} {
		if _, err := load(t, "ALLOWED_ORIGINS="+bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestSite_InsecureCookiesOnLoopbackOnly(t *testing.T) {
	for public, want := range map[string]bool{
		"http://localhost:3000": true, "http://127.0.0.1:3000": true, "http://[::1]:3000": true, "https://localhost": true,
		"https://auth.example.com": false, "https://localhost.example.com": false, "https://127.0.0.1.example.com": false, "https://10.0.0.1": false, "": false,
	} {
		s := config.Site{Issuer: config.Issuer{PublicURL: public}, FrontURL: "https://app.example.com", InsecureCookies: true}
		err := s.Check()
		if got := err == nil || !strings.Contains(err.Error(), "INSECURE_COOKIES"); got != want {
			t.Errorf("%s: %v", public, err)
		}
	}
}

func TestIssuer_EmptyPublicURLSaysWhereToFindIt(t *testing.T) {
	var i config.Issuer
	if err := i.Check(); err == nil || !strings.Contains(err.Error(), "stack's output") {
		t.Errorf("got %v", err)
	}
}
