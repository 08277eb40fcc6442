package token_test

import (
	"errors"
	"strings"
	"testing"

	"daemun/shared/token"
)

// TK-03, TK-05, TK-08, TK-09: each payload has one thing wrong, under a
// signature that holds.
func TestAccess_RefusesClaims(t *testing.T) {
	tests := []struct {
		name, old, new string
		want           error
	}{
		{"iss missing", `"iss":"` + issuer + `",`, ``, token.ErrIssuer},
		{"iss null", `"` + issuer + `"`, `null`, token.ErrIssuer},
		{"iss with slash", issuer, issuer + "/", token.ErrIssuer},
		{"iss over http", `"https://auth`, `"http://auth`, token.ErrIssuer},
		{"iss in capitals", `auth.example`, `AUTH.example`, token.ErrIssuer},
		{"iss of another stage", `auth.example`, `auth.dev.example`, token.ErrIssuer},
		{"iss and more", issuer, issuer + ".evil.example", token.ErrIssuer},
		{"iss cut", issuer, issuer[:len(issuer)-1], token.ErrIssuer},
		{"iss array", `"` + issuer + `"`, `["` + issuer + `"]`, token.ErrClaims},

		{"aud missing", `"aud":"` + audience + `",`, ``, token.ErrAudience},
		{"aud null", `"` + audience + `"`, `null`, token.ErrAudience},
		{"aud of another service", audience, "https://other.example.com", token.ErrAudience},
		{"aud and more", audience, audience + "/v2", token.ErrAudience},
		{"aud inside", audience, audience + " https://other.example.com", token.ErrAudience},
		{"aud empty", audience, "", token.ErrAudience},
		{"aud array", `"` + audience + `"`, `["` + audience + `"]`, token.ErrClaims},
		{"aud number", `"` + audience + `"`, `1`, token.ErrClaims},

		{"exp missing", `"exp":1772601667,`, ``, token.ErrClaims},
		{"exp null", `1772601667`, `null`, token.ErrClaims},
		{"exp text", `1772601667`, `"1772601667"`, token.ErrClaims},
		{"exp with a fraction", `1772601667`, `1772601667.5`, token.ErrClaims},
		{"exp huge", `1772601667`, `1e300`, token.ErrClaims},
		{"exp of 64 bits", `1772601667`, `9223372036854775808`, token.ErrClaims},
		{"exp the last number", `1772601667`, `9223372036854775807`, token.ErrLifetime},
		{"exp zero", `1772601667`, `0`, token.ErrClaims},
		{"exp negative", `1772601667`, `-1`, token.ErrClaims},
		{"exp now", `1772601667`, `1772600767`, token.ErrExpired},
		{"exp past", `1772601667`, `1772600766`, token.ErrExpired},
		{"exp a second too far", `1772601667`, `1772601668`, token.ErrLifetime},
		{"member EXP", `"exp"`, `"EXP"`, token.ErrClaims},

		{"iat missing", `"iat":1772600767,`, ``, token.ErrClaims},
		{"iat null", `1772600767`, `null`, token.ErrClaims},
		{"iat text", `1772600767`, `"1772600767"`, token.ErrClaims},
		{"iat zero", `1772600767`, `0`, token.ErrClaims},
		{"iat negative", `1772600767`, `-1`, token.ErrClaims},
		{"iat a second too early", `1772600767`, `1772600766`, token.ErrLifetime},
		{"iat in the future", `1772600767`, `1772600828`, token.ErrFuture},
		{"iat after exp", `1772600767`, `1772700000`, token.ErrFuture},

		{"sub missing", `"sub":"` + userID + `",`, ``, token.ErrClaims},
		{"sub empty", userID, ``, token.ErrClaims},
		{"sub null", `"` + userID + `"`, `null`, token.ErrClaims},
		{"sub number", `"` + userID + `"`, `1`, token.ErrClaims},
		{"sub twice", `"sub"`, `"sub":"other","sub"`, token.ErrClaims},
		{"member Sub", `"sub"`, `"Sub"`, token.ErrClaims},
		{"member with a long s", `"sub"`, `"ſub"`, token.ErrClaims},
		{"sid missing", `"sid":"s",`, ``, token.ErrClaims},
		{"sid empty", `"sid":"s"`, `"sid":""`, token.ErrClaims},
		{"jti missing", `"jti":"j",`, ``, token.ErrClaims},
		{"jti empty", `"jti":"j"`, `"jti":""`, token.ErrClaims},
		{"roles a text", `["admin"]`, `"admin"`, token.ErrClaims},
		{"roles of numbers", `["admin"]`, `[1]`, token.ErrClaims},
		{"profile_complete a text", `true`, `"true"`, token.ErrClaims},
		{"profile_complete twice", `"profile_complete":true`, `"profile_complete":false,"profile_complete":true`, token.ErrClaims},
		{"unknown member twice", `{`, `{"x":1,"x":2,`, token.ErrClaims},

		{"null", goodClaims, `null`, token.ErrClaims},
		{"array", goodClaims, `[]`, token.ErrClaims},
		{"array of claims", goodClaims, `[` + goodClaims + `]`, token.ErrClaims},
		{"text", goodClaims, `"x"`, token.ErrClaims},
		{"number", goodClaims, `1`, token.ErrClaims},
		{"empty", goodClaims, ``, token.ErrClaims},
		{"cut", `true}`, `true`, token.ErrClaims},
		{"trailing object", `true}`, `true}{}`, token.ErrClaims},
		{"byte order mark", goodClaims, "\ufeff" + goodClaims, token.ErrClaims},
		{"not UTF-8", `"admin"`, "\"\xff\"", token.ErrClaims},
		{"lone surrogate", `"admin"`, `"\ud800"`, token.ErrClaims},
	}
	_, v := access(t)
	if _, err := v.Verify(forge(t, goodClaims), now); err != nil {
		t.Fatalf("good claims are refused: %v", err)
	}
	for _, test := range tests {
		payload := strings.Replace(goodClaims, test.old, test.new, 1)
		if payload == goodClaims {
			t.Errorf("%s: changes nothing", test.name)
		}
		got, err := v.Verify(forge(t, payload), now)
		if !errors.Is(err, test.want) || got.UserID != "" {
			t.Errorf("%s: %v, %v; want %v", test.name, got, err, test.want)
		}
	}
}

// LG-01: errors go to the log; the claims do not.
func TestAccess_ErrorsDoNotRepeatClaims(t *testing.T) {
	_, v := access(t)
	for _, payload := range []string{
		`{"sub":"canary"`, `{"sub":["canary"]}`, `{"canary":1,"canary":2}`, `"canary"`, strings.Replace(goodClaims, issuer, "canary", 1),
		strings.Replace(goodClaims, audience, "canary", 1), strings.Replace(goodClaims, `"roles":["admin"]`, `"roles":"canary"`, 1),
	} {
		if _, err := v.Verify(forge(t, payload), now); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", payload, err)
		}
	}
}
