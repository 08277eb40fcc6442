package template

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A resolver replaces intrinsic functions by their values, at the moment when something is read and not before.
type resolver struct {
	problems   *problems
	options    Options
	parameters map[string]any // values: string or []any
	conditions map[string]any // as written
	deciding   []string       // conditions being evaluated, against circles
	resources  map[string]resource
}

// noValue is AWS::NoValue: what holds it is as if it were not written.
type noValue struct{}

// resolve gives a tree without intrinsics; noValue members are gone, but it may itself be noValue.
func (r *resolver) resolve(path string, raw any) any {
	switch raw := raw.(type) {
	case map[string]any:
		if name, argument, ok := intrinsic(raw); ok {
			return r.call(path, name, argument)
		}
		object := make(map[string]any, len(raw))
		for _, key := range slices.Sorted(maps.Keys(raw)) {
			if value := r.resolve(join(path, key), raw[key]); value != (noValue{}) {
				object[key] = value
			}
		}
		return object
	case []any:
		list := make([]any, 0, len(raw))
		for i, item := range raw {
			if value := r.resolve(fmt.Sprintf("%s[%d]", path, i), item); value != (noValue{}) {
				list = append(list, value)
			}
		}
		return list
	}
	return raw
}

func intrinsic(object map[string]any) (name string, argument any, ok bool) {
	if len(object) != 1 {
		return "", nil, false
	}
	for name, argument = range object {
	}
	return name, argument, name == "Ref" || strings.HasPrefix(name, "Fn::")
}

func (r *resolver) call(path, name string, argument any) any {
	path = join(path, name)
	switch name {
	case "Ref":
		if target, ok := argument.(string); ok {
			return r.ref(path, target)
		}
	case "Fn::GetAtt":
		if resource, attribute, ok := attributeOf(argument); ok {
			return r.getAtt(path, resource, attribute)
		}
	case "Fn::Sub":
		return r.sub(path, argument)
	case "Fn::If":
		if list, ok := argument.([]any); ok && len(list) == 3 {
			return r.choose(path, list)
		}
	case "Fn::Join":
		return r.joined(path, argument)
	case "Fn::Select":
		return r.selected(path, argument)
	case "Fn::Split":
		return r.split(path, argument)
	case "Fn::ImportValue":
		return r.imported(path, argument)
	case "Fn::Equals", "Fn::Not", "Fn::And", "Fn::Or":
		return r.decide(strings.TrimSuffix(path, "."+name), map[string]any{name: argument})
	default:
		r.problems.add(path, "this intrinsic function is not understood")
		return nil
	}
	r.problems.add(path, "its arguments are not understood")
	return nil
}

func (r *resolver) ref(path, name string) any {
	switch name {
	case "AWS::NoValue":
		return noValue{}
	case "AWS::Region":
		return r.options.Region
	case "AWS::AccountId":
		return AccountID
	case "AWS::Partition":
		return "aws"
	case "AWS::StackName":
		return r.options.StackName
	case "AWS::URLSuffix":
		return "amazonaws.com"
	}
	if value, ok := r.parameters[name]; ok {
		return value
	}
	if resource, ok := r.resource(path, name); ok {
		return resource.physicalID
	}
	return nil
}

func (r *resolver) resource(path, logicalID string) (resource, bool) {
	found, ok := r.resources[logicalID]
	switch {
	case !ok:
		r.problems.add(path, "there is no parameter or resource %q", logicalID)
	case !r.holds(path, found.condition):
		r.problems.add(path, "%s is left out by its condition %s", logicalID, found.condition)
		return resource{}, false
	}
	return found, ok
}

func attributeOf(argument any) (resource, attribute string, ok bool) {
	switch argument := argument.(type) {
	case string:
		return strings.Cut(argument, ".")
	case []any:
		if len(argument) != 2 {
			return "", "", false
		}
		resource, isName := argument[0].(string)
		attribute, isAttribute := argument[1].(string)
		return resource, attribute, isName && isAttribute
	}
	return "", "", false
}

func (r *resolver) getAtt(path, logicalID, attribute string) any {
	found, ok := r.resource(path, logicalID)
	if !ok {
		return nil
	}
	if attribute != "Arn" || found.arn == "" {
		r.problems.add(path, "attribute %s of %s is not understood", attribute, found.kind)
		return nil
	}
	return found.arn
}

func (r *resolver) choose(path string, branches []any) any {
	name, ok := branches[0].(string)
	if !ok {
		r.problems.add(path, "its first argument is not the name of a condition")
		return nil
	}
	if r.holds(path, name) {
		return r.resolve(path+"[1]", branches[1])
	}
	return r.resolve(path+"[2]", branches[2])
}
