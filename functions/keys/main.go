// Command keys publishes the public keys and the metadata of the issuer, by
// which others check our access tokens.
package main

import (
	"context"

	"daemun/shared/config"
	"daemun/shared/config/ssm"
	"daemun/shared/lambdahttp"
)

func main() { lambdahttp.Serve(build) }

func build(ctx context.Context, host lambdahttp.Host) (*lambdahttp.Handler, error) {
	var c Config
	if err := config.Load(ctx, host.Environ, &ssm.Resolver{}, &c); err != nil {
		return nil, err
	}
	h, err := newHandler(c)
	if err != nil {
		return nil, err
	}
	return &lambdahttp.Handler{Routes: h.routes(), Logger: host.Logger}, nil
}
