package lambdaauth_test

import (
	"log/slog"
	"testing"

	"daemun/shared/lambdaauth"
	"daemun/shared/lambdaauth/authtest"
	"daemun/shared/lambdahttp/lambdatest"
)

// Whatever the event is: no panic gets out, no error but Unauthorized, and
// without a token that we signed nobody enters.
func FuzzHandler_NeverFailsOpen(f *testing.F) {
	w, another := newWorld(f), newWorld(f)
	forged := another.mint(buyer) // good, but for its key
	for _, name := range lambdatest.EventNames(f, "authorizer") {
		f.Add(lambdatest.Event(f, "authorizer", name, "access_token", forged))
	}
	for _, event := range []string{"{}", "[]", `"x"`, "null", `{"type":"TOKEN"}`, `{"type":"REQUEST","version":"2.0"}`} {
		f.Add([]byte(event))
	}
	plain := w.handler
	plain.Logger = slog.New(slog.DiscardHandler)
	cookies := *(&world{handler: plain}).cookies()
	demanding := *(&world{t: f, handler: plain}).demand(`{"*":{"roles":["admin"]}}`)
	demanding.handler.HTTPUnauthorized = true
	reading := *(&world{handler: plain}).reads(live, nil)
	f.Fuzz(func(t *testing.T, event []byte) {
		for _, h := range []*lambdaauth.Handler{&plain, &cookies.handler, &demanding.handler, &reading.handler} {
			if verdict, _ := authtest.Ask(t, h, event); verdict != deny && verdict != unauthorized {
				t.Error("somebody entered, or nobody knows")
			}
		}
	})
}
