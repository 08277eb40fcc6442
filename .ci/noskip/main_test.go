package main

import (
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	const pass = `{"Action":"pass","Package":"p","Test":"TestA"}` + "\n"
	const end = `{"Action":"pass","Package":"p","Elapsed":0.5}` + "\n"
	tests := []struct {
		name, in string
		want     summary
		ok       bool
		shows    string
	}{
		{"passes", pass + end, summary{passed: 1}, true, "pass\tp\t0.5s"},
		{"nothing ran", end, summary{}, false, ""},
		{"a skip", pass + `{"Action":"output","Package":"p","Test":"TestB","Output":"no docker\n"}` + "\n" +
			`{"Action":"skip","Package":"p","Test":"TestB"}`, summary{passed: 1, skipped: 1}, false, "no docker"},
		{"a failure", `{"Action":"output","Package":"p","Test":"TestB","Output":"want 1\n"}` + "\n" +
			`{"Action":"fail","Package":"p","Test":"TestB"}` + "\n" + `{"Action":"fail","Package":"p"}`, summary{failed: 1}, false, "want 1"},
		{"a package without tests", pass + `{"Action":"skip","Package":"q"}`, summary{passed: 1}, true, ""},
		{"a broken build", `{"ImportPath":"p","Action":"build-output","Output":"undefined: x\n"}` + "\n" +
			`{"Action":"fail","Package":"p"}`, summary{failed: 1}, false, "undefined: x"},
		{"a line that is no event", pass + "go: no such tool\n", summary{passed: 1}, true, "no such tool"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			got, err := report(strings.NewReader(tt.in), &out)
			if err != nil || got != tt.want || got.ok() != tt.ok {
				t.Errorf("report = %v (ok %v), %v; want %v (ok %v)", got, got.ok(), err, tt.want, tt.ok)
			}
			if !strings.Contains(out.String(), tt.shows) {
				t.Errorf("output %q lacks %q", out.String(), tt.shows)
			}
		})
	}
}
