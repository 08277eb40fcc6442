package main

import (
	"errors"

	"daemun/shared/config"
	"daemun/shared/registration"
	"daemun/shared/store"
)

// Config is the environment of account.
type Config struct {
	config.Site
	config.Verification
	config.Lifetimes // which sessions are live
	// Form is what people are asked.
	Form  registration.Form `env:"REGISTRATION_FORM" envDefault:"profile"`
	Store store.Config
}

// Check implements config.Checker.
func (c *Config) Check() error { return errors.Join(c.Site.Check(), c.Lifetimes.Check()) }
