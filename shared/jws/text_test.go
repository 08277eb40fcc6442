package jws_test

import (
	"errors"
	"strings"
	"testing"

	"daemun/shared/jws"
)

// ID-13: the compact serialization and nothing else.
func TestVerify_RefusesOtherForms(t *testing.T) {
	eachAlgorithm(t, func(t *testing.T, k jws.PrivateKey) {
		token := forge(t, k, headerOf(k), payload)
		accepted(t, token, of(k))
		parts := strings.Split(token, ".")
		for name, text := range map[string]string{
			"empty":                "",
			"one part":             parts[0],
			"two parts":            parts[0] + "." + parts[1],
			"four parts":           token + "." + parts[2],
			"five parts":           strings.Join([]string{parts[0], "", parts[1], parts[1], parts[2]}, "."),
			"dot at the end":       token + ".",
			"dot at the beginning": "." + token,
			"two dots":             "..",
			"8192 dots":            strings.Repeat(".", 8192),
			"space before":         " " + token,
			"space after":          token + " ",
			"newline after":        token + "\n",
			"scheme before":        "Bearer " + token,
			"NUL after":            token + "\x00",
			"quoted":               `"` + token + `"`,
			"JSON serialization":   `{"protected":"` + parts[0] + `","payload":"` + parts[1] + `","signature":"` + parts[2] + `"}`,
			"JSON with dots":       `{"protected":"` + parts[0] + `.","payload":"` + parts[1] + `.","signature":"` + parts[2] + `"}`,
			"no header":            "." + parts[1] + "." + parts[2],
		} {
			if _, err := jws.Verify(text, typ, of(k)); !errors.Is(err, jws.ErrMalformed) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// spellings are other texts that decode to the same bytes with a lax decoder.
// They need a part whose length is not a multiple of three.
func spellings(part string) map[string]string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, part[len(part)-1])
	half := len(part) / 2
	return map[string]string{
		"stray bit":      part[:len(part)-1] + alphabet[last+1:last+2],
		"padding":        part + strings.Repeat("=", 4-len(part)%4),
		"LF inside":      part[:half] + "\n" + part[half:],
		"CR inside":      part[:half] + "\r" + part[half:],
		"CR LF at front": "\r\n" + part,
		"LF at the end":  part + "\n",
		"space inside":   part[:half] + " " + part[half:],
		"tab at the end": part + "\t",
	}
}

// ID-13, TK-07: one token has one spelling. The signature is made over the
// mutated text: only the strictness of the decoder refuses it.
func TestVerify_RefusesOtherSpellingsOfBase64url(t *testing.T) {
	eachAlgorithm(t, func(t *testing.T, k jws.PrivateKey) {
		header := b64(strings.Repeat(" ", (4-len(headerOf(k))%3)%3) + headerOf(k)) // length 3n+1
		body := b64(payload + "x")
		token := seal(t, k, header+"."+body)
		accepted(t, token, of(k))
		refuse := func(name, text string) {
			t.Helper()
			if _, err := jws.Verify(text, typ, of(k)); !errors.Is(err, jws.ErrMalformed) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for name, h := range spellings(header) {
			refuse("header, "+name, seal(t, k, h+"."+body))
		}
		for name, b := range spellings(body) {
			refuse("payload, "+name, seal(t, k, header+"."+b))
		}
		signature := token[strings.LastIndex(token, ".")+1:]
		for name, s := range spellings(signature) {
			refuse("signature, "+name, header+"."+body+"."+s)
		}
	})
}

// The standard alphabet's + and / are not base64url.
func TestVerify_RefusesTheStandardAlphabet(t *testing.T) {
	k := edDSA()
	body := b64("\xfb\xff\xbf")
	if body != "-_-_" {
		t.Fatal(body)
	}
	accepted(t, seal(t, k, b64(headerOf(k))+"."+body), of(k))
	if _, err := jws.Verify(seal(t, k, b64(headerOf(k))+".+/+/"), typ, of(k)); !errors.Is(err, jws.ErrMalformed) {
		t.Errorf("got %v", err)
	}
}

func TestVerify_TakesUpTo8192Bytes(t *testing.T) {
	eachAlgorithm(t, func(t *testing.T, k jws.PrivateKey) {
		empty := len(forge(t, k, headerOf(k), ""))
		longest := forge(t, k, headerOf(k), strings.Repeat("x", (8192-empty)*3/4))
		if len(longest) < 8190 || len(longest) > 8192 {
			t.Fatalf("the longest has %d bytes", len(longest))
		}
		accepted(t, longest, of(k))
		tooLong := forge(t, k, headerOf(k), strings.Repeat("x", (8193-empty)*3/4+1))
		if _, err := jws.Verify(tooLong, typ, of(k)); !errors.Is(err, jws.ErrTooLong) {
			t.Errorf("%d bytes: %v", len(tooLong), err)
		}
	})
	for _, n := range []int{8193, 10_000, 10_240, 1 << 20} {
		if _, err := jws.Verify(strings.Repeat(".", n), typ, ring{}); !errors.Is(err, jws.ErrTooLong) {
			t.Errorf("%d dots: %v", n, err)
		}
	}
}
