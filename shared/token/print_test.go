package token_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"daemun/shared/token"
)

// LG-01: keys do not show in whatever is printed or logged around them.
func TestKeys_NeverPrint(t *testing.T) {
	type config struct {
		Refresh     token.RefreshKeys
		Transaction token.TransactionKeys
		Signing     token.SigningKey
	}
	for kind, signing := range map[string]string{"EC": newEC(t), "OKP": okp("o", "active", "z"), "RSA": rsaJWK} {
		var c config
		read(t, &c.Refresh, setOf(secretJWK("a", "active", "z")))
		read(t, &c.Transaction, setOf(secretJWK("a", "active", "z")))
		read(t, &c.Signing, setOf(signing))
		quiet := struct{ c config }{c} // fmt does not ask unexported fields for their methods
		forms := []string{strings.Repeat("z", 32), strings.Repeat("7a", 32), strings.Repeat("122 ", 31), strings.Repeat("0x7a, ", 31), member(t, signing, "d")}
		var out bytes.Buffer
		for _, v := range []any{c, &c, quiet, &quiet, c.Refresh, &c.Refresh, c.Transaction, c.Signing, &c.Signing} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
				fmt.Fprintf(&out, verb+"\n", v)
			}
			slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
			slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		}
		for _, form := range forms {
			if i := strings.Index(out.String(), form); i >= 0 {
				t.Errorf("%s: shows %q after %q", kind, form, out.String()[max(0, i-80):i])
			}
		}
	}
}
