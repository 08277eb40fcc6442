package registration

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// property is the schema of a member, as it is written.
type property struct {
	Type        string            `json:"type"`
	Title       string            `json:"title"`
	Description string            `json:"description"`
	Labels      labels            `json:"x-labels"`
	Format      string            `json:"format"`
	MinLength   int               `json:"minLength"`
	MaxLength   int               `json:"maxLength"`
	MaxBytes    *int              `json:"x-max-bytes"`
	Pattern     *string           `json:"pattern"`
	MinimumAge  *int              `json:"x-minimum-age"`
	Enum        []string          `json:"enum"`
	EnumLabels  map[string]labels `json:"x-enum-labels"`
	Items       jsontext.Value    `json:"items"`
	MinItems    int               `json:"minItems"`
	MaxItems    *int              `json:"maxItems"`
	UniqueItems bool              `json:"uniqueItems"`
	Minimum     *int64            `json:"minimum"`
	Maximum     *int64            `json:"maximum"`
	Const       *bool             `json:"const"`
	Consent     jsontext.Value    `json:"x-consent"`
}

// consented is the text that somebody consents to, as it is written.
type consented struct {
	Version string `json:"version"`
	URL     string `json:"url"` // where people can read it; a front end links to it
}

// maxText is how long a text may be allowed to be, in code points: no body that
// we read holds a longer one.
const maxText = 1 << 14

var visibleASCII = regexp.MustCompile(`^[!-~]+$`)

// kind is a kind of member: the keywords that it may have beside the common
// ones, and how it is read.
type kind struct {
	keywords []string
	read     func(*reader, jsontext.Pointer, property) field
}

func (p property) kind() (kind, bool) {
	switch {
	case p.Type == "string" && p.Enum != nil:
		return kind{[]string{"enum", "x-enum-labels"}, (*reader).choice}, true
	case p.Type == "string" && p.Format == "nickname":
		return kind{[]string{"format", "minLength", "maxLength", "x-max-bytes"}, (*reader).text}, true
	case p.Type == "string" && p.Format == "date":
		return kind{[]string{"format", "x-minimum-age"}, (*reader).date}, true
	case p.Type == "string" && p.Format == "":
		return kind{[]string{"minLength", "maxLength", "x-max-bytes", "pattern"}, (*reader).text}, true
	case p.Type == "array":
		return kind{[]string{"items", "minItems", "maxItems", "uniqueItems"}, (*reader).choices}, true
	case p.Type == "integer":
		return kind{[]string{"minimum", "maximum"}, (*reader).integer}, true
	case p.Type == "boolean" && p.Consent != nil:
		return kind{[]string{"const", "x-consent"}, (*reader).consent}, true
	case p.Type == "boolean":
		return kind{nil, func(*reader, jsontext.Pointer, property) field { return yesOrNo{} }}, true
	}
	return kind{}, false
}

// member reads the schema of a member.
func (r *reader) member(pointer jsontext.Pointer, part jsontext.Value) field {
	var p property
	members, ok := r.decode(pointer, part, &p)
	if !ok {
		return nil
	}
	r.label(pointer.AppendToken("x-labels"), p.Labels)
	k, ok := p.kind()
	if !ok {
		r.mistake(pointer, "type %q with format %q is nothing that a form can ask", p.Type, p.Format)
		return nil
	}
	r.keywords(pointer, members, slices.Concat([]string{"type", "title", "description", "x-labels"}, k.keywords))
	return k.read(r, pointer, p)
}

func (r *reader) text(pointer jsontext.Pointer, p property) field {
	t := text{minLength: p.MinLength, maxLength: p.MaxLength, maxBytes: utf8.UTFMax * p.MaxLength, nickname: p.Format == "nickname"}
	r.want(1 <= p.MaxLength && p.MaxLength <= maxText, pointer, "needs a maxLength from 1 to %d", maxText)
	r.want(0 <= p.MinLength && p.MinLength <= p.MaxLength, pointer, "minLength must be from 0 to maxLength")
	if p.MaxBytes != nil {
		t.maxBytes = *p.MaxBytes
		r.want(t.maxBytes >= max(1, t.minLength), pointer, "x-max-bytes must be at least 1 and minLength")
	}
	if p.Pattern != nil {
		var err error
		t.pattern, err = regexp.Compile(*p.Pattern)
		r.want(err == nil, pointer, "pattern: %w", err)
	}
	return t
}

func (r *reader) date(pointer jsontext.Pointer, p property) field {
	if p.MinimumAge == nil {
		return date{}
	}
	r.want(1 <= *p.MinimumAge && *p.MinimumAge <= 150, pointer, "x-minimum-age must be from 1 to 150")
	return date{minimumAge: *p.MinimumAge}
}

func (r *reader) choice(pointer jsontext.Pointer, p property) field {
	r.want(len(p.Enum) > 0, pointer, "enum is empty")
	sorted := slices.Sorted(slices.Values(p.Enum))
	r.want(len(slices.Compact(sorted)) == len(p.Enum), pointer, "enum has a value twice")
	for _, value := range p.Enum {
		r.want(value != "" && isText(value), pointer, "enum has %q, which is no text", value)
		r.label(pointer.AppendToken("x-enum-labels").AppendToken(value), p.EnumLabels[value])
	}
	for _, value := range slices.Sorted(maps.Keys(p.EnumLabels)) {
		r.want(slices.Contains(p.Enum, value), pointer, "x-enum-labels has %q, which enum has not", value)
	}
	return choice{of: p.Enum}
}

func (r *reader) choices(pointer jsontext.Pointer, p property) field {
	here := pointer.AppendToken("items")
	var item property
	members, ok := r.decode(here, p.Items, &item)
	if !ok {
		return nil
	}
	r.keywords(here, members, []string{"type", "enum", "x-enum-labels"})
	r.want(item.Type == "string", here, "must be of type string, with an enum")
	r.want(p.UniqueItems, pointer, "uniqueItems must be true")
	c := choices{of: choice{of: item.Enum}, minItems: p.MinItems, maxItems: len(item.Enum)}
	if p.MaxItems != nil {
		c.maxItems = *p.MaxItems
	}
	r.choice(here, item)
	r.want(0 <= c.minItems && c.minItems <= c.maxItems && 1 <= c.maxItems && c.maxItems <= len(item.Enum), pointer,
		"minItems and maxItems must be in order, and no more than there is to choose from")
	return c
}

func (r *reader) integer(pointer jsontext.Pointer, p property) field {
	n := integer{minimum: -maxInteger, maximum: maxInteger}
	if p.Minimum != nil {
		n.minimum = *p.Minimum
	}
	if p.Maximum != nil {
		n.maximum = *p.Maximum
	}
	r.want(-maxInteger <= n.minimum && n.minimum <= n.maximum && n.maximum <= maxInteger, pointer,
		"minimum and maximum must be in order, and within 2^53-1 of zero")
	return n
}

func (r *reader) consent(pointer jsontext.Pointer, p property) field {
	here := pointer.AppendToken("x-consent")
	var to consented
	members, ok := r.decode(here, p.Consent, &to)
	if !ok {
		return nil
	}
	r.keywords(here, members, []string{"version", "url"})
	r.want(len(to.Version) <= 32 && visibleASCII.MatchString(to.Version), here, "version must be 1 to 32 visible ASCII characters")
	local := strings.HasPrefix(to.URL, "/") && !strings.HasPrefix(to.URL, "//")
	r.want(to.URL == "" || local || strings.HasPrefix(to.URL, "https://"), here, "url must be https, or a path")
	r.want(p.Const == nil || *p.Const, pointer, "const must be true, or absent")
	return consent{version: to.Version, mandatory: p.Const != nil}
}
