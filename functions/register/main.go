// Command register makes the accounts of people who logged in and were asked for
// more first.
package main

import (
	"context"

	"daemun/shared/config"
	"daemun/shared/config/kms"
	"daemun/shared/config/ssm"
	"daemun/shared/flow"
	"daemun/shared/lambdahttp"
	"daemun/shared/store"
	"daemun/shared/token"
)

func main() { lambdahttp.Serve(build) }

func build(ctx context.Context, host lambdahttp.Host) (*lambdahttp.Handler, error) {
	var c Config
	if err := config.Load(ctx, host.Environ, &ssm.Resolver{}, &c); err != nil {
		return nil, err
	}
	if err := c.SigningKeys.Connect(kms.NewSigner); err != nil {
		return nil, config.Mistake(err)
	}
	db := store.New(c.Store)
	_ = db.Warm(ctx) // opens the connection; whether it worked, the first request will tell
	h := &handler{
		delivery: lambdahttp.Delivery{Cookies: lambdahttp.Cookies{Insecure: c.InsecureCookies}, Origins: c.Origins()},
		schema:   c.Form.Schema(), frontURL: c.FrontURL,
		registration: flow.Registration{
			Policy: c.Registration, Clients: c.Registry(), Form: &c.Form, Users: db, Now: host.Now, Rand: host.Rand,
			Tokens: token.RegisterVerifier{Issuer: c.PublicURL, Keys: c.SigningKeys.VerificationKeys()},
			Issuer: flow.Issuer{Access: c.AccessIssuer(c.PublicURL, host.Rand), Refresh: c.RefreshKeys, Rule: c.Rule(), Rand: host.Rand},
		},
	}
	return &lambdahttp.Handler{Routes: h.routes(), FrontURL: c.FrontURL, Logger: host.Logger}, nil
}
