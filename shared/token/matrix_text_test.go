package token_test

import (
	"encoding/base64"
	"fmt"
	"strings"

	"daemun/shared/jws"
)

// strict is base64url in its one spelling.
var strict = base64.RawURLEncoding.Strict()

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// serializations mutates the text of a token.
func (m *matrix) serializations() {
	m.forms()
	m.spellings()
	m.lengths()
}

// forms are other serializations than the compact one. ID-13.
func (m *matrix) forms() {
	const class = "not the compact serialization (ID-13)"
	p := strings.Split(m.good, ".")
	flat := `{"protected":"` + p[0] + `","payload":"` + p[1] + `","signature":"` + p[2] + `"}`
	for name, text := range map[string]string{
		"empty": "", "a dot": ".", "header alone": p[0], "header and dot": p[0] + ".", "two parts": p[0] + "." + p[1], "without header": p[1] + "." + p[2],
		"without payload": p[0] + "." + p[2], "four parts": m.good + "." + p[2], "four parts, the first empty": "." + m.good, "four parts, the last empty": m.good + ".",
		"four parts, an empty one inside": p[0] + ".." + p[1] + "." + p[2], "five parts (JWE)": strings.Join([]string{p[0], "", p[1], p[1], p[2]}, "."),
		"five parts, all of them": m.good + "." + p[1] + "." + p[2], "six parts": m.good + "." + m.good, "two dots": "..", "three dots": "...",
		"header empty": "." + p[1] + "." + p[2], "8192 dots": strings.Repeat(".", 8192),
		"JSON, flattened": flat, "JSON, flattened, with dots": strings.ReplaceAll(flat, `",`, `.",`), "JSON, general": `{"payload":"` + p[1] + `","signatures":[{"protected":"` + p[0] + `","signature":"` + p[2] + `"}]}`,
		"quoted": quoted(m.good), "in angle brackets": "<" + m.good + ">", "in an array": "[" + quoted(m.good) + "]", "scheme before": "Bearer " + m.good, "as a form": "access_token=" + m.good,
		"percent-encoded": strings.ReplaceAll(m.good, ".", "%2E"), "commas for dots": strings.ReplaceAll(m.good, ".", ","), "fullwidth dots": strings.ReplaceAll(m.good, ".", "．"),
		"two of them": m.good + m.good, "two with a comma": m.good + "," + m.good, "two with a line feed": m.good + "\n" + m.good, "reversed": reversed(m.good),
		"upside down": p[2] + "." + p[1] + "." + p[0] + ".", "standard base64 of all": base64.StdEncoding.EncodeToString([]byte(m.good)), "base64url of all": encoded(m.good),
		"SD-JWT": m.good + "~", "detached payload, no dot": p[0] + p[2], "an opaque token": "r1.a." + userID + ".s.1." + p[2], "a path": "../../etc/passwd",
	} {
		m.refuse(class, name, text, jws.ErrMalformed)
	}
	for name, text := range map[string]string{
		"payload empty (detached, RFC 7515 F)": p[0] + ".." + p[2], "header of another token": encoded(" "+m.header.text()) + "." + p[1] + "." + p[2],
		"payload of another token": p[0] + "." + encoded(" "+m.payload.text()) + "." + p[2], "signature empty": p[0] + "." + p[1] + ".",
	} {
		m.refuse(class, name, text, jws.ErrSignature)
	}
}

func reversed(s string) string { return string(swapped([]byte(s))) }

// spellings are texts that mean the same bytes to a lax decoder. They are signed
// as they are; only the decoder can refuse them. ID-13, TK-07.
func (m *matrix) spellings() {
	// Parts that end in a character with bits to spare.
	header, payload := m.header.text(), m.payload.text()
	header += strings.Repeat(" ", (4-len(header)%3)%3)
	payload += strings.Repeat(" ", (4-len(payload)%3)%3)
	h, p := encoded(header), encoded(payload)
	good := m.seal(h + "." + p)
	_, s, _ := cutLast(good)
	for _, part := range []struct {
		name, text string
		with       func(string) string
	}{
		{"header", h, func(text string) string { return m.seal(text + "." + p) }},
		{"payload", p, func(text string) string { return m.seal(h + "." + text) }},
		{"signature", s, func(text string) string { return h + "." + p + "." + text }},
	} {
		refuse := func(class, name, text string) {
			m.t.Helper()
			m.refuseAt(class, part.name+", "+name, good, part.with(text), now, jws.ErrMalformed)
		}
		cut := len(part.text) - 1
		last := strings.IndexByte(alphabet, part.text[cut])
		for bits := 1; bits < 16; bits++ { // the last of 4n+2 characters has four bits to spare
			refuse("last character not canonical (ID-13, TK-07)", fmt.Sprintf("%04b", bits), part.text[:cut]+string(alphabet[last^bits]))
		}
		for name, c := range strange {
			refuse("character that is not base64url (ID-13, TK-07)", name+" before", c+part.text)
			refuse("character that is not base64url (ID-13, TK-07)", name+" inside", part.text[:cut/2]+c+part.text[cut/2:])
			refuse("character that is not base64url (ID-13, TK-07)", name+" after", part.text+c)
		}
		for name, text := range map[string]string{
			"padded": part.text + "==", "padded by one": part.text + "=", "padded by three": part.text + "===", "padded with %3D": part.text + "%3D%3D",
			"one character more": part.text + "A==" + "=", "length 4n+1": part.text + "AAA",
		} {
			refuse("padding (ID-13, TK-07)", name, text)
		}
	}
}

// strange are the characters that a decoder may skip or take for others.
var strange = map[string]string{
	"space": " ", "tab": "\t", "line feed": "\n", "carriage return": "\r", "CR LF": "\r\n", "NUL": "\x00", "vertical tab": "\v", "form feed": "\f",
	"no-break space": "\u00a0", "zero-width space": "\u200b", "byte order mark": "\ufeff", "line separator": "\u2028", "plus": "+", "slash": "/", "equals sign": "=",
	"percent": "%", "comma": ",", "colon": ":", "semicolon": ";", "tilde": "~", "asterisk": "*", "quote": `"`, "backslash": `\`, "byte FF": "\xff", "fullwidth A": "Ａ",
}

// lengths are beyond what is read: 8192 bytes, 2048 of them header. AZ-06, ID-13.
func (m *matrix) lengths() {
	const class = "longer than what is read (AZ-06, ID-13)"
	for name, text := range map[string]string{
		"10 000 dots": strings.Repeat(".", 10_000), "10 240 braces": strings.Repeat("{", 10_240), "10 240 bytes of eyJ": strings.Repeat("eyJ", 3414)[:10_240],
		"10 240 bytes of eyJ and dots": strings.Repeat("eyJ.", 2560), "a megabyte of dots": strings.Repeat(".", 1<<20), "8193 dots": strings.Repeat(".", 8193),
		"the token, and line feeds": m.good + strings.Repeat("\n", 8192), "the token, over and over": strings.Repeat(m.good, 20),
		"8190 characters and two dots": strings.Repeat("A", 8190) + "..",
		"a header of 2 KB":             m.token(m.header.after("kid", "x", quoted(strings.Repeat("x", 1600))).text(), m.payload.text()),
		"a header of 10 KB":            m.token(m.header.after("kid", "x", quoted(strings.Repeat("x", 10_240))).text(), m.payload.text()),
		"a payload of 8 KB":            m.token(m.header.text(), m.payload.after("jti", "x", quoted(strings.Repeat("x", 8192))).text()),
		"a signature of 8 KB":          m.good + strings.Repeat("A", 8192),
	} {
		m.refuse(class, name, text, jws.ErrTooLong)
	}
}
