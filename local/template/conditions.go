package template

import (
	"fmt"
	"slices"
)

// holds says whether the condition of that name is true; no name is no condition.
func (r *resolver) holds(path, name string) bool {
	if name == "" {
		return true
	}
	raw, ok := r.conditions[name]
	if !ok {
		r.problems.add(path, "there is no condition %q", name)
		return false
	}
	if slices.Contains(r.deciding, name) {
		r.problems.add(path, "condition %s depends on itself", name)
		return false
	}
	r.deciding = append(r.deciding, name)
	defer func() { r.deciding = r.deciding[:len(r.deciding)-1] }()
	return r.decide("Conditions."+name, raw)
}

// decide evaluates what may stand in a condition.
func (r *resolver) decide(path string, raw any) bool {
	object, _ := raw.(map[string]any)
	if name, ok := object["Condition"].(string); ok && len(object) == 1 {
		return r.holds(path, name)
	}
	name, argument, call := intrinsic(object)
	list, _ := argument.([]any)
	if call {
		path = join(path, name)
	}
	switch {
	case name == "Fn::Equals" && len(list) == 2:
		left, right := r.resolve(path+"[0]", list[0]), r.resolve(path+"[1]", list[1])
		return r.text(path+"[0]", left) == r.text(path+"[1]", right)
	case name == "Fn::Not" && len(list) == 1:
		return !r.decide(path+"[0]", list[0])
	case name == "Fn::And" && len(list) > 0:
		return !slices.Contains(r.decideAll(path, list), false)
	case name == "Fn::Or" && len(list) > 0:
		return slices.Contains(r.decideAll(path, list), true)
	}
	r.problems.add(path, "this condition is not understood")
	return false
}

func (r *resolver) decideAll(path string, list []any) []bool {
	verdicts := make([]bool, len(list))
	for i, item := range list {
		verdicts[i] = r.decide(fmt.Sprintf("%s[%d]", path, i), item)
	}
	return verdicts
}
