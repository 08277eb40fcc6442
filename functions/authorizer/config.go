package main

import "daemun/shared/config"

// Config is the environment of authorizer.
type Config struct{ config.Authorizer }
