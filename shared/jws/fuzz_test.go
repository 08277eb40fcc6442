package jws_test

import (
	"strings"
	"testing"

	"daemun/shared/jws"
)

// Nobody but the holder of the key makes a token that is accepted: whatever is,
// is byte for byte one of the tokens that were made here. IN-04.
func FuzzVerify(f *testing.F) {
	k := edDSA() // deterministic, so that seeds stay good in every process
	made := map[string]bool{}
	for _, p := range []string{payload, "", "{}", "null"} {
		token := forge(f, k, headerOf(k), p)
		made[token] = true
		f.Add(token)
		f.Add(token + "\n")
		f.Add(token + "=")
		f.Add(strings.TrimRight(token, "AQgw"))
		f.Add(strings.Replace(token, ".", "..", 1))
		f.Add(strings.ReplaceAll(token, ".", ".\r\n"))
	}
	for _, header := range []string{
		`{"alg":"none","typ":"at+jwt","kid":"k1"}`, `{"alg":"EdDSA","typ":"at+jwt","kid":"k1","crit":[]}`, `null`, `{`, `[[[[`,
	} {
		f.Add(forge(f, k, header, payload))
	}
	f.Add("..")
	f.Add(strings.Repeat(".", 9000))
	f.Fuzz(func(t *testing.T, token string) {
		payload, err := jws.Verify(token, typ, of(k))
		if err == nil && !made[token] {
			t.Errorf("accepted %q with payload %q", token, payload)
		}
		if err != nil && payload != nil {
			t.Errorf("refused, but with payload %q", payload)
		}
	})
}
