package main

import (
	"errors"
	"fmt"

	"daemun/shared/config"
	"daemun/shared/flow"
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
	// Registration says what a person without an account gets.
	Registration flow.Policy `env:"REGISTRATION" envDefault:"automatic"`
	// RegisterURL is where browsers go whose person has to register.
	RegisterURL string `env:"REGISTER_URL"`
	Store       store.Config
}

// Check implements config.Checker.
func (c *Config) Check() error {
	return errors.Join(c.Site.Check(), c.Lifetimes.Check(), c.Sessions.Check(), c.checkRegisterURL())
}

func (c *Config) checkRegisterURL() error {
	if c.Registration != flow.Required {
		return nil
	}
	if err := c.CheckFrontPage(c.RegisterURL); err != nil {
		return fmt.Errorf("REGISTER_URL: %w", err)
	}
	return nil
}
