package token_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/token"
)

// RT-11: a refresh token is of its client, and of no other.
func TestRefresh_IsBoundToItsClient(t *testing.T) {
	k := new(token.RefreshKeys)
	read(t, k, setOf(secretJWK("a", "active", "a")))
	want := token.Refresh{UserID: userID, SessionID: "s", Generation: 2, Client: "shop"}
	text, err := k.Mint(want, "a")
	if err != nil {
		t.Fatal(err)
	}
	got, err := k.Parse(text)
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
	for _, forged := range []string{
		strings.Replace(text, ".shop.", ".other.", 1), strings.Replace(text, ".shop.", ".", 1), strings.Replace(text, ".shop.", "..", 1),
		strings.Replace(text, ".shop.", ".shop.shop.", 1), strings.Replace(text, ".2.shop.", ".shop.2.", 1),
	} {
		if _, err := k.Parse(forged); !errors.Is(err, token.ErrRefreshToken) {
			t.Errorf("%s: %v", forged, err)
		}
	}
	id := strings.Repeat("k", 64)
	read(t, k, setOf(secretJWK(id, "active", "a")))
	want = token.Refresh{UserID: userID, SessionID: strings.Repeat("s", 43), Generation: 1 << 62, Client: strings.Repeat("c", 32)}
	longest, err := k.Mint(want, id)
	if got, parseErr := k.Parse(longest); err != nil || parseErr != nil || got != want {
		t.Errorf("%d bytes: %v, %v", len(longest), err, parseErr)
	}
}
