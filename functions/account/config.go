package main

import (
	"daemun/shared/config"
	"daemun/shared/store"
)

// Config is the environment of account.
type Config struct {
	config.Site
	config.Verification
	Store store.Config
}
