// Command authorizer-session is the authorizer for APIs in which an ended
// session must not pass for as long as its access token: it reads the session,
// one consistent read for each good token.
package main

import (
	"context"

	"daemun/shared/config"
	"daemun/shared/config/ssm"
	"daemun/shared/gate"
	"daemun/shared/lambdaauth"
	"daemun/shared/store"
)

func main() { lambdaauth.Serve(build) }

func build(ctx context.Context, host lambdaauth.Host) (*lambdaauth.Handler, error) {
	var c Config
	if err := config.Load(ctx, host.Environ, &ssm.Resolver{}, &c); err != nil {
		return nil, err
	}
	db := store.NewImpatient(c.Store)
	_ = db.Warm(ctx) // opens the connection; whether it worked, the first event will tell
	return &lambdaauth.Handler{
		Gate:             gate.Gate{Verifier: c.AccessVerifier(c.PublicURL), Now: host.Now},
		Sessions:         db,
		Rule:             c.Rule(),
		Demands:          c.Demands,
		AccessCookie:     c.AccessCookie(),
		Origins:          c.Origins(),
		HTTPUnauthorized: c.HTTPUnauthorized,
		Logger:           host.Logger,
	}, nil
}
