package registration_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/registration"
)

// minimal is a form with one member more, whose schema is given.
func minimal(name, property string) string {
	return `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,"required":["ok"],
	"properties":{"ok":{"type":"boolean"},"` + name + `":` + property + `}}`
}

// mistakesIn are the lines of what New says of a schema.
func mistakesIn(schema string) []string {
	_, err := registration.New([]byte(schema))
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

func TestNew_TakesEveryKindOfMember(t *testing.T) {
	for _, property := range []string{
		`{"type":"string","maxLength":5}`,
		`{"type":"string","maxLength":5,"minLength":5,"x-max-bytes":5,"pattern":"^a+$","title":"a","description":"b"}`,
		`{"type":"string","maxLength":5,"format":"nickname"}`,
		`{"type":"string","format":"date"}`,
		`{"type":"string","format":"date","x-minimum-age":19}`,
		`{"type":"string","enum":["a"]}`,
		`{"type":"array","items":{"type":"string","enum":["a","b"]},"uniqueItems":true}`,
		`{"type":"array","items":{"type":"string","enum":["a","b"]},"uniqueItems":true,"minItems":2,"maxItems":2}`,
		`{"type":"integer"}`,
		`{"type":"integer","minimum":-5,"maximum":-5}`,
		`{"type":"boolean"}`,
		`{"type":"boolean","x-consent":{"version":"1"}}`,
		`{"type":"boolean","x-consent":{"version":"2026-11-01","url":"https://example.com/terms"}}`,
	} {
		schema := minimal("asked", property)
		if got := mistakesIn(schema); got != nil {
			t.Errorf("%s: %q", property, got)
			continue
		}
		oracle(t, []byte(schema))
	}
}

func TestNew_RefusesMembersThatNoFormCanAsk(t *testing.T) {
	for _, test := range []struct{ property, mistake string }{
		{`true`, "must be an object"},
		{`null`, "must be an object"},
		{`[]`, "must be an object"},
		{`{}`, `type "" with format ""`},
		{`{"type":"object","properties":{}}`, `type "object"`},
		{`{"type":"number"}`, `type "number"`},
		{`{"type":"null"}`, `type "null"`},
		{`{"type":"string","format":"email","maxLength":5}`, `format "email"`},
		{`{"type":["string","null"]}`, "/type"},
		{`{"type":"string","type":"integer"}`, "duplicate"},
		{`{"type":"String","maxLength":5}`, `type "String"`},

		// references, wherever they would lead, and what else is no flat list of questions
		{`{"$ref":"https://example.com/schema.json"}`, `type ""`},
		{`{"type":"string","maxLength":5,"$ref":"https://example.com/schema.json"}`, "/$ref: the keyword is not supported"},
		{`{"type":"string","maxLength":5,"$ref":"file:///etc/passwd"}`, "/$ref: the keyword is not supported"},
		{`{"type":"string","maxLength":5,"$ref":"#/$defs/a"}`, "/$ref: the keyword is not supported"},
		{`{"type":"string","maxLength":5,"$dynamicRef":"#a"}`, "/$dynamicRef: the keyword is not supported"},
		{`{"type":"string","maxLength":5,"$id":"https://example.com/a"}`, "/$id: the keyword is not supported"},
		{`{"type":"string","maxLength":5,"$schema":"http://json-schema.org/draft-07/schema#"}`, "/$schema: the keyword is not supported"},
		{`{"type":"string","maxLength":5,"allOf":[]}`, "/allOf: the keyword is not supported"},
		{`{"type":"string","maxLength":5,"not":{}}`, "/not: the keyword is not supported"},
		{`{"type":"string","maxLength":5,"if":{}}`, "/if: the keyword is not supported"},
		{`{"type":"string","maxLength":5,"properties":{}}`, "/properties: the keyword is not supported"},

		// keywords that would say nothing here
		{`{"type":"string","maxLength":5,"minLenght":2}`, "/minLenght: the keyword is not supported"},
		{`{"type":"string","maxLength":5,"MinLength":2}`, "/MinLength: the keyword is not supported"},
		{`{"type":"string","maxLength":5,"x-consent":{"version":"1"}}`, "/x-consent: the keyword is not supported"},
		{`{"type":"string","maxLength":5,"x-minimum-age":14}`, "/x-minimum-age: the keyword is not supported"},
		{`{"type":"string","format":"date","maxLength":10}`, "/maxLength: the keyword is not supported"},
		{`{"type":"string","enum":["a"],"maxLength":10}`, "/maxLength: the keyword is not supported"},
		{`{"type":"integer","maxLength":10}`, "/maxLength: the keyword is not supported"},
		{`{"type":"integer","multipleOf":2}`, "/multipleOf: the keyword is not supported"},
		{`{"type":"boolean","const":true}`, "/const: the keyword is not supported"},
		{`{"type":"integer","title":null}`, "/title: must not be null"},
		{`{"type":"integer","maximum":null}`, "/maximum: must not be null"},

		{`{"type":"string"}`, "needs a maxLength"},
		{`{"type":"string","maxLength":0}`, "needs a maxLength"},
		{`{"type":"string","maxLength":9223372036854775807}`, "needs a maxLength"},
		{`{"type":"string","maxLength":"5"}`, "/maxLength"},
		{`{"type":"string","maxLength":5.5}`, "/maxLength"},
		{`{"type":"string","maxLength":5,"minLength":6}`, "minLength must be"},
		{`{"type":"string","maxLength":5,"minLength":-1}`, "minLength must be"},
		{`{"type":"string","maxLength":5,"x-max-bytes":0}`, "x-max-bytes must be"},
		{`{"type":"string","maxLength":5,"minLength":3,"x-max-bytes":2}`, "x-max-bytes must be"},
		{`{"type":"string","maxLength":5,"pattern":"("}`, "pattern: "},
		{`{"type":"string","maxLength":5,"pattern":"(?=a)"}`, "pattern: "},
		{`{"type":"string","format":"date","x-minimum-age":0}`, "x-minimum-age must be"},
		{`{"type":"string","format":"date","x-minimum-age":151}`, "x-minimum-age must be"},
		{`{"type":"string","format":"date","x-minimum-age":"14"}`, "/x-minimum-age"},

		{`{"type":"string","enum":[]}`, "enum is empty"},
		{`{"type":"string","enum":["a","a"]}`, "enum has a value twice"},
		{`{"type":"string","enum":["a",1]}`, "/enum/1"},
		{`{"type":"string","enum":["a",""]}`, "is no text"},
		{`{"type":"string","enum":["a\u202e"]}`, "is no text"},
		{`{"type":"string","enum":["a"],"x-enum-labels":{"b":{"en":"B"}}}`, `x-enum-labels has "b"`},
		{`{"type":"array"}`, "/items: must be an object"},
		{`{"type":"array","items":{"type":"string","maxLength":5},"uniqueItems":true}`, "/items/maxLength: the keyword is not supported"},
		{`{"type":"array","items":{"type":"array","items":{}},"uniqueItems":true}`, "/items/items: the keyword is not supported"},
		{`{"type":"array","items":{"type":"integer","enum":["a"]},"uniqueItems":true}`, "/items: must be of type string"},
		{`{"type":"array","items":{"type":"string","enum":["a"]}}`, "uniqueItems must be true"},
		{`{"type":"array","items":{"type":"string","enum":["a"]},"uniqueItems":true,"maxItems":2}`, "minItems and maxItems"},
		{`{"type":"array","items":{"type":"string","enum":["a"]},"uniqueItems":true,"minItems":2}`, "minItems and maxItems"},
		{`{"type":"array","items":{"type":"string","enum":["a"]},"uniqueItems":true,"maxItems":0}`, "minItems and maxItems"},

		{`{"type":"integer","minimum":2,"maximum":1}`, "minimum and maximum"},
		{`{"type":"integer","maximum":9007199254740992}`, "minimum and maximum"},
		{`{"type":"integer","maximum":1e400}`, "/maximum"},
		{`{"type":"integer","minimum":0.5}`, "/minimum"},

		{`{"type":"boolean","x-consent":{}}`, "version must be"},
		{`{"type":"boolean","x-consent":true}`, "/x-consent: must be an object"},
		{`{"type":"boolean","x-consent":{"version":1}}`, "/version"},
		{`{"type":"boolean","x-consent":{"version":"약관"}}`, "version must be"},
		{`{"type":"boolean","x-consent":{"version":"1","required":true}}`, "/x-consent/required: the keyword is not supported"},
		{`{"type":"boolean","x-consent":{"version":"1","url":"javascript:alert(1)"}}`, "url must be"},
		{`{"type":"boolean","x-consent":{"version":"1","url":"//example.com"}}`, "url must be"},
		{`{"type":"boolean","x-consent":{"version":"1"},"const":false}`, "const must be true"},
		{`{"type":"boolean","x-consent":{"version":"1"},"const":true}`, `"asked" must be true, so it must be there`},

		{`{"type":"boolean","x-labels":{"en":""}}`, "/x-labels/en: is no text"},
		{`{"type":"boolean","x-labels":{"english":"a"}}`, "/x-labels/english: is no tag"},
		{`{"type":"boolean","x-labels":"a"}`, "/x-labels"},
	} {
		got := mistakesIn(minimal("asked", test.property))
		if !strings.Contains(strings.Join(got, "\n"), test.mistake) || !strings.Contains(strings.Join(got, "\n"), "asked") {
			t.Errorf("%s: %q, want %q", test.property, got, test.mistake)
		}
	}
}

// RG-02: a member whose name says who somebody is would be taken for that.
func TestNew_RefusesReservedNames(t *testing.T) {
	for _, name := range []string{
		"id", "user_id", "sub", "provider", "oauth_id", "email", "email_verified", "role", "roles", "status", "profile_complete",
		"identities", "picture_url", "created_at", "expires_at", "ttl", "pk", "sk", "access_token", "consents",
	} {
		if got := mistakesIn(minimal(name, `{"type":"boolean"}`)); len(got) != 1 || !strings.Contains(got[0], "reserved") {
			t.Errorf("%s: %q", name, got)
		}
	}
	for _, name := range []string{"", "Email", "userId", "e-mail", "1st", "_id", "__proto__", "ſub", "a/b", "a b", strings.Repeat("a", 65)} {
		if got := mistakesIn(minimal(name, `{"type":"boolean"}`)); len(got) != 1 || !strings.Contains(got[0], "the name must be") {
			t.Errorf("%q: %q", name, got)
		}
	}
}

func TestNew_RefusesWhatIsNoForm(t *testing.T) {
	good := minimal("asked", `{"type":"boolean"}`)
	for _, test := range []struct{ old, new, mistake string }{
		{good, ``, "must be an object"},
		{good, `true`, "must be an object"},
		{good, good[:len(good)-1], "EOF"},
		{good, good + "x", "invalid character"},
		{"2020-12", "2019-09", "/$schema: must be"},
		{`"$schema":"https://json-schema.org/draft/2020-12/schema",`, ``, "/$schema: must be"},
		{`"type":"object"`, `"type":"array"`, "/type: must be object"},
		{`"type":"object"`, `"type":["object"]`, "/type"},
		{`"additionalProperties":false`, `"additionalProperties":true`, "/additionalProperties: must be false"},
		{`"additionalProperties":false`, `"additionalProperties":{}`, "/additionalProperties: must be false"},
		{`"additionalProperties":false,`, ``, "/additionalProperties: must be false"},
		{`"additionalProperties":false`, `"additionalProperties":false,"$ref":"https://example.com/"`, "/$ref: the keyword is not supported"},
		{`"additionalProperties":false`, `"additionalProperties":false,"$id":"https://example.com/"`, "/$id: the keyword is not supported"},
		{`"additionalProperties":false`, `"additionalProperties":false,"$vocabulary":{}`, "/$vocabulary: the keyword is not supported"},
		{`"additionalProperties":false`, `"additionalProperties":false,"oneOf":[]`, "/oneOf: the keyword is not supported"},
		{`"additionalProperties":false`, `"additionalProperties":false,"patternProperties":{}`, "/patternProperties: the keyword is not supported"},
		{`"required":["ok"]`, `"required":[]`, "/required: must name a member"},
		{`"required":["ok"],`, ``, "/required: must name a member"},
		{`"required":["ok"]`, `"required":["ok","ok"]`, "/required: names a member twice"},
		{`"required":["ok"]`, `"required":["ok","no"]`, `/required: "no" is not among the properties`},
		{`"required":["ok"]`, `"required":"ok"`, "/required"},
		{`"ok":{"type":"boolean"}`, `"ok":{"type":"string","maxLength":9}`, `/required: "ok" may be empty`},
		{`"ok":{"type":"boolean"}`, `"ok":{"type":"boolean","x-labels":{"en":"OK"}}`, "/properties/asked/x-labels: has no en"},
	} {
		got := mistakesIn(strings.Replace(good, test.old, test.new, 1))
		if !strings.Contains(strings.Join(got, "\n"), test.mistake) {
			t.Errorf("%s instead of %s: %q, want %q", test.new, test.old, got, test.mistake)
		}
	}
}

// Whoever writes a form learns every mistake at once, in one order.
func TestNew_NamesEveryMistake(t *testing.T) {
	want := []string{
		`/$schema: must be https://json-schema.org/draft/2020-12/schema`,
		`/additionalProperties: must be false`,
		`/properties/email: the name is reserved`,
		`/properties/email: needs a maxLength from 1 to 16384`,
		`/properties/nested: type "object" with format "" is nothing that a form can ask`,
		`/properties/nick/minLenght: the keyword is not supported here, only type, title, description, x-labels, format, minLength, maxLength, x-max-bytes`,
		`/properties/nick: x-max-bytes must be at least 1 and minLength`,
		`/required: "nickname" is not among the properties`,
		`/x-labels: has no ko, which other labels have`,
		`/properties/email/x-labels: has no en, which other labels have`,
		`/properties/email/x-labels: has no ko, which other labels have`,
		`/properties/nested/x-labels: has no en, which other labels have`,
		`/properties/nested/x-labels: has no ko, which other labels have`,
	}
	got := mistakesIn(`{"type":"object","x-labels":{"en":"Form"},"required":["nickname"],"properties":{
		"email":{"type":"string"},
		"nested":{"type":"object"},
		"nick":{"type":"string","format":"nickname","maxLength":5,"minLenght":3,"x-max-bytes":0,"x-labels":{"ko":"별명","en":"Nick"}}
	}}`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
