package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/flow"
	"daemun/shared/lambdaauth"
	"daemun/shared/lambdaauth/authtest"
	"daemun/shared/lambdahost"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/session"
	"daemun/shared/store/storetest"
)

const (
	allow        = authtest.Allow
	deny         = authtest.Deny
	unauthorized = authtest.Unauthorized
	failed       = authtest.Failed
)

// refusals are how each shape says that there is no good token.
var refusals = map[string]string{
	"http-2": deny, "http-1": deny, "rest-token": unauthorized, "rest-request": unauthorized, "websocket": unauthorized,
}

// world is a person with a session, in front of the authorizer. Its clock stands
// still.
type world struct {
	*lambdatest.World
	t     *testing.T
	f     *lambdahost.Function
	login flow.Completed
}

func start(t *testing.T) *world {
	t.Helper()
	w := &world{World: lambdatest.New(t), t: t}
	w.StopClock()
	w.login = w.LogIn(lambdatest.Person())
	w.f = w.function()
	w.DB.Proxy.Reset()
	return w
}

// function is the authorizer as Lambda runs it, with the environment of now.
func (w *world) function() *lambdahost.Function {
	f := lambdaauth.NewFunction(w.Host(), build)
	f.Init(w.t.Context())
	return f
}

// handler is the authorizer without the function around it.
func (w *world) handler() *lambdaauth.Handler {
	w.t.Helper()
	h, err := build(w.t.Context(), w.Host())
	if err != nil {
		w.t.Fatal(err)
	}
	w.DB.Proxy.Reset()
	return h
}

// event is a golden event of authorizer-session's with the login's access token.
func (w *world) event(name string) []byte {
	w.t.Helper()
	return lambdatest.Event(w.t, "authorizer-session", name, "access_token", w.login.AccessToken)
}

// ask is the verdict on a golden event.
func (w *world) ask(name string) string {
	w.t.Helper()
	verdict, _ := authtest.Ask(w.t, w.f, w.event(name))
	return verdict
}

// asks wants the verdicts on all shapes: allow, failed, or refused if it is "".
func (w *world) asks(when, want string) {
	w.t.Helper()
	for shape, refusal := range refusals {
		wanted := want
		if want == "" {
			wanted = refusal
		}
		if got := w.ask(shape); got != wanted {
			w.t.Errorf("%s, %s: %s, want %s", when, shape, got, wanted)
		}
	}
}

// requests wants these requests to the database since the last Reset.
func (w *world) requests(want map[string]int) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.DB.Proxy.Counts()); diff != "" {
		w.t.Errorf("requests to the database (-want +got):\n%s", diff)
	}
}

func (w *world) key() storetest.Item {
	return storetest.Item{"user_id": w.login.User.ID, "session_id": w.login.SessionID}
}

// end ends the login's session.
func (w *world) end(why session.EndReason) {
	w.t.Helper()
	if err := w.Store().EndSession(w.t.Context(), w.login.User.ID, w.login.SessionID, why, w.Now()); err != nil {
		w.t.Fatal(err)
	}
}

// ago is an instant before now, as the database has it.
func (w *world) ago(d time.Duration) int64 { return w.Now().Add(-d).UnixMilli() }
