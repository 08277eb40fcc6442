package registration

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const draft = "https://json-schema.org/draft/2020-12/schema"

// document is the schema of a form, as it is written.
type document struct {
	Draft       string                    `json:"$schema"`
	Type        string                    `json:"type"`
	Title       string                    `json:"title"`
	Description string                    `json:"description"`
	Labels      labels                    `json:"x-labels"`
	Properties  map[string]jsontext.Value `json:"properties"`
	Required    []string                  `json:"required"`
	Additional  jsontext.Value            `json:"additionalProperties"`
}

// labels are what people see, by language.
type labels map[string]string

var (
	documentKeywords = []string{
		"$schema", "type", "title", "description", "x-labels", "properties", "required", "additionalProperties",
	}
	// names are in snake case, as those of all our JSON.
	snakeCase = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	language  = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]+)*$`)
)

// reserved are names of what we say of a person, or are told by a provider: an
// answer of that name would be taken for it (RG-02).
var reserved = map[string]bool{
	// who somebody is
	"id": true, "user_id": true, "user": true, "sub": true, "subject": true, "identity": true, "identities": true,
	"provider": true, "provider_id": true, "oauth_id": true,
	// what they may do
	"role": true, "roles": true, "is_admin": true, "status": true, "disabled": true, "permissions": true, "scope": true,
	// what the provider vouched for
	"profile": true, "email": true, "email_verified": true, "picture": true, "picture_url": true, "profile_image_url": true,
	// the state of the account
	"profile_complete": true, "answers": true, "fields": true, "consents": true,
	"created_at": true, "updated_at": true, "expires_at": true, "ttl": true, "pk": true, "sk": true,
	// claims, tokens and what stands beside them
	"iss": true, "aud": true, "exp": true, "nbf": true, "iat": true, "jti": true, "sid": true, "client_id": true,
	"access_token": true, "refresh_token": true, "refresh_token_expires_in": true, "register_token": true, "id_token": true,
	"token_type": true, "expires_in": true, "password": true,
	// members of other answers
	"error": true, "error_description": true, "problems": true, "request_id": true, "schema": true,
}

// reader reads a schema and collects the mistakes in it.
type reader struct {
	mistakes []error
	labelled []labelled
}

type labelled struct {
	pointer jsontext.Pointer
	labels  labels
}

func (r *reader) mistake(pointer jsontext.Pointer, format string, args ...any) {
	if pointer == "" {
		pointer = "schema"
	}
	r.mistakes = append(r.mistakes, fmt.Errorf("%s: %w", pointer, fmt.Errorf(format, args...)))
}

// want notes a mistake unless good.
func (r *reader) want(good bool, pointer jsontext.Pointer, format string, args ...any) {
	if !good {
		r.mistake(pointer, format, args...)
	}
}

// form reads the schema of a form.
func (r *reader) form(schema jsontext.Value) *Form {
	var doc document
	members, ok := r.decode("", schema, &doc)
	if !ok {
		return nil
	}
	r.keywords("", members, documentKeywords)
	r.want(doc.Draft == draft, "/$schema", "must be %s", draft)
	r.want(doc.Type == "object", "/type", "must be object")
	r.want(string(doc.Additional) == "false", "/additionalProperties", "must be false")
	r.label("/x-labels", doc.Labels)

	form := &Form{schema: schema.Clone(), fields: map[string]field{}, required: slices.Sorted(slices.Values(doc.Required))}
	for _, name := range slices.Sorted(maps.Keys(doc.Properties)) {
		pointer := jsontext.Pointer("/properties").AppendToken(name)
		r.want(snakeCase.MatchString(name) && len(name) <= maxName, pointer, "the name must be of a-z, 0-9 and _, begin with a letter and have at most 64 characters")
		r.want(!reserved[name], pointer, "the name is reserved")
		form.fields[name] = r.member(pointer, doc.Properties[name])
	}
	r.required(form)
	r.sameLanguages()
	return form
}

// required checks what must be there. Something must: a form of which nothing is
// required is no condition of an account, and whoever is yet to answer one is
// known to be incomplete without a look at it.
func (r *reader) required(form *Form) {
	const pointer = "/required"
	r.want(len(form.required) > 0, pointer, "must name a member at least")
	r.want(len(slices.Compact(slices.Clone(form.required))) == len(form.required), pointer, "names a member twice")
	for _, name := range form.required {
		asked, ok := form.fields[name]
		r.want(ok, pointer, "%q is not among the properties", name)
		t, ok := asked.(text)
		r.want(!ok || t.minLength > 0, pointer, "%q may be empty: give it a minLength", name)
	}
	for _, name := range slices.Sorted(maps.Keys(form.fields)) {
		c, ok := form.fields[name].(consent)
		r.want(!ok || !c.mandatory || slices.Contains(form.required, name), pointer, "%q must be true, so it must be there", name)
	}
}

// decode reads a part of the schema into a struct, and returns its members. A
// keyword of the wrong type hides the other mistakes of its part.
func (r *reader) decode(pointer jsontext.Pointer, part jsontext.Value, into any) (map[string]jsontext.Value, bool) {
	if part.Kind() != jsontext.KindBeginObject {
		r.mistake(pointer, "must be an object")
		return nil, false
	}
	var members map[string]jsontext.Value
	err := json.Unmarshal(part, &members)
	if err == nil {
		err = json.Unmarshal(part, into)
	}
	if err != nil {
		r.mistake(pointer, "%w", err)
	}
	return members, err == nil
}

// keywords checks that a part has no others, and none that is null: that would
// pass for absent.
func (r *reader) keywords(pointer jsontext.Pointer, members map[string]jsontext.Value, allowed []string) {
	for _, name := range slices.Sorted(maps.Keys(members)) {
		here := pointer.AppendToken(name)
		r.want(slices.Contains(allowed, name), here, "the keyword is not supported here, only %s", strings.Join(allowed, ", "))
		r.want(members[name].Kind() != jsontext.KindNull, here, "must not be null")
	}
}

// label notes what a part is called, which may be nothing.
func (r *reader) label(pointer jsontext.Pointer, l labels) {
	r.labelled = append(r.labelled, labelled{pointer, l})
	for _, name := range slices.Sorted(maps.Keys(l)) {
		here := pointer.AppendToken(name)
		r.want(language.MatchString(name), here, "is no tag of a language")
		r.want(l[name] != "" && isText(l[name]), here, "is no text")
	}
}

// sameLanguages checks that every part is labelled in every language in which
// some part is.
func (r *reader) sameLanguages() {
	all := map[string]bool{}
	for _, part := range r.labelled {
		for name := range part.labels {
			all[name] = true
		}
	}
	for _, part := range r.labelled {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			_, ok := part.labels[name]
			r.want(ok, part.pointer, "has no %s, which other labels have", name)
		}
	}
}
