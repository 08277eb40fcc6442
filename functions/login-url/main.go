// Command login-url begins logins: it lists the providers, sends browsers to
// them, and tells clients where to. It needs no database.
package main

import (
	"context"
	"log/slog"

	"daemun/shared/config"
	"daemun/shared/config/ssm"
	"daemun/shared/flow"
	"daemun/shared/lambdahttp"
	"daemun/shared/provider"
	"daemun/shared/provider/catalog"
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
		for _, origin := range c.lackCORS() { // never that of FRONT_URL: Check
			host.Logger.ErrorContext(ctx, "cors", slog.String("error", errNoCORS(origin).Error()))
		}
		if client == nil {
			client = provider.NewClient(provider.Options{InsecureProviders: c.InsecureProviders, Now: host.Now})
		}
		return build(host, c, client)
	}
}

func build(host lambdahttp.Host, c Config, client *provider.Client) (*lambdahttp.Handler, error) {
	providers, err := catalog.New(c.Providers, client)
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
