package provider_test

import (
	"testing"

	"daemun/shared/fault"
	"daemun/shared/jws"
	"daemun/shared/provider"
	"daemun/shared/provider/providertest"
)

// What one asked for, all have, and not under another issuer's name.
func TestMetadata_OfOneClientIsFetchedOnce(t *testing.T) {
	fake, base := providertest.StartOIDC(t, providertest.Options{SendsIssuer: true})
	c := provider.NewClient(provider.Options{InsecureProviders: true})
	for range 3 {
		got, err := c.Metadata(t.Context(), base)
		want := provider.Metadata{Issuer: base, AuthURL: base + "/authorize", TokenURL: base + "/token", UserinfoURL: base + "/userinfo",
			KeysURL: base + "/keys", SendsIssuer: true}
		if err != nil || got != want {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	if got := fake.Hits(providertest.Discovery); got != 1 {
		t.Errorf("%d requests for metadata, want 1", got)
	}
	if _, err := c.Metadata(t.Context(), base+"/"); fault.CodeOf(err) != fault.BadProviderResponse {
		t.Errorf("another issuer: got %v", err)
	}
}

// JW-04, JW-05: keys outlive the configuration that named them; else every new
// reading of it would ask the provider again.
func TestNewJWKS_OfOneClientIsOne(t *testing.T) {
	c, other := provider.NewClient(provider.Options{}), provider.NewClient(provider.Options{})
	const url = "https://provider.example/keys"
	one := provider.NewJWKS(c, url, jws.RS256)
	if provider.NewJWKS(c, url, jws.RS256) != one {
		t.Error("a second set of keys for one address")
	}
	for name, another := range map[string]*provider.JWKS{
		"address": provider.NewJWKS(c, url+"2", jws.RS256), "algorithm": provider.NewJWKS(c, url, jws.ES256),
		"client": provider.NewJWKS(other, url, jws.RS256),
	} {
		if another == one {
			t.Errorf("the same keys for another %s", name)
		}
	}
}
