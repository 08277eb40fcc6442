package main

import (
	"daemun/shared/config"
	"daemun/shared/flow"
	"daemun/shared/registration"
	"daemun/shared/store"
)

// Config is the environment of account.
type Config struct {
	config.Site
	config.Verification
	// Registration says whether people are asked for anything, and Form for what.
	Registration flow.Policy       `env:"REGISTRATION" envDefault:"automatic"`
	Form         registration.Form `env:"REGISTRATION_FORM" envDefault:"profile"`
	Store        store.Config
}
