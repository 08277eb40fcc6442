package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/config"
	"daemun/shared/secret"
)

type instances struct {
	OIDC []struct {
		Name   string        `env:"NAME"`
		Issuer string        `env:"ISSUER"`
		Secret secret.String `env:"CLIENT_SECRET"`
		Scope  string        `env:"SCOPE" envDefault:"openid"`
	} `envPrefix:"OIDC_"`
}

func (*instances) Check() error { return nil }

func TestLoad_InstancesHaveTheirNamesInTheirVariables(t *testing.T) {
	var c instances
	r := &resolver{values: map[string]string{"/d/acme": "the secret"}}
	err := config.Load(t.Context(), []string{
		"OIDC_PROVIDERS=acme,beta-corp", "OIDC_ACME_ISSUER=https://acme.example", "OIDC_ACME_CLIENT_SECRET=ssm:/d/acme",
		"OIDC_BETA_CORP_ISSUER=https://beta.example", "OIDC_BETA_CORP_SCOPE=openid email", "OIDC_ACME_SCOPE=", "OIDC_GAMMA_ISSUER=https://gamma.example",
	}, r, &c)
	if err != nil || len(c.OIDC) != 2 {
		t.Fatalf("%d instances, %v", len(c.OIDC), err)
	}
	got := []string{
		c.OIDC[0].Name, c.OIDC[0].Issuer, c.OIDC[0].Secret.Reveal(), c.OIDC[0].Scope,
		c.OIDC[1].Name, c.OIDC[1].Issuer, c.OIDC[1].Secret.Reveal(), c.OIDC[1].Scope,
	}
	want := []string{"acme", "https://acme.example", "the secret", "openid", "beta-corp", "https://beta.example", "", "openid email"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// An instance of which nothing but the name is set is there, to be complained of.
func TestLoad_InstanceWithoutVariablesIsThere(t *testing.T) {
	for names, want := range map[string]int{"": 0, "acme": 1, "acme,beta": 2, "acme,": 2} {
		var c instances
		if err := config.Load(t.Context(), []string{"OIDC_PROVIDERS=" + names}, &resolver{}, &c); err != nil || len(c.OIDC) != want {
			t.Errorf("%q: %d instances, %v", names, len(c.OIDC), err)
		}
	}
}
