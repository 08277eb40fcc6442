package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/client"
	"daemun/shared/config"
)

// siteWith is a site with clients.
func siteWith(t *testing.T, clients string) (config.Site, error) {
	t.Helper()
	s := config.Site{Issuer: config.Issuer{PublicURL: "https://auth.example.com"}, FrontURL: "https://app.example.com/home"}
	if err := s.Clients.UnmarshalText([]byte(clients)); err != nil {
		return s, err
	}
	return s, s.Check()
}

func TestClients_AreTheFrontEndAndTheConfigured(t *testing.T) {
	s, err := siteWith(t, `{
		"shop": {"redirect_uris": {"kakao": "https://shop.example.com/login?by=kakao", "naver": "http://127.0.0.1:5173/naver"},
			"allowed_origins": ["https://shop.example.com", "http://127.0.0.1:5173"], "return_urls": ["https://shop.example.com"]},
		"app": {"redirect_uris": {"kakao": "https://links.example.com/kakao"}},
		"web": {"redirect_uris": {"kakao": "https://app.example.com/kakao"}, "allowed_origins": ["https://beta.example.com"],
			"return_urls": ["https://app.example.com/a", "https://beta.example.com"]}}`)
	if err != nil {
		t.Fatal(err)
	}
	want := client.Registry{
		{Name: "web", RedirectURIs: map[string]string{"kakao": "https://app.example.com/kakao"},
			Origins: []string{"https://app.example.com", "https://beta.example.com"}, ReturnURLs: []string{"https://app.example.com/a", "https://beta.example.com"}},
		{Name: "app", RedirectURIs: map[string]string{"kakao": "https://links.example.com/kakao"}},
		{Name: "shop", RedirectURIs: map[string]string{"kakao": "https://shop.example.com/login?by=kakao", "naver": "http://127.0.0.1:5173/naver"},
			Origins: []string{"https://shop.example.com", "http://127.0.0.1:5173"}, ReturnURLs: []string{"https://shop.example.com"}},
	}
	if d := cmp.Diff(want, s.Registry()); d != "" {
		t.Error(d)
	}
	// RT-13: to one of the shop's origins a login in cookies may return.
	if d := cmp.Diff([]string{"https://app.example.com", "https://beta.example.com", "https://shop.example.com"}, s.Origins()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"https://app.example.com"}, s.FrontOrigins()); d != "" {
		t.Error(d)
	}
}

// RT-13, ST-10: without somewhere to return to, pages have to do with JSON alone.
func TestClients_ForJSONAloneUseNoCookies(t *testing.T) {
	s, err := siteWith(t, `{"spa": {"redirect_uris": {"kakao": "https://spa.example.com/login"}, "allowed_origins": ["https://spa.example.com"]}}`)
	if err != nil {
		t.Fatal(err)
	}
	for _, origins := range [][]string{s.Origins(), s.FrontOrigins()} {
		if d := cmp.Diff([]string{"https://app.example.com"}, origins); d != "" {
			t.Error(d)
		}
	}
	if spa, ok := s.Registry().Find("spa"); !ok || !spa.AllowsOrigin("https://spa.example.com") {
		t.Error("its own pages may not ask in its name")
	}
}

// Without any, all is as it is for the front end alone.
func TestClients_None(t *testing.T) {
	for _, none := range []string{"{}", "null"} {
		s, err := siteWith(t, none)
		if d := cmp.Diff(client.Registry{{Name: "web", Origins: []string{"https://app.example.com"}}}, s.Registry()); err != nil || d != "" {
			t.Errorf("%s: %v %s", none, err, d)
		}
	}
}

func TestClients_RefusesBadOnes(t *testing.T) {
	redirect := func(uri string) string { return `{"shop":{"redirect_uris":{"kakao":"` + uri + `"}}}` }
	for _, bad := range []string{
		"", "shop", "[]", `{"shop":[]}`, `{"shop":{},"shop":{}}`, `{"shop":{"client_secret":"x"}}`, `{"shop":{"redirect_uris":["https://a.example"]}}`,
		`{"":{}}`, `{"Shop":{}}`, `{"a shop":{}}`, `{"1":{}}`, `{"` + strings.Repeat("a", 33) + `":{}}`,
		redirect(""), redirect("/login"), redirect("http://shop.example.com/login"), redirect("com.example.shop:/login"), redirect("javascript:alert(1)"),
		redirect("https://shop.example.com/login#a"), redirect("https://user@shop.example.com/"), redirect("https://*.example.com/"),
		redirect("https://shop.example.com/로그인"), redirect(`https://shop.example.com/\\a`), redirect("https://shop.example.com/a b"),
		redirect("https://shop.example.com/" + strings.Repeat("a", 500)),
		redirect("https://auth.example.com/auth/kakao/callback"), redirect("https://auth.example.com/auth/"),
		`{"shop":{"redirect_uris":{"Kakao":"https://shop.example.com/"}}}`, `{"shop":{"redirect_uris":{"my_idp":"https://shop.example.com/"}}}`,
		`{"shop":{"redirect_uris":{"kakao":"https://shop.example.com/login","naver":"https://shop.example.com/login"}}}`,
		`{"shop":{"allowed_origins":["*"]}}`, `{"shop":{"allowed_origins":["https://shop.example.com/"]}}`, `{"shop":{"allowed_origins":["null"]}}`,
		`{"shop":{"return_urls":["/welcome"]}}`, `{"shop":{"return_urls":["https://shop.example.com/#a"]}}`,
		`{"shop":{"return_urls":["https://shop.example.com/a"]}}`, `{"web":{"return_urls":["https://shop.example.com/a"]}}`,
		`{"shop":{"allowed_origins":["https://shop.example.com"],"return_urls":["https://shop.example.com.evil.example/"]}}`,
	} {
		if _, err := siteWith(t, bad); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

func TestClients_TellsEveryMistakeAtOnce(t *testing.T) {
	_, err := siteWith(t, `{"Shop":{"redirect_uris":{"kakao":"x","naver":"x"},"allowed_origins":["*"],"return_urls":["y"]},"app":{"allowed_origins":["z"]}}`)
	for _, want := range []string{`"Shop" is no client name`, "redirect_uris: kakao", "redirect_uris: naver has that of kakao", `allowed_origins: "*"`, `return_urls: "y"`, `"app": allowed_origins: "z"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
}
