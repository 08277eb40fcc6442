package lambdaauth

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"daemun/shared/gate"
)

// shape is one of the forms in which API Gateway asks.
type shape int

const (
	unknown   shape = iota
	http2           // HTTP API, payload 2.0: simple answer
	http1           // HTTP API, payload 1.0: policy
	restToken       // REST API, TOKEN: policy; a header and an ARN is all it tells
	rest            // REST API, REQUEST: policy
	websocket       // WebSocket $connect: policy
)

// question is what the gateway asks, in one form for all shapes.
type question struct {
	shape     shape
	requestID string
	apiID     string
	// routes are the keys that the route may have, the most exact first; none
	// where the gateway does not tell.
	routes        []string
	method        string // HTTP method; "" for WebSocket
	arn           string // of what is asked for, where the answer is a policy
	stageARN      string // of all of it
	authorization string
	cookies       []string // name=value
	origin        gate.Origin
	// sources are the values by which the gateway may keep the verdict: none where
	// it keeps none. REST APIs keep verdicts too, but do not tell.
	sources []string
	// routeEchoed says that the client itself sent the route key: then its being
	// among the sources says nothing.
	routeEchoed bool
}

// event is the union of API Gateway's authorizer events, as far as it decides.
type event struct {
	Version               string              `json:"version"`
	Type                  string              `json:"type"`
	MethodARN             string              `json:"methodArn"`
	RouteKey              string              `json:"routeKey"`
	IdentitySource        jsontext.Value      `json:"identitySource"` // a list in payload 2.0, a text in 1.0
	AuthorizationToken    string              `json:"authorizationToken"`
	Cookies               []string            `json:"cookies"`
	Headers               map[string]string   `json:"headers"`
	QueryStringParameters map[string]string   `json:"queryStringParameters"`
	MultiValueHeaders     map[string][]string `json:"multiValueHeaders"`
	RequestContext        struct {
		RequestID    string `json:"requestId"`
		APIID        string `json:"apiId"`
		RouteKey     string `json:"routeKey"`
		EventType    string `json:"eventType"`
		ResourcePath string `json:"resourcePath"`
		HTTPMethod   string `json:"httpMethod"`
		HTTP         struct {
			Method string `json:"method"`
		} `json:"http"`
	} `json:"requestContext"`
}

var errEvent = errors.New("not an authorizer event")

// parse reads an authorizer event. Where it fails, the shape is still told if
// it could be: the answer depends on it.
func parse(payload []byte) (question, error) {
	var e event
	if err := json.Unmarshal(payload, &e); err != nil {
		return question{}, errEvent // err would quote the event
	}
	c := e.RequestContext
	q := question{shape: e.shape(), requestID: c.RequestID, arn: e.MethodARN}
	switch q.shape {
	case http2:
		q.apiID, q.routes, q.method = c.APIID, named(e.RouteKey), c.HTTP.Method
	case http1, rest:
		q.method, q.routes = c.HTTPMethod, resourceKeys(c.HTTPMethod, c.ResourcePath)
	case websocket:
		q.routes = named(c.RouteKey)
	case restToken:
		q.authorization = e.AuthorizationToken
	case unknown:
		return q, errEvent
	}
	if q.shape != http2 {
		q.stageARN, q.apiID = cutARN(e.MethodARN)
	}
	if q.apiID == "" {
		return q, errEvent
	}
	if q.shape == restToken {
		return q, nil
	}
	var err error
	if q.sources, err = e.identitySources(); err != nil {
		return q, err
	}
	q.routeEchoed = e.echoes(q.route())
	return q, q.readHeaders(e)
}

// echoes reports whether the value is in a header, a query parameter or a cookie,
// alone or among others: the gateway joins what a client sends twice.
func (e event) echoes(value string) bool {
	for _, values := range []map[string]string{e.Headers, e.QueryStringParameters} {
		for _, v := range values {
			if strings.Contains(v, value) {
				return true
			}
		}
	}
	return slices.ContainsFunc(e.Cookies, func(c string) bool { return strings.Contains(c, value) })
}

func (e event) shape() shape {
	switch {
	case e.Type == "TOKEN":
		return restToken
	case e.Type != "REQUEST":
		return unknown
	case e.Version == "2.0":
		return http2
	case e.Version == "1.0":
		return http1
	case e.Version != "":
		return unknown
	case e.RequestContext.EventType == "CONNECT":
		return websocket
	default:
		return rest
	}
}

func named(routeKey string) []string {
	if routeKey == "" {
		return nil
	}
	return []string{routeKey}
}

// resourceKeys are the keys of a route of which the gateway tells method and
// resource: the author may have asked for any method, and "$default" is a
// resource of its own.
func resourceKeys(method, resource string) []string {
	if method == "" || resource == "" {
		return nil
	}
	return []string{method + " " + resource, "ANY " + resource, resource}
}

// route is the most exact key, for the log.
func (q question) route() string {
	if len(q.routes) == 0 {
		return ""
	}
	return q.routes[0]
}

// identitySources are the values of what the authorizer names as its identity
// sources.
func (e event) identitySources() (values []string, err error) {
	switch e.IdentitySource.Kind() {
	case '[':
		err = json.Unmarshal(e.IdentitySource, &values)
	case '"':
		var text string
		if err = json.Unmarshal(e.IdentitySource, &text); text != "" {
			values = strings.Split(text, ",")
		}
	case 'n', 0: // none
	default:
		err = errEvent
	}
	if err != nil {
		return nil, errEvent // err would quote the event
	}
	return values, nil
}

// deciding are the headers that decide.
var deciding = []string{"authorization", "cookie", "origin", "sec-fetch-site"}

// readHeaders takes what decides out of the headers, whose case differs by API.
// A deciding header that is there twice, in any spelling, is refused.
func (q *question) readHeaders(e event) error {
	found := map[string]string{}
	for name, value := range e.Headers {
		key := strings.ToLower(name)
		if !slices.Contains(deciding, key) {
			continue
		}
		if _, twice := found[key]; twice {
			return errors.New("header is there twice")
		}
		found[key] = value
	}
	for name, values := range e.MultiValueHeaders {
		if len(values) > 1 && slices.Contains(deciding, strings.ToLower(name)) {
			return errors.New("header is there twice")
		}
	}
	q.authorization, q.origin.FetchSite = found["authorization"], found["sec-fetch-site"]
	if origin, ok := found["origin"]; ok {
		q.origin.Header = &origin
	}
	if q.cookies = e.Cookies; q.shape != http2 {
		q.cookies = strings.Split(found["cookie"], ";")
	}
	return nil
}

// methodARN is arn:aws:execute-api:{region}:{account}:{api}/{stage}/{method}/{path},
// or …/{stage}/$connect.
var methodARN = regexp.MustCompile(`^(arn:[a-z-]+:execute-api:[a-z0-9-]*:[0-9]*:([A-Za-z0-9]+)/[^/]+)/`)

// cutARN takes the stage's ARN and the API's id out of the ARN of a method; ""
// if it is not one.
func cutARN(arn string) (stageARN, apiID string) {
	if m := methodARN.FindStringSubmatch(arn); m != nil {
		return m[1], m[2]
	}
	return "", ""
}
