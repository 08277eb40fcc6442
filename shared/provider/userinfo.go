package provider

import (
	"context"
	"net/http"
	"time"

	"daemun/shared/fault"
	"daemun/shared/secret"
)

// GetJSON asks an endpoint with the access token as bearer (RFC 6750 §2.1) and
// reads the JSON of its answer into a struct. Asking changes nothing, so when
// the connection, the time or the provider fails it asks once more. Its errors
// are faults; read knows the endpoint's error codes.
func (c *Client) GetJSON(ctx context.Context, endpoint string, token secret.String, into any, read ErrorReader) error {
	ask := func() (*answer, error) { return c.get(ctx, "userinfo", endpoint, token, c.timeouts.Userinfo) }
	answer, err := twice(ctx, ask)
	if err != nil {
		return err
	}
	if answer.status != http.StatusOK {
		return answer.refusal(read)
	}
	return answer.decode(into)
}

// getPublic asks for a document that everybody may read, by the same rules.
func (c *Client) getPublic(ctx context.Context, what, url string) (*answer, error) {
	answer, err := twice(ctx, func() (*answer, error) { return c.get(ctx, what, url, secret.String{}, c.timeouts.Keys) })
	if err != nil {
		return nil, err
	}
	if answer.status != http.StatusOK {
		return nil, answer.refusal(func([]byte) (string, fault.Code) { return "", "" })
	}
	return answer, nil
}

func (c *Client) get(ctx context.Context, what, url string, token secret.String, limit time.Duration) (*answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fault.Newf(fault.Internal, "%s: the request could not be made", what)
	}
	if !token.Empty() {
		req.Header.Set("Authorization", "Bearer "+token.Reveal())
	}
	return c.do(req, what, limit)
}

// twice asks, and once more if that may help.
func twice(ctx context.Context, ask func() (*answer, error)) (*answer, error) {
	answer, err := ask()
	if worthAnother(answer, err) && ctx.Err() == nil {
		return ask()
	}
	return answer, err
}

// worthAnother reports whether the next try may do better than this one. Who is
// told to slow down (429) does not try again.
func worthAnother(a *answer, err error) bool {
	switch fault.CodeOf(err) {
	case "":
		return a.status >= 500
	case fault.ProviderUnavailable, fault.ProviderTimeout:
		return true
	default:
		return false
	}
}
