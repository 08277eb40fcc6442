package lambdahttp

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/go-json-experiment/json"

	"daemun/shared/fault"
)

// Response is an answer before it becomes a gateway's.
type Response struct {
	Status  int
	Headers map[string]string
	Cookies []string // Set-Cookie values
	Body    []byte
}

// JSON answers with a JSON document.
func JSON(status int, v any) (*Response, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write JSON answer: %w", err)
	}
	return &Response{Status: status, Headers: map[string]string{"Content-Type": "application/json; charset=utf-8"}, Body: body}, nil
}

// NoContent answers with nothing.
func NoContent() *Response { return &Response{Status: http.StatusNoContent} }

// Redirect sends the browser elsewhere with a GET: 302, never 307, which would
// repeat the request with its body (RFC 9700 §4.12).
func Redirect(location string) *Response {
	return &Response{Status: http.StatusFound, Headers: map[string]string{"Location": location}}
}

// always are the headers of every answer; an answer may replace Cache-Control.
var always = map[string]string{
	"Cache-Control":             "no-store",
	"X-Content-Type-Options":    "nosniff",
	"Referrer-Policy":           "no-referrer",
	"Content-Security-Policy":   "default-src 'none'; frame-ancestors 'none'",
	"Strict-Transport-Security": "max-age=63072000; includeSubDomains",
}

// failure turns a fault into an answer. It is the one place that does.
func (h *Handler) failure(r *Request, route Route, f *fault.Error) *Response {
	// A prefetch that fails is thrown away; one that is sent on would be shown.
	if route.Browser && !r.wantsJSON() && !r.IsPrefetch() {
		return h.failurePage(r, f)
	}
	answer, err := JSON(f.Code.Status(), struct {
		Error       fault.Code      `json:"error"`
		Description string          `json:"error_description"`
		RequestID   string          `json:"request_id"`
		Problems    []fault.Problem `json:"problems,omitempty"`
	}{f.Code, f.Public(), r.ID, f.Problems})
	if err != nil {
		return &Response{Status: http.StatusInternalServerError}
	}
	if wait := f.Wait(); wait > 0 {
		answer.Headers["Retry-After"] = fmt.Sprintf("%.0f", wait.Seconds())
	}
	if f.Code == fault.InvalidToken {
		answer.Headers["WWW-Authenticate"] = `Bearer error="invalid_token"` // RFC 6750 §3
	}
	return answer
}

// failurePage sends a browser to the front end, which shows people what went
// wrong. Nothing of the request goes along.
func (h *Handler) failurePage(r *Request, f *fault.Error) *Response {
	separator := "?"
	if strings.Contains(h.FrontURL, "?") {
		separator = "&"
	}
	query := url.Values{"error": {string(f.Code)}, "request_id": {r.ID}}
	return Redirect(h.FrontURL + separator + query.Encode())
}

// encode makes the gateway's form of an answer. There is no net/http server
// behind a function to stop a line break in a header, so it is stopped here.
func encode(response *Response) ([]byte, error) {
	headers := make(map[string]string, len(always)+len(response.Headers))
	for _, set := range []map[string]string{always, response.Headers} {
		for name, value := range set {
			if !isHeaderValue(value) {
				return nil, fmt.Errorf("header %s has a character that no header may have", name)
			}
			headers[name] = value
		}
	}
	for _, c := range response.Cookies {
		if !isHeaderValue(c) {
			return nil, fmt.Errorf("cookie has a character that no header may have")
		}
	}
	return json.Marshal(events.APIGatewayV2HTTPResponse{
		StatusCode: response.Status, Headers: headers, Cookies: response.Cookies, Body: string(response.Body),
	}, json.OmitZeroStructFields(true))
}

func isHeaderValue(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c < ' ' || c > '~' }) < 0
}
