package lambdahost_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"daemun/shared/lambdahost"
)

// world is a function on a host whose clock the test turns. Its handlers answer
// which of the builds they are of.
type world struct {
	t        *testing.T
	now      time.Time
	log      bytes.Buffer
	function *lambdahost.Function

	builds int
	spoil  func(context.Context) error // nil: builds succeed
}

var errDown = errors.New("parameter store is down")

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: time.Unix(1773342238, 0)}
	host := lambdahost.Host{Now: func() time.Time { return w.now }, Logger: slog.New(slog.NewJSONHandler(&w.log, nil))}
	w.function = lambdahost.New(host, w.build, refuse)
	return w
}

// build is called under the function's lock.
func (w *world) build(ctx context.Context, _ lambdahost.Host) (answerer, error) {
	w.builds++
	if w.spoil != nil {
		if err := w.spoil(ctx); err != nil {
			return "", err
		}
	}
	return answerer(fmt.Sprint("build ", w.builds)), nil
}

func down(context.Context) error { return errDown }

func refuse(_ context.Context, _ lambdahost.Host, _ []byte, err error) ([]byte, error) {
	return []byte("refused: " + err.Error()), nil
}

type answerer string

func (a answerer) Invoke(context.Context, []byte) ([]byte, error) { return []byte(a), nil }

var _ lambda.Handler = answerer("")

// want invokes the function once and checks its answer.
func (w *world) want(answer string) {
	w.t.Helper()
	if out, err := w.function.Invoke(w.t.Context(), nil); err != nil || string(out) != answer {
		w.t.Errorf("answer %q, %v; want %q", out, err, answer)
	}
}

func (w *world) wantErrors(n int) {
	w.t.Helper()
	log := w.log.String()
	if strings.Count(log, `"level":"ERROR"`) != n || strings.Count(log, errDown.Error()) != n || strings.Count(log, "\n") != n {
		w.t.Errorf("want %d errors in the log: %s", n, log)
	}
}

// SE-02: keys and secrets are read anew, so no process holds them for long.
func TestFunction_IsBuiltAnewWhenItIsDue(t *testing.T) {
	w := newWorld(t)
	w.function.Init(t.Context())
	w.want("build 1")
	w.now = w.now.Add(lambdahost.RebuildAfter - time.Nanosecond)
	w.want("build 1")
	w.now = w.now.Add(time.Nanosecond)
	w.want("build 2")
	w.now = w.now.Add(lambdahost.RebuildAfter - time.Nanosecond)
	w.want("build 2") // counted from the second build
	w.now = w.now.Add(24 * time.Hour)
	w.want("build 3")
	w.wantErrors(0)
}

// F-72: while the secret store is down, the last good handler serves on. Once a
// minute it is tried again, so that not every event waits for it.
func TestFunction_LastGoodHandlerServesWhileRebuildsFail(t *testing.T) {
	w := newWorld(t)
	w.want("build 1")
	w.now, w.spoil = w.now.Add(lambdahost.RebuildAfter), down
	w.want("build 1")
	w.wantErrors(1)
	w.now = w.now.Add(time.Minute - time.Nanosecond)
	w.want("build 1")
	if w.builds != 2 {
		t.Errorf("%d builds within a minute of the first that failed, want 2", w.builds)
	}
	w.now = w.now.Add(time.Nanosecond)
	w.want("build 1")
	w.wantErrors(2)
	w.now, w.spoil = w.now.Add(time.Minute), nil
	w.want("build 4")
	w.now = w.now.Add(time.Minute)
	w.want("build 4")
	w.wantErrors(2)
}

// F-72: an outage that lasts loses no event, however long it lasts.
func TestFunction_LastGoodHandlerHasNoEnd(t *testing.T) {
	w := newWorld(t)
	w.want("build 1")
	w.spoil = down
	for range 100 {
		w.now = w.now.Add(time.Hour)
		w.want("build 1")
	}
	w.wantErrors(100)
}

// F-70: nothing serves before the first build, and each event tries.
func TestFunction_FirstBuildIsTriedAtEachEvent(t *testing.T) {
	w := newWorld(t)
	w.spoil = down
	w.function.Init(t.Context())
	w.wantErrors(1)
	for n := range 3 {
		w.want("refused: " + errDown.Error())
		if w.builds != n+2 {
			t.Errorf("%d builds after %d events, want one for each and that of the init", w.builds, n+1)
		}
	}
	w.spoil = nil
	w.want("build 5")
	w.want("build 5")
}

// F-71: events at once build once, the first time and each further time.
func TestFunction_EventsAtOnceBuildOnce(t *testing.T) {
	w := newWorld(t)
	for n := range 3 {
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() { w.want(fmt.Sprint("build ", n+1)) })
		}
		group.Wait()
		w.now = w.now.Add(lambdahost.RebuildAfter)
	}
	if w.builds != 3 {
		t.Errorf("%d builds, want 3", w.builds)
	}
}

// F-72: a rebuild that hangs delays the event that it is tried at, and leaves it
// time: half of the 3 s of the shortest function. No other event waits.
func TestFunction_RebuildThatHangsIsGivenUpEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.want("build 1")
		w.now = w.now.Add(lambdahost.RebuildAfter)
		w.spoil = func(ctx context.Context) error {
			<-ctx.Done()
			return errDown
		}
		for event, longest := range []time.Duration{1500 * time.Millisecond, 0, 0} {
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			began := time.Now()
			if out, err := w.function.Invoke(ctx, nil); err != nil || string(out) != "build 1" {
				t.Errorf("answer %q, %v", out, err)
			}
			if took := time.Since(began); took != longest {
				t.Errorf("event %d was held up for %v, want %v", event, took, longest)
			}
			cancel()
		}
		w.wantErrors(1)
	})
}
