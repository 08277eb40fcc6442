package catalog_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/caarlos0/env/v11"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/provider"
	"daemun/shared/provider/catalog"
	"daemun/shared/provider/oidc"
)

func parse(t *testing.T, environment map[string]string) catalog.Config {
	t.Helper()
	var config catalog.Config
	if err := env.ParseWithOptions(&config, env.Options{Environment: environment}); err != nil {
		t.Fatal(err)
	}
	return config
}

func TestNew_OffersWhatHasAClientID(t *testing.T) {
	client := provider.NewClient(provider.Options{})
	none, err := catalog.New(parse(t, map[string]string{"KAKAO_CLIENT_SECRET": "s"}), client)
	if err != nil || len(none.All()) != 0 {
		t.Errorf("got %v, %v; want no provider", none.All(), err)
	}
	// The authorization URL needs no secret.
	some, err := catalog.New(parse(t, map[string]string{"KAKAO_CLIENT_ID": "key", "KAKAO_AUTH_URL": "https://look.example/a"}), client)
	if err != nil {
		t.Fatal(err)
	}
	kakao, ok := some.Get("kakao")
	if !ok || len(some.All()) != 1 || some.All()[0] != kakao {
		t.Fatalf("got %v, want kakao alone", some.All())
	}
	if kakao.DisplayName() != "Kakao" || !slices.Equal(kakao.Issuers(), []string{"https://kauth.kakao.com"}) {
		t.Errorf("got %q, %q", kakao.DisplayName(), kakao.Issuers())
	}
	if got, err := kakao.AuthorizeURL(t.Context(), provider.AuthorizeRequest{}); err != nil || !strings.HasPrefix(got, "https://look.example/a?client_id=key&") {
		t.Errorf("got %s", got)
	}
}

// ST-18.
func TestGet_TakesTheExactNameOnly(t *testing.T) {
	all, err := catalog.New(parse(t, map[string]string{"KAKAO_CLIENT_ID": "key"}), provider.NewClient(provider.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "KAKAO", "Kakao", "kakao\x00", " kakao", "..", "__proto__", "ka\u212aao", strings.Repeat("k", 1024)} {
		if p, ok := all.Get(name); ok || p != nil {
			t.Errorf("%q is %v", name, p)
		}
	}
}

func TestNew_SaysWhatIsWrong(t *testing.T) {
	_, err := catalog.New(parse(t, map[string]string{"KAKAO_CLIENT_ID": "key", "KAKAO_TOKEN_URL": "http://a"}), provider.NewClient(provider.Options{}))
	if err == nil || !strings.Contains(err.Error(), "kakao: token URL: ") {
		t.Errorf("got %v", err)
	}
}

func instance(name string) oidc.Config {
	return oidc.Config{Name: name, Issuer: "https://" + name + ".example", ClientID: "key", Scope: "openid", Algorithm: "RS256"}
}

func TestNew_OffersEveryInstanceOfOIDC(t *testing.T) {
	c := parse(t, map[string]string{"GOOGLE_CLIENT_ID": "key"})
	c.OIDC = []oidc.Config{instance("acme"), instance("beta")}
	all, err := catalog.New(c, provider.NewClient(provider.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range all.All() {
		names = append(names, p.Name())
	}
	if got := strings.Join(names, " "); got != "google acme beta" {
		t.Errorf("got %s", got)
	}
}

// An identity is a name and a subject: one name stands for one provider, always.
func TestNew_RefusesNamesThatAreTaken(t *testing.T) {
	for _, names := range [][]string{{"kakao"}, {"google"}, {"acme", "acme"}, {""}, {"../x"}} {
		var c catalog.Config
		for _, name := range names {
			c.OIDC = append(c.OIDC, instance(name))
		}
		if _, err := catalog.New(c, provider.NewClient(provider.Options{})); err == nil {
			t.Errorf("%q are taken", names)
		}
	}
}

// Every provider is configured under its own name, and mistakes of all are told
// at once.
func TestNew_OffersEveryProviderInItsOrder(t *testing.T) {
	names := []string{"kakao", "naver", "google", "apple", "line", "github"}
	good, bad := map[string]string{}, map[string]string{}
	for _, name := range names {
		prefix := strings.ToUpper(name)
		good[prefix+"_CLIENT_ID"], good[prefix+"_AUTH_URL"] = "id-of-"+name, "https://"+name+".example/a"
		bad[prefix+"_CLIENT_ID"], bad[prefix+"_AUTH_URL"] = "id", "http://a"
	}
	client := provider.NewClient(provider.Options{})
	all, err := catalog.New(parse(t, good), client)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range all.All() {
		got = append(got, p.Name())
		target, err := p.AuthorizeURL(t.Context(), provider.AuthorizeRequest{})
		if err != nil || !strings.HasPrefix(target, "https://"+p.Name()+".example/a?client_id=id-of-"+p.Name()+"&") {
			t.Errorf("%s, %v", target, err)
		}
		if formPost := p.Name() == "apple"; provider.FormPost(p) != formPost {
			t.Errorf("%s answers by form_post: %v", p.Name(), !formPost)
		}
	}
	if diff := cmp.Diff(names, got); diff != "" {
		t.Error(diff)
	}
	_, err = catalog.New(parse(t, bad), client)
	for _, name := range names {
		if err == nil || !strings.Contains(err.Error(), name+": authorization URL: ") {
			t.Errorf("%s is not in %v", name, err)
		}
	}
}
