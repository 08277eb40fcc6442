package providertest

import (
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"daemun/shared/fault"
	"daemun/shared/jws"
	"daemun/shared/provider"
)

// An idTokenCase is one thing done to an id_token that is good otherwise.
type idTokenCase struct {
	name   string
	mutate Mutation
	want   error // nil: it stays good
}

// idTokens runs the cases that every provider with id_tokens has to pass.
func (s *Suite) idTokens(t *testing.T) {
	algorithm := s.Signer(s.Fake()).options.Algorithm
	cases := slices.Concat(headerCases(), s.claimCases(), timeCases(), formCases())
	if algorithm == "HS256" {
		cases = append(cases, secretCases()...)
	} else {
		cases = append(cases, keyCases()...)
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { s.idToken(t, c) })
	}
	t.Run("keys named by the header", s.keysOfTheHeader)
	if algorithm != "HS256" {
		s.publishedKeys(t)
	}
}

// idToken logs in with a mutated id_token.
func (s *Suite) idToken(t *testing.T, c idTokenCase) {
	b := s.open(t, provider.Timeouts{})
	s.Signer(b.fake).Mutate(&c.mutate)
	if c.want == nil {
		s.logsIn(t, b)
		return
	}
	got, err := s.login(t, b)
	s.refuses(t, got, err, fault.BadProviderResponse)
	if !errors.Is(err, c.want) {
		t.Errorf("got %v, want %v", err, c.want)
	}
	if b.fake.Hits(Userinfo) != 0 { // nothing is asked for with the tokens of another login
		t.Errorf("%d userinfo requests, want none", b.fake.Hits(Userinfo))
	}
}

func header(name string, want error, set map[string]any) idTokenCase {
	return idTokenCase{name, Mutation{Header: func(h map[string]any) { change(h, set) }}, want}
}

func claim(name string, want error, set map[string]any) idTokenCase {
	return idTokenCase{name, Mutation{Claims: func(c map[string]any) { change(c, set) }}, want}
}

// missing is the value of a member to take out.
type missing struct{}

func change(members, set map[string]any) {
	maps.Copy(members, set)
	maps.DeleteFunc(members, func(_ string, v any) bool { return v == any(missing{}) })
}

// ID-01, ID-03, ID-10, ID-11.
func headerCases() []idTokenCase {
	var cases []idTokenCase
	for _, alg := range []string{"none", "None", "nOnE", "", "RS384", "PS256", "ES256K", "RS1", "HS512", "EdDSA"} {
		cases = append(cases, header("alg "+alg, jws.ErrAlgorithm, map[string]any{"alg": alg}))
	}
	unsigned := header("alg none without signature", jws.ErrAlgorithm, map[string]any{"alg": "none"})
	unsigned.mutate.Sign = func(*Signer, string) []byte { return nil }
	return append(cases, unsigned,
		header("alg missing", jws.ErrAlgorithm, map[string]any{"alg": missing{}}),
		header("alg number", jws.ErrMalformed, map[string]any{"alg": 256}),
		header("alg array", jws.ErrMalformed, map[string]any{"alg": []string{"RS256"}}),
		header("crit unknown", jws.ErrCritical, map[string]any{"crit": []string{"exp"}}),
		header("crit b64", jws.ErrCritical, map[string]any{"crit": []string{"b64"}, "b64": false}),
		header("crit empty", jws.ErrCritical, map[string]any{"crit": []string{}}),
		header("crit text", jws.ErrCritical, map[string]any{"crit": "exp"}),
		header("typ missing", nil, map[string]any{"typ": missing{}}),
		header("typ at+jwt", jws.ErrType, map[string]any{"typ": "at+jwt"}),
		header("typ logout+jwt", jws.ErrType, map[string]any{"typ": "logout+jwt"}),
		header("typ register+jwt", jws.ErrType, map[string]any{"typ": "register+jwt"}),
		header("typ secevent+jwt", jws.ErrType, map[string]any{"typ": "secevent+jwt"}),
		header("kid number", jws.ErrMalformed, map[string]any{"kid": 1}),
		header("form with a long header", jws.ErrTooLong, map[string]any{"x": strings.Repeat("x", 10<<10)}),
	)
}

// ID-07, ID-08, ID-12, ST-09, CB-17.
func (s *Suite) claimCases() []idTokenCase {
	var cases []idTokenCase
	for name, values := range map[string]struct {
		want   error
		values map[string]any
	}{
		"iss":     {provider.ErrIssuer, map[string]any{"missing": missing{}, "empty": "", "other": "https://evil.example"}},
		"aud":     {provider.ErrAudience, map[string]any{"other": "other", "none": []string{}, "empty": "", "array of other": []string{"other"}}},
		"azp":     {provider.ErrAuthorizedParty, map[string]any{"other": "other", "empty": ""}},
		"nonce":   {provider.ErrNonce, map[string]any{"other": "other", "empty": "", "in capitals": strings.ToUpper(NonceOfCode), "longer": NonceOfCode + "x", "shorter": NonceOfCode[:len(NonceOfCode)-1]}},
		"sub":     {provider.ErrSubject, map[string]any{"missing": missing{}, "empty": "", "null": nil, "256 characters": strings.Repeat("1", 256), "space": "1 ", "NUL": "1\x00", "beyond ASCII": "é"}},
		"at_hash": {provider.ErrAccessTokenHash, map[string]any{"other": "AAAAAAAAAAAAAAAAAAAAAA", "empty": ""}},
	} {
		for _, value := range slices.Sorted(maps.Keys(values.values)) {
			cases = append(cases, claim(name+" "+value, values.want, map[string]any{name: values.values[value]}))
		}
	}
	for _, name := range []string{"iss", "sub", "azp", "nonce", "at_hash"} {
		cases = append(cases,
			claim(name+" number", provider.ErrClaims, map[string]any{name: 1}),
			claim(name+" array", provider.ErrClaims, map[string]any{name: []string{NonceOfCode}}))
	}
	without := claim("nonce missing", provider.ErrNonce, map[string]any{"nonce": missing{}})
	if s.NonceMayBeMissing {
		without.want = nil
	}
	cases = append(cases, without,
		claim("aud missing", provider.ErrClaims, map[string]any{"aud": missing{}}),
		claim("aud number", provider.ErrClaims, map[string]any{"aud": 1}),
		claim("at_hash missing", nil, map[string]any{"at_hash": missing{}}),
		claim("claim unknown", nil, map[string]any{"auth_time": "soon", "acr": 1}))
	cases = append(cases, s.issuerCases()...)
	return append(cases, audienceCases()...)
}

// issuerCases change the issuer that the fake would have written.
func (s *Suite) issuerCases() []idTokenCase {
	change := func(name string, how func(string) string) idTokenCase {
		return idTokenCase{"iss " + name, Mutation{Claims: func(c map[string]any) { c["iss"] = how(c["iss"].(string)) }}, provider.ErrIssuer}
	}
	bare := change("without scheme", func(iss string) string { return iss[strings.Index(iss, "//")+2:] })
	if s.BareIssuer {
		bare.want = nil
	}
	return []idTokenCase{bare,
		change("with slash", func(iss string) string { return iss + "/" }),
		change("of another scheme", func(iss string) string { return "x" + iss }),
		change("in capitals", strings.ToUpper),
		change("of another tenant", func(iss string) string { return iss + "/tenant" }),
		change("without the end", func(iss string) string { return iss[:len(iss)-1] }),
	}
}

// audienceCases change the audience that the fake would have written.
func audienceCases() []idTokenCase {
	change := func(name string, want error, how func(ours string) any, azp bool) idTokenCase {
		return idTokenCase{"aud " + name, Mutation{Claims: func(c map[string]any) {
			ours := c["aud"].(string)
			c["aud"] = how(ours)
			if azp {
				c["azp"] = ours
			}
		}}, want}
	}
	return []idTokenCase{
		change("ours in an array", nil, func(ours string) any { return []string{ours} }, false),
		change("ours with azp", nil, func(ours string) any { return ours }, true),
		change("ours twice without azp", provider.ErrAuthorizedParty, func(ours string) any { return []string{ours, ours} }, false),
		change("ours and another", provider.ErrAudience, func(ours string) any { return []string{ours, "other"} }, true),
		change("ours and more", provider.ErrAudience, func(ours string) any { return ours + "x" }, false),
		change("a part of ours", provider.ErrAudience, func(ours string) any { return ours[1:] }, false),
		change("ours and a number", provider.ErrClaims, func(ours string) any { return []any{ours, 1} }, false),
	}
}

// ID-09, F-14.
func timeCases() []idTokenCase {
	shift := func(name string, want error, set map[string]time.Duration) idTokenCase {
		return idTokenCase{name, Mutation{Claims: func(c map[string]any) {
			now := c["iat"].(int64)
			for claim, by := range set {
				c[claim] = now + int64(by.Seconds())
			}
		}}, want}
	}
	const m, d = time.Minute, 24 * time.Hour
	cases := []idTokenCase{
		shift("exp a minute ago, almost", nil, map[string]time.Duration{"exp": -59 * time.Second}),
		shift("exp a minute ago", provider.ErrClockSkew, map[string]time.Duration{"exp": -61 * time.Second}),
		shift("iat in a minute, almost", nil, map[string]time.Duration{"iat": 59 * time.Second}),
		shift("iat in more than a minute", provider.ErrClockSkew, map[string]time.Duration{"iat": 62 * time.Second}),
		shift("iat a week ago", provider.ErrClockSkew, map[string]time.Duration{"iat": -7 * d}),
		shift("nbf in a minute, almost", nil, map[string]time.Duration{"nbf": 59 * time.Second}),
		shift("nbf in more than a minute", provider.ErrClockSkew, map[string]time.Duration{"nbf": 62 * time.Second}),
		shift("clock 10 minutes ahead", provider.ErrClockSkew, map[string]time.Duration{"iat": 10 * m, "exp": 70 * m}),
		shift("clock 10 minutes behind, token short", provider.ErrClockSkew, map[string]time.Duration{"iat": -10 * m, "exp": -5 * m}),
	}
	for _, name := range []string{"exp", "iat"} {
		cases = append(cases, claim(name+" missing", provider.ErrClaims, map[string]any{name: missing{}}),
			claim(name+" null", provider.ErrClaims, map[string]any{name: nil}))
	}
	for _, name := range []string{"exp", "iat", "nbf"} {
		for value, v := range map[string]any{"text": "1900000000", "fraction": 1900000000.5, "1e300": 1e300, "negative": -1, "beyond 9999": int64(math.MaxInt64), "boolean": true} {
			cases = append(cases, claim(name+" "+value, provider.ErrClaims, map[string]any{name: v}))
		}
	}
	return cases
}

// ID-04, ID-13.
func formCases() []idTokenCase {
	token := func(name string, want error, how func(string) string) idTokenCase {
		return idTokenCase{"form " + name, Mutation{Token: how}, want}
	}
	payload := func(name string, how func(string) string) idTokenCase {
		return idTokenCase{"payload " + name, Mutation{Payload: how}, provider.ErrClaims}
	}
	constant := func(text string) func(string) string { return func(string) string { return text } }
	return []idTokenCase{
		{"form untouched", Mutation{}, nil},
		token("missing", provider.ErrNoIDToken, constant("")),
		token("two parts", jws.ErrMalformed, func(s string) string { return s[:strings.LastIndex(s, ".")] }),
		token("four parts", jws.ErrMalformed, func(s string) string { return s + ".AAAA" }),
		token("five parts", jws.ErrMalformed, func(s string) string { return s + ".AAAA.AAAA" }),
		token("padding", jws.ErrMalformed, func(s string) string { return s + "=" }),
		token("line break", jws.ErrMalformed, func(s string) string { return s[:10] + "\n" + s[10:] }),
		token("space", jws.ErrMalformed, func(s string) string { return " " + s }),
		token("JSON", jws.ErrMalformed, func(s string) string { return `{"payload":"` + s + `"}` }),
		token("8 000 dots", jws.ErrMalformed, constant(strings.Repeat(".", 8000))),
		token("10 000 dots", jws.ErrTooLong, constant(strings.Repeat(".", 10000))),
		{"signature missing", Mutation{Sign: func(*Signer, string) []byte { return nil }}, jws.ErrSignature},
		{"signature with a bit flipped", Mutation{Sign: func(s *Signer, text string) []byte {
			signature := s.sign(text)
			signature[len(signature)-1] ^= 1
			return signature
		}}, jws.ErrSignature},
		{"signature shorter", Mutation{Sign: func(s *Signer, text string) []byte { return s.sign(text)[1:] }}, jws.ErrSignature},
		{"signature of another token", Mutation{Sign: func(s *Signer, text string) []byte { return s.sign(text + "x") }}, jws.ErrSignature},
		payload("null", constant("null")), payload("array", constant("[]")), payload("text", constant(`"x"`)), payload("empty", constant("")),
		payload("nonce twice", func(s string) string { return `{"nonce":"` + NonceOfCode + `",` + s[1:] }),
		payload("unknown claim twice", func(s string) string { return `{"x":1,"x":1,` + s[1:] }),
		payload("not UTF-8", func(s string) string { return "{\"x\":\"\xff\"," + s[1:] }),
		payload("trailing data", func(s string) string { return s + "{}" }),
	}
}
