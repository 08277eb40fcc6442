package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"

	"daemun/shared/client"
)

// Issuer says who we are.
type Issuer struct {
	// PublicURL is our own base URL: the issuer, and the base of redirect URIs.
	PublicURL string `env:"PUBLIC_URL"`
}

// Check implements Checker.
func (i *Issuer) Check() error {
	if i.PublicURL == "" {
		return errors.New("PUBLIC_URL is empty: set it to the URL that the stack's output shows, or to your own domain")
	}
	if public, err := origin(i.PublicURL); err != nil || public != i.PublicURL {
		return errors.New("PUBLIC_URL: want an origin such as https://auth.example.com, without path or slash")
	}
	return nil
}

// Site says where we are and where people come from.
type Site struct {
	Issuer
	// FrontURL is where browsers go after a login.
	FrontURL string `env:"FRONT_URL"`
	// AllowedOrigins are the front end's: its pages may send requests with cookies,
	// and logins may return there. Empty means the origin of FrontURL.
	AllowedOrigins []string `env:"ALLOWED_ORIGINS"`
	// Clients are further applications that people log in to; empty: there are none.
	Clients Clients `env:"CLIENTS"`
	// InsecureCookies makes cookies that work on http://localhost.
	InsecureCookies bool `env:"INSECURE_COOKIES"`
}

// Check implements Checker.
func (s *Site) Check() error {
	mistakes := []error{s.Issuer.Check(), s.Clients.checkRedirects(s.PublicURL), checkReturns(s.Registry())}
	if s.InsecureCookies && !isLoopback(s.PublicURL) {
		mistakes = append(mistakes, errors.New("INSECURE_COOKIES: only where PUBLIC_URL is a loopback address"))
	}
	if _, err := origin(s.FrontURL); err != nil {
		mistakes = append(mistakes, fmt.Errorf("FRONT_URL: %w", err))
	} else if !extensible.MatchString(s.FrontURL) {
		mistakes = append(mistakes, errors.New("FRONT_URL: want ASCII, percent-encoded where needed, and no fragment"))
	}
	for _, o := range s.AllowedOrigins {
		if got, err := origin(o); err != nil || got != o {
			mistakes = append(mistakes, fmt.Errorf("ALLOWED_ORIGINS: %q is not an origin such as https://app.example.com", o))
		}
	}
	if own := s.FrontOrigin(); own != "" && !slices.Contains(s.FrontOrigins(), own) {
		mistakes = append(mistakes, fmt.Errorf("ALLOWED_ORIGINS: the origin of FRONT_URL, %s, is not among them", own))
	}
	return errors.Join(mistakes...)
}

// Origins lists the origins that may send requests with cookies: the front end's,
// and those that clients' logins in cookies return to. Call it after Check.
func (s *Site) Origins() []string { return s.Registry().CookieOrigins() }

// FrontOrigins lists the origins of the front end. Call it after Check.
func (s *Site) FrontOrigins() []string {
	if len(s.AllowedOrigins) > 0 {
		return s.AllowedOrigins
	}
	return []string{s.FrontOrigin()}
}

// Registry is all clients, the front end among them. Call it after Check.
func (s *Site) Registry() client.Registry { return s.Clients.registry(s.FrontOrigins()) }

// FrontOrigin is the origin of FrontURL; "" if Check found that it has none.
func (s *Site) FrontOrigin() string {
	o, _ := origin(s.FrontURL) // Check tells
	return o
}

// extensible is a URL that fits a header and takes a query at its end.
var extensible = regexp.MustCompile(`^[!"$-~]+$`)

// host is a host, with or without a port, as browsers write it.
var host = regexp.MustCompile(`^([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[1-9][0-9]*)?$`)

// origin is the origin of an absolute URL as browsers write it (RFC 6454 §6.2).
// It wants https, or http on a loopback address.
func origin(absolute string) (string, error) {
	u, err := url.Parse(absolute)
	if err != nil {
		return "", errors.New("not a URL")
	}
	switch {
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(absolute)):
		return "", errors.New("want https, or http on a loopback address")
	case u.User != nil || !host.MatchString(u.Host):
		return "", errors.New("want a lower-case ASCII host (xn--…) and no user")
	case u.Scheme == "https" && u.Port() == "443", u.Scheme == "http" && u.Port() == "80":
		return "", errors.New("leave the default port out, as browsers do")
	}
	return u.Scheme + "://" + u.Host, nil
}

func isLoopback(absolute string) bool {
	u, err := url.Parse(absolute)
	if err != nil {
		return false
	}
	if u.Hostname() == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(u.Hostname())
	return err == nil && address.IsLoopback()
}
