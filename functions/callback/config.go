package main

import (
	"errors"

	"daemun/shared/config"
	"daemun/shared/provider/catalog"
	"daemun/shared/store"
	"daemun/shared/token"
)

// Config is the environment of callback.
type Config struct {
	config.Site
	config.Signing
	TransactionKeys   token.TransactionKeys `env:"TRANSACTION_KEYS,notEmpty"`
	Providers         catalog.Config
	InsecureProviders bool `env:"INSECURE_PROVIDERS"`
	Sessions          config.Sessions
	Store             store.Config
}

// Check implements config.Checker.
func (c *Config) Check() error {
	return errors.Join(c.Site.Check(), c.Lifetimes.Check(), c.Sessions.Check())
}
