package gateway

import (
	"fmt"
	"maps"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// answer1 is a function's response in payload format 1.0.
type answer1 struct {
	StatusCode        int                         `json:"statusCode"`
	Headers           map[string]jsontext.Value   `json:"headers"`
	MultiValueHeaders map[string][]jsontext.Value `json:"multiValueHeaders"`
	Body              string                      `json:"body"`
	IsBase64Encoded   bool                        `json:"isBase64Encoded"`
}

// readAnswer1 takes nothing that the format does not have. A body is text, whatever isBase64Encoded says, as with no
// binary media types.
func readAnswer1(payload []byte) (*response, error) {
	var a answer1
	if err := json.Unmarshal(payload, &a, json.RejectUnknownMembers(true)); err != nil {
		return nil, err
	}
	if a.StatusCode < 200 || a.StatusCode > 599 {
		return nil, fmt.Errorf("status %d", a.StatusCode)
	}
	header := http.Header{"Content-Type": {"application/json"}}
	for name, raw := range a.Headers {
		if err := setHeader(header, name, raw); err != nil {
			return nil, err
		}
	}
	for name, list := range a.MultiValueHeaders {
		if err := setHeaders(header, name, list); err != nil {
			return nil, err
		}
	}
	return &response{a.StatusCode, header, []byte(a.Body)}, nil
}

// setHeaders lets a list stand for a single value of the same name, of which it is the longer form.
func setHeaders(header http.Header, name string, list []jsontext.Value) error {
	all := http.Header{}
	for _, raw := range list {
		one := http.Header{}
		if err := setHeader(one, name, raw); err != nil {
			return err
		}
		for name, values := range one {
			all[name] = append(all[name], values...)
		}
	}
	maps.Copy(header, all)
	return nil
}
