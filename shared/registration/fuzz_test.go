package registration_test

import (
	"bytes"
	"errors"
	"regexp"
	"slices"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/registration"
)

// stricter are the codes of rules that the standard does not have.
var stricter = []string{
	registration.CodeBadText, registration.CodeBadNickname, registration.CodeTooYoung,
	registration.CodeTooLong,                             // by its bytes
	registration.CodeWrongType,                           // 1.0 and -0, which are no integers here
	registration.CodeTooLarge, registration.CodeTooSmall, // what others would round
}

// exponent is in numbers like 1e9999999, over which the oracle panics.
var exponent = regexp.MustCompile(`[0-9][eE]`)

// RG-05, RG-07: no answers make it panic; what is accepted is kept as it is, would
// be accepted again, and is what the schema says to everybody else; and nothing
// else that the schema allows is refused but by our own rules.
func FuzzCheck(f *testing.F) {
	for _, test := range judged {
		f.Add([]byte(with(test.member, test.value)))
	}
	for _, test := range texts {
		quoted, err := jsontext.AppendQuote(nil, test.text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(with("nickname", string(quoted))))
	}
	f.Add([]byte(`{"terms":true,"terms":true}`))
	f.Add([]byte(`{"roles":["admin"]}`))
	form, standard := everything(f), oracle(f, read(f, "testdata/everything.json"))

	f.Fuzz(func(t *testing.T, body []byte) {
		checked, missing, err := form.Check(body, now)
		var failure *fault.Error
		if errors.As(err, &failure) && failure.Problems == nil {
			return // not even JSON
		}
		if len(body) > 1<<14 || exponent.Match(body) {
			return
		}
		verdict := standard.Validate(parse(t, body))
		if err == nil && missing == nil {
			if verdict != nil {
				t.Errorf("accepted, against the schema: %v", verdict)
			}
			document, err := checked.Document()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(decoded(t, body), decoded(t, document)); diff != "" {
				t.Error(diff)
			}
			again, missing, err := form.Check(document, now)
			if diff := cmp.Diff(checked.Consents, again.Consents); diff != "" || err != nil || missing != nil {
				t.Errorf("refused the second time: %v, %v\n%s", missing, err, diff)
			}
			return
		}
		ours := missing == nil && !slices.ContainsFunc(failure.Problems, func(p fault.Problem) bool { return !slices.Contains(stricter, p.Code) })
		if verdict == nil && !ours {
			t.Errorf("refused what the schema allows: %v, %+v", missing, failure)
		}
	})
}

func decoded(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// What is a form here is one everywhere, and refers to nothing.
func FuzzNew(f *testing.F) {
	for _, name := range registration.Names() {
		f.Add(read(f, "schemas/"+name+".json"))
	}
	f.Add(read(f, "testdata/everything.json"))
	f.Add([]byte(minimal("asked", `{"type":"string","maxLength":5,"$ref":"https://example.com/schema.json"}`)))
	f.Add([]byte(minimal("asked", `{"type":"integer","maximum":9}`)))
	f.Fuzz(func(t *testing.T, schema []byte) {
		form, err := registration.New(schema)
		if err != nil {
			return
		}
		oracle(t, schema)
		if !bytes.Equal(form.Schema(), schema) {
			t.Error("the schema is not what was written")
		}
		if _, missing, err := form.Check(jsontext.Value(`{}`), now); err != nil || missing == nil {
			t.Errorf("a form of which nothing is required: %v, %v", missing, err)
		}
	})
}
