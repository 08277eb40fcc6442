package config

import "daemun/shared/gate"

// Authorizer is what every authorizer knows and how it answers.
type Authorizer struct {
	Site
	Verification
	// Demands are what routes ask beyond a good token; empty: nothing.
	Demands gate.Demands `env:"AUTHORIZER_DEMANDS"`
	// CookieMode lets browsers present the access token by its cookie, to APIs on
	// our own host, whose verdicts must not be cached.
	CookieMode bool `env:"AUTHORIZER_COOKIE"`
	// HTTPUnauthorized has HTTP APIs answer 401 instead of 403 to a bad token.
	HTTPUnauthorized bool `env:"AUTHORIZER_HTTP_401"`
}

// AccessCookie is the name of the cookie that counts; "" for none.
func (a *Authorizer) AccessCookie() string {
	switch {
	case !a.CookieMode:
		return ""
	case a.InsecureCookies:
		return "daemun-at"
	default:
		return "__Host-daemun-at"
	}
}
