// Package bench measures what people wait for: a cold start, and the work of a
// warm function. Its figures are for comparing runs made side by side on one
// machine, and no test rests on them.
package bench

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"daemun/local/runtime"
	"daemun/shared/lambdahttp/lambdatest"
)

// BenchmarkColdStart is from the start of a built function's process to its
// first answer, under the emulated Runtime API. Run `make build` first.
func BenchmarkColdStart(b *testing.B) {
	for _, c := range []struct{ function, event string }{
		{"LoginUrlFunction", "login-url/login-plain"}, {"CallbackFunction", "callback/no-cookie"},
		{"RegisterFunction", "register/anonymous"}, {"RefreshFunction", "refresh/forged"}, {"LogoutFunction", "logout/none"},
		{"AccountFunction", "account/anonymous"}, {"KeysFunction", "keys/jwks"},
		{"AuthorizerFunction", "authorizer/http-2"}, {"AuthorizerSessionFunction", "authorizer-session/http-2"},
	} {
		b.Run(c.function, func(b *testing.B) {
			w := lambdatest.New(b)
			event, err := os.ReadFile("../events/" + c.event + ".json")
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				first(b, c.function, w.Env, event)
			}
		})
	}
}

// first starts a process and has it answer once.
func first(b *testing.B, function string, env map[string]string, event []byte) {
	b.Helper()
	binary, err := filepath.Abs("../.build/" + function + "/bootstrap")
	if err != nil {
		b.Fatal(err)
	}
	environment := maps.Clone(env)
	environment["GOMAXPROCS"] = "1"
	f := runtime.New(runtime.Options{
		Name: function, Command: []string{binary}, MemoryMB: 256, Timeout: 10 * time.Second,
		Environment: environment, Region: environment["AWS_REGION"],
		AccessKeyID: environment["AWS_ACCESS_KEY_ID"], SecretAccessKey: environment["AWS_SECRET_ACCESS_KEY"],
	})
	result, err := f.Invoke(b.Context(), event)
	if err != nil || result.FunctionError != "" {
		b.Fatalf("%s answered %s: %v", function, result.Payload, err)
	}
	f.Close()
}
