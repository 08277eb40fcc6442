package main

import (
	"errors"

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
	if len(c.CORSOrigins) > 0 {
		err = errors.Join(err, c.CheckCORS(c.CORSOrigins))
	}
	return err
}
