package provider_test

import (
	"testing"

	"daemun/shared/jws"
	"daemun/shared/provider"
)

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
