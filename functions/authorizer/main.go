// Command authorizer is a Lambda authorizer: it guards other APIs with our
// access tokens. It needs public keys only, and per request neither network nor
// table.
package main

import (
	"context"

	"daemun/shared/config"
	"daemun/shared/config/ssm"
	"daemun/shared/gate"
	"daemun/shared/lambdaauth"
)

func main() { lambdaauth.Serve(build) }

func build(ctx context.Context, host lambdaauth.Host) (*lambdaauth.Handler, error) {
	var c Config
	if err := config.Load(ctx, host.Environ, &ssm.Resolver{}, &c); err != nil {
		return nil, err
	}
	return &lambdaauth.Handler{
		Gate:             gate.Gate{Verifier: c.AccessVerifier(c.PublicURL), Now: host.Now},
		Demands:          c.Demands,
		AccessCookie:     c.AccessCookie(),
		Origins:          c.Origins(),
		HTTPUnauthorized: c.HTTPUnauthorized,
		Logger:           host.Logger,
	}, nil
}
