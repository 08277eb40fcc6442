package gateway

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// answer is a function's response in payload format 2.0. Members that the format does not have are ignored, also
// multiValueHeaders.
type answer struct {
	StatusCode      int                       `json:"statusCode"`
	Headers         map[string]jsontext.Value `json:"headers"`
	Cookies         []string                  `json:"cookies"`
	Body            string                    `json:"body"`
	IsBase64Encoded bool                      `json:"isBase64Encoded"`
}

// A response is an answer as HTTP will have it.
type response struct {
	status int
	header http.Header
	body   []byte
}

func readAnswer(payload []byte) (*response, error) {
	if !jsontext.Value(payload).IsValid() {
		return nil, errors.New("it is not JSON")
	}
	var probe struct {
		StatusCode jsontext.Value `json:"statusCode"`
	}
	if err := json.Unmarshal(payload, &probe); err != nil || probe.StatusCode == nil {
		return bare(payload), nil
	}
	var a answer
	if err := json.Unmarshal(payload, &a); err != nil {
		return nil, err
	}
	if a.StatusCode < 200 || a.StatusCode > 599 {
		return nil, fmt.Errorf("status %d", a.StatusCode)
	}
	header, err := readHeader(a)
	if err != nil {
		return nil, err
	}
	body := []byte(a.Body)
	if a.IsBase64Encoded {
		if body, err = base64.StdEncoding.DecodeString(a.Body); err != nil {
			return nil, fmt.Errorf("body: %w", err)
		}
	}
	return &response{a.StatusCode, header, body}, nil
}

// bare is JSON without a statusCode: the body of a 200; of a string its text.
func bare(payload []byte) *response {
	body := bytes.TrimSpace(payload)
	var said string
	if err := json.Unmarshal(body, &said); err == nil && body[0] == '"' {
		body = []byte(said)
	}
	return &response{http.StatusOK, http.Header{"Content-Type": {"application/json"}}, body}
}

// What a function says about a connection that is the gateway's.
var dropped = []string{"Connection", "Content-Length", "Date", "Transfer-Encoding", "Upgrade"}

func readHeader(a answer) (http.Header, error) {
	header := http.Header{"Content-Type": {"text/plain;charset=UTF-8"}}
	for name, raw := range a.Headers {
		if err := setHeader(header, name, raw); err != nil {
			return nil, err
		}
	}
	for _, cookie := range a.Cookies {
		if !fits(cookie) {
			return nil, errors.New("a cookie has characters that headers cannot have")
		}
		header.Add("Set-Cookie", cookie)
	}
	return header, nil
}

// setHeader takes a header of a function under the name that clients see it by, unless it is the gateway's to say.
func setHeader(header http.Header, name string, raw jsontext.Value) error {
	value, err := scalar(raw)
	if err != nil {
		return fmt.Errorf("header %s: %w", name, err)
	}
	if !fits(name) || strings.ContainsAny(name, " :") || !fits(value) {
		return fmt.Errorf("header %q has characters that headers cannot have", name)
	}
	name = http.CanonicalHeaderKey(name)
	switch {
	case slices.Contains(dropped, name):
	case name == "Www-Authenticate":
		header.Set("X-Amzn-Remapped-Www-Authenticate", value)
	default:
		header.Set(name, value)
	}
	return nil
}

// scalar is a header's value, for which numbers and booleans will do.
func scalar(raw jsontext.Value) (string, error) {
	switch raw.Kind() {
	case '"':
		var value string
		err := json.Unmarshal(raw, &value)
		return value, err
	case '0', 't', 'f':
		return raw.String(), nil
	}
	return "", fmt.Errorf("its value is %s", raw.Kind())
}

// fits says that s would not break out of a header line.
func fits(s string) bool { return !strings.ContainsAny(s, "\r\n\x00") }

// write leaves the headers that the gateway has set already, and lets CORS be its own affair if there is a
// configuration.
func (r *response) write(w http.ResponseWriter, corsConfigured bool) {
	header := w.Header()
	for name, values := range r.header {
		if corsConfigured && strings.HasPrefix(name, "Access-Control-") {
			continue
		}
		for _, value := range values {
			header.Add(name, value)
		}
	}
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body) // a client that is gone, or a status that has no body
}
