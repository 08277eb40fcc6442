package gateway

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// invoke is the action that a policy is asked about.
const invoke = "execute-api:Invoke"

// A policy is an IAM policy as authorizers answer it.
type policy struct {
	Statement oneOrMore[statement] `json:"Statement"`
}

type statement struct {
	Effect      string            `json:"Effect"`
	Action      oneOrMore[string] `json:"Action"`
	Resource    oneOrMore[string] `json:"Resource"`
	NotAction   jsontext.Value    `json:"NotAction"`
	NotResource jsontext.Value    `json:"NotResource"`
	Condition   jsontext.Value    `json:"Condition"`
}

// oneOrMore is a list that may be written as its only element.
type oneOrMore[T any] []T

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (l *oneOrMore[T]) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	if decoder.PeekKind() == '[' {
		return json.UnmarshalDecode(decoder, (*[]T)(l))
	}
	*l = make([]T, 1)
	return json.UnmarshalDecode(decoder, &(*l)[0])
}

// check refuses what cannot be judged, instead of judging by half.
func (p *policy) check() error {
	for _, s := range p.Statement {
		switch {
		case s.Effect != "Allow" && s.Effect != "Deny":
			return fmt.Errorf("effect %q", s.Effect)
		case s.NotAction != nil || s.NotResource != nil || s.Condition != nil:
			return fmt.Errorf("NotAction, NotResource and Condition are not emulated")
		}
	}
	return nil
}

// on lets a denying statement win over any that allows.
func (p *policy) on(arn string) error {
	verdict := errDenied
	for _, s := range p.Statement {
		switch {
		case !s.covers(arn):
		case s.Effect == "Deny":
			return errDeniedExplicitly
		default:
			verdict = nil
		}
	}
	return verdict
}

func (s statement) covers(arn string) bool {
	return anyLike(s.Action, invoke, "(?i)") && anyLike(s.Resource, arn, "")
}

// anyLike matches wildcards over the whole text, also over the colons and slashes of an ARN.
func anyLike(patterns []string, text, flags string) bool {
	for _, pattern := range patterns {
		expression := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern))
		if regexp.MustCompile(flags + `(?s)^` + expression + `$`).MatchString(text) {
			return true
		}
	}
	return false
}
