package main

import (
	"errors"

	"daemun/shared/config"
	"daemun/shared/flow"
	"daemun/shared/registration"
	"daemun/shared/store"
)

// Config is the environment of register.
type Config struct {
	config.Site
	config.Signing
	// Registration says whether people without an account register, and Form what
	// they are asked then.
	Registration flow.Policy       `env:"REGISTRATION" envDefault:"automatic"`
	Form         registration.Form `env:"REGISTRATION_FORM" envDefault:"profile"`
	Store        store.Config
}

// Check implements config.Checker.
func (c *Config) Check() error { return errors.Join(c.Site.Check(), c.Lifetimes.Check()) }
