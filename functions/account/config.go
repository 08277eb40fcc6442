package main

import (
	"errors"

	"daemun/shared/config"
	"daemun/shared/flow"
	"daemun/shared/registration"
	"daemun/shared/store"
)

// Config is the environment of account.
type Config struct {
	config.Site
	config.Verification
	config.Lifetimes // which sessions are live
	// Registration says whether people are asked for anything, and Form for what.
	Registration flow.Policy       `env:"REGISTRATION" envDefault:"automatic"`
	Form         registration.Form `env:"REGISTRATION_FORM" envDefault:"profile"`
	Store        store.Config
}

// Check implements config.Checker.
func (c *Config) Check() error { return errors.Join(c.Site.Check(), c.Lifetimes.Check()) }
