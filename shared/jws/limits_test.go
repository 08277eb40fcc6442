package jws_test

import (
	"runtime"
	"strings"
	"testing"

	"daemun/shared/jws"
)

// AZ-06, ID-13: what a hostile token may cost.
func TestVerify_RefusalsAreCheap(t *testing.T) {
	type bound struct{ allocations, bytes float64 }
	cheap := bound{30, 64 << 10}
	k := es256()
	fill := func(s string) string { return strings.Repeat(s, 8192/len(s)+1)[:8192] }
	nested := func(open string) string { // a header that is nothing but depth
		return b64(strings.Repeat(open, 1500/len(open))) + "." + b64(payload) + ".AA"
	}
	var members strings.Builder
	members.WriteString("{")
	for members.Len() < 1400 {
		members.WriteString(`"` + strings.Repeat("x", members.Len()%50) + `a":0,`)
	}
	bounds := map[string]bound{
		"open objects": {900, 160 << 10}, // the JSON reader keeps the names of every open object
	}
	for name, token := range map[string]string{
		"dots":               fill("."),
		"braces":             fill("{"),
		"eyJ":                fill("eyJ"),
		"eyJ and dots":       fill("eyJ."),
		"two dots":           fill("eyJ")[:8190] + "..",
		"open arrays":        nested("["),
		"open objects":       nested(`{"":`),
		"names":              b64(members.String()) + "." + b64(payload) + ".AA",
		"a long signature":   b64(headerOf(k)) + "." + b64(payload) + "." + strings.Repeat("A", 8000),
		"a long payload":     b64(headerOf(k)) + "." + strings.Repeat("A", 8000) + ".AA",
		"a megabyte":         strings.Repeat("eyJ.", 1<<18),
		"a megabyte of dots": strings.Repeat(".", 1<<20),
	} {
		refuse := func() {
			if _, err := jws.Verify(token, typ, of(k)); err == nil {
				t.Errorf("%s: accepted", name)
			}
		}
		most, ok := bounds[name]
		if !ok {
			most = cheap
		}
		if n := testing.AllocsPerRun(10, refuse); n > most.allocations {
			t.Errorf("%s: %.0f allocations", name, n)
		}
		if n := bytesOf(refuse); n > most.bytes {
			t.Errorf("%s: %.0f bytes allocated", name, n)
		}
	}
}

// bytesOf is how much f allocates, once it is warm.
func bytesOf(f func()) float64 {
	var before, after runtime.MemStats
	f()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc - before.TotalAlloc)
}
