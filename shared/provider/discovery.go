package provider

import (
	"context"
	"fmt"
	"strings"
	"time"

	"daemun/shared/fault"
)

// Metadata is what an issuer publishes of itself and what we use of it (OpenID
// Connect Discovery 1.0 §3).
type Metadata struct {
	Issuer      string `json:"issuer"`
	AuthURL     string `json:"authorization_endpoint"`
	TokenURL    string `json:"token_endpoint"`
	UserinfoURL string `json:"userinfo_endpoint"` // empty: there is none
	KeysURL     string `json:"jwks_uri"`
}

// Discovered is an OIDC whose endpoints its issuer publishes. They are fetched
// when they are first needed and kept for an hour at least, else like keys: see
// JWKS.
type Discovered struct{ oidc cached[*OIDC] }

// Discover makes a Discovered. build makes the OIDC of the metadata, which must
// have the exact issuer; its endpoints are checked like configured ones. They
// may be on other hosts than the issuer: whom the operator trusts to say who
// somebody is may say where to ask. Discover makes no network request.
func Discover(c *Client, issuer string, build func(Metadata) *OIDC) *Discovered {
	var last Metadata
	var oidc *OIDC
	return &Discovered{cached[*OIDC]{now: c.now, fetch: func(ctx context.Context) (*OIDC, time.Duration, error) {
		m, age, err := c.getMetadata(ctx, issuer)
		switch {
		case err != nil:
			return nil, 0, err
		case m == last:
			return oidc, age, nil // with the keys that it has by now
		}
		o := build(m)
		if err := o.Check(); err != nil {
			return nil, 0, fault.New(fault.BadProviderResponse, fmt.Errorf("metadata: %w", err))
		}
		last, oidc = m, o
		return o, age, nil
	}}}
}

// Get returns the OIDC. Faults: bad_provider_response, provider_unavailable,
// provider_timeout.
func (d *Discovered) Get(ctx context.Context) (*OIDC, error) {
	o, _, err := d.oidc.get(ctx)
	return o, err
}

func (c *Client) getMetadata(ctx context.Context, issuer string) (Metadata, time.Duration, error) {
	answer, err := c.getPublic(ctx, "metadata", strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration")
	if err != nil {
		return Metadata{}, 0, err
	}
	var m Metadata
	if err := answer.decode(&m); err != nil {
		return Metadata{}, 0, err
	}
	if m.Issuer != issuer { // else one issuer could speak for another (§4.3)
		return Metadata{}, 0, fault.Newf(fault.BadProviderResponse, "metadata: %w", ErrIssuer)
	}
	return m, max(answer.maxAge(), time.Hour), nil
}
