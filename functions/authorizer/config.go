package main

import (
	"daemun/shared/config"
	"daemun/shared/gate"
)

// Config is the environment of authorizer.
type Config struct {
	config.Site
	config.Verification
	// Demands are what routes ask beyond a good token; empty: nothing.
	Demands gate.Demands `env:"AUTHORIZER_DEMANDS"`
	// CookieMode lets browsers present the access token by its cookie, to APIs on
	// our own host, whose verdicts must not be cached.
	CookieMode bool `env:"AUTHORIZER_COOKIE"`
	// HTTPUnauthorized has HTTP APIs answer 401 instead of 403 to a bad token.
	HTTPUnauthorized bool `env:"AUTHORIZER_HTTP_401"`
}

func (c *Config) accessCookie() string {
	switch {
	case !c.CookieMode:
		return ""
	case c.InsecureCookies:
		return "daemun-at"
	default:
		return "__Host-daemun-at"
	}
}
