package main

import (
	"errors"

	"daemun/shared/config"
	"daemun/shared/store"
)

// Config is the environment of authorizer-session.
type Config struct {
	config.Authorizer
	config.Lifetimes
	Store store.Config
}

// Check implements config.Checker.
func (c *Config) Check() error { return errors.Join(c.Site.Check(), c.Lifetimes.Check()) }
