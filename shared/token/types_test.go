package token_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"daemun/shared/jws"
	"daemun/shared/token"
)

// place is where one kind of token is taken.
type place struct {
	kind string
	take func(text string) error
}

// everyKind makes a good token of each kind, and the place of each, all of one
// issuer and all of one key or one secret: nothing but its kind keeps a token
// from passing in another's place.
func everyKind(t *testing.T) (tokens map[string]string, places []place) {
	t.Helper()
	ai, av := access(t)
	ri, rv := registering(t, okp("a", "active", "a"))
	var refresh token.RefreshKeys
	var transactions token.TransactionKeys
	read(t, &refresh, setOf(secretJWK("a", "active", "s")))
	read(t, &transactions, setOf(secretJWK("a", "active", "s")))
	inJSON := newcomer
	inJSON.Client, inJSON.ReturnTo = "web", ""
	tx := token.Transaction{Provider: "kakao", StateHash: []byte("h"), IssuedAt: now}

	must := func(text string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	idToken := members(t, goodRegistration, "aud", "client", "sub", "1", "nonce", "n")
	tokens = map[string]string{
		"access":              must(ai.Mint(person, now)),
		"register, cookie":    registerToken(t, ri, newcomer),
		"register, JSON":      registerToken(t, ri, inJSON),
		"refresh":             must(refresh.Mint(token.Refresh{UserID: userID, SessionID: "s", Generation: 1}, "a")),
		"transaction, cookie": must(transactions.Seal(tx, rand.Reader)),
		"transaction, JSON":   must(transactions.ForJSON().Seal(tx, rand.Reader)),
		"id_token":            forgeAs(t, "JWT", idToken),
	}
	return tokens, []place{
		{"access", func(text string) error { _, err := av.Verify(text, now); return err }},
		{"register, cookie", func(text string) error { _, err := rv.Verify(text, true, now); return err }},
		{"register, JSON", func(text string) error { _, err := rv.Verify(text, false, now); return err }},
		{"refresh", func(text string) error { _, err := refresh.Parse(text); return err }},
		{"transaction, cookie", func(text string) error { _, err := transactions.Open(text); return err }},
		{"transaction, JSON", func(text string) error { _, err := transactions.ForJSON().Open(text); return err }},
		// Package provider takes an id_token with or without this type, and holds its
		// claims to more.
		{"id_token", func(text string) error {
			keys := ri.Key.VerificationKeys()
			_, err := jws.VerifyAs(text, jws.Expect{Types: []string{"", "JWT"}, Algorithm: jws.EdDSA}, &keys)
			return err
		}},
	}
}

// TK-02, RG-01: any token in any place but its own is refused.
func TestTokens_EachIsTakenInItsOwnPlaceOnly(t *testing.T) {
	tokens, places := everyKind(t)
	if len(tokens) != len(places) {
		t.Fatalf("%d tokens, %d places", len(tokens), len(places))
	}
	for kind, text := range tokens {
		for _, p := range places {
			if err := p.take(text); (err == nil) != (p.kind == kind) {
				t.Errorf("%s token in the place of %s: %v", kind, p.kind, err)
			}
		}
	}
}

// TK-02: nor does its type alone make a token one of another kind, nor its
// audience alone. The claims here are those of both kinds.
func TestTokens_TypeAndAudienceBothDecide(t *testing.T) {
	_, places := everyKind(t)
	both := members(t, goodRegistration, "client_id", nil, "sid", "s", "roles", []string{}, "profile_complete", true, "exp", iat+600)
	for _, typ := range []string{"at+jwt", "register+jwt", "JWT", ""} {
		for _, aud := range []string{audience, registerAudience} {
			text := forgeAs(t, typ, members(t, both, "aud", aud))
			for _, p := range places[:3] {
				want := typ == "at+jwt" && aud == audience && p.kind == "access" ||
					typ == "register+jwt" && aud == registerAudience && p.kind == "register, cookie"
				if err := p.take(text); (err == nil) != want {
					t.Errorf("typ %q, aud %s in the place of %s: %v", typ, aud, p.kind, err)
				}
			}
		}
	}
}

// An API whose access tokens are, by its operator's choice, for the audience of
// register tokens still takes none of them.
func TestTokens_OneAudienceForAllStillTellsThemApart(t *testing.T) {
	ai, av := access(t)
	ai.Audience, av.Audience = registerAudience, registerAudience
	ri, rv := registering(t, okp("a", "active", "a"))
	text, err := ai.Mint(person, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rv.Verify(text, true, now); err == nil {
		t.Error("an access token registers")
	}
	if _, err := av.Verify(registerToken(t, ri, newcomer), now); err == nil {
		t.Error("a register token gives access")
	}
}

// Of a token that was cut or put together of two, nothing is taken anywhere.
func TestTokens_PiecesOfTwoAreNone(t *testing.T) {
	tokens, places := everyKind(t)
	for a, first := range tokens {
		for b, second := range tokens {
			if a == b {
				continue
			}
			head, _, _ := strings.Cut(first, ".")
			_, tail, _ := strings.Cut(second, ".")
			for _, p := range places {
				if err := p.take(head + "." + tail); err == nil && head+"."+tail != first && head+"."+tail != second {
					t.Errorf("head of %s and rest of %s in the place of %s", a, b, p.kind)
				}
			}
		}
	}
}
