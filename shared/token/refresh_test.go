package token_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"strconv"
	"strings"
	"testing"

	"daemun/shared/token"
)

func refreshKeys(t testing.TB, keys ...string) *token.RefreshKeys {
	t.Helper()
	k := new(token.RefreshKeys)
	read(t, k, setOf(keys...))
	return k
}

func mint(t testing.TB, k *token.RefreshKeys, r token.Refresh, keyID string) string {
	t.Helper()
	text, err := k.Mint(r, keyID)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// signed adds the HMAC that the key of bytes c makes, as the format says.
func signed(c, text string) string {
	h := hmac.New(sha256.New, secretOf(c))
	h.Write([]byte("daemun refresh token\n" + text))
	return text + "." + b64(h.Sum(nil))
}

var someRefresh = token.Refresh{UserID: userID, SessionID: "kF3xT0aLqN2bV8cR5mZyW1uJ7hGdEoPsIi9wQnUtXlA", Generation: 41}

// The format is a promise: tokens live for 90 days, in clients.
func TestRefresh_Format(t *testing.T) {
	k := refreshKeys(t, secretJWK("a", "active", "a"))
	want := signed("a", "r1.a."+userID+"."+someRefresh.SessionID+".41")
	if got := mint(t, k, someRefresh, "a"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if len(want) > token.MaxRefreshLength-64 {
		t.Errorf("%d bytes leave no room for long key ids", len(want))
	}
}

func TestRefresh_RoundTrip(t *testing.T) {
	k := refreshKeys(t, secretJWK("a", "active", "a"), secretJWK("n", "next", "n"), secretJWK("r", "retired", "r"))
	if k.ActiveID() != "a" {
		t.Errorf("active is %q", k.ActiveID())
	}
	for _, id := range []string{"a", "n", "r"} { // TK-10: old and coming keys check
		for _, generation := range []int64{1, 2, 41, 1<<63 - 1} {
			want := someRefresh
			want.Generation = generation
			got, err := k.Parse(mint(t, k, want, id))
			if err != nil || got != want {
				t.Errorf("%s, %d: %v, %v", id, generation, got, err)
			}
		}
	}
}

// RT-02: the current token of a session can be made again, byte for byte, also
// by an instance with another active key.
func TestRefresh_MintIsTheSameEachTime(t *testing.T) {
	a := refreshKeys(t, secretJWK("a", "active", "a"), secretJWK("b", "next", "b"))
	b := refreshKeys(t, secretJWK("a", "retired", "a"), secretJWK("b", "active", "b"))
	for _, id := range []string{"a", "b"} {
		first := mint(t, a, someRefresh, id)
		if again, other := mint(t, a, someRefresh, id), mint(t, b, someRefresh, id); again != first || other != first {
			t.Errorf("key %s: two tokens of one generation", id)
		}
	}
	if mint(t, a, someRefresh, "a") == mint(t, a, someRefresh, "b") {
		t.Error("two keys, one token")
	}
}

func TestRefresh_MintWithoutTheKey(t *testing.T) {
	k := refreshKeys(t, secretJWK("a", "active", "a"))
	for _, id := range []string{"", "b", "A"} {
		if text, err := k.Mint(someRefresh, id); !errors.Is(err, token.ErrUnknownKeyID) {
			t.Errorf("%q: %q, %v", id, text, err)
		}
	}
}

// RT-08: no character can be changed, added or left out.
func TestRefresh_EveryMutationIsRefused(t *testing.T) {
	k := refreshKeys(t, secretJWK("a", "active", "a"), secretJWK("b", "next", "b"))
	good := mint(t, k, someRefresh, "a")
	refuse := func(text string) {
		t.Helper()
		if got, err := k.Parse(text); !errors.Is(err, token.ErrRefreshToken) || got != (token.Refresh{}) {
			t.Fatalf("%q: %v, %v", text, got, err)
		}
	}
	for i := range len(good) {
		refuse(good[:i])
		refuse(good[i+1:])
		refuse(good[:i] + good[i+1:])
		for _, c := range "ABab019-_.=+/\n\r \x00\x7f" {
			refuse(good[:i] + string(c) + good[i:])
			if good[i] != byte(c) {
				refuse(good[:i] + string(c) + good[i+1:])
			}
		}
		for bit := range 8 {
			refuse(good[:i] + string([]byte{good[i] ^ 1<<bit}) + good[i+1:])
		}
	}
	refuse(good + "\n")
	refuse(good + "=")
}

func TestRefresh_WhatIsNoneIsRefused(t *testing.T) {
	k := refreshKeys(t, secretJWK("a", "active", "a"))
	text := func(fields ...string) string { return signed("a", strings.Join(fields, ".")) }
	fits := func(n int) string { // a token of n bytes that is good but for its length
		rest := len(text("r1", "a", userID, "", "1"))
		return text("r1", "a", userID, strings.Repeat("s", n-rest), "1")
	}
	if _, err := k.Parse(fits(token.MaxRefreshLength)); err != nil {
		t.Fatalf("the longest: %v", err)
	}
	for name, bad := range map[string]string{
		"empty":               "",
		"too long":            fits(token.MaxRefreshLength + 1),
		"a megabyte of dots":  strings.Repeat(".", 1<<20),
		"five dots":           ".....",
		"version 2":           text("r2", "a", userID, "s", "1"),
		"version 1 in caps":   text("R1", "a", userID, "s", "1"),
		"no version":          text("", "a", userID, "s", "1"),
		"unknown key":         text("r1", "b", userID, "s", "1"),
		"no key":              text("r1", "", userID, "s", "1"),
		"another key's":       signed("b", "r1.a."+userID+".s.1"),
		"no MAC":              "r1.a." + userID + ".s.1.",
		"one field less":      text("r1", "a", userID, "1"),
		"one field more":      text("r1", "a", userID, "s", "1", "1"),
		"dot at the end":      text("r1", "a", userID, "s", "1") + ".",
		"user of other shape": text("r1", "a", "admin", "s", "1"),
		"no user":             text("r1", "a", "", "s", "1"),
		"no session":          text("r1", "a", userID, "", "1"),
		"generation 0":        text("r1", "a", userID, "s", "0"),
		"generation -1":       text("r1", "a", userID, "s", "-1"),
		"generation too big":  text("r1", "a", userID, "s", strconv.FormatUint(1<<63, 10)),
		"generation of text":  text("r1", "a", userID, "s", "one"),
		"no generation":       text("r1", "a", userID, "s", ""),
		"an access token":     forge(t, goodClaims),
	} {
		if got, err := k.Parse(bad); !errors.Is(err, token.ErrRefreshToken) || got != (token.Refresh{}) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// Whatever is accepted is what we would make ourselves. IN-04.
func FuzzRefreshParse(f *testing.F) {
	k := refreshKeys(f, secretJWK("a", "active", "a"), secretJWK("r", "retired", "r"))
	for _, id := range []string{"a", "r"} {
		good := mint(f, k, someRefresh, id)
		f.Add(good)
		f.Add(good[:len(good)-1])
		f.Add(strings.Replace(good, ".", "..", 1))
	}
	f.Add(".....")
	f.Add(signed("a", "r1.a."+userID+".s.1"))
	f.Fuzz(func(t *testing.T, text string) {
		r, err := k.Parse(text)
		if err != nil {
			if !errors.Is(err, token.ErrRefreshToken) || r != (token.Refresh{}) {
				t.Errorf("%q: %v, %v", text, r, err)
			}
			return
		}
		if again := mint(t, k, r, strings.Split(text, ".")[1]); again != text {
			t.Errorf("accepted %q, would make %q", text, again)
		}
	})
}
