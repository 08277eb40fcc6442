package main

import (
	"daemun/shared/config"
	"daemun/shared/provider/catalog"
	"daemun/shared/token"
)

// Config is the environment of login-url.
type Config struct {
	config.Site
	TransactionKeys   token.TransactionKeys `env:"TRANSACTION_KEYS,notEmpty"`
	Providers         catalog.Config
	InsecureProviders bool `env:"INSECURE_PROVIDERS"`
}
