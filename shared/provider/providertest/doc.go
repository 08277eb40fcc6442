// Package providertest owns login providers that a test can program, and the
// suite that every provider passes.
//
// A fake speaks its provider's wire format with its quirks, over real HTTP, and
// counts what it was asked. By default it is honest; Next and Always make an
// endpoint answer anything else. What it hands out carries Marker, so that a
// test can look for leaks. It must not know the provider packages: they are
// what it tests.
package providertest

// Marker is in every code, token and client secret of a fake, and in nothing
// that may be logged.
const Marker = "canary"

// NonceOfCode is the nonce in id_tokens for codes that no browser asked for.
const NonceOfCode = Marker + "-nonce"

// Endpoint names an endpoint of a provider.
type Endpoint string

// The endpoints.
const (
	Authorize Endpoint = "authorize"
	Token     Endpoint = "token"
	Userinfo  Endpoint = "userinfo"
	Keys      Endpoint = "keys"      // the JWK Set
	Discovery Endpoint = "discovery" // the metadata
)
