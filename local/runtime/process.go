package runtime

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"daemun/local/child"
)

// A process is one environment of the function. It has a Runtime API of its own, so that it is known which process
// holds which invocation. Its fields are guarded by the function's mutex.
type process struct {
	function *Function
	child    *child.Process // nil: not started yet
	starting bool
	ending   bool // killed by us
	current  *invocation
	work     chan *invocation // holds what the waiting call to next shall return
	failure  *failure         // why it ends, if something other than its exit status tells
	timer    *time.Timer      // of its start, then of its invocation
}

// start starts one more process. f.mu is held.
func (f *Function) start() {
	p := &process{function: f, starting: true, work: make(chan *invocation, 1)}
	f.processes[p] = struct{}{}
	f.starting++
	f.running.Go(p.run)
}

// run is the life of a process.
func (p *process) run() {
	f := p.function
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		p.failure = &failure{"Runtime.Unknown", err.Error()}
		p.ended()
		return
	}
	server := &http.Server{Handler: p.api(), ReadHeaderTimeout: time.Minute}
	serving := make(chan struct{})
	go func() {
		defer close(serving)
		_ = server.Serve(listener) // ends by Close alone
	}()
	logs := &lineWriter{prefix: f.options.Name + ": ", to: f.options.Logs}
	if started := p.launch(listener.Addr().String(), logs); started != nil {
		<-started.Done()
	}
	_ = server.Close()
	<-serving
	logs.flush()
	p.ended()
}

// launch holds the mutex, so that the API answers only when the child is known. It returns nil when there is none.
func (p *process) launch(api string, logs *lineWriter) *child.Process {
	f := p.function
	f.mu.Lock()
	defer f.mu.Unlock()
	if p.ending {
		return nil
	}
	command := exec.Command(f.options.Command[0], f.options.Command[1:]...)
	command.Dir = filepath.Dir(f.options.Command[0])
	command.Env = f.environment(api)
	command.Stdout, command.Stderr = logs, logs
	started, err := child.Start(command)
	if err != nil {
		p.failure = &failure{"Runtime.InvalidEntrypoint", err.Error()}
		return nil
	}
	p.child = started
	p.timer = time.AfterFunc(f.options.InitTimeout, func() { p.timeout(nil, f.options.InitTimeout) })
	return started
}

// environment has nothing of our own but PATH. What Lambda reserves wins over the function's variables.
func (f *Function) environment(api string) []string {
	variables := map[string]string{"PATH": os.Getenv("PATH"), "LANG": "en_US.UTF-8", "TZ": ":UTC"}
	for name, value := range f.options.Environment {
		variables[name] = value
	}
	for name, value := range map[string]string{
		"AWS_LAMBDA_RUNTIME_API":          api,
		"AWS_LAMBDA_FUNCTION_NAME":        f.options.Name,
		"AWS_LAMBDA_FUNCTION_VERSION":     "$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(f.options.MemoryMB),
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME":       "/aws/lambda/" + f.options.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME":      "local",
		"AWS_REGION":                      f.options.Region,
		"AWS_DEFAULT_REGION":              f.options.Region,
		"AWS_ACCESS_KEY_ID":               f.options.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY":           f.options.SecretAccessKey,
		"LAMBDA_TASK_ROOT":                filepath.Dir(f.options.Command[0]),
		"LAMBDA_RUNTIME_DIR":              "/var/runtime",
		"_HANDLER":                        f.options.Handler,
	} {
		variables[name] = value
	}
	environment := make([]string, 0, len(variables))
	for name, value := range variables {
		environment = append(environment, name+"="+value)
	}
	slices.Sort(environment)
	return environment
}

// take gives the idle process something to do. The function's mutex is held.
func (p *process) take(work *invocation) {
	timeout := p.function.options.Timeout
	work.deadline = time.Now().Add(timeout)
	p.current = work
	p.timer = time.AfterFunc(timeout, func() { p.timeout(work, timeout) })
	p.work <- work
}

// finish answers the current invocation. The function's mutex is held.
func (p *process) finish(result *Result) {
	p.timer.Stop()
	p.current.done <- result
	p.current = nil
}

// timeout ends a process whose invocation, or start if work is nil, took too long.
func (p *process) timeout(work *invocation, limit time.Duration) {
	f := p.function
	f.mu.Lock()
	defer f.mu.Unlock()
	if p.current != work || (work == nil && !p.starting) {
		return // it was just in time
	}
	p.failure = &failure{"Sandbox.Timedout", fmt.Sprintf("Task timed out after %.2f seconds", limit.Seconds())}
	p.end()
}

// end kills the process without waiting for its end. The function's mutex is held.
func (p *process) end() {
	p.ending = true
	if p.child != nil {
		go p.child.Kill()
	}
}

// why says why the process, which has ended, did. The function's mutex is held.
func (p *process) why() *failure {
	switch {
	case p.failure != nil:
		return p.failure
	case p.child == nil:
		return &failure{"Runtime.Unknown", ErrClosed.Error()}
	}
	status := "exit status 0"
	if err := p.child.Err(); err != nil {
		status = err.Error()
	}
	return &failure{"Runtime.ExitError", "Runtime exited with error: " + status}
}

// ended forgets the process and fails the invocation that it had, or that it was started for.
func (p *process) ended() {
	f := p.function
	f.mu.Lock()
	defer f.mu.Unlock()
	why := p.why()
	if p.timer != nil {
		p.timer.Stop()
	}
	delete(f.processes, p)
	f.idle = slices.DeleteFunc(f.idle, func(idle *process) bool { return idle == p })
	if p.current != nil {
		p.finish(cmp.Or(p.current.answer, why.result(p.current.id)))
	}
	if p.starting {
		f.starting--
		f.initError = why
		if len(f.queue) > 0 {
			work := f.queue[0]
			f.queue = f.queue[1:]
			work.done <- why.result(work.id)
		}
	}
	f.dispatch()
	f.announce()
}
