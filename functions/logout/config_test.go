package main

import (
	"maps"
	"testing"

	"daemun/shared/fault"
	"daemun/shared/lambdahttp/lambdatest"
)

// F-75, TK-04: what is wrongly configured is refused.
func TestConfig_MistakesAreRefused(t *testing.T) {
	w := start(t)
	good := maps.Clone(w.Env)
	refuse := func(name, variable, value string) {
		t.Helper()
		w.Env = maps.Clone(good)
		w.Env[variable] = value
		if _, err := w.TryBuild(build); fault.CodeOf(err) != fault.NotConfigured {
			t.Errorf("%s: %s: %v, want not_configured", variable, name, err)
		}
	}
	for name, set := range lambdatest.BadSecretKeys() {
		refuse(name, "REFRESH_KEYS", set)
	}
	refuse("private", "VERIFICATION_KEYS", good["SIGNING_KEYS"])
	refuse("none", "VERIFICATION_KEYS", "")
	refuse("empty", "PUBLIC_URL", "")
	refuse("empty", "FRONT_URL", "")
	refuse("away from loopback", "INSECURE_COOKIES", "true")
	w.Env = good
}
