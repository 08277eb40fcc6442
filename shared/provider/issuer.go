package provider

import "context"

// IssuerSender is a Provider that may promise to name itself in each of its
// authorization responses (RFC 9207 §3).
type IssuerSender interface {
	Provider
	// SendsIssuer reports whether it promises so. It may ask the provider, and its
	// faults are those of AuthorizeURL.
	SendsIssuer(context.Context) (bool, error)
}

// RequiresIssuer reports whether a response without iss is to be taken for
// somebody else's. Only an IssuerSender can require it: the others send iss or
// do not, and document neither.
func RequiresIssuer(ctx context.Context, p Provider) (bool, error) {
	sender, ok := p.(IssuerSender)
	if !ok {
		return false, nil
	}
	return sender.SendsIssuer(ctx)
}
