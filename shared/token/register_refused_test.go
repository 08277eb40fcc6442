package token_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"daemun/shared/jws"
	"daemun/shared/token"
)

// TK-01, TK-05, TK-06: one thing is wrong with each.
func TestRegister_RefusesWhatIsNotExactlyRight(t *testing.T) {
	_, v := registering(t, okp("a", "active", "a"))
	with := func(pairs ...any) string { return forgeAs(t, "register+jwt", members(t, goodRegistration, pairs...)) }
	if _, err := v.Verify(with(), true, now); err != nil {
		t.Fatal(err)
	}
	key := jws.PrivateKey{ID: "a", Algorithm: jws.EdDSA, Signer: seeded("a")}
	signedBy := func(k jws.PrivateKey) string {
		text, err := jws.Sign([]byte(goodRegistration), "register+jwt", k)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	header := func(h string) string { return b64([]byte(h)) + "." + strings.SplitN(with(), ".", 2)[1] }
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"no iss":                 {with("iss", nil), token.ErrIssuer},
		"other iss":              {with("iss", issuer+"/"), token.ErrIssuer},
		"no aud":                 {with("aud", nil), token.ErrAudience},
		"aud of access tokens":   {with("aud", audience), token.ErrAudience},
		"aud is the issuer":      {with("aud", issuer), token.ErrAudience},
		"aud is a list":          {with("aud", []string{registerAudience}), token.ErrClaims},
		"no sub":                 {with("sub", nil), token.ErrClaims},
		"sub is a user":          {with("sub", userID), token.ErrClaims},
		"sub without subject":    {with("sub", "kakao#"), token.ErrClaims},
		"sub without provider":   {with("sub", "#1"), token.ErrClaims},
		"sub with a space":       {with("sub", "kakao# 1"), token.ErrClaims},
		"sub is a number":        {with("sub", 1), token.ErrClaims},
		"no exp":                 {with("exp", nil), token.ErrClaims},
		"exp zero":               {with("exp", 0), token.ErrClaims},
		"exp is text":            {with("exp", fmt.Sprint(iat+600)), token.ErrClaims},
		"expired":                {with("exp", iat), token.ErrExpired},
		"no iat":                 {with("iat", nil), token.ErrClaims},
		"lives too long":         {with("exp", iat+601), token.ErrLifetime},
		"iat in the future":      {with("iat", iat+61), token.ErrFuture},
		"nbf in the future":      {with("nbf", iat+61), token.ErrFuture},
		"no jti":                 {with("jti", nil), token.ErrClaims},
		"jti empty":              {with("jti", ""), token.ErrClaims},
		"jti with a space":       {with("jti", "a b"), token.ErrClaims},
		"client is no name":      {with("client_id", "App"), token.ErrClaims},
		"client: other delivery": {with("client_id", "app"), token.ErrDelivery},
		"exp twice":              {forgeAs(t, "register+jwt", strings.Replace(goodRegistration, `"jti"`, `"exp":9999999999,"jti"`, 1)), token.ErrClaims},
		"sub twice":              {forgeAs(t, "register+jwt", strings.Replace(goodRegistration, `"jti"`, `"sub":"kakao#2","jti"`, 1)), token.ErrClaims},
		"other case":             {forgeAs(t, "register+jwt", strings.Replace(goodRegistration, `"sub"`, `"Sub"`, 1)), token.ErrClaims},
		"not an object":          {forgeAs(t, "register+jwt", `"kakao#1"`), token.ErrClaims},
		"null":                   {forgeAs(t, "register+jwt", `null`), token.ErrClaims},
		"trailing text":          {forgeAs(t, "register+jwt", goodRegistration+"{}"), token.ErrClaims},

		"access token":  {forgeAs(t, "at+jwt", goodRegistration), jws.ErrType},
		"id_token":      {forgeAs(t, "JWT", goodRegistration), jws.ErrType},
		"no type":       {forgeAs(t, "", goodRegistration), jws.ErrType},
		"type's case":   {forgeAs(t, "Register+JWT", goodRegistration), jws.ErrType},
		"media type":    {forgeAs(t, "application/register+jwt", goodRegistration), jws.ErrType},
		"alg none":      {header(`{"alg":"none","typ":"register+jwt","kid":"a"}`), jws.ErrAlgorithm},
		"alg HS256":     {header(`{"alg":"HS256","typ":"register+jwt","kid":"a"}`), jws.ErrAlgorithm},
		"alg ES256":     {header(`{"alg":"ES256","typ":"register+jwt","kid":"a"}`), jws.ErrAlgorithm},
		"crit":          {header(`{"alg":"EdDSA","typ":"register+jwt","kid":"a","crit":["x"]}`), jws.ErrCritical},
		"alg twice":     {header(`{"alg":"none","alg":"EdDSA","typ":"register+jwt","kid":"a"}`), jws.ErrMalformed},
		"other header":  {header(`{"alg":"EdDSA","typ":"register+jwt","kid":"a","x":1}`), jws.ErrSignature},
		"no kid":        {header(`{"alg":"EdDSA","typ":"register+jwt"}`), jws.ErrUnknownKey},
		"unknown key":   {signedBy(jws.PrivateKey{ID: "b", Algorithm: jws.EdDSA, Signer: seeded("a")}), jws.ErrUnknownKey},
		"another's key": {signedBy(jws.PrivateKey{ID: "a", Algorithm: jws.EdDSA, Signer: seeded("b")}), jws.ErrSignature},
		"cut":           {signedBy(key)[:len(signedBy(key))-2], jws.ErrSignature},
		"padded":        {with() + "=", jws.ErrMalformed},
		"newline":       {with() + "\n", jws.ErrMalformed},
		"empty":         {"", jws.ErrMalformed},
		"too long":      {with("nickname", strings.Repeat("a", 4000)), jws.ErrTooLong},
	} {
		if got, err := v.Verify(c.text, true, now); !errors.Is(err, c.want) || got != (token.Register{}) {
			t.Errorf("%s: %+v, %v; want %v", name, got, err, c.want)
		}
	}
}
