package daemun_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"go.yaml.in/yaml/v4"
)

// node is a part of the template: a map[string]any, []any or string. An
// intrinsic is the string "!Ref UsersTable" or, with a list, a map of one
// member like "!If".
type node = any

// loadTemplate reads template.yaml as it is written: before SAM, with nothing
// resolved.
func loadTemplate(t *testing.T) node { return loadYAML(t, "template.yaml") }

func loadYAML(t *testing.T, file string) node {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	return plain(doc.Content[0])
}

// plain turns YAML with CloudFormation's short tags into a node.
func plain(n *yaml.Node) node {
	isIntrinsic := strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!")
	switch n.Kind {
	case yaml.MappingNode:
		members := map[string]node{}
		for i := 0; i < len(n.Content); i += 2 {
			members[n.Content[i].Value] = plain(n.Content[i+1])
		}
		return members
	case yaml.SequenceNode:
		elements := []node{}
		for _, c := range n.Content {
			elements = append(elements, plain(c))
		}
		if isIntrinsic {
			return map[string]node{n.Tag: elements}
		}
		return elements
	}
	if isIntrinsic {
		return n.Tag + " " + n.Value
	}
	return n.Value
}

// at walks down the members of maps; nil where one is missing.
func at(n node, path ...string) node {
	for _, p := range path {
		m, ok := n.(map[string]node)
		if !ok {
			return nil
		}
		n = m[p]
	}
	return n
}

// text is at for a string; "" where it is missing.
func text(n node, path ...string) string {
	s, _ := at(n, path...).(string)
	return s
}

// list is the node as a list of strings: CloudFormation takes one alone, too.
func list(n node) []string {
	switch v := n.(type) {
	case string:
		return []string{v}
	case []node:
		var all []string
		for _, e := range v {
			s, _ := e.(string)
			all = append(all, s)
		}
		return all
	}
	return nil
}

// allStrings of a part of the template, keys of maps among them.
func allStrings(n node) []string {
	var all []string
	switch v := n.(type) {
	case string:
		all = append(all, v)
	case []node:
		for _, e := range v {
			all = append(all, allStrings(e)...)
		}
	case map[string]node:
		for k, e := range v {
			all = append(append(all, k), allStrings(e)...)
		}
	}
	return all
}

// resources are those of one type, by logical id.
func resources(template node, kind string) map[string]node {
	found := map[string]node{}
	for id, r := range at(template, "Resources").(map[string]node) {
		if text(r, "Type") == kind {
			found[id] = r
		}
	}
	return found
}

// functions are the Lambda functions, by logical id.
func functions(template node) map[string]node {
	return resources(template, "AWS::Serverless::Function")
}

// folderOf is where a function's source lies: LoginUrlFunction is in
// functions/login-url. The Makefile has the same rule.
func folderOf(logicalID string) string {
	var folder strings.Builder
	for i, r := range strings.TrimSuffix(logicalID, "Function") {
		if unicode.IsUpper(r) && i > 0 {
			folder.WriteByte('-')
		}
		folder.WriteRune(unicode.ToLower(r))
	}
	return "functions/" + folder.String()
}

const parameterARN = "!Sub arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"

// grants are what a function's role allows, as "action resource", sorted.
// Parameters are named by their path. What a condition of the template grants
// ends in its name.
func grants(t *testing.T, template node, function node) []string {
	t.Helper()
	id, isOwn := strings.CutPrefix(text(function, "Properties", "Role"), "!GetAtt ")
	role := at(template, "Resources", strings.TrimSuffix(id, ".Arn"), "Properties")
	if !isOwn || role == nil {
		t.Fatalf("the function has no role of its own")
	}
	var all []string
	for _, p := range at(role, "Policies").([]node) {
		for _, s := range at(p, "PolicyDocument", "Statement").([]node) {
			when := ""
			if choice, ok := at(s, "!If").([]node); ok && choice[2] == "!Ref AWS::NoValue" {
				s, when = choice[1], ", if "+choice[0].(string)
			}
			if text(s, "Effect") != "Allow" || at(s, "NotAction") != nil || at(s, "NotResource") != nil {
				t.Errorf("statement %v: only plain Allow is understood here", s)
			}
			for _, action := range list(at(s, "Action")) {
				for _, resource := range list(at(s, "Resource")) {
					all = append(all, action+" "+strings.TrimPrefix(resource, parameterARN)+when)
				}
			}
		}
	}
	slices.Sort(all)
	return all
}
