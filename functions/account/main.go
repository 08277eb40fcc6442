// Command account tells people who they are to us and where they are logged in,
// takes their answers, and ends the sessions that they do not want.
package main

import (
	"context"

	"daemun/shared/config"
	"daemun/shared/config/ssm"
	"daemun/shared/flow"
	"daemun/shared/gate"
	"daemun/shared/lambdahttp"
	"daemun/shared/store"
)

func main() { lambdahttp.Serve(build) }

func build(ctx context.Context, host lambdahttp.Host) (*lambdahttp.Handler, error) {
	var c Config
	if err := config.Load(ctx, host.Environ, &ssm.Resolver{}, &c); err != nil {
		return nil, err
	}
	db := store.New(c.Store)
	_ = db.Warm(ctx) // opens the connection; whether it worked, the first request will tell
	h := &handler{
		delivery: lambdahttp.Delivery{Cookies: lambdahttp.Cookies{Insecure: c.InsecureCookies}, Origins: c.Origins()},
		gate:     gate.Gate{Verifier: c.AccessVerifier(c.PublicURL), Now: host.Now},
		users:    db,
		sessions: flow.OwnSessions{Users: db, Sessions: db, Rule: c.Rule(), Now: host.Now},
		schema:   c.Form.Schema(),
		profiles: flow.Profiles{Users: db, Form: &c.Form, Now: host.Now},
	}
	return &lambdahttp.Handler{Routes: h.routes(), FrontURL: c.FrontURL, Logger: host.Logger}, nil
}
