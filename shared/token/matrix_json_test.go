package token_test

import (
	"strings"
	"unicode/utf16"

	"daemun/shared/jws"
)

// memberNames has each member twice, or under a name that is not quite its own:
// then it is missing, for the reason given. TK-08.
func (m *matrix) memberNames(class string, base object, missing map[string]error, twice error, with func(object) string) {
	for name, reason := range missing {
		value := base.value(name)
		for what, o := range map[string]object{
			"twice":                       base.after(name, name, value),
			"twice, null first":           base.before(name, name, "null"),
			"twice, null last":            base.after(name, name, "null"),
			"twice, another first":        base.before(name, name, `"none"`),
			"twice, another last":         base.after(name, name, `"none"`),
			"twice, at both ends":         base.without(name).before(firstBut(base, name), name, value).after(lastBut(base, name), name, value),
			"twice, spelt with an escape": base.after(name, escaped(name), value),
		} {
			m.refuse(class, name+" "+what, with(o), twice)
		}
		for what, other := range map[string]string{
			"upper case": strings.ToUpper(name), "title case": strings.ToUpper(name[:1]) + name[1:], "space after": name + " ", "space before": " " + name,
			"NUL after": name + `\u0000`, "zero-width space after": name + "\u200b", "byte order mark before": "\ufeff" + name,
		} {
			m.refuse(class, name+" with "+what, with(base.renamed(name, other)), reason)
		}
		if folded := strings.NewReplacer("s", "ſ", "k", "\u212a").Replace(name); folded != name { // equal to a reader that folds case
			m.refuse(class, name+" with a letter that folds to its own", with(base.renamed(name, folded)), reason)
		}
		m.take(name+" spelt with an escape", with(base.renamed(name, escaped(name))))
		m.take(name+" and "+strings.ToUpper(name)+", which is not read", with(base.after(name, strings.ToUpper(name), `"none"`)))
	}
	m.refuse(class, "unknown member twice", with(base.before(base[0].name, "x", "1").before("x", "x", "1")), twice)
	m.refuse(class, "member twice inside an unknown member", with(base.before(base[0].name, "x", `{"y":1,"y":2}`)), twice)
}

// escaped is the name with its first letter as an escape.
func escaped(name string) string {
	const hex = "0123456789abcdef"
	return `\u00` + string(hex[name[0]>>4]) + string(hex[name[0]&15]) + name[1:]
}

func firstBut(o object, name string) string {
	if o[0].name == name {
		return o[1].name
	}
	return o[0].name
}

func lastBut(o object, name string) string {
	if last := len(o) - 1; o[last].name != name {
		return o[last].name
	}
	return o[len(o)-2].name
}

// documents mutates the JSON text around and inside an object. ID-13, TK-09.
func (m *matrix) documents(class, text string, want error, with func(string) string) {
	for name, mutated := range documents(text) {
		m.refuse(class, name, with(mutated), want)
	}
	m.take(class+": white space around", with(" \t\r\n"+text+"\n"))
	m.take(class+": an unknown member", with(`{"x":[{"`+strings.TrimPrefix(text[1:], `"`)[:3]+`":null}],`+text[1:]))
}

// documents are the mutations of a JSON object that is not empty, by their names.
func documents(text string) map[string]string {
	inside := text[1 : len(text)-1]
	return map[string]string{
		"empty": "", "space": " ", "NUL": "\x00", "null": "null", "true": "true", "false": "false", "number": "1", "text": `"x"`,
		"empty text": `""`, "array": "[]", "array of it": "[" + text + "]", "array of null": "[null]",
		"quoted":           `"` + strings.ReplaceAll(text, `"`, `\"`) + `"`,
		"twice":            text + text,
		"object after":     text + "{}",
		"comma after":      text + ",",
		"brace after":      text + "}",
		"bracket after":    text + "]",
		"null after":       text + "null",
		"text after":       text + "x",
		"NUL after":        text + "\x00",
		"NUL before":       "\x00" + text,
		"not closed":       "{" + inside,
		"not opened":       inside + "}",
		"closed by ]":      "{" + inside + "]",
		"empty member":     "{," + inside + "}",
		"comma at the end": "{" + inside + ",}",
		"two commas":       strings.Replace(text, ",", ",,", 1),
		"no comma":         strings.Replace(text, ",", " ", 1),
		"two colons":       strings.Replace(text, ":", "::", 1),
		"no colon":         strings.Replace(text, ":", " ", 1),
		"name unquoted":    strings.Replace(text, text[1:strings.Index(text, ":")], strings.Trim(text[1:strings.Index(text, ":")], `"`), 1),
		"single quotes":    strings.ReplaceAll(text, `"`, `'`),
		"line comment":     text + "// x",
		"block comment":    "{/* x */" + inside + "}",
		"JSON sequence":    "\x1e" + text,
		"XSSI prefix":      ")]}',\n" + text,
		"byte order mark":  "\ufeff" + text,
		"UTF-16":           wide(text, false),
		"UTF-16, swapped":  wide(text, true),

		"byte order mark after":     text + "\ufeff",
		"no-break space before":     "\u00a0" + text,
		"form feed before":          "\f" + text,
		"base64url once more":       encoded(text),
		"percent-encoded":           strings.ReplaceAll(text, `"`, "%22"),
		"byte FF in a value":        `{"x":"` + "\xff" + `",` + inside + "}",
		"cut UTF-8 in a value":      `{"x":"` + "\xed\x95" + `",` + inside + "}",
		"overlong UTF-8 in a value": `{"x":"` + "\xc0\xaf" + `",` + inside + "}",
		"surrogate in a value":      `{"x":"` + "\xed\xa0\x80" + `",` + inside + "}",
		"byte FF in a name":         `{"` + "\xff" + `":1,` + inside + "}",
		"lone surrogate escaped":    `{"x":"\ud800",` + inside + "}",
		"line feed in a value":      `{"x":"` + "\n" + `",` + inside + "}",
		"NUL in a value":            `{"x":"` + "\x00" + `",` + inside + "}",
		"unknown escape":            `{"x":"\x41",` + inside + "}",
		"leading zero":              `{"x":01,` + inside + "}",
		"number with a plus":        `{"x":+1,` + inside + "}",
		"number NaN":                `{"x":NaN,` + inside + "}",
		"number Infinity":           `{"x":Infinity,` + inside + "}",
		"number in hex":             `{"x":0x10,` + inside + "}",
		"literal True":              `{"x":True,` + inside + "}",
		"literal undefined":         `{"x":undefined,` + inside + "}",
		"1000 open arrays":          `{"x":` + strings.Repeat("[", 1000) + "," + inside + "}",
	}
}

// wide is ASCII text in UTF-16 with a byte order mark.
func wide(text string, swapped bool) string {
	var b strings.Builder
	for _, unit := range append([]uint16{0xfeff}, utf16.Encode([]rune(text))...) {
		high, low := byte(unit>>8), byte(unit)
		if swapped {
			high, low = low, high
		}
		b.WriteByte(high)
		b.WriteByte(low)
	}
	return b.String()
}

// secrets signs with HMAC, and with a secret that everybody knows. ID-02.
func (m *matrix) secrets() {
	const class = "HMAC with what is public (ID-02)"
	for name, secret := range m.publicForms() {
		for _, alg := range []string{"HS256", "HS384", "HS512"} {
			signed := encoded(m.header.with("alg", quoted(alg)).text()) + "." + encoded(m.payload.text())
			m.refuse(class, alg+", "+name, signed+"."+b64(hmacOf(alg, secret, signed)), jws.ErrAlgorithm)
		}
		signed := encoded(m.header.text()) + "." + encoded(m.payload.text())
		m.refuse(class, "HS256 under the key's alg, "+name, signed+"."+b64(hmacOf("HS256", secret, signed)), jws.ErrSignature)
	}
}
