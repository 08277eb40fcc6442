// Command callback ends logins: it takes the provider's answer from the browser
// or the client, and gives it a session.
package main

import (
	"context"

	"daemun/shared/config"
	"daemun/shared/config/kms"
	"daemun/shared/config/ssm"
	"daemun/shared/flow"
	"daemun/shared/lambdahttp"
	"daemun/shared/provider"
	"daemun/shared/provider/catalog"
	"daemun/shared/store"
	"daemun/shared/token"
)

func main() { lambdahttp.Serve(builder()) }

// builder keeps one client for providers, and with it what they have published,
// for the life of the process: a handler is built anew every quarter of an hour.
func builder() lambdahttp.Build {
	var client *provider.Client
	return func(ctx context.Context, host lambdahttp.Host) (*lambdahttp.Handler, error) {
		var c Config
		if err := config.Load(ctx, host.Environ, &ssm.Resolver{}, &c); err != nil {
			return nil, err
		}
		if client == nil {
			client = provider.NewClient(provider.Options{InsecureProviders: c.InsecureProviders, Now: host.Now})
		}
		return build(ctx, host, c, client)
	}
}

func build(ctx context.Context, host lambdahttp.Host, c Config, client *provider.Client) (*lambdahttp.Handler, error) {
	if err := c.SigningKeys.Connect(kms.NewSigner); err != nil {
		return nil, config.Mistake(err)
	}
	providers, err := catalog.New(c.Providers, client)
	if err != nil {
		return nil, config.Mistake(err)
	}
	db := store.New(c.Store)
	_ = db.Warm(ctx) // opens the connection; whether it worked, the first request will tell
	h := &handler{registerURL: c.RegisterURL, delivery: lambdahttp.Delivery{Cookies: lambdahttp.Cookies{Insecure: c.InsecureCookies}, Origins: c.Origins()}, completion: flow.Completion{
		Providers: providers, Clients: c.Registry(), PublicURL: c.PublicURL, Transactions: c.TransactionKeys,
		OneTime: db, Users: db, Sessions: db, SessionLimit: c.Sessions.Limit, Now: host.Now, Rand: host.Rand,
		Issuer:       flow.Issuer{Access: c.AccessIssuer(c.PublicURL, host.Rand), Refresh: c.RefreshKeys, Rule: c.Rule(), Rand: host.Rand},
		Registration: c.Registration, Register: token.RegisterIssuer{Issuer: c.PublicURL, Key: c.SigningKeys, Rand: host.Rand},
	}}
	return &lambdahttp.Handler{Routes: h.routes(), FrontURL: c.FrontURL, Logger: host.Logger}, nil
}
