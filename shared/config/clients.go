package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"daemun/shared/client"
	"daemun/shared/user"
)

// Clients are the clients beside the front end, as a JSON object by their names:
//
//	{"shop": {
//	  "redirect_uris": {"kakao": "https://shop.example.com/login/kakao"},
//	  "allowed_origins": ["https://shop.example.com"],
//	  "return_urls": ["https://shop.example.com/welcome"]
//	}}
//
// The name "web" adds to what the front end may use. Not checked: whether there
// is such a provider.
type Clients struct{ byName map[string]clientJSON }

type clientJSON struct {
	RedirectURIs   map[string]string `json:"redirect_uris"`
	AllowedOrigins []string          `json:"allowed_origins"`
	ReturnURLs     []string          `json:"return_urls"`
}

// maxClientURL bounds a client's URL in bytes: redirect URIs travel in URLs, and
// return URLs in transactions.
const maxClientURL = 512

// UnmarshalText reads clients from JSON, and reports every mistake in them.
func (c *Clients) UnmarshalText(text []byte) error {
	if err := json.Unmarshal(text, &c.byName, json.RejectUnknownMembers(true)); err != nil {
		return fmt.Errorf("want clients by their names: %w", err)
	}
	var mistakes []error
	for _, name := range slices.Sorted(maps.Keys(c.byName)) {
		if !client.IsName(name) {
			mistakes = append(mistakes, fmt.Errorf("%.80q is no client name: want up to 32 of a-z, 0-9, - and _, a letter first", name))
		}
		for _, mistake := range c.byName[name].mistakes() {
			mistakes = append(mistakes, fmt.Errorf("%.80q: %w", name, mistake))
		}
	}
	return errors.Join(mistakes...)
}

func (c clientJSON) mistakes() []error {
	var all []error
	usedBy := map[string]string{}
	for _, provider := range slices.Sorted(maps.Keys(c.RedirectURIs)) {
		uri := c.RedirectURIs[provider]
		if !user.IsProviderName(provider) {
			all = append(all, fmt.Errorf("redirect_uris: %.80q is no provider's name", provider))
		}
		if err := pageURL(uri); err != nil {
			all = append(all, fmt.Errorf("redirect_uris: %s: %w", provider, err))
		}
		if other, twice := usedBy[uri]; twice {
			// By the address the client knows whose answer it holds (RFC 9700 §4.4.2.2).
			all = append(all, fmt.Errorf("redirect_uris: %s has that of %s: each provider needs its own", provider, other))
		}
		usedBy[uri] = provider
	}
	for _, o := range c.AllowedOrigins {
		if got, err := origin(o); err != nil || got != o {
			all = append(all, fmt.Errorf("allowed_origins: %q is not an origin such as https://app.example.com", o))
		}
	}
	for _, u := range c.ReturnURLs {
		if err := pageURL(u); err != nil {
			all = append(all, fmt.Errorf("return_urls: %q: %w", u, err))
		}
	}
	return all
}

// pageURL checks the address of a client's page.
func pageURL(absolute string) error {
	if _, err := origin(absolute); err != nil {
		return err
	}
	if !extensible.MatchString(absolute) || strings.Contains(absolute, `\`) || len(absolute) > maxClientURL {
		return fmt.Errorf("want up to %d characters of ASCII, percent-encoded where needed, and no fragment", maxClientURL)
	}
	return nil
}

// checkRedirects refuses redirect URIs at our own callbacks: a code that comes
// there without a cookie is of no use.
func (c *Clients) checkRedirects(publicURL string) error {
	var mistakes []error
	for _, name := range slices.Sorted(maps.Keys(c.byName)) {
		for provider, uri := range c.byName[name].RedirectURIs {
			if strings.HasPrefix(uri, publicURL+"/auth/") {
				mistakes = append(mistakes, fmt.Errorf("CLIENTS: %q: redirect_uris: %s is at our own address: want a page of the client's", name, provider))
			}
		}
	}
	return errors.Join(mistakes...)
}

// checkReturns refuses return URLs at none of their client's origins: a page there
// could not use the cookies that the login ends in.
func checkReturns(all client.Registry) error {
	var mistakes []error
	for _, c := range all {
		for _, u := range c.ReturnURLs {
			if !slices.ContainsFunc(c.Origins, func(o string) bool { return client.IsAt(o, u) }) {
				mistakes = append(mistakes, fmt.Errorf("CLIENTS: %q: return_urls: %q is at none of its allowed_origins", c.Name, u))
			}
		}
	}
	return errors.Join(mistakes...)
}

// registry is these clients and the front end, which has the given origins.
func (c *Clients) registry(frontOrigins []string) client.Registry {
	all := client.Registry{{Name: client.Default, Origins: frontOrigins}}
	for _, name := range slices.Sorted(maps.Keys(c.byName)) {
		j := c.byName[name]
		if name == client.Default {
			all[0].RedirectURIs, all[0].ReturnURLs = j.RedirectURIs, j.ReturnURLs
			all[0].Origins = slices.Concat(frontOrigins, j.AllowedOrigins)
			continue
		}
		all = append(all, client.Client{Name: name, RedirectURIs: j.RedirectURIs, Origins: j.AllowedOrigins, ReturnURLs: j.ReturnURLs})
	}
	return all
}
