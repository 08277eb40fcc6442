package provider

import (
	"context"
	"net/http"

	"daemun/shared/fault"
	"daemun/shared/secret"
)

// GetJSON asks an endpoint with the access token as bearer (RFC 6750 §2.1) and
// reads the JSON of its answer into a struct. Asking changes nothing, so when
// the connection, the time or the provider fails it asks once more. Its errors
// are faults; read knows the endpoint's error codes.
func (c *Client) GetJSON(ctx context.Context, endpoint string, token secret.String, into any, read ErrorReader) error {
	answer, err := c.get(ctx, endpoint, token)
	if worthAnother(answer, err) && ctx.Err() == nil {
		answer, err = c.get(ctx, endpoint, token)
	}
	if err != nil {
		return err
	}
	if answer.status != http.StatusOK {
		return answer.refusal(read)
	}
	return answer.decode(into)
}

func (c *Client) get(ctx context.Context, endpoint string, token secret.String) (*answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint, nil)
	if err != nil {
		return nil, fault.Newf(fault.Internal, "userinfo: the request could not be made")
	}
	req.Header.Set("Authorization", "Bearer "+token.Reveal())
	return c.do(req, "userinfo", c.timeouts.Userinfo)
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
