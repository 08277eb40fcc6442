package token_test

import (
	"strings"

	"daemun/shared/jws"
)

// headers mutates the header, which is signed as it is.
func (m *matrix) headers() {
	m.algorithms()
	m.types()
	m.critical()
	m.keyIDs()
	m.memberNames("header members twice or misspelt (TK-08)", m.header, map[string]error{
		"alg": jws.ErrAlgorithm, "typ": jws.ErrType, "kid": jws.ErrUnknownKey,
	}, jws.ErrMalformed, func(o object) string { return m.token(o.text(), m.payload.text()) })
	asHeader := func(text string) string { return m.token(text, m.payload.text()) }
	m.documents("header is no object of JSON (ID-13)", m.header.text(), jws.ErrMalformed, asHeader)
	m.refuse("header is no object of JSON (ID-13)", "{}", asHeader("{}"), jws.ErrType)
}

// headed is a token whose header has another value for a member.
func (m *matrix) headed(name, value string) string {
	return m.token(m.header.with(name, value).text(), m.payload.text())
}

func (m *matrix) algorithms() {
	const class = "alg (ID-01, ID-03, TK-01)"
	m.refuse(class, "missing", m.token(m.header.without("alg").text(), m.payload.text()), jws.ErrAlgorithm)
	for _, alg := range []string{
		"none", "None", "NONE", "nOnE", "none ", "", " ", "null",
		"HS256", "HS384", "HS512", "hs256", "RS384", "RS512", "PS256", "PS384", "PS512", "RS1",
		"ES384", "ES512", "ES256K", "Ed25519", "Ed448", "ESP256", "RSA1_5", "RSA-OAEP", "dir", "A256GCM", "ECDH-ES",
		"sha256", "1.2.840.10045.4.3.2", "undefined", m.other.Algorithm,
		m.key.Algorithm + " ", " " + m.key.Algorithm, m.key.Algorithm + `\u0000`, m.key.Algorithm + "," + m.key.Algorithm,
		strings.ToLower(m.key.Algorithm), m.key.Algorithm[:len(m.key.Algorithm)-1], strings.Repeat(m.key.Algorithm, 50),
	} {
		name := alg[:min(len(alg), 20)]
		m.refuse(class, quoted(name), m.headed("alg", quoted(alg)), jws.ErrAlgorithm)
		if strings.EqualFold(alg, "none") || alg == "" {
			unsigned, _, _ := cutLast(m.headed("alg", quoted(alg)))
			m.refuse(class, quoted(name)+", unsigned", unsigned+".", jws.ErrAlgorithm)
		}
	}
	m.refuse(class, "null", m.headed("alg", "null"), jws.ErrAlgorithm)
	for _, value := range []string{"0", "256", "1e300", "true", "false", "[]", "{}", `["` + m.key.Algorithm + `"]`, `["none","` + m.key.Algorithm + `"]`, `{"alg":"none"}`} {
		m.refuse(class, value, m.headed("alg", value), jws.ErrMalformed)
	}
}

func (m *matrix) types() {
	const class = "typ (ID-11, TK-02)"
	m.refuse(class, "missing", m.token(m.header.without("typ").text(), m.payload.text()), jws.ErrType)
	for _, typ := range []string{
		"", " ", "JWT", "jwt", "JOSE", "JOSE+JSON", "JWE", "at", "AT+JWT", "At+Jwt", "at+JWT", "at jwt", "at%2Bjwt", "at-jwt",
		"application/at+jwt", "application/jwt", "at+jwt ", " at+jwt", "at+jwt;charset=utf-8", "at+jwt,JWT", `at+jwt\u0000`, "at+jwt+x",
		"register+jwt", "logout+jwt", "id+jwt", "rt+jwt", "dpop+jwt", "secevent+jwt", "token-introspection+jwt", "oauth-authz-req+jwt",
		"null", "undefined", "*", strings.Repeat("at+jwt", 50),
	} {
		m.refuse(class, quoted(typ[:min(len(typ), 30)]), m.headed("typ", quoted(typ)), jws.ErrType)
	}
	m.refuse(class, "null", m.headed("typ", "null"), jws.ErrType)
	for _, value := range []string{"0", "1.5", "true", "[]", `["at+jwt"]`, "{}", `{"typ":"at+jwt"}`} {
		m.refuse(class, value, m.headed("typ", value), jws.ErrMalformed)
	}
}

func (m *matrix) critical() {
	const class = "crit (ID-10, TK-06)"
	for _, value := range []string{
		"[]", `["exp"]`, `["x"]`, `["b64"]`, `["alg"]`, `["typ"]`, `["kid"]`, `["crit"]`, `[""]`, "[null]", "[1]", `[["exp"]]`, `["exp","exp"]`,
		`"exp"`, `""`, "null", "true", "false", "0", "1e300", "{}", `{"exp":1}`,
	} {
		m.refuse(class, value, m.token(m.header.after("kid", "crit", value).text(), m.payload.text()), jws.ErrCritical)
	}
	for _, b64 := range []string{"true", "false"} {
		header := m.header.after("kid", "crit", `["b64"]`).after("crit", "b64", b64).text()
		m.refuse(class, "b64 "+b64, m.token(header, m.payload.text()), jws.ErrCritical)
	}
	m.refuse(class, "spelt with an escape", m.token(m.header.before("alg", `\u0063rit`, `["exp"]`).text(), m.payload.text()), jws.ErrCritical)
	unencoded := encoded(m.header.after("kid", "crit", `["b64"]`).after("crit", "b64", "false").text()) + "." + m.payload.text()
	m.refuse(class, "b64 false, payload unencoded (RFC 7797)", m.seal(unencoded), jws.ErrMalformed)
}

func (m *matrix) keyIDs() {
	const class = "kid (ID-06)"
	m.refuse(class, "missing", m.token(m.header.without("kid").text(), m.payload.text()), jws.ErrUnknownKey)
	id := m.key.ID
	for _, kid := range []string{
		"", " ", "unknown", id + " ", " " + id, id + `\u0000`, id + "," + id, id + id, id[:len(id)-1], id + ".pem", "x" + id, "%61", "*", ".*", "null", "undefined", "0",
		"../../dev/null", "/dev/null", "file:///dev/null", "https://evil.example/key", "' OR 1=1--", `\"`, "$(id)", "{{" + id + "}}", "__proto__", "constructor",
		strings.Repeat("k", 500),
	} {
		m.refuse(class, quoted(kid[:min(len(kid), 30)]), m.headed("kid", quoted(kid)), jws.ErrUnknownKey)
	}
	m.refuse(class, "other case", m.headed("kid", quoted(otherCase(id))), jws.ErrUnknownKey)
	m.refuse(class, "10 KB", m.headed("kid", quoted(strings.Repeat("k", 10_240))), jws.ErrTooLong)
	m.refuse(class, "null", m.headed("kid", "null"), jws.ErrUnknownKey)
	for _, value := range []string{"0", "1", "1.5", "true", "[]", `["` + id + `"]`, "{}", `{"kid":"` + id + `"}`} {
		m.refuse(class, value, m.headed("kid", value), jws.ErrMalformed)
	}
	m.refuse(class, "a known key of another algorithm", m.headed("kid", quoted(m.other.ID)), jws.ErrAlgorithm)
	both := m.header.with("kid", quoted(m.other.ID)).with("alg", quoted(m.other.Algorithm)).text()
	m.refuse(class, "a known key of another algorithm, and its alg", m.token(both, m.payload.text()), jws.ErrSignature)
}

// otherCase has its first letter in the other case.
func otherCase(s string) string {
	for i, c := range s {
		if upper := strings.ToUpper(string(c)); upper != string(c) {
			return s[:i] + upper + s[i+1:]
		}
		if lower := strings.ToLower(string(c)); lower != string(c) {
			return s[:i] + lower + s[i+1:]
		}
	}
	return s + s
}

// headerKeys has keys, and where to get them, in the header. ID-05.
func (m *matrix) headerKeys(url string) {
	const class = "signed with the key that the header brings (ID-05)"
	stolen := onlyKey(m.t, textOf(m.t, newRing(m.t, m.key.Algorithm)))
	thief := privateOf(m.t, stolen)
	for name, value := range map[string]string{
		"jku": quoted(url + "/jwks.json"), "x5u": quoted(url + "/cert.pem"), "x5c": `["MIIBIjAN"]`, "x5t": `"AAAA"`,
		"jwk": public(m.t, stolen), "iss": quoted(url), "zip": `"DEF"`, "cty": `"JWT"`, "b64": "true",
	} {
		header := m.header.after("kid", name, value).text()
		m.take(name+" ignored (ID-05)", m.token(header, m.payload.text()))
		signed := encoded(header) + "." + encoded(m.payload.text())
		m.refuse(class, name, signed+"."+b64(m.sign(thief, signed)), jws.ErrSignature)
	}
}

// cutLast takes a text apart at its last dot.
func cutLast(text string) (before, after string, ok bool) {
	at := strings.LastIndexByte(text, '.')
	return text[:max(at, 0)], text[at+1:], at >= 0
}
