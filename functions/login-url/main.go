// Command login-url begins logins: it lists the providers, sends browsers to
// them, and tells clients where to. It needs no database.
package main

import (
	"context"

	"daemun/shared/config"
	"daemun/shared/config/ssm"
	"daemun/shared/flow"
	"daemun/shared/lambdahttp"
	"daemun/shared/provider"
	"daemun/shared/provider/catalog"
)

func main() { lambdahttp.Serve(build) }

func build(ctx context.Context, host lambdahttp.Host) (*lambdahttp.Handler, error) {
	var c Config
	if err := config.Load(ctx, host.Environ, &ssm.Resolver{}, &c); err != nil {
		return nil, err
	}
	providers, err := catalog.New(c.Providers, provider.NewClient(provider.Options{InsecureProviders: c.InsecureProviders, Now: host.Now}))
	if err != nil {
		return nil, config.Mistake(err)
	}
	h := &handler{
		providers: providers,
		cookies:   lambdahttp.Cookies{Insecure: c.InsecureCookies},
		login: flow.Login{
			Providers: providers, Clients: c.Registry(), PublicURL: c.PublicURL, Keys: c.TransactionKeys, Now: host.Now, Rand: host.Rand,
			ReturnTo: flow.ReturnPolicy{
				Default: c.FrontURL, DefaultOrigin: c.FrontOrigin(), Origins: c.FrontOrigins(), URLs: c.Registry().ReturnURLs(),
			},
		},
	}
	return &lambdahttp.Handler{Routes: h.routes(), FrontURL: c.FrontURL, Logger: host.Logger}, nil
}
