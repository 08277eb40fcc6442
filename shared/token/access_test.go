package token_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/jws"
	"daemun/shared/token"
)

// iat is the time now of these tests, 2026-03-04T05:06:07Z, in Unix seconds.
const iat = 1772600767

// goodClaims are accepted at now. Each case changes one thing.
var goodClaims = fmt.Sprintf(`{"iss":%q,"aud":%q,"sub":%q,"client_id":"web","sid":"s","iat":%d,"exp":%d,"jti":"j","roles":["admin"],"profile_complete":true}`,
	issuer, audience, userID, iat, iat+900)

var person = token.Access{UserID: userID, SessionID: "s", Roles: []string{"admin", "편집자"}, ProfileComplete: true}

func TestAccess_RoundTripForEachKindOfKey(t *testing.T) {
	for _, private := range []string{newEC(t), okp("o", "active", "a"), rsaJWK} {
		i, v := access(t)
		read(t, &i.Key, setOf(private))
		read(t, &v.Keys, setOf(public(t, private)))
		text, err := i.Mint(person, now)
		if err != nil {
			t.Fatal(err)
		}
		got, err := v.Verify(text, now)
		if err != nil {
			t.Fatal(err)
		}
		want := person
		want.ExpiresAt = now.Add(15 * time.Minute)
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}
}

// TK-11: these members, no email, no name, and not more than 1 KB.
func TestAccess_ClaimsExactly(t *testing.T) {
	i, _ := access(t)
	text, err := i.Mint(token.Access{UserID: userID, SessionID: "s", ProfileComplete: true}, now.Add(999*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(text, ".")
	header, claims := decoded(t, parts[0]), decoded(t, parts[1])
	if d := cmp.Diff(map[string]any{"alg": "EdDSA", "typ": "at+jwt", "kid": "a"}, header); d != "" {
		t.Errorf("header:\n%s", d)
	}
	id, _ := claims["jti"].(string)
	if len(id) != 22 { // 128 bits
		t.Errorf("jti %q", id)
	}
	want := map[string]any{
		"iss": issuer, "aud": audience, "sub": userID, "client_id": "web", "sid": "s", "jti": id,
		"iat": float64(iat), "exp": float64(iat + 900), "roles": []any{}, "profile_complete": true,
	}
	if d := cmp.Diff(want, claims); d != "" {
		t.Errorf("claims:\n%s", d)
	}
}

func decoded(t testing.TB, part string) map[string]any {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]any{}
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// TK-11, with the longest signature and more roles than anybody has.
func TestAccess_IsShort(t *testing.T) {
	i, _ := access(t)
	read(t, &i.Key, setOf(rsaJWK))
	a := person
	a.SessionID = strings.Repeat("s", 43)
	a.Roles = []string{"administrator", "billing-manager", "content-editor", "support", "auditor"}
	text, err := i.Mint(a, now)
	if err != nil || len(text) > 1024 {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}

func TestAccess_NoTwoAreTheSame(t *testing.T) {
	i, _ := access(t)
	seen := map[string]bool{}
	for range 100 {
		text, err := i.Mint(person, now)
		if err != nil || seen[text] {
			t.Fatalf("seen %v, %v", seen[text], err)
		}
		seen[text] = true
	}
	i.Rand = iotest.ErrReader(errors.New("dry"))
	if text, err := i.Mint(person, now); err == nil {
		t.Errorf("made without randomness: %s", text)
	}
}

// TK-05: the last moment is the one before exp, to the second and without leeway.
func TestAccess_ExpiresAtTheExactSecond(t *testing.T) {
	i, v := access(t)
	for _, minted := range []time.Time{now, now.Add(700 * time.Millisecond)} {
		text, err := i.Mint(person, minted)
		if err != nil {
			t.Fatal(err)
		}
		end := now.Add(15 * time.Minute)
		for at, want := range map[time.Time]error{
			minted: nil, end.Add(-time.Nanosecond): nil,
			end: token.ErrExpired, end.Add(time.Nanosecond): token.ErrExpired, end.Add(24 * time.Hour): token.ErrExpired,
		} {
			if _, err := v.Verify(text, at); !errors.Is(err, want) {
				t.Errorf("at %v: %v, want %v", at.Sub(now), err, want)
			}
		}
	}
}

// TK-12: an issuer that is set up wrongly cannot make longer ones pass.
func TestAccess_LongerThanAllowedIsRefused(t *testing.T) {
	i, v := access(t)
	i.Lifetime = token.MaxAccessLifetime + time.Second
	text, err := i.Mint(person, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(text, now); !errors.Is(err, token.ErrLifetime) {
		t.Errorf("got %v", err)
	}
}

// TK-01: what package jws refuses is refused here, by its name.
func TestAccess_RefusalsOfTheSignatureKeepTheirNames(t *testing.T) {
	_, v := access(t)
	key := jws.PrivateKey{ID: "a", Algorithm: jws.EdDSA, Signer: seeded("a")}
	good := forge(t, goodClaims)
	sign := func(typ string, k jws.PrivateKey) string {
		text, err := jws.Sign([]byte(goodClaims), typ, k)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if _, err := v.Verify(sign("at+jwt", key), now); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		text string
		want error
	}{
		"register token": {sign("register+jwt", key), jws.ErrType},
		"id_token":       {sign("JWT", key), jws.ErrType},
		"no type":        {sign("", key), jws.ErrType},
		"unknown key":    {sign("at+jwt", jws.PrivateKey{ID: "b", Algorithm: jws.EdDSA, Signer: seeded("a")}), jws.ErrUnknownKey},
		"other's key":    {sign("at+jwt", jws.PrivateKey{ID: "a", Algorithm: jws.EdDSA, Signer: seeded("b")}), jws.ErrSignature},
		"cut":            {good[:len(good)-2], jws.ErrSignature},
		"newline":        {good + "\n", jws.ErrMalformed},
		"a refresh":      {signed("a", "r1.a."+userID+".s.1"), jws.ErrMalformed},
		"empty":          {"", jws.ErrMalformed},
		"long":           {strings.Repeat("a", 9000), jws.ErrTooLong},
	} {
		if got, err := v.Verify(test.text, now); !errors.Is(err, test.want) || got.UserID != "" {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// TK-05: another instance's clock may be up to a minute ahead.
func TestAccess_LeewayOfIssuedAt(t *testing.T) {
	i, v := access(t)
	text, err := i.Mint(person, now)
	if err != nil {
		t.Fatal(err)
	}
	for ahead, want := range map[time.Duration]error{
		0: nil, 59 * time.Second: nil, 60 * time.Second: nil, 61 * time.Second: token.ErrFuture, time.Hour: token.ErrFuture,
	} {
		if _, err := v.Verify(text, now.Add(-ahead)); !errors.Is(err, want) {
			t.Errorf("%v ahead: %v, want %v", ahead, err, want)
		}
	}
}

// TK-10: while keys rotate, instances with the old and with the new set accept
// each other's tokens; a retired key that is gone is refused.
func TestAccess_KeysRotateWithoutARefusal(t *testing.T) {
	old, new := okp("old", "active", "a"), okp("new", "active", "b")
	status := func(key, s string) string { return members(t, key, "status", s) }
	type stage struct{ signing, verification string }
	private := func(keys ...string) string { return setOf(keys...) }
	stages := []stage{
		{private(old, status(new, "next")), setOf(public(t, old), public(t, status(new, "next")))},
		{private(status(old, "retired"), new), setOf(public(t, status(old, "retired")), public(t, new))},
	}
	for _, signer := range stages {
		for _, verifier := range stages {
			i, v := access(t)
			read(t, &i.Key, signer.signing)
			read(t, &v.Keys, verifier.verification)
			text, err := i.Mint(person, now)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := v.Verify(text, now); err != nil {
				t.Error(err)
			}
		}
	}
	i, v := access(t)
	read(t, &i.Key, private(old))
	read(t, &v.Keys, setOf(public(t, new)))
	text, err := i.Mint(person, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(text, now); !errors.Is(err, jws.ErrUnknownKey) {
		t.Errorf("a key that is gone: %v", err)
	}
}
