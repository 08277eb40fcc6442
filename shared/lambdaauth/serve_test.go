package lambdaauth_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"daemun/shared/fault"
	"daemun/shared/lambdaauth"
	"daemun/shared/lambdaauth/authtest"
)

// AZ-04, F-70. While it cannot be built it lets nobody in, in the words of each
// shape, and tries again with the next event.
func TestFunction_IsBuiltByTheFirstEventThatCanBe(t *testing.T) {
	w := newWorld(t)
	attempts, fails := 0, true
	f := lambdaauth.NewFunction(lambdaauth.Host{Now: time.Now, Logger: slog.New(slog.NewJSONHandler(w.log, nil))},
		func(context.Context, lambdaauth.Host) (*lambdaauth.Handler, error) {
			attempts++
			if fails {
				return nil, fault.New(fault.TemporarilyUnavailable, errors.New("parameter store is down"))
			}
			return &w.handler, nil
		})
	events := map[string][]byte{}
	for shape := range refusals {
		events[shape] = encode(t, w.event(shape))
	}
	for shape, refusal := range refusals {
		if got, _ := authtest.Ask(t, f, events[shape]); got != refusal {
			t.Errorf("%s: %s, want %s", shape, got, refusal)
		}
	}
	if got, _ := authtest.Ask(t, f, []byte("null")); got != deny {
		t.Errorf("null: %s", got)
	}
	if attempts != len(refusals)+1 {
		t.Errorf("%d attempts to build for %d events", attempts, len(refusals)+1)
	}
	if log := w.log.String(); strings.Count(log, `"level":"ERROR"`) != attempts || !strings.Contains(log, "parameter store is down") {
		t.Errorf("log: %s", log)
	}
	fails = false
	for shape := range refusals {
		if got, _ := authtest.Ask(t, f, events[shape]); got != allow {
			t.Errorf("%s once it is built: %s", shape, got)
		}
	}
	if attempts != len(refusals)+2 {
		t.Errorf("%d attempts to build; it was built already", attempts)
	}
}

// AZ-04. A build that hangs leaves time to refuse in, before Lambda ends the
// invocation with an error that is not ours.
func TestFunction_BuildLeavesTimeToAnswer(t *testing.T) {
	w := newWorld(t)
	end := time.Now().Add(2 * time.Second)
	ctx, cancel := context.WithDeadline(t.Context(), end)
	defer cancel()
	var limit time.Time
	f := lambdaauth.NewFunction(lambdaauth.Host{Now: time.Now, Logger: w.handler.Logger},
		func(ctx context.Context, _ lambdaauth.Host) (*lambdaauth.Handler, error) {
			limit, _ = ctx.Deadline()
			return nil, errors.New("too late")
		})
	out, err := f.Invoke(ctx, []byte("{}"))
	if err != nil || string(out) != `{"isAuthorized":false}` {
		t.Errorf("answer %s, %v", out, err)
	}
	if left := end.Sub(limit); left < 100*time.Millisecond {
		t.Errorf("the build may take all but %v of the invocation's time", left)
	}
}
