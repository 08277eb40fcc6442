// Package runtime runs functions built for AWS Lambda on this machine: it starts their processes, speaks the Lambda
// Runtime API to them, and holds them to the limits that Lambda has. It knows payloads and processes, and nothing of
// HTTP routes or templates.
//
// A process serves one invocation at a time:
//
//	starting --next--> idle --dispatch--> busy --response or error, then next--> idle
//	    |               |                  |
//	    +--- init error, crash, timeout ---+--> ended; the next invocation starts another
//
// The caller has the answer when the process is idle again or has ended, so that one caller needs one process.
// Not emulated: freezing between invocations, retirement of idle processes, extensions, response streaming, and the
// memory limit.
package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// Lambda's limits on synchronous invocations, in bytes.
const (
	MaxRequest  = 6 << 20
	MaxResponse = 6<<20 + 100
)

// Errors of Invoke that are not the function's.
var (
	ErrClosed          = errors.New("the function is closed")
	ErrRequestTooLarge = fmt.Errorf("the request is larger than %d bytes", MaxRequest)
)

// Options of a function. Name, Command and Timeout are required.
type Options struct {
	Name    string
	ARN     string
	Handler string
	// Command is the binary to run, which is /var/task/bootstrap on Lambda, and its arguments.
	Command  []string
	MemoryMB int
	// Timeout of an invocation, after which its process is killed.
	Timeout time.Duration
	// InitTimeout is how long a process may take until it asks for its first invocation; default 10 s, as Lambda's.
	InitTimeout time.Duration
	// Environment is all that a process sees, beside PATH and what Lambda itself sets, which wins.
	Environment map[string]string
	Region      string
	// AccessKeyID and SecretAccessKey are the credentials that processes see; they need not be real.
	AccessKeyID, SecretAccessKey string
	// Maximum is the most processes at a time; further invocations wait. Default 10.
	Maximum int
	// Logs takes what processes print, one line a Write, with the function's name in front. It must be safe for
	// concurrent use. Default: nowhere.
	Logs io.Writer
}

// Result of an invocation that reached the function.
type Result struct {
	RequestID string
	// Payload is the function's answer or, with FunctionError, an object with errorType and errorMessage.
	Payload []byte
	// FunctionError is empty; or "Unhandled" when the function answered with an error (unless it names a type to the
	// Runtime API); or what Lambda calls the end that the process came to.
	FunctionError string
}

// Function is a function and its processes. Close it. Its methods may be called by several goroutines.
type Function struct {
	options Options

	mu        sync.Mutex
	processes map[*process]struct{} // all that have not ended
	idle      []*process            // the last to become idle is the first to work
	queue     []*invocation         // those that no process has taken
	starting  int                   // processes that have not asked for an invocation yet
	initError *failure              // how the last process ended that never became idle
	changed   chan struct{}         // closed and replaced when a process becomes idle or ends
	closed    bool
	running   sync.WaitGroup
}

// New makes a function without any process: the first invocation starts one, or Warm does.
func New(options Options) *Function {
	if options.Maximum == 0 {
		options.Maximum = 10
	}
	if options.InitTimeout == 0 {
		options.InitTimeout = 10 * time.Second
	}
	if options.Logs == nil {
		options.Logs = io.Discard
	}
	return &Function{options: options, processes: map[*process]struct{}{}, changed: make(chan struct{})}
}

// Invoke sends one request and waits for the answer. When ctx ends, Invoke returns its error; a process that has taken
// the request goes on with it, as on Lambda.
func (f *Function) Invoke(ctx context.Context, payload []byte) (Result, error) {
	if len(payload) > MaxRequest {
		return Result{}, ErrRequestTooLarge
	}
	work := newInvocation(payload)
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return Result{}, ErrClosed
	}
	f.queue = append(f.queue, work)
	f.dispatch()
	f.mu.Unlock()

	select {
	case result := <-work.done:
		if result == nil {
			return Result{}, ErrClosed
		}
		return *result, nil
	case <-ctx.Done():
		f.mu.Lock()
		defer f.mu.Unlock()
		f.queue = slices.DeleteFunc(f.queue, func(queued *invocation) bool { return queued == work })
		return Result{}, ctx.Err()
	}
}

// Processes is the number of processes that run now.
func (f *Function) Processes() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.processes)
}

// Warm starts processes until n of them are ready. It fails when one of them ends instead.
func (f *Function) Warm(ctx context.Context, n int) error {
	if n > f.options.Maximum {
		return fmt.Errorf("function %s: %d processes are more than the maximum %d", f.options.Name, n, f.options.Maximum)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.initError = nil
	for len(f.processes)-f.starting < n {
		if f.closed {
			return ErrClosed
		}
		if f.initError != nil {
			return fmt.Errorf("function %s: %s: %s", f.options.Name, f.initError.Type, f.initError.Message)
		}
		for len(f.processes) < n {
			f.start()
		}
		changed := f.changed
		f.mu.Unlock()
		select {
		case <-changed:
			f.mu.Lock()
		case <-ctx.Done():
			f.mu.Lock()
			return ctx.Err()
		}
	}
	return nil
}

// Close kills every process and waits for its end. Invocations that run or wait fail with ErrClosed.
func (f *Function) Close() {
	f.mu.Lock()
	f.closed = true
	for _, work := range f.queue {
		work.done <- nil
	}
	f.queue = nil
	for p := range f.processes {
		if p.current != nil {
			p.finish(nil)
		}
		p.end()
	}
	f.mu.Unlock()
	f.running.Wait()
}

// dispatch gives waiting invocations to idle processes and starts processes for the rest. f.mu is held.
func (f *Function) dispatch() {
	for len(f.queue) > 0 && len(f.idle) > 0 {
		last := len(f.idle) - 1
		p, work := f.idle[last], f.queue[0]
		f.idle, f.queue = f.idle[:last], f.queue[1:]
		p.take(work)
	}
	for len(f.queue) > f.starting && len(f.processes) < f.options.Maximum && !f.closed {
		f.start()
	}
}

// announce wakes everyone in Warm. f.mu is held.
func (f *Function) announce() {
	close(f.changed)
	f.changed = make(chan struct{})
}
