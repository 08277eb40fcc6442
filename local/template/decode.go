package template

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// decode makes maps, lists and scalars of YAML, with the short tags in their long form: !Ref X is {"Ref": "X"}.
// It returns nil when there is no tree to go on with.
func decode(content []byte, problems *problems) map[string]any {
	var document yaml.Node
	if err := yaml.Load(content, &document); err != nil {
		problems.add("YAML", "%v", err)
		return nil
	}
	d := decoder{problems}
	root, ok := d.value("", document.Content[0]).(map[string]any)
	if !ok {
		problems.add("YAML", "a template is a mapping")
	}
	return root
}

type decoder struct{ problems *problems }

func (d decoder) value(path string, node *yaml.Node) any {
	value := d.untagged(path, node)
	name, short := strings.CutPrefix(node.Tag, "!")
	switch {
	case !short || strings.HasPrefix(name, "!"):
		return value
	case name == "Ref" || name == "Condition":
		return map[string]any{name: value}
	default:
		return map[string]any{"Fn::" + name: value}
	}
}

func (d decoder) untagged(path string, node *yaml.Node) any {
	switch node.Kind {
	case yaml.MappingNode:
		return d.mapping(path, node)
	case yaml.SequenceNode:
		list := make([]any, len(node.Content))
		for i, item := range node.Content {
			list[i] = d.value(fmt.Sprintf("%s[%d]", path, i), item)
		}
		return list
	case yaml.ScalarNode:
		return d.scalar(path, node)
	}
	d.problems.add(path, "line %d: aliases are not understood", node.Line)
	return nil
}

func (d decoder) mapping(path string, node *yaml.Node) map[string]any {
	object := make(map[string]any, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i].Value
		here := join(path, key)
		if _, twice := object[key]; twice {
			d.problems.add(here, "line %d: is there twice", node.Content[i].Line)
		}
		object[key] = d.value(here, node.Content[i+1])
	}
	return object
}

// scalar leaves dates (2010-09-09) and everything unknown a string, as CloudFormation does.
func (d decoder) scalar(path string, node *yaml.Node) any {
	switch node.ShortTag() {
	case "!!null":
		return nil
	case "!!int", "!!float", "!!bool":
		var value any
		if err := node.Decode(&value); err != nil {
			d.problems.add(path, "line %d: %v", node.Line, err)
		}
		if number, ok := value.(int); ok {
			return int64(number)
		}
		return value
	}
	return node.Value
}

// join is the path of a member; top-level sections stand for themselves.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
