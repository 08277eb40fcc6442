package gateway

import (
	"strings"

	"github.com/go-json-experiment/json"
)

// event1 is a request in payload format 1.0, of REST APIs.
type event1 struct {
	request1
	Body            *string `json:"body"`
	IsBase64Encoded bool    `json:"isBase64Encoded"`
}

// authorizerEvent1 asks about a request in payload format 1.0. HTTP APIs tell their version and the identity, too.
type authorizerEvent1 struct {
	Version            string `json:"version,omitempty"`
	Type               string `json:"type"`
	MethodARN          string `json:"methodArn"`
	IdentitySource     string `json:"identitySource,omitempty"`
	AuthorizationToken string `json:"authorizationToken,omitempty"`
	request1
}

// tokenEvent is all that a TOKEN authorizer learns.
type tokenEvent struct {
	Type               string `json:"type"`
	MethodARN          string `json:"methodArn"`
	AuthorizationToken string `json:"authorizationToken"`
}

type request1 struct {
	Resource       string              `json:"resource"`
	Path           string              `json:"path"`
	HTTPMethod     string              `json:"httpMethod"`
	Headers        map[string]string   `json:"headers"`
	MultiHeaders   map[string][]string `json:"multiValueHeaders"`
	Query          map[string]string   `json:"queryStringParameters"`
	MultiQuery     map[string][]string `json:"multiValueQueryStringParameters"`
	PathParameters map[string]string   `json:"pathParameters"`
	StageVariables map[string]string   `json:"stageVariables"`
	RequestContext context1            `json:"requestContext"`
}

type context1 struct {
	AccountID        string   `json:"accountId"`
	APIID            string   `json:"apiId"`
	Authorizer       any      `json:"authorizer,omitempty"`
	DomainName       string   `json:"domainName"`
	DomainPrefix     string   `json:"domainPrefix"`
	HTTPMethod       string   `json:"httpMethod"`
	Identity         identity `json:"identity"`
	Path             string   `json:"path"`
	Protocol         string   `json:"protocol"`
	RequestID        string   `json:"requestId"`
	RequestTime      string   `json:"requestTime"`
	RequestTimeEpoch int64    `json:"requestTimeEpoch"`
	ResourcePath     string   `json:"resourcePath"`
	Stage            string   `json:"stage"`
}

type identity struct {
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

// newAuthorizerEvent1 is of an HTTP API.
func (g *Gateway) newAuthorizerEvent1(c call, identity []string) ([]byte, error) {
	told := strings.Join(identity, ",")
	return marshalEmpty(authorizerEvent1{
		Version: "1.0", Type: "REQUEST", MethodARN: g.arn(c), IdentitySource: told, AuthorizationToken: told, request1: g.newRequest1(c),
	})
}

// marshalEmpty leaves empty what there is none of, as authorizers find it.
func marshalEmpty(event any) ([]byte, error) { return json.Marshal(event, json.Deterministic(true)) }

func (a *api) newRequest1(c call) request1 {
	r := c.request
	domain, prefix := domainOf(r)
	headers := forwarded(r, c.trace)
	for _, values := range headers {
		for i, value := range values {
			values[i] = text(value)
		}
	}
	query := queryValues(r.URL.RawQuery)
	if len(query) == 0 {
		query = nil
	}
	parameters := c.parameters
	if len(parameters) == 0 {
		parameters = nil
	}
	return request1{
		Resource:       c.route.Path,
		Path:           c.path,
		HTTPMethod:     r.Method,
		Headers:        lasts(headers),
		MultiHeaders:   headers,
		Query:          lasts(query),
		MultiQuery:     query,
		PathParameters: parameters,
		RequestContext: context1{
			AccountID:        a.options.AccountID,
			APIID:            a.options.APIID,
			Authorizer:       c.authorizer,
			DomainName:       domain,
			DomainPrefix:     prefix,
			HTTPMethod:       r.Method,
			Identity:         identity{SourceIP: hostname(r.RemoteAddr), UserAgent: text(r.UserAgent())},
			Path:             text(r.URL.Path),
			Protocol:         r.Proto,
			RequestID:        c.id,
			RequestTime:      c.time.Format(timeLayout),
			RequestTimeEpoch: c.time.UnixMilli(),
			ResourcePath:     c.route.Path,
			Stage:            a.options.Stage,
		},
	}
}

// lasts has the last value of each name; nil of nil.
func lasts(all map[string][]string) map[string]string {
	if all == nil {
		return nil
	}
	last := make(map[string]string, len(all))
	for name, values := range all {
		last[name] = values[len(values)-1]
	}
	return last
}
