package token_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/token"
)

// TK-02: a transaction opens only where logins of its kind end.
func TestTransaction_ForJSONAndForCookiesStayApart(t *testing.T) {
	k := transactionKeys(t, secretJWK("a", "active", "a"))
	want := someTransaction
	want.Client = "shop"
	kinds := map[string]*token.TransactionKeys{"cookies": k, "json": k.ForJSON(), "json of json": k.ForJSON().ForJSON()}
	for sealedFor, with := range kinds {
		sealed := seal(t, with, want)
		for openedFor, at := range kinds {
			got, err := at.Open(sealed)
			if (sealedFor == "cookies") == (openedFor == "cookies") {
				if d := cmp.Diff(want, got); err != nil || d != "" {
					t.Errorf("sealed for %s, opened for %s: %v %s", sealedFor, openedFor, err, d)
				}
			} else if !errors.Is(err, token.ErrTransaction) || got.Client != "" {
				t.Errorf("sealed for %s, opened for %s: %v", sealedFor, openedFor, err)
			}
		}
	}
}
