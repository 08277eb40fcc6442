package main

import (
	"errors"

	"daemun/shared/config"
	"daemun/shared/store"
)

// Config is the environment of account.
type Config struct {
	config.Site
	config.Verification
	config.Lifetimes // which sessions are live
	Store            store.Config
}

// Check implements config.Checker.
func (c *Config) Check() error { return errors.Join(c.Site.Check(), c.Lifetimes.Check()) }
