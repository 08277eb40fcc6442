package lambdatest

import (
	"maps"
	"strings"
	"testing"

	"daemun/shared/fault"
	"daemun/shared/lambdahttp"
)

// RefusesToBuild expects that the world's environment, with the changes, is
// not_configured, and that the fault names what the changes broke.
func (w *World) RefusesToBuild(t testing.TB, build lambdahttp.Build, changes map[string]string, names ...string) {
	t.Helper()
	good := w.Env
	defer func() { w.Env = good }()
	w.Env = maps.Clone(good)
	maps.Copy(w.Env, changes)
	_, err := w.TryBuild(build)
	if fault.CodeOf(err) != fault.NotConfigured {
		t.Errorf("%q: %v", changes, err)
		return
	}
	for _, name := range names {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not in %q", name, err)
		}
	}
}

// BadSecretKeys are texts that no function may take for a set of symmetric keys,
// by what is wrong with them: TK-04.
func BadSecretKeys() map[string]string {
	good := strings.Repeat("AAECAwQFBgcI", 4)[:43] // 32 bytes
	key := func(members string) string { return `{"keys":[{` + members + `}]}` }
	return map[string]string{
		"empty":        "",
		"blank":        " ",
		"a password":   "secret",
		"a string":     `"secret"`,
		"null":         "null",
		"no set":       "{}",
		"no keys":      `{"keys":[]}`,
		"not in a set": `{"kty":"oct","kid":"a","status":"active","k":"` + good + `"}`,
		"no k":         key(`"kty":"oct","kid":"a","status":"active"`),
		"empty k":      key(`"kty":"oct","kid":"a","status":"active","k":""`),
		"one byte":     key(`"kty":"oct","kid":"a","status":"active","k":"AA"`),
		"31 bytes":     key(`"kty":"oct","kid":"a","status":"active","k":"` + good[:42] + `"`),
		"padded":       key(`"kty":"oct","kid":"a","status":"active","k":"` + good + `="`),
		"k in clear":   key(`"kty":"oct","kid":"a","status":"active","k":"secret secret secret secret secret"`),
		"wrong type":   key(`"kty":"EC","kid":"a","status":"active","k":"` + good + `"`),
		"no id":        key(`"kty":"oct","status":"active","k":"` + good + `"`),
		"dot in id":    key(`"kty":"oct","kid":"a.b","status":"active","k":"` + good + `"`),
		"no status":    key(`"kty":"oct","kid":"a","k":"` + good + `"`),
		"not active":   key(`"kty":"oct","kid":"a","status":"next","k":"` + good + `"`),
		"one id twice": key(`"kty":"oct","kid":"a","status":"active","k":"` + good + `"},{"kty":"oct","kid":"a","status":"next","k":"` + good + `"`),
		"k twice":      key(`"kty":"oct","kid":"a","status":"active","k":"` + good + `","k":"` + good + `"`),
		"trailing":     key(`"kty":"oct","kid":"a","status":"active","k":"`+good+`"`) + "x",
	}
}
