package flow

import (
	"errors"
	"slices"
	"strings"

	"daemun/shared/client"
	"daemun/shared/fault"
)

// ReturnPolicy says where a browser may go after a login.
type ReturnPolicy struct {
	Default       string   // the front end
	DefaultOrigin string   // of Default, as scheme://host[:port]
	Origins       []string // allowed origins
	URLs          []string // allowed URLs, as they are
}

// maxReturnTo keeps five transactions within the 10 KB of headers that API
// Gateway takes.
const maxReturnTo = 512

// Resolve checks where a login wants to return to: nothing (the default), a path
// on the default's origin, a URL of an allowed origin, or an allowed URL, letter
// by letter. What it returns is configured, or at an allowed origin (client.IsAt).
// The fault is invalid_request.
func (p ReturnPolicy) Resolve(returnTo string) (string, error) {
	if returnTo == "" {
		return p.Default, nil
	}
	if err := plain(returnTo); err != nil {
		return "", fault.Newf(fault.InvalidRequest, "return_to: %w", err)
	}
	if strings.HasPrefix(returnTo, "/") {
		if strings.HasPrefix(returnTo, "//") {
			return "", fault.Newf(fault.InvalidRequest, "return_to: names a host without a scheme")
		}
		return p.DefaultOrigin + returnTo, nil
	}
	for _, origin := range p.Origins {
		if client.IsAt(origin, returnTo) {
			return returnTo, nil
		}
	}
	if slices.Contains(p.URLs, returnTo) {
		return returnTo, nil
	}
	return "", fault.Newf(fault.InvalidRequest, "return_to: not on the allow-list")
}

// plain refuses what browsers and servers read differently.
func plain(s string) error {
	if len(s) > maxReturnTo {
		return errors.New("too long")
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == '\\' {
			return errors.New("has a character that must be encoded")
		}
	}
	return nil
}
