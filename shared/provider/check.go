package provider

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
)

// CheckEndpoint reports whether a URL can be an endpoint: absolute, https (or http
// if the client's options allow it), with neither credentials nor a fragment. It may
// have a query, to which parameters are added (RFC 6749 §3.1). what names the URL in
// the error.
func (c *Client) CheckEndpoint(what, raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.User != nil || strings.Contains(raw, "#"):
		return fmt.Errorf("%s: want an absolute URL without credentials and fragment", what)
	case u.Scheme == "https", u.Scheme == "http" && c.insecure:
		return nil
	case u.Scheme == "http":
		return fmt.Errorf("%s: plain http needs INSECURE_PROVIDERS=true", what)
	default:
		return fmt.Errorf("%s: want https", what)
	}
}

// CheckIssuer is CheckEndpoint for an issuer, which has no query (OpenID Connect
// Discovery 1.0 §3).
func (c *Client) CheckIssuer(raw string) error {
	if strings.Contains(raw, "?") {
		return errors.New("issuer: want a URL without query")
	}
	return c.CheckEndpoint("issuer", raw)
}

// CheckClientID reports whether a configured client id can be one.
func CheckClientID(id string) error {
	if !visibleASCII(id) {
		return errors.New("client id: want visible ASCII characters")
	}
	return nil
}

// visibleASCII reports whether s has only characters that a header or a form
// carries as they are, and at least one.
func visibleASCII(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// Bounds of what a profile keeps, in bytes.
const (
	maxText    = 1024 // a nickname of 20 family emoji has 500
	maxEmail   = 254  // RFC 5321 §4.5.3.1.3
	maxPicture = 2048
)

// Nickname returns a nickname as the provider gave it, or "" if it is longer
// than 1024 bytes or has control characters. It is never cut, for a cut could
// tear one visible character apart.
func Nickname(s string) string { return text(s, maxText) }

// Email returns an address as the provider gave it, or "" if it is longer than
// 254 bytes, has control characters or no @. Whether it exists is not checked.
func Email(s string) string {
	if !strings.Contains(s, "@") {
		return ""
	}
	return text(s, maxEmail)
}

// Picture returns the URL of a picture, or "" if it is not an https URL of at
// most 2048 bytes without credentials. We never fetch it, so where it points
// to is not checked.
func Picture(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || len(raw) > maxPicture {
		return ""
	}
	return raw
}

func text(s string, most int) string {
	if len(s) > most || strings.ContainsFunc(s, unicode.IsControl) {
		return ""
	}
	return s
}
