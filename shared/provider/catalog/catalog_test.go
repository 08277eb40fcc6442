package catalog_test

import (
	"strings"
	"testing"

	"github.com/caarlos0/env/v11"

	"daemun/shared/provider"
	"daemun/shared/provider/catalog"
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
	if kakao.DisplayName() != "Kakao" || kakao.Issuer() != "https://kauth.kakao.com" {
		t.Errorf("got %q, %q", kakao.DisplayName(), kakao.Issuer())
	}
	if got := kakao.AuthorizeURL(provider.AuthorizeRequest{}); !strings.HasPrefix(got, "https://look.example/a?client_id=key&") {
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
