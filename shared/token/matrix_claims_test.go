package token_test

import (
	"fmt"
	"strings"
	"time"

	"daemun/shared/token"
)

// claimed is a token whose payload has another value for a claim.
func (m *matrix) claimed(name, value string) string {
	return m.token(m.header.text(), m.payload.with(name, value).text())
}

// absent says why a token without a claim is refused.
func absent(name string) error {
	switch name {
	case "iss":
		return token.ErrIssuer
	case "aud":
		return token.ErrAudience
	default:
		return token.ErrClaims
	}
}

// claims mutates the claims, one at a time.
func (m *matrix) claims() {
	for _, name := range []string{"iss", "aud", "sub", "sid", "jti"} {
		m.textClaim(name)
	}
	m.issuers()
	m.audiences()
	m.identifiers()
	m.timeClaim("iat", iat)
	m.timeClaim("exp", iat+900)
	m.times()
	m.notBefore()
	m.otherClaims()
	missing := map[string]error{}
	for _, name := range []string{"iss", "aud", "sub", "sid", "iat", "exp", "jti"} {
		missing[name] = absent(name)
	}
	m.memberNames("claims twice or misspelt (TK-08)", m.payload, missing, token.ErrClaims,
		func(o object) string { return m.token(m.header.text(), o.text()) })
}

// noTexts are values of JSON that are not text.
func noTexts(text string) []string {
	return []string{"true", "false", "0", "1", "-1", "1.5", "1e300", "[]", "[" + text + "]", "[" + text + "," + text + "]", "[null]", "{}", `{"a":` + text + "}", "[[" + text + "]]"}
}

func (m *matrix) textClaim(name string) {
	class := name + map[string]string{"iss": " (ID-07, TK-03)", "aud": " (ID-08, TK-03)", "sub": " (ID-12)"}[name]
	m.refuse(class, "missing", m.token(m.header.text(), m.payload.without(name).text()), absent(name))
	m.refuse(class, "null", m.claimed(name, "null"), absent(name))
	m.refuse(class, "empty", m.claimed(name, `""`), absent(name))
	for _, value := range noTexts(m.payload.value(name)) {
		m.refuse(class, strings.ReplaceAll(value, m.payload.value(name), name), m.claimed(name, value), token.ErrClaims)
	}
}

func (m *matrix) issuers() {
	const class = "iss (ID-07, TK-03)"
	const host = "auth.example.com"
	for _, other := range []string{
		issuer + "/", issuer + "//", issuer + "/x", issuer + "?x", issuer + "#", issuer + ":443", issuer + ".", issuer + " ", " " + issuer, issuer + `\u0000`, issuer + `\n`,
		"http://" + host, "HTTPS://" + host, "https://AUTH.example.com", "https://Auth.Example.Com", "https:" + host, "https:/" + host, "//" + host, host,
		"https://auth.dev.example.com", "https://auth.example.com.evil.example", "https://evil.example/" + host, "https://evil.example", "https://x@" + host,
		"https://example.com", "https://auth.example.co", "https://аuth.example.com", "https://xn--uth-5cd.example.com", "https%3A%2F%2F" + host,
		"https://accounts.google.com", "accounts.google.com", "https://kauth.kakao.com", "*", audience,
	} {
		m.refuse(class, other, m.claimed("iss", quoted(other)), token.ErrIssuer)
	}
}

func (m *matrix) audiences() {
	const class = "aud (ID-08, TK-03)"
	for _, other := range []string{
		audience + "/", audience + "/v2", audience + " ", " " + audience, audience + `\u0000`, audience + ".evil.example", audience[:len(audience)-1],
		"http://api.example.com", "https://API.example.com", "https://other.example.com", "https://api.dev.example.com", "https://*.example.com", "*",
		audience + " https://other.example.com", "https://other.example.com " + audience, audience + "," + audience, "web", issuer, issuer + "/register",
	} {
		m.refuse(class, other, m.claimed("aud", quoted(other)), token.ErrAudience)
	}
	m.refuse(class, "ours and another", m.claimed("aud", "["+quoted(audience)+`,"https://other.example.com"]`), token.ErrClaims)
}

// identifiers are ours: printable ASCII of a bounded length.
func (m *matrix) identifiers() {
	const class = "sub, sid and jti of another form (ID-12)"
	for _, name := range []string{"sub", "sid", "jti"} {
		for what, value := range map[string]string{
			"256 characters": strings.Repeat("x", 256), "4096 characters": strings.Repeat("x", 4096), "a space": "a b", "a space alone": " ",
			"NUL": `a\u0000b`, "line feed": `a\nb`, "carriage return": `a\rb`, "escape": `a\u001bb`, "delete": `a\u007fb`, "next line": `a\u0085b`,
			"letters of Hangul": "사용자", "right-to-left override": `a\u202eb`, "byte order mark": `\ufeffa`, "line separator": `a\u2028b`, "a surrogate pair": `\ud83d\ude00`,
		} {
			m.refuse(class, name+": "+what, m.claimed(name, quoted(value)), token.ErrClaims)
		}
	}
}

func (m *matrix) timeClaim(name string, good int64) {
	class := name + " (ID-09, TK-05)"
	m.refuse(class, "missing", m.token(m.header.text(), m.payload.without(name).text()), token.ErrClaims)
	for _, value := range append(noTexts(fmt.Sprint(good))[7:], "null", "true", "false", `""`, `"x"`, quoted(fmt.Sprint(good)), `"2026-03-04T05:06:07Z"`,
		"0", "-0", "-1", fmt.Sprint(-good), "-9223372036854775808", "-9223372036854775809", "9223372036854775808", "18446744073709551616",
		fmt.Sprint(good)+".0", fmt.Sprint(good)+".5", fmt.Sprint(good)+"e0", "1.772601e9", "1e300", "-1e300", "1e-300", "1e999999",
		"0"+fmt.Sprint(good), "+"+fmt.Sprint(good), "0x69a7be3f", "NaN", "Infinity", "-Infinity", fmt.Sprint(good)+"n", "1_772_600_767",
	) {
		m.refuse(class, value, m.claimed(name, value), token.ErrClaims)
	}
}

// times goes along each boundary, to the second. iat of the good token is now.
func (m *matrix) times() {
	const class = "times at their boundaries (ID-09, TK-05, TK-12)"
	for _, c := range []struct {
		name, claim string
		value       int64
		want        error
	}{
		{"exp = now + 1", "exp", iat + 1, nil},
		{"exp = now", "exp", iat, token.ErrExpired},
		{"exp = now - 1", "exp", iat - 1, token.ErrExpired},
		{"exp = now - 60, no leeway", "exp", iat - 60, token.ErrExpired},
		{"exp = now - 61", "exp", iat - 61, token.ErrExpired},
		{"exp = 1", "exp", 1, token.ErrExpired},
		{"exp = iat + 901", "exp", iat + 901, token.ErrLifetime},
		{"exp = iat + a day", "exp", iat + 86400, token.ErrLifetime},
		{"exp in milliseconds", "exp", (iat + 900) * 1000, token.ErrLifetime},
		{"exp = 2^31", "exp", 1 << 31, token.ErrLifetime},
		{"exp = 2^53", "exp", 1 << 53, token.ErrLifetime},
		{"exp = 2^63 - 1", "exp", 1<<63 - 1, token.ErrLifetime},
		{"iat = now + 60", "iat", iat + 60, nil},
		{"iat = now + 61", "iat", iat + 61, token.ErrFuture},
		{"iat = now + 62", "iat", iat + 62, token.ErrFuture},
		{"iat = exp", "iat", iat + 900, token.ErrFuture},
		{"iat = exp + 1", "iat", iat + 901, token.ErrFuture},
		{"iat in milliseconds", "iat", iat * 1000, token.ErrFuture},
		{"iat = 2^53", "iat", 1 << 53, token.ErrFuture},
		{"iat = 2^63 - 1", "iat", 1<<63 - 1, token.ErrFuture},
		{"iat = exp - 901", "iat", iat - 1, token.ErrLifetime},
		{"iat a week ago", "iat", iat - 604800, token.ErrLifetime},
		{"iat = 1", "iat", 1, token.ErrLifetime},
	} {
		text := m.claimed(c.claim, fmt.Sprint(c.value))
		if c.want == nil {
			m.take(c.name, text)
			continue
		}
		m.refuse(class, c.name, text, c.want)
	}
	for _, late := range []time.Duration{900 * time.Second, 900*time.Second + time.Nanosecond, 901 * time.Second, 24 * time.Hour, 100 * 365 * 24 * time.Hour} {
		m.refuseAt(class, "read later by "+late.String(), m.good, m.good, now.Add(late), token.ErrExpired)
	}
	for _, early := range []time.Duration{61 * time.Second, time.Hour, 24 * time.Hour} {
		m.refuseAt(class, "read earlier by "+early.String(), m.good, m.good, now.Add(-early), token.ErrFuture)
	}
}

// notBefore is a claim that we do not make, but honour (RFC 7519 §4.1.5).
func (m *matrix) notBefore() {
	const class = "nbf (ID-09)"
	with := func(value string) string {
		return m.token(m.header.text(), m.payload.after("iat", "nbf", value).text())
	}
	m.take("nbf = now + 60", with(fmt.Sprint(iat+60)))
	for _, ahead := range []int64{61, 900, 86400, iat * 999} {
		m.refuse(class, fmt.Sprint("now + ", ahead), with(fmt.Sprint(iat+ahead)), token.ErrFuture)
	}
	for _, value := range []string{`""`, quoted(fmt.Sprint(iat)), "true", "[]", "{}", fmt.Sprint(iat) + ".5", "1e300", "-1e300", "9223372036854775808"} {
		m.refuse(class, value, with(value), token.ErrClaims)
	}
}

// otherClaims are those that may be missing: then the person may do less.
func (m *matrix) otherClaims() {
	const class = "client_id, roles and profile_complete of another type"
	for _, name := range []string{"client_id", "roles", "profile_complete"} {
		m.take(name+" missing", m.token(m.header.text(), m.payload.without(name).text()))
		m.take(name+" null", m.claimed(name, "null"))
		m.refuse(class, name+" twice", m.token(m.header.text(), m.payload.after(name, name, m.payload.value(name)).text()), token.ErrClaims)
		values := []string{"0", "1", "1e300", "{}", "[[]]", `[true]`, `[{"a":1}]`, `{"admin":true}`}
		if name != "client_id" {
			values = append(values, `""`, `"admin"`, `"true"`, `"[\"admin\"]"`)
		}
		if name != "profile_complete" {
			values = append(values, "true", "false", "[1]", `["admin",1]`)
		} else {
			values = append(values, "[]", "True", "TRUE", "yes")
		}
		for _, value := range values {
			m.refuse(class, name+" "+value, m.claimed(name, value), token.ErrClaims)
		}
	}
}

// payloads has other things than claims in their place.
func (m *matrix) payloads() {
	const class = "payload is no object of claims (ID-13, TK-09)"
	with := func(text string) string { return m.token(m.header.text(), text) }
	m.documents(class, m.payload.text(), token.ErrClaims, with)
	for name, text := range map[string]string{
		"{}": "{}", "a whole token": m.good, "a header": m.header.text(), "a form": "sub=" + userID, "XML": "<sub>" + userID + "</sub>",
		"claims one level down": `{"claims":` + m.payload.text() + "}", "deflated, as zip would say": deflated(m.payload.text()),
	} {
		m.refuse(class, name, with(text), token.ErrClaims)
	}
}
