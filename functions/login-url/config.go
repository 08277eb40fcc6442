package main

import (
	"errors"
	"fmt"
	"slices"

	"daemun/shared/config"
	"daemun/shared/provider/catalog"
	"daemun/shared/token"
)

// Config is the environment of login-url. Every login begins here, so it is the
// one function that knows the gateway's CORS list, and says what that lacks.
type Config struct {
	config.Site
	TransactionKeys   token.TransactionKeys `env:"TRANSACTION_KEYS,notEmpty"`
	Providers         catalog.Config
	InsecureProviders bool `env:"INSECURE_PROVIDERS"`
	// CORSOrigins are those that the gateway answers; empty: that is not known here.
	CORSOrigins []string `env:"CORS_ORIGINS"`
}

// Check implements config.Checker.
func (c *Config) Check() error {
	err := c.Site.Check()
	if front := c.FrontOrigin(); slices.Contains(c.lackCORS(), front) {
		err = errors.Join(err, errNoCORS(front))
	}
	return err
}

// lackCORS lists the origins whose pages ask us and that the gateway's CORS list
// has not: a browser hides our answers from pages there. Those at PUBLIC_URL itself
// need none. Not checked: what else is on the list, and whether the gateway really
// has it.
func (c *Config) lackCORS() []string {
	if len(c.CORSOrigins) == 0 {
		return nil
	}
	return slices.DeleteFunc(c.Registry().Origins(), func(o string) bool {
		return o == "" || o == c.PublicURL || slices.Contains(c.CORSOrigins, o)
	})
}

func errNoCORS(origin string) error {
	return fmt.Errorf("CORS_ORIGINS: %s is not among them, but pages there ask us", origin)
}
