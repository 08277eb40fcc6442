// Package registration is what sign-up asks for beyond what the provider tells:
// a form, described by a JSON Schema that is part of the program, and the
// judgement of the answers given to it.
//
// A form is a closed, flat subset of JSON Schema draft 2020-12, so that a front
// end can draw every form that there can be. Its members are
//
//	text      {"type":"string", "maxLength":…} and minLength, x-max-bytes, pattern
//	nickname  {"type":"string", "format":"nickname", "maxLength":…} and minLength, x-max-bytes
//	date      {"type":"string", "format":"date"} and x-minimum-age
//	choice    {"type":"string", "enum":[…]} and x-enum-labels
//	choices   {"type":"array", "items":{a choice}} and minItems, maxItems, uniqueItems
//	integer   {"type":"integer"} and minimum, maximum
//	yes or no {"type":"boolean"}
//	consent   {"type":"boolean", "x-consent":{"version":…}} and const: true if it is mandatory
//
// each with title, description and x-labels. A keyword means what the standard
// says; those that begin with x- are annotations to other validators, and rules
// here:
//
//	x-labels, x-enum-labels  what people see, by language: {"ko":"별명","en":"Nickname"}
//	x-max-bytes              how many bytes of UTF-8 a text may have; maxLength counts code points
//	x-minimum-age            how many years before today in Korea a date must lie
//	x-consent                the answer is kept with this version of the text and the server's time;
//	                         the text itself may have a url, for the front end to link to
//
// Every other keyword is refused when the form is loaded: one that is misspelt
// would be a rule that nobody applies. There are no references, so nothing is
// ever fetched.
//
// The package knows neither storage nor tokens nor HTTP. It does not know which
// answers a person gave before, nor whether anybody else has the same nickname.
package registration

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

//go:embed schemas/*.json
var schemas embed.FS

// Form is what sign-up asks. It does not change, and any number of goroutines
// may use it.
type Form struct {
	schema   jsontext.Value
	fields   map[string]field
	required []string // sorted
}

// Load makes the form of a name: schemas/<name>.json of this package. The error
// names every mistake in it, or the names that there are.
func Load(name string) (*Form, error) {
	schema, err := fs.ReadFile(schemas, "schemas/"+name+".json")
	if err != nil {
		return nil, fmt.Errorf("there is no registration form %.40q, only %s", name, strings.Join(Names(), ", "))
	}
	form, err := New(schema)
	if err != nil {
		return nil, fmt.Errorf("registration form %s: %w", name, err)
	}
	return form, nil
}

// UnmarshalText makes f the form of a name, as Load does.
func (f *Form) UnmarshalText(name []byte) error {
	form, err := Load(string(name))
	if err == nil {
		*f = *form
	}
	return err
}

// Names are the forms that there are, sorted.
func Names() []string {
	var names []string
	files, _ := fs.Glob(schemas, "schemas/*.json") // its one error is a bad pattern
	for _, file := range files {
		names = append(names, strings.TrimSuffix(strings.TrimPrefix(file, "schemas/"), ".json"))
	}
	return names
}

// New makes a form of a JSON Schema. The error names every mistake in it.
func New(schema []byte) (*Form, error) {
	r := reader{}
	form := r.form(schema)
	if len(r.mistakes) > 0 {
		return nil, errors.Join(r.mistakes...)
	}
	return form, nil
}

// Schema is the text of the form's JSON Schema, as it was written. The members
// stand in the order in which they are meant to be asked.
func (f *Form) Schema() jsontext.Value { return f.schema.Clone() }
