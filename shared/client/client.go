// Package client owns the applications that people log in to: their names, and
// the addresses that each may use. It is pure: addresses come from configuration
// only, and package config has checked them.
package client

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// Default is the name of the client that is always there: the front end whose
// logins end in cookies, and everybody who names no client.
const Default = "web"

var name = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)

// IsName reports whether s can be a client's name: up to 32 of a-z, 0-9, - and
// _, a letter first. It is in tokens as it is.
func IsName(s string) bool { return name.MatchString(s) }

// Client is one application.
type Client struct {
	Name string
	// RedirectURIs are where providers send the browser back to after a login that
	// ends in JSON, by provider. There is no such login without one.
	RedirectURIs map[string]string
	// Origins are those of the client's pages. They get the tokens of its logins in
	// JSON; which of them may use our cookies, Registry.CookieOrigins says.
	Origins []string
	// ReturnURLs are where logins that end in cookies may return to, each at one of
	// Origins.
	ReturnURLs []string
}

// AllowsOrigin reports whether a page of the origin may ask in the client's
// name. An app has no origin and says "". So can everybody who is no browser: it
// keeps pages apart, and proves nothing.
func (c *Client) AllowsOrigin(origin string) bool {
	return origin == "" || slices.Contains(c.Origins, origin)
}

// IsAt reports whether the URL is the origin, spelt like that, followed by '/', '?'
// or '#' or by nothing: however a browser reads the rest, it cannot leave that origin.
func IsAt(origin, url string) bool {
	rest, ok := strings.CutPrefix(url, origin)
	return ok && (rest == "" || strings.ContainsRune("/?#", rune(rest[0])))
}

// Registry is all clients.
type Registry []Client

// Find returns the client of the name; an empty name is Default.
func (r Registry) Find(name string) (*Client, bool) {
	i := slices.IndexFunc(r, func(c Client) bool { return c.Name == cmp.Or(name, Default) })
	if i < 0 {
		return nil, false
	}
	return &r[i], true
}

// Origins lists the origins of all clients, each once.
func (r Registry) Origins() []string {
	return r.origins(func(*Client, string) bool { return true })
}

// CookieOrigins lists the origins whose pages may use our cookies, each once:
// Default's, and of another client's those that its logins in cookies return to.
func (r Registry) CookieOrigins() []string {
	return r.origins(func(c *Client, origin string) bool {
		return c.Name == Default || slices.ContainsFunc(c.ReturnURLs, func(url string) bool { return IsAt(origin, url) })
	})
}

func (r Registry) origins(wanted func(c *Client, origin string) bool) []string {
	var all []string
	for _, c := range r {
		for _, origin := range c.Origins {
			if wanted(&c, origin) && !slices.Contains(all, origin) {
				all = append(all, origin)
			}
		}
	}
	return all
}

// ReturnURLs lists the return URLs of all clients.
func (r Registry) ReturnURLs() []string {
	var all []string
	for _, c := range r {
		all = append(all, c.ReturnURLs...)
	}
	return all
}
