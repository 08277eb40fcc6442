package runtime_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	goruntime "runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"daemun/local/runtime"
)

func TestInvoke_EndedProcessIsReplaced(t *testing.T) {
	function := start(t, "handler", nil)

	kind, message := failed(t, invoke(t, function, `{"do":"exit"}`))

	if kind != "Runtime.ExitError" || message != "RequestId: ID Error: Runtime exited with error: exit status 7" {
		t.Errorf("got %s: %s", kind, message)
	}
	if n := function.Processes(); n != 0 {
		t.Errorf("%d processes", n)
	}
	if result := invoke(t, function, `{"do":"echo"}`); result.FunctionError != "" {
		t.Errorf("then %+v", result)
	}
}

func TestInvoke_PanicIsAnErrorAndTheNextInvocationWorks(t *testing.T) {
	function := start(t, "handler", nil)

	if _, message := failed(t, invoke(t, function, `{"do":"panic"}`)); message != "at the disco" {
		t.Errorf("got %s", message)
	}
	if result := invoke(t, function, `{"do":"echo"}`); result.FunctionError != "" {
		t.Errorf("then %+v", result)
	}
}

func TestInvoke_TimeoutKillsTheProcess(t *testing.T) {
	function := start(t, "handler", func(o *runtime.Options) { o.Timeout = time.Second })

	kind, message := failed(t, invoke(t, function, `{"do":"hang"}`))

	if kind != "Sandbox.Timedout" || message != "RequestId: ID Error: Task timed out after 1.00 seconds" {
		t.Errorf("got %s: %s", kind, message)
	}
	if n := function.Processes(); n != 0 {
		t.Errorf("%d processes", n)
	}
}

func TestInvoke_ProcessThatDoesNotStartFailsTheInvocation(t *testing.T) {
	tests := map[string]struct {
		kind          string
		change        func(*runtime.Options)
		error, detail string
	}{
		"it ends":       {"ends at once", nil, "Runtime.ExitError", "exit status 3"},
		"it never asks": {"never asks", func(o *runtime.Options) { o.InitTimeout = 10 * time.Millisecond }, "Sandbox.Timedout", "timed out after 0.01 seconds"},
		"no binary":     {"", func(o *runtime.Options) { o.Command = []string{"/nonexistent/bootstrap"} }, "Runtime.InvalidEntrypoint", "no such file"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			function := start(t, test.kind, test.change)
			kind, message := failed(t, invoke(t, function, `{}`))
			if kind != test.error || !strings.Contains(message, test.detail) {
				t.Errorf("got %s: %s", kind, message)
			}
			if err := function.Warm(t.Context(), 1); err == nil || !strings.Contains(err.Error(), test.detail) {
				t.Errorf("Warm: %v", err)
			}
		})
	}
}

func TestInvoke_ParallelRequestsHaveProcessesOfTheirOwnUpToTheMaximum(t *testing.T) {
	function := start(t, "handler", func(o *runtime.Options) { o.Maximum = 3 })
	results := make([]runtime.Result, 20)
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() {
			result, err := function.Invoke(t.Context(), fmt.Appendf(nil, `{"do":"echo","size":%d}`, i+1))
			if err != nil {
				t.Error(err)
			}
			results[i] = result
		})
	}
	group.Wait()
	for i, result := range results {
		if want := fmt.Sprintf(`{"do":"echo","size":%d}`, i+1); string(result.Payload) != want {
			t.Errorf("got %s, want %s", result.Payload, want)
		}
	}
	if n := function.Processes(); n != 3 {
		t.Errorf("%d processes", n)
	}
}

func TestInvoke_CancelledRequestLeavesTheProcessAtWork(t *testing.T) {
	function := start(t, "handler", func(o *runtime.Options) { o.Maximum = 1 })
	if err := function.Warm(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	_, err := function.Invoke(ctx, []byte(`{"do":"hang"}`))
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	// The only process is busy, so that this one waits in the queue and leaves it.
	if _, err = function.Invoke(ctx, []byte(`{"do":"echo"}`)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if n := function.Processes(); n != 1 {
		t.Errorf("%d processes", n)
	}
}

func TestWarm_StartsProcessesAheadOfRequests(t *testing.T) {
	function := start(t, "handler", nil)

	if err := function.Warm(t.Context(), 8); err != nil {
		t.Fatal(err)
	}
	if n := function.Processes(); n != 8 {
		t.Errorf("%d processes", n)
	}
	if err := function.Warm(t.Context(), 11); err == nil {
		t.Error("more than the maximum")
	}
}

func TestLogs_LinesHaveTheFunctionsName(t *testing.T) {
	var logs bytes.Buffer
	function := start(t, "handler", func(o *runtime.Options) { o.Logs = &logs })

	invoke(t, function, `{"do":"print"}`)
	function.Close()

	for _, line := range []string{"test: to stdout\n", "test: without an end\n"} {
		if !strings.Contains(logs.String(), line) {
			t.Errorf("no line %q in %q", line, logs.String())
		}
	}
}

func TestClose_EndsEveryProcessAndGoroutine(t *testing.T) {
	before := goruntime.NumGoroutine()
	function := start(t, "handler", func(o *runtime.Options) { o.Maximum = 2 })
	errs := make(chan error)
	for range 3 {
		go func() {
			_, err := function.Invoke(t.Context(), []byte(`{"do":"hang"}`))
			errs <- err
		}()
	}
	if err := function.Warm(t.Context(), 2); err != nil {
		t.Fatal(err)
	}

	function.Close()

	for range 3 {
		if err := <-errs; !errors.Is(err, runtime.ErrClosed) {
			t.Errorf("got %v", err)
		}
	}
	if _, err := function.Invoke(t.Context(), []byte(`{}`)); !errors.Is(err, runtime.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if n := function.Processes(); n != 0 {
		t.Errorf("%d processes", n)
	}
	for goruntime.NumGoroutine() > before {
		goruntime.Gosched() // goroutines that have done everything but return
	}
}
