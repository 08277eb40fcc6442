package template

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// The placeholders of Fn::Sub: ${Name}, ${Resource.Attribute}, and ${!Literal} for a literal ${Literal}.
var placeholder = regexp.MustCompile(`\$\{([^}]*)\}`)

func (r *resolver) sub(path string, argument any) any {
	text, isText := argument.(string)
	var variables map[string]any
	if list, ok := argument.([]any); ok && len(list) == 2 {
		text, isText = list[0].(string)
		variables, ok = list[1].(map[string]any)
		isText = isText && ok
	}
	if !isText {
		r.problems.add(path, "its arguments are not understood")
		return nil
	}
	return placeholder.ReplaceAllStringFunc(text, func(match string) string {
		name := strings.TrimSpace(match[2 : len(match)-1])
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			return "${" + literal + "}"
		}
		return r.text(path, r.substitute(path, name, variables))
	})
}

func (r *resolver) substitute(path, name string, variables map[string]any) any {
	if raw, ok := variables[name]; ok {
		return r.resolve(join(path, name), raw)
	}
	if resource, attribute, ok := strings.Cut(name, "."); ok {
		return r.getAtt(path, resource, attribute)
	}
	return r.ref(path, name)
}

func (r *resolver) joined(path string, argument any) any {
	delimiter, rest, ok := r.pair(path, argument)
	list, isList := r.resolve(path+"[1]", rest).([]any)
	if !ok || !isList {
		r.problems.add(path, "its arguments are not a delimiter and a list")
		return nil
	}
	texts := make([]string, len(list))
	for i, item := range list {
		texts[i] = r.text(fmt.Sprintf("%s[1][%d]", path, i), item)
	}
	return strings.Join(texts, delimiter)
}

func (r *resolver) split(path string, argument any) any {
	delimiter, rest, ok := r.pair(path, argument)
	if !ok {
		r.problems.add(path, "its arguments are not a delimiter and a string")
		return nil
	}
	var list []any
	for part := range strings.SplitSeq(r.text(path+"[1]", r.resolve(path+"[1]", rest)), delimiter) {
		list = append(list, part)
	}
	return list
}

func (r *resolver) selected(path string, argument any) any {
	position, rest, ok := r.pair(path, argument)
	index, err := strconv.Atoi(position)
	list, isList := r.resolve(path+"[1]", rest).([]any)
	if !ok || err != nil || !isList || index < 0 || index >= len(list) {
		r.problems.add(path, "its arguments are not an index and a list that has it")
		return nil
	}
	return list[index]
}

// pair takes the two arguments of a function whose first is a scalar.
func (r *resolver) pair(path string, argument any) (first string, second any, ok bool) {
	list, ok := argument.([]any)
	if !ok || len(list) != 2 {
		return "", nil, false
	}
	return r.text(path+"[0]", r.resolve(path+"[0]", list[0])), list[1], true
}

// text is a scalar as CloudFormation writes it into a string. What could not be resolved was reported already.
func (r *resolver) text(path string, value any) string {
	switch value := value.(type) {
	case string:
		return value
	case int64, float64, bool:
		return fmt.Sprint(value)
	case nil:
	default:
		r.problems.add(path, "a list or a mapping where a string is needed")
	}
	return ""
}
