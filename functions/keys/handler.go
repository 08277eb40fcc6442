package main

import (
	"context"
	"fmt"
	"net/http"

	"daemun/shared/lambdahttp"
)

// handler holds both documents ready: they do not change while a process lives.
type handler struct {
	jwks     *lambdahttp.Response
	metadata *lambdahttp.Response
}

// metadata is the part of OpenID Connect Discovery 1.0 §3 by which a gateway or
// a library finds our keys. There is no authorization or token endpoint in it:
// we are an issuer of access tokens, not an OpenID provider.
type metadata struct {
	Issuer     string   `json:"issuer"`
	JWKSURI    string   `json:"jwks_uri"`
	Algorithms []string `json:"id_token_signing_alg_values_supported"`
}

func newHandler(c Config) (*handler, error) {
	keys, err := c.VerificationKeys.JWKS()
	if err != nil {
		return nil, fmt.Errorf("public keys: %w", err)
	}
	about, err := lambdahttp.JSON(http.StatusOK, metadata{
		Issuer: c.PublicURL, JWKSURI: c.PublicURL + "/.well-known/jwks.json", Algorithms: c.VerificationKeys.Algorithms(),
	})
	if err != nil {
		return nil, err
	}
	set, err := lambdahttp.JSON(http.StatusOK, keys)
	if err != nil {
		return nil, err
	}
	return &handler{jwks: cacheable(set), metadata: cacheable(about)}, nil
}

// cacheable lets others keep a document for 5 minutes. A key is published hours
// before it is used, so an old copy does no harm.
func cacheable(response *lambdahttp.Response) *lambdahttp.Response {
	response.Headers["Cache-Control"] = "public, max-age=300"
	return response
}

func (h *handler) routes() []lambdahttp.Route {
	return []lambdahttp.Route{
		{Key: "GET /.well-known/jwks.json", Handle: always(h.jwks)},
		{Key: "GET /.well-known/openid-configuration", Handle: always(h.metadata)},
	}
}

func always(response *lambdahttp.Response) func(context.Context, *lambdahttp.Request) (*lambdahttp.Response, error) {
	return func(context.Context, *lambdahttp.Request) (*lambdahttp.Response, error) { return response, nil }
}
