package lambdahttp

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	"github.com/go-json-experiment/json"

	"daemun/shared/fault"
)

// maxBody bounds a request body in bytes: our largest is a few hundred.
const maxBody = 16 << 10

// parse reads an HTTP API event, payload format 2.0, into r. Where the event is
// bad, r holds what could be read: enough to answer with.
func parse(payload []byte, r *Request) error {
	var e events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(payload, &e); err != nil {
		return fault.Newf(fault.InvalidRequest, "not an HTTP API event") // err would quote the event
	}
	if id := e.RequestContext.RequestID; validID.MatchString(id) {
		r.ID = id // it is shown to people and put into redirects
	}
	r.Route, r.Path = e.RouteKey, e.PathParameters
	r.SourceIP, r.UserAgent = e.RequestContext.HTTP.SourceIP, e.RequestContext.HTTP.UserAgent
	if e.Version != "2.0" {
		return fault.Newf(fault.InvalidRequest, "event version %.10q", e.Version)
	}
	var err error
	if r.headers, err = lowerCased(e.Headers); err != nil {
		return fault.New(fault.InvalidRequest, err)
	}
	if r.cookies, err = cookiesOf(e.Cookies, r.headers); err != nil {
		return fault.New(fault.InvalidRequest, err)
	}
	if r.query, err = parseQuery(e.RawQueryString); err != nil {
		return fault.New(fault.InvalidRequest, err)
	}
	r.body, err = bodyOf(e.Body, e.IsBase64Encoded)
	return err
}

// validID is what the gateway's request ids look like.
var validID = regexp.MustCompile(`^[A-Za-z0-9_=-]{1,64}$`)

func lowerCased(headers map[string]string) (map[string]string, error) {
	lower := make(map[string]string, len(headers))
	for name, value := range headers {
		key := strings.ToLower(name)
		if _, twice := lower[key]; twice {
			return lower, errors.New("header is there twice")
		}
		lower[key] = value
	}
	return lower, nil
}

// cookiesOf reads the event's cookies list. API Gateway puts cookies nowhere
// else; an event that says two things is not the gateway's.
func cookiesOf(list []string, headers map[string]string) ([]cookie, error) {
	if h, ok := headers["cookie"]; ok && h != strings.Join(list, "; ") {
		return nil, errors.New("cookie header and cookies list differ")
	}
	var cookies []cookie
	for _, text := range list {
		// A text without "=" is a cookie without a name: none of ours.
		if name, value, ok := strings.Cut(text, "="); ok {
			cookies = append(cookies, cookie{name: name, value: value})
		}
	}
	return cookies, nil
}

// parseQuery reads a raw query. The event's queryStringParameters will not do:
// they join repeated parameters with a comma, and RFC 6749 §3.1 forbids those.
func parseQuery(raw string) (map[string]string, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, errors.New("query is malformed") // err would quote it
	}
	query := make(map[string]string, len(values))
	for name, list := range values {
		if len(list) > 1 {
			return nil, errors.New("parameter is there twice")
		}
		if !isText(name) || !isText(list[0]) {
			return nil, errors.New("query is not plain text")
		}
		query[name] = list[0]
	}
	return query, nil
}

func isText(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0
}

func bodyOf(body string, isBase64 bool) ([]byte, error) {
	if len(body) > base64.StdEncoding.EncodedLen(maxBody) {
		return nil, fault.Newf(fault.PayloadTooLarge, "body text has %d bytes", len(body))
	}
	b := []byte(body)
	if isBase64 {
		var err error
		if b, err = base64.StdEncoding.Strict().DecodeString(body); err != nil {
			return nil, fault.Newf(fault.InvalidRequest, "body is not base64")
		}
	}
	if len(b) > maxBody {
		return nil, fault.New(fault.PayloadTooLarge, fmt.Errorf("body has %d bytes", len(b)))
	}
	return b, nil
}
