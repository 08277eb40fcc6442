// Package provider owns the contract of a login provider and the machinery that
// OAuth 2.0 providers share. Each provider is one small package below it.
// Providers know nothing of our storage, tokens or HTTP routes.
package provider

import (
	"context"

	"daemun/shared/user"
)

// Provider is one way to log in. Implementations are safe for concurrent use
// and make no network request when they are made.
type Provider interface {
	// Name is the provider's place in routes and identities, such as "kakao".
	Name() string
	// DisplayName is the name for people, such as "Kakao".
	DisplayName() string
	// Issuers are the values that iss may have in an authorization response of the
	// provider (RFC 9207). Whether there has to be one, RequiresIssuer says.
	Issuers() []string
	// AuthorizeURL is where the browser goes to log in. Only a provider that has to
	// ask for its own endpoints first makes a request and can fail, with the faults
	// bad_provider_response, provider_unavailable and provider_timeout.
	AuthorizeURL(context.Context, AuthorizeRequest) (string, error)
	// Identify exchanges the code, once and never again, and asks who logged in.
	// Its errors are faults: login_expired, bad_provider_response,
	// provider_unavailable, provider_timeout, provider_misconfigured, and
	// temporarily_unavailable when the provider's keys cannot be had.
	Identify(context.Context, Authorization) (Person, error)
}

// AuthorizeRequest is what a login puts into the authorization request
// (RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core 1.0 §3.1.2.1).
type AuthorizeRequest struct {
	RedirectURI   string
	State         string
	Nonce         string
	CodeChallenge string // S256
}

// Authorization is a successful authorization response (RFC 6749 §4.1.2)
// together with the secrets of the login that asked for it.
type Authorization struct {
	RedirectURI  string
	Code         string
	State        string
	Nonce        string
	CodeVerifier string
	// User is the form field of that name, which Apple sends with somebody's
	// first authorization; "" if there is none. Nobody has signed it.
	User string
}

// Person is who a provider says has logged in.
type Person struct {
	Identity user.Identity
	Profile  user.Profile
}
