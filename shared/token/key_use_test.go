package token_test

import (
	"testing"

	"daemun/shared/token"
)

// ID-06: a key for encryption signs nothing, and checks nothing (RFC 7517 §4.2).
func TestKeySets_RefuseKeysOfAnotherUse(t *testing.T) {
	for _, key := range []string{newEC(t), okp("a", "active", "a"), rsaJWK} {
		for use, taken := range map[string]bool{"": true, "sig": true, "enc": false, "SIG": false} {
			private := members(t, key, "use", use)
			if err := new(token.SigningKey).UnmarshalText([]byte(setOf(private))); (err == nil) != taken {
				t.Errorf("signing, use %q: %v", use, err)
			}
			if err := new(token.VerificationKeys).UnmarshalText([]byte(setOf(public(t, private)))); (err == nil) != taken {
				t.Errorf("verification, use %q: %v", use, err)
			}
		}
	}
}
