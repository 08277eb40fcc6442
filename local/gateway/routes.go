package gateway

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// A compiled route has its path cut into segments.
type compiled struct {
	Route
	key      string // as events name it: "GET /me", "ANY /{proxy+}", "$default"
	segments []segment
}

type kind int

// In the order of priority.
const (
	literal  kind = iota
	variable      // {name}: one segment
	greedy        // {name+}: one segment or more, at the end
)

type segment struct {
	kind kind
	name string // of the variable, or the literal itself
}

const defaultRoute = "$default"

// compile sorts the routes by priority: the more specific path first, then a method before ANY, $default last.
func compile(routes []Route) ([]compiled, error) {
	result := make([]compiled, 0, len(routes))
	keys := map[string]bool{}
	for _, route := range routes {
		key := route.Method + " " + route.Path
		if route.Path == defaultRoute {
			key = defaultRoute
		}
		if keys[key] {
			return nil, fmt.Errorf("route %s is there twice", key)
		}
		keys[key] = true
		segments, err := parsePath(route.Path)
		if err != nil {
			return nil, fmt.Errorf("route %s: %w", key, err)
		}
		result = append(result, compiled{Route: route, key: key, segments: segments})
	}
	slices.SortStableFunc(result, byPriority)
	return result, nil
}

func parsePath(path string) ([]segment, error) {
	if path == defaultRoute {
		return nil, nil
	}
	if !strings.HasPrefix(path, "/") {
		return nil, fmt.Errorf("path %q does not begin with a slash", path)
	}
	var segments []segment
	for text := range strings.SplitSeq(path[1:], "/") {
		inner, isVariable := strings.CutPrefix(text, "{")
		if !isVariable {
			segments = append(segments, segment{literal, text})
			continue
		}
		name, closed := strings.CutSuffix(inner, "}")
		name, isGreedy := strings.CutSuffix(name, "+")
		if !closed || name == "" {
			return nil, fmt.Errorf("segment %q is not understood", text)
		}
		if isGreedy {
			segments = append(segments, segment{greedy, name})
		} else {
			segments = append(segments, segment{variable, name})
		}
	}
	for _, s := range segments[:len(segments)-1] {
		if s.kind == greedy {
			return nil, fmt.Errorf("{%s+} is not the last segment", s.name)
		}
	}
	return segments, nil
}

func byPriority(a, b compiled) int {
	if a.key == defaultRoute || b.key == defaultRoute {
		return cmp.Compare(len(b.segments), len(a.segments))
	}
	for i := range min(len(a.segments), len(b.segments)) {
		if c := cmp.Compare(a.segments[i].kind, b.segments[i].kind); c != 0 {
			return c
		}
	}
	if c := cmp.Compare(len(b.segments), len(a.segments)); c != 0 {
		return c
	}
	if a.Method == "ANY" || b.Method == "ANY" {
		return strings.Compare(b.Method, a.Method) // only order against ANY matters, and it is the first in the alphabet
	}
	return 0
}

// match finds the first route that takes the request, and its path parameters, decoded.
func match(routes []compiled, method string, path []string) (compiled, map[string]string, bool) {
	for _, route := range routes {
		if route.Method != method && route.Method != "ANY" {
			continue
		}
		if parameters, ok := route.take(path); ok {
			return route, parameters, true
		}
	}
	return compiled{}, nil, false
}

// decodeSegments cuts before it decodes, so that an encoded slash is no separator.
func decodeSegments(target *url.URL) []string {
	segments := strings.Split(strings.TrimPrefix(target.EscapedPath(), "/"), "/")
	for i, text := range segments {
		if decoded, err := url.PathUnescape(text); err == nil { // net/http has refused bad escapes
			segments[i] = decoded
		}
	}
	return segments
}

func (c compiled) take(path []string) (map[string]string, bool) {
	if c.key == defaultRoute {
		return nil, true
	}
	parameters := map[string]string{}
	for i, s := range c.segments {
		switch {
		case i >= len(path):
			return nil, false
		case s.kind == literal && s.name != path[i], s.kind != literal && path[i] == "":
			return nil, false
		case s.kind == variable:
			parameters[s.name] = path[i]
		case s.kind == greedy:
			parameters[s.name] = strings.Join(path[i:], "/")
			return parameters, true
		}
	}
	return parameters, len(path) == len(c.segments)
}
