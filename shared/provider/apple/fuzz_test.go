package apple

import (
	"testing"
	"unicode/utf8"

	"daemun/shared/provider"
)

// IN-04: whatever a browser posts for a name, it is one that a profile takes.
func FuzzNickname(f *testing.F) {
	for _, seed := range []string{``, `{}`, `{"name":{"firstName":"대문","lastName":"김"}}`, `{"name":{"firstName":"\u0000"}}`, `{"name":null}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, field string) {
		if got := nickname(field); got != provider.Nickname(got) || !utf8.ValidString(got) {
			t.Errorf("%q is %q", field, got)
		}
	})
}
