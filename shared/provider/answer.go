package provider

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/go-json-experiment/json"

	"daemun/shared/fault"
)

// answer is a whole answer of a provider's endpoint.
type answer struct {
	endpoint string // "token", "userinfo", "keys" or "metadata", for the log
	status   int
	header   http.Header
	body     []byte
}

// do sends one request, once, and reads the whole answer within the limit. Its
// errors are faults.
func (c *Client) do(req *http.Request, endpoint string, limit time.Duration) (*answer, error) {
	ctx, cancel := context.WithTimeout(req.Context(), limit)
	defer cancel()
	req = req.Clone(ctx)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "daemun")

	response, err := c.transport.RoundTrip(req)
	if err != nil {
		c.transport.CloseIdleConnections() // ends a dial that nobody waits for any more
		return nil, failure(ctx, endpoint, err)
	}
	defer func() { _ = response.Body.Close() }() // the connection is thrown away, whatever it says
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if err != nil {
		return nil, failure(ctx, endpoint, err)
	}
	if len(body) > maxBody {
		return nil, fault.Newf(fault.BadProviderResponse, "%s: more than %d bytes", endpoint, maxBody)
	}
	return &answer{endpoint, response.StatusCode, response.Header, body}, nil
}

// decode reads a JSON body into a struct, strictly: exact member names, no
// duplicates, valid UTF-8, nothing before or after the value.
func (a *answer) decode(into any) error {
	if err := a.isA("application/json"); err != nil {
		return err
	}
	err := json.Unmarshal(a.body, into)
	var wrongType *json.SemanticError
	switch {
	case errors.As(err, &wrongType):
		return fault.Newf(fault.BadProviderResponse, "%s: a value of the wrong type at byte %d", a.endpoint, wrongType.ByteOffset)
	case err != nil: // its text quotes the body
		return fault.Newf(fault.BadProviderResponse, "%s: malformed JSON", a.endpoint)
	}
	return nil
}

// isA checks that the body is said to be of one of the media types, in UTF-8.
// Some servers call ASCII ISO-8859-1, the old default of Java's.
func (a *answer) isA(media ...string) error {
	got, params, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	charset := params["charset"]
	readable := charset == "" || strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "iso-8859-1") && isASCII(a.body)
	if err != nil || !slices.Contains(media, got) || !readable {
		return fault.Newf(fault.BadProviderResponse, "%s: the content type is not JSON in UTF-8", a.endpoint)
	}
	return nil
}

func isASCII(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c > unicode.MaxASCII })
}

// ErrorReader finds a provider's own error code in the body of an error answer.
// It returns a name for the log, which must come from the reader's own list and
// never from the body, and the fault that the code stands for; "" if it knows
// no such code.
type ErrorReader func(body []byte) (name string, code fault.Code)

// ErrorCodes reads the member "error" of RFC 6749 §5.2, as far as codes has it.
func ErrorCodes(codes map[string]fault.Code) ErrorReader {
	return func(body []byte) (string, fault.Code) {
		var refused struct {
			Error string `json:"error"`
		}
		if json.Unmarshal(body, &refused) != nil {
			return "", ""
		}
		code, known := codes[refused.Error]
		if !known {
			return "", ""
		}
		return refused.Error, code
	}
}

// readEither asks one reader, which may be nil, and then the other.
func readEither(first, second ErrorReader) ErrorReader {
	return func(body []byte) (string, fault.Code) {
		if first != nil {
			if name, code := first(body); name != "" {
				return name, code
			}
		}
		return second(body)
	}
}

// refusal is the fault for an answer that is not the success that was hoped
// for. Overload and failure are told by status and header, all else by the body.
func (a *answer) refusal(read ErrorReader) *fault.Error {
	f := fault.Newf(fault.BadProviderResponse, "%s: status %d with no known error code", a.endpoint, a.status)
	if a.isBusy() {
		f = fault.Newf(fault.ProviderUnavailable, "%s: status %d", a.endpoint, a.status)
	} else if name, code := read(a.body); name != "" {
		f = fault.Newf(code, "%s: status %d, %s", a.endpoint, a.status, name)
	}
	if f.Code == fault.ProviderUnavailable {
		f.RetryAfter = a.retryAfter()
	}
	return f
}

// isBusy reports whether the provider cannot answer now. Some say with 403 that
// there were too many requests, and tell it from other refusals by a header.
func (a *answer) isBusy() bool {
	switch {
	case a.status == http.StatusTooManyRequests, a.status >= 500:
		return true
	case a.status == http.StatusForbidden:
		return a.header.Get("Retry-After") != "" || a.isLimitReached()
	default:
		return false
	}
}

// isLimitReached reads GitHub's header, which others have too.
func (a *answer) isLimitReached() bool { return a.header.Get("X-RateLimit-Remaining") == "0" }

// longestWait is the most that we ask for, and what is asked for when a provider
// says that its limit is reached and not for how long.
const longestWait = time.Minute

// retryAfter is how long the provider asks us to wait, as far as we pass it on;
// zero if it does not say. Dates are not understood.
func (a *answer) retryAfter() time.Duration {
	seconds, err := strconv.ParseUint(a.header.Get("Retry-After"), 10, 32)
	switch {
	case err == nil:
		return min(time.Duration(seconds)*time.Second, longestWait)
	case a.isLimitReached():
		return longestWait
	default:
		return 0
	}
}
