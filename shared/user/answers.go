package user

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Answers is what somebody answered to the questions of the sign-up form. What
// is asked, and which answer will do, the form knows. A name is that of a field
// or of a consent, never of both.
type Answers struct {
	Fields   Fields   `json:"fields,omitempty"`
	Consents Consents `json:"consents,omitempty"`
}

// Fields are answers by name, each as JSON text.
type Fields map[string]jsontext.Value

// Consents are what somebody said yes or no to, by name.
type Consents map[string]Consent

// Consent is one yes or no.
type Consent struct {
	Accepted bool      `json:"accepted"`
	Version  string    `json:"version"` // of the text that was agreed to or not
	At       time.Time `json:"at"`
}

// Document is the answers as somebody would give them: one flat JSON object,
// in which a consent is true or false.
func (a Answers) Document() (jsontext.Value, error) {
	all := make(map[string]any, len(a.Fields)+len(a.Consents))
	for name, value := range a.Fields {
		all[name] = value
	}
	for name, consent := range a.Consents {
		all[name] = consent.Accepted
	}
	return canonical(all)
}

// Text is the answers in the one spelling that they are stored in, so that equal
// texts are equal answers; "" if there are none. Strings come back as they
// were, byte for byte, and numbers as they were written.
func (a Answers) Text() (string, error) {
	if len(a.Fields) == 0 && len(a.Consents) == 0 {
		return "", nil
	}
	text, err := canonical(a)
	return string(text), err
}

// ParseAnswers reads what Text wrote. Its errors quote nothing of it.
func ParseAnswers(text string) (Answers, error) {
	var a Answers
	if text == "" {
		return a, nil
	}
	if err := json.Unmarshal([]byte(text), &a, json.RejectUnknownMembers(true)); err != nil {
		return Answers{}, errors.New("answers are malformed")
	}
	return a, nil
}

// Merge takes newer answers over into a, which Clone made. A consent stays as it was, with its time,
// where the newer one says the same of the same version.
func (a *Answers) Merge(newer Answers) {
	for name, value := range newer.Fields {
		delete(a.Consents, name)
		a.Fields[name] = value
	}
	for name, consent := range newer.Consents {
		delete(a.Fields, name)
		if old, ok := a.Consents[name]; ok && old.Accepted == consent.Accepted && old.Version == consent.Version {
			continue
		}
		a.Consents[name] = consent
	}
}

// Clone is a copy whose maps are its own, and there.
func (a Answers) Clone() Answers {
	c := Answers{Fields: maps.Clone(a.Fields), Consents: maps.Clone(a.Consents)}
	if c.Fields == nil {
		c.Fields = Fields{}
	}
	if c.Consents == nil {
		c.Consents = Consents{}
	}
	return c
}

// canonical writes JSON as RFC 8785 does, but for numbers: that would make
// floats of them, and 9007199254740993 another one.
func canonical(v any) (jsontext.Value, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("answers cannot be written: %w", err)
	}
	text := jsontext.Value(b)
	if err := text.Canonicalize(jsontext.CanonicalizeRawInts(false), jsontext.CanonicalizeRawFloats(false)); err != nil {
		return nil, fmt.Errorf("answers cannot be written: %w", err)
	}
	return text, nil
}
