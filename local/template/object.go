package template

import (
	"maps"
	"slices"
	"strconv"
)

// An object reads the members of a mapping, each resolved when it is asked for, and reports in done what nobody asked
// for. The zero values stand for members that are not there.
type object struct {
	resolver *resolver
	path     string
	members  map[string]any // as written
	asked    map[string]bool
}

func (r *resolver) object(path string, raw any) object {
	members, ok := raw.(map[string]any)
	if !ok && raw != nil {
		r.problems.add(path, "is not a mapping")
	}
	return object{resolver: r, path: path, members: members, asked: map[string]bool{}}
}

func (o object) has(name string) bool {
	_, ok := o.members[name]
	return ok
}

func (o object) names() []string { return slices.Sorted(maps.Keys(o.members)) }

// value is nil where the member is not there.
func (o object) value(name string) any {
	o.asked[name] = true
	raw, ok := o.members[name]
	if !ok {
		return nil
	}
	value := o.resolver.resolve(join(o.path, name), raw)
	if value == (noValue{}) {
		return nil
	}
	return value
}

// object leaves a mapping unresolved, so that members which nobody asks for may hold anything.
func (o object) object(name string) object {
	path := join(o.path, name)
	if raw, ok := o.members[name].(map[string]any); ok {
		if _, _, call := intrinsic(raw); !call {
			o.asked[name] = true
			return o.resolver.object(path, raw)
		}
	}
	return o.resolver.object(path, o.value(name))
}

func (o object) text(name string) string {
	return o.resolver.text(join(o.path, name), o.value(name))
}

// required is text that must be there.
func (o object) required(name string) string {
	if !o.has(name) {
		o.problem(name, "is missing")
	}
	return o.text(name)
}

func (o object) integer(name string, otherwise int) int {
	text := o.text(name)
	if text == "" {
		return otherwise
	}
	number, err := strconv.Atoi(text)
	if err != nil {
		o.problem(name, "%q is not a whole number", text)
	}
	return number
}

func (o object) boolean(name string) bool {
	text := o.text(name)
	if text != "" && text != "true" && text != "false" {
		o.problem(name, "%q is neither true nor false", text)
	}
	return text == "true"
}

func (o object) texts(name string) []string {
	value := o.value(name)
	list, ok := value.([]any)
	if !ok && value != nil {
		o.problem(name, "is not a list")
	}
	var texts []string
	for _, item := range list {
		texts = append(texts, o.resolver.text(join(o.path, name), item))
	}
	return texts
}

// ignore says that these members mean nothing on one machine.
func (o object) ignore(names ...string) {
	for _, name := range names {
		o.asked[name] = true
	}
}

func (o object) done() {
	for _, name := range o.names() {
		if !o.asked[name] {
			o.problem(name, "is not understood")
		}
	}
}

func (o object) problem(name, format string, arguments ...any) {
	o.resolver.problems.add(join(o.path, name), format, arguments...)
}
