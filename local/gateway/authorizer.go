package gateway

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"daemun/local/template"
)

// An authorizer decides whether a call may reach its function. It returns what the function is told, or why not.
type authorizer interface {
	authorize(c call) (told any, err error)
}

// Why an authorizer lets a call not through.
var (
	errUnauthorized     = errors.New("unauthorized")
	errDenied           = errors.New("denied: nothing allows it")
	errDeniedExplicitly = errors.New("denied by a statement")
	errAuthorizer       = errors.New("the authorizer failed")
)

// A lambdaAuthorizer asks a function, and keeps its verdicts by the values of the identity sources alone: one that was
// given at a route speaks at every route that presents the same values.
type lambdaAuthorizer struct {
	Authorizer
	api      *api
	sources  []source
	valid    *regexp.Regexp // of a TOKEN authorizer
	newEvent func(c call, identity []string) ([]byte, error)
	read     func(answer []byte) (verdict, error)
	tell     func(verdict) any
	verdicts *cache
}

func (g *Gateway) newAuthorizer(described Authorizer) (authorizer, error) {
	sources, err := parseSources(described.IdentitySources, httpContext)
	if err != nil {
		return nil, err
	}
	if described.Kind == template.JWTAuthorizer {
		return newJWTAuthorizer(described, sources, g.options)
	}
	guard := &lambdaAuthorizer{
		Authorizer: described, api: &g.api, sources: sources, newEvent: g.newAuthorizerEvent2, read: readPolicyAnswer,
		tell:     func(v verdict) any { return map[string]any{"lambda": v.context} },
		verdicts: newCache(),
	}
	if described.PayloadVersion == "1.0" {
		guard.newEvent = g.newAuthorizerEvent1
	}
	if described.SimpleResponses {
		guard.read = readSimpleAnswer
	}
	return guard, nil
}

func (a *lambdaAuthorizer) authorize(c call) (any, error) {
	identity := make([]string, len(a.sources))
	for i, value := range a.sources {
		identity[i] = value(c)
	}
	if slices.Contains(identity, "") || a.valid != nil && !a.valid.MatchString(identity[0]) {
		return nil, errUnauthorized
	}
	v, err := a.verdict(c, identity)
	if err != nil {
		return nil, err
	}
	if err := v.on(a.api.arn(c)); err != nil {
		return nil, err
	}
	return a.tell(v), nil
}

// verdict is kept or asked for. Errors are not kept.
func (a *lambdaAuthorizer) verdict(c call, identity []string) (verdict, error) {
	key := fmt.Sprintf("%q", identity)
	if v, kept := a.verdicts.get(key, c.time); kept {
		return v, nil
	}
	v, err := a.ask(c, identity)
	if err == nil && a.TTL > 0 {
		a.verdicts.put(key, v, c.time, a.TTL)
	}
	return v, err
}

func (a *lambdaAuthorizer) ask(c call, identity []string) (verdict, error) {
	event, err := a.newEvent(c, identity)
	if err != nil {
		return verdict{}, fmt.Errorf("%w: %w", errAuthorizer, err)
	}
	ctx, cancel := context.WithTimeout(c.request.Context(), a.api.options.AuthorizerTimeout)
	defer cancel()
	answer, err := a.Function(ctx, event)
	var answered *FunctionError
	switch {
	case errors.As(err, &answered) && answered.Message == "Unauthorized":
		return verdict{}, errUnauthorized
	case c.request.Context().Err() != nil:
		return verdict{}, errGone
	case err != nil:
		return verdict{}, fmt.Errorf("%w: %w", errAuthorizer, err)
	}
	v, err := a.read(answer)
	if err != nil {
		return verdict{}, fmt.Errorf("%w: malformed answer: %w", errAuthorizer, err)
	}
	return v, nil
}
