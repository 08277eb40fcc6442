package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"daemun/local/template"
)

// REST is a REST API with one stage.
type REST struct{ api }

// NewREST makes a REST API. It refuses what it would have to ignore.
func NewREST(options Options) (*REST, error) {
	options.setDefaults()
	a := &REST{api{options: options}}
	if options.Stage == "" {
		return nil, fmt.Errorf("REST API %s: no stage", options.APIID)
	}
	if options.CORS != nil || options.Fallback != nil {
		return nil, fmt.Errorf("REST API %s: CORS and a fallback are for HTTP APIs", options.APIID)
	}
	if err := a.compile(a.newAuthorizer); err != nil {
		return nil, fmt.Errorf("REST API %s: %w", options.APIID, err)
	}
	return a, nil
}

func (a *REST) newAuthorizer(described Authorizer) (authorizer, error) {
	sources, err := parseSources(described.IdentitySources, restContext)
	if err != nil {
		return nil, err
	}
	guard := &lambdaAuthorizer{
		Authorizer: described, api: &a.api, sources: sources, newEvent: a.newRequestEvent, read: readRESTAnswer, tell: tellREST,
		verdicts: newCache(),
	}
	switch described.Kind {
	case template.RequestAuthorizer:
	case template.TokenAuthorizer: // the expression is taken from the token's beginning, but need not reach its end
		guard.newEvent = a.newTokenEvent
		if guard.valid, err = regexp.Compile("^(?:" + described.ValidationExpression + ")"); err != nil {
			return nil, fmt.Errorf("validation expression: %w", err)
		}
	default:
		return nil, errors.New("REST APIs have no JWT authorizers")
	}
	return guard, nil
}

func (a *REST) newRequestEvent(c call, _ []string) ([]byte, error) {
	return marshalEmpty(authorizerEvent1{Type: "REQUEST", MethodARN: a.arn(c), request1: a.newRequest1(c)})
}

func (a *REST) newTokenEvent(c call, identity []string) ([]byte, error) {
	return marshalEmpty(tokenEvent{Type: "TOKEN", MethodARN: a.arn(c), AuthorizationToken: identity[0]})
}

// newEvent takes every body for text, as REST APIs do that name no binary media types.
func (a *REST) newEvent(c call, body []byte) ([]byte, error) {
	event := event1{request1: a.newRequest1(c)}
	if len(body) > 0 {
		content := text(string(body))
		event.Body = &content
	}
	return marshal(event)
}

// ServeHTTP answers as the REST API would at its host: the stage is part of the path.
func (a *REST) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := a.newUUID()
	w.Header().Set("X-Amzn-Requestid", id)
	segments := decodeSegments(r.URL)
	if segments[0] != a.options.Stage {
		a.answer(w, http.StatusForbidden, "ForbiddenException", `{"message":"Forbidden"}`)
		return
	}
	path := strings.TrimPrefix(text(r.URL.Path), "/"+a.options.Stage)
	if len(segments) == 1 {
		path, segments = "/", append(segments, "")
	}
	route, parameters, found := match(a.routes, r.Method, segments[1:])
	c := a.newCall(r, route, parameters)
	c.id, c.path = id, path
	switch {
	case headerSize(r) > MaxHeader:
		a.answer(w, http.StatusRequestHeaderFieldsTooLarge, "", `{"message":"Request Header Fields Too Large"}`)
	case !found:
		a.answer(w, http.StatusForbidden, "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`)
	default:
		a.serve(w, c)
	}
}

func (a *REST) serve(w http.ResponseWriter, c call) {
	answer, err := a.run(w, c, a.newEvent)
	if err != nil {
		a.refuse(w, c, err)
		return
	}
	response, err := readAnswer1(answer)
	if err != nil {
		a.refuse(w, c, fmt.Errorf("malformed answer: %w", err))
		return
	}
	response.write(w, false)
}

// refuse answers with the gateway responses that a REST API has by default.
func (a *REST) refuse(w http.ResponseWriter, c call, err error) {
	const denied = "User is not authorized to access this resource"
	switch {
	case errors.Is(err, errGone):
	case errors.Is(err, errUnauthorized):
		a.answer(w, http.StatusUnauthorized, "UnauthorizedException", `{"message":"Unauthorized"}`)
	case errors.Is(err, errDenied):
		a.answer(w, http.StatusForbidden, "AccessDeniedException", `{"Message":"`+denied+`"}`)
	case errors.Is(err, errDeniedExplicitly):
		a.answer(w, http.StatusForbidden, "AccessDeniedException", `{"Message":"`+denied+` with an explicit deny"}`)
	case errors.Is(err, errTooLarge):
		a.answer(w, http.StatusRequestEntityTooLarge, "RequestTooLargeException", `{"message":"Request Too Long"}`)
	case errors.Is(err, errUnreadable):
		a.answer(w, http.StatusBadRequest, "BadRequestException", `{"message":"Bad Request"}`)
	case errors.Is(err, errAuthorizer):
		a.report(c, http.StatusInternalServerError, err)
		a.answer(w, http.StatusInternalServerError, "AuthorizerConfigurationException", `{"message":null}`)
	case errors.Is(err, errTimeout):
		a.report(c, http.StatusGatewayTimeout, err)
		a.answer(w, http.StatusGatewayTimeout, "InternalServerErrorException", `{"message":"Endpoint request timed out"}`)
	default:
		a.report(c, http.StatusBadGateway, err)
		a.answer(w, http.StatusBadGateway, "InternalServerErrorException", `{"message":"Internal server error"}`)
	}
}

func (a *REST) answer(w http.ResponseWriter, status int, kind, body string) {
	w.Header().Set("Content-Type", "application/json")
	if kind != "" {
		w.Header().Set("X-Amzn-Errortype", kind)
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body)) // a client that is gone
}

// newUUID is a request id as REST APIs have them.
func (a *REST) newUUID() string {
	id := a.random(16)
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
