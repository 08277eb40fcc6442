package main

import (
	"daemun/shared/config"
	"daemun/shared/store"
	"daemun/shared/token"
)

// Config is the environment of logout.
type Config struct {
	config.Site
	config.Verification
	RefreshKeys token.RefreshKeys `env:"REFRESH_KEYS,notEmpty"`
	Store       store.Config
}
