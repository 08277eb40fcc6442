package gateway

import (
	"fmt"
	"strings"
)

// A source gives one identity source's value of a call; empty: the call does not have it.
type source func(call) string

// What $context has of HTTP APIs and of REST APIs.
var (
	httpContext = map[string]source{
		"httpMethod":        method,
		"identity.sourceIp": sourceIP,
		"path":              func(c call) string { return c.path },
		"routeKey":          func(c call) string { return c.route.key },
	}
	restContext = map[string]source{
		"httpMethod":        method,
		"identity.sourceIp": sourceIP,
		"path":              func(c call) string { return text(c.request.URL.Path) },
		"resourcePath":      func(c call) string { return c.route.Path },
	}
)

func method(c call) string   { return c.request.Method }
func sourceIP(c call) string { return hostname(c.request.RemoteAddr) }

func parseSources(spelled []string, context map[string]source) ([]source, error) {
	var sources []source
	for _, one := range spelled {
		parsed := parseSource(one, context)
		if parsed == nil {
			return nil, fmt.Errorf("identity source %s is not understood", one)
		}
		sources = append(sources, parsed)
	}
	return sources, nil
}

// parseSource returns nil for what is not understood.
func parseSource(spelled string, context map[string]source) source {
	if name, ok := strings.CutPrefix(spelled, "$request.header."); ok {
		return func(c call) string { return text(strings.Join(c.request.Header.Values(name), ",")) }
	}
	if name, ok := strings.CutPrefix(spelled, "$request.querystring."); ok {
		return func(c call) string { return query(c.request.URL.RawQuery)[name] }
	}
	if name, ok := strings.CutPrefix(spelled, "$context."); ok {
		return context[name]
	}
	return nil
}
