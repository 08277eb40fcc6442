package registration_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// nothingToFetch is a loader that fails: no schema of ours refers to another.
type nothingToFetch struct{}

func (nothingToFetch) Load(url string) (any, error) { return nil, errors.New("fetches " + url) }

// oracle compiles a schema with a complete implementation of the standard, which
// says what a form means to everybody else. (Functions do not link it: its
// package initialisation compiles the meta-schemas of five drafts, in 6 ms.)
func oracle(t testing.TB, schema []byte) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(nothingToFetch{})
	compiler.AssertFormat()
	if err := compiler.AddResource("urn:form", parse(t, schema)); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("urn:form")
	if err != nil {
		t.Fatalf("no JSON Schema: %v\n%s", err, schema)
	}
	return compiled
}

// parse reads JSON as the oracle wants it.
func parse(t testing.TB, text []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}
