package main

import (
	"daemun/shared/config"
	"daemun/shared/token"
)

// Config is the environment of keys.
type Config struct {
	config.Issuer
	VerificationKeys token.VerificationKeys `env:"VERIFICATION_KEYS,notEmpty"`
}
