package template

import (
	"slices"
	"strings"
)

const samTransform = "AWS::Serverless-2016-10-31"

func readSections(root map[string]any, options Options, problems *problems) *Template {
	r := &resolver{problems: problems, options: options, parameters: map[string]any{}, resources: map[string]resource{}}
	sections := r.object("", root)
	sections.ignore("AWSTemplateFormatVersion", "Description", "Mappings", "Metadata", "Rules")
	if transform := sections.text("Transform"); transform != samTransform && transform != "" {
		sections.problem("Transform", "only %s is understood", samTransform)
	}
	r.readParameters(sections.object("Parameters"))
	r.conditions = sections.object("Conditions").members
	globals := sections.object("Globals")
	function, httpAPI, restAPI := globals.object("Function"), globals.object("HttpApi"), globals.object("Api")
	globals.done()
	resources, outputs := sections.object("Resources"), sections.object("Outputs")
	sections.done()

	r.register(resources)
	parsed := &Template{}
	apis := r.readAPIs(resources, httpAPI, restAPI)
	for _, api := range apis {
		parsed.APIs = append(parsed.APIs, api.API)
	}
	for _, id := range r.ofKind(kindFunction) {
		parsed.Functions = append(parsed.Functions, r.readFunction(id, resources, function, apis))
	}
	for _, id := range r.ofKind(kindTable) {
		parsed.Tables = append(parsed.Tables, r.readTable(id, resources))
	}
	parsed.Exports = r.readExports(outputs)
	return parsed
}

// readParameters takes the caller's value or the default. Of the value nothing is checked.
func (r *resolver) readParameters(parameters object) {
	for _, name := range parameters.names() {
		definition := parameters.object(name)
		text := definition.text("Default")
		if override, ok := r.options.Parameters[name]; ok {
			text = override
		}
		switch kind := definition.text("Type"); kind {
		case "String", "Number":
			r.parameters[name] = text
		case "CommaDelimitedList", "List<Number>":
			list := []any{}
			for item := range strings.SplitSeq(text, ",") {
				if item = strings.TrimSpace(item); item != "" {
					list = append(list, item)
				}
			}
			r.parameters[name] = list
		default:
			definition.problem("Type", "%q is not understood", kind)
			r.parameters[name] = text
		}
	}
}

// merged is what SAM makes of a section of Globals and a resource's own properties: mappings are merged, lists are
// joined, and of anything else the resource's own counts.
func merged(global, own any) any {
	switch own := own.(type) {
	case map[string]any:
		global, ok := global.(map[string]any)
		if _, _, call := intrinsic(own); !ok || call {
			return own
		}
		if _, _, call := intrinsic(global); call {
			return own
		}
		both := map[string]any{}
		for name, value := range global {
			both[name] = value
		}
		for name, value := range own {
			both[name] = value
			if general, ok := global[name]; ok {
				both[name] = merged(general, value)
			}
		}
		return both
	case []any:
		if global, ok := global.([]any); ok {
			return slices.Concat(global, own)
		}
	case nil:
		return global
	}
	return own
}
