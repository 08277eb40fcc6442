package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"daemun/shared/fault"
)

// Metadata is what an issuer publishes of itself and what we use of it (OpenID
// Connect Discovery 1.0 §3, RFC 9207 §3).
type Metadata struct {
	Issuer      string `json:"issuer"`
	AuthURL     string `json:"authorization_endpoint"`
	TokenURL    string `json:"token_endpoint"`
	UserinfoURL string `json:"userinfo_endpoint"` // empty: there is none
	KeysURL     string `json:"jwks_uri"`
	SendsIssuer Flag   `json:"authorization_response_iss_parameter_supported"`
}

// Metadata returns the metadata of the exact issuer. It is fetched when it is
// first needed and kept for an hour at least, else like keys: see JWKS. Its
// endpoints have been checked like configured ones. They may be on other hosts
// than the issuer: whom the operator trusts to say who somebody is may say where
// to ask. Faults: bad_provider_response, provider_unavailable, provider_timeout.
func (c *Client) Metadata(ctx context.Context, issuer string) (Metadata, error) {
	document := keep(c, "metadata "+issuer, &cached[Metadata]{now: c.now, fetch: func(ctx context.Context) (Metadata, time.Duration, error) {
		return c.fetchMetadata(ctx, issuer)
	}})
	m, _, err := document.get(ctx)
	return m, err
}

func (c *Client) fetchMetadata(ctx context.Context, issuer string) (Metadata, time.Duration, error) {
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
	if err := m.check(c); err != nil {
		return Metadata{}, 0, fault.New(fault.BadProviderResponse, fmt.Errorf("metadata: %w", err))
	}
	return m, max(answer.maxAge(), time.Hour), nil
}

func (m *Metadata) check(c *Client) error {
	mistakes := []error{c.CheckEndpoint("authorization URL", m.AuthURL), c.CheckEndpoint("token URL", m.TokenURL),
		c.CheckEndpoint("JWKS URL", m.KeysURL)}
	if m.UserinfoURL != "" {
		mistakes = append(mistakes, c.CheckEndpoint("userinfo URL", m.UserinfoURL))
	}
	return errors.Join(mistakes...)
}
