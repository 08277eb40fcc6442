package secret_test

import (
	"bytes"
	stdjson "encoding/json" //nolint:depguard // others may marshal our values with it
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"daemun/shared/secret"
)

const hidden = "hunter2-canary"

type config struct {
	Name  string
	Key   secret.String
	Inner *config
	Many  []secret.String
	Map   map[string]secret.String
	By    map[secret.String]string
	Any   any
	quiet secret.String // fmt reaches unexported fields without asking for their methods
}

// leaks reports whether the output shows the secret, also as hexadecimal or
// decimal bytes.
func leaks(output string) bool {
	decimal := strings.Trim(fmt.Sprintf("%d", []byte(hidden)), "[]")
	for _, form := range []string{hidden, fmt.Sprintf("%x", hidden), fmt.Sprintf("% x", hidden), decimal} {
		if strings.Contains(strings.ToLower(output), form) {
			return true
		}
	}
	return false
}

// everywhere holds the secret in every position that a configuration may have.
func everywhere() map[string]any {
	s := secret.New(hidden)
	c := config{Name: "n", Key: s, Many: []secret.String{s}, Map: map[string]secret.String{"k": s},
		By: map[secret.String]string{s: "v"}, Any: s, quiet: s}
	outer := config{Inner: &c, Any: &s, quiet: s}
	return map[string]any{
		"value": s, "pointer": &s, "struct": c, "pointer to struct": &c, "nested": outer, "slice": []any{s, &s},
		"array": [1]secret.String{s}, "map": map[string]any{"k": &c}, "error": fmt.Errorf("bad key %v %s", s, &s),
	}
}

// LG-01.
func TestString_NeverPrints(t *testing.T) {
	verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%#x", "%d", "%t", "%e", "%U", "%10.3s", "%-20v", "%p", "%!"}
	for where, v := range everywhere() {
		for _, verb := range verbs {
			if got := fmt.Sprintf(verb, v); leaks(got) {
				t.Errorf("%s of %s: %s", verb, where, got)
			}
		}
		if got := fmt.Sprintln(v); leaks(got) {
			t.Errorf("Sprintln of %s: %s", where, got)
		}
	}
}

func TestString_SaysThatItIsRedacted(t *testing.T) {
	s := secret.New(hidden)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if got := fmt.Sprintf(verb, s); got != "[redacted]" {
			t.Errorf("%s: %s", verb, got)
		}
	}
}

// LG-01.
func TestString_NeverMarshals(t *testing.T) {
	for where, v := range everywhere() {
		for name, marshal := range map[string]func(any) ([]byte, error){
			"encoding/json":      stdjson.Marshal,
			"go-json-experiment": func(v any) ([]byte, error) { return json.Marshal(v) },
		} {
			got, err := marshal(v)
			if leaks(string(got) + fmt.Sprint(err)) {
				t.Errorf("%s of %s: %s, %v", name, where, got, err)
			}
			if err != nil && where != "error" { // an error has nothing to marshal
				t.Errorf("%s of %s: %v", name, where, err)
			}
		}
	}
}

// LG-01.
func TestString_NeverLogs(t *testing.T) {
	for where, v := range everywhere() {
		var out bytes.Buffer
		for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			log := slog.New(h)
			log.Info("attribute", "v", v)
			log.Info("group", slog.Group("g", "v", v))
			log.With("v", v).Info("with")
			log.Info(fmt.Sprint(v)) //nolint:sloglint // a message made of it must not show it either
		}
		if leaks(out.String()) {
			t.Errorf("%s: %s", where, out.String())
		}
	}
}

func TestString_RevealsToWhoeverAsks(t *testing.T) {
	if got := secret.New(hidden).Reveal(); got != hidden {
		t.Errorf("got %q", got)
	}
	var s secret.String
	if err := s.UnmarshalText([]byte(hidden)); err != nil || s.Reveal() != hidden {
		t.Errorf("read: %q, %v", s.Reveal(), err)
	}
}

func TestString_ZeroIsEmpty(t *testing.T) {
	var zero secret.String
	if !zero.Empty() || zero.Reveal() != "" || !secret.New("").Empty() || secret.New(" ").Empty() {
		t.Error("want the zero value and the empty text empty, and nothing else")
	}
	if got := fmt.Sprintf("%v %#v", zero, zero); got != "[redacted] [redacted]" {
		t.Errorf("prints %q", got)
	}
}
