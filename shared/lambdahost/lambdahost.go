// Package lambdahost runs a function on Lambda: it owns the process, from its
// first millisecond to the loop over events. It knows nothing of what the events
// are; lambdahttp and lambdaauth do.
package lambdahost

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

// Host is what a function has from the machine that it runs on.
type Host struct {
	Environ []string         // as os.Environ
	Now     func() time.Time // the clock
	Rand    io.Reader        // cryptographically secure; safe for concurrent use
	Logger  *slog.Logger
}

// Refuse answers an event while there is no handler; err says why.
type Refuse func(ctx context.Context, host Host, event []byte, err error) ([]byte, error)

// Serve runs a function until its process ends. Build makes its handler:
// configuration, clients, routes.
func Serve[H lambda.Handler](build func(context.Context, Host) (H, error), refuse Refuse) {
	f := New(Host{
		Environ: os.Environ(),
		Now:     time.Now,
		Rand:    rand.Reader,
		Logger:  slog.New(slog.NewJSONHandler(os.Stdout, nil)),
	}, build, refuse)
	f.Init(context.Background())
	lambda.Start(f)
}

// Function is a function that builds its handler when it can. It implements
// lambda.Handler.
type Function struct {
	host   Host
	build  func(context.Context) (lambda.Handler, error)
	refuse Refuse

	mu    sync.Mutex
	built lambda.Handler
	due   time.Time // when built is to be built anew
}

// New makes a function that is not built yet.
func New[H lambda.Handler](host Host, build func(context.Context, Host) (H, error), refuse Refuse) *Function {
	return &Function{host: host, refuse: refuse, build: func(ctx context.Context) (lambda.Handler, error) { return build(ctx, host) }}
}

// buildTimeout keeps a build within the 10 s that Lambda gives the init phase.
// rebuildTimeout is shorter: the event that waits could be answered without.
// reserve is kept of an event's own time, to refuse it in.
const (
	buildTimeout   = 3 * time.Second
	rebuildTimeout = 1500 * time.Millisecond
	reserve        = 500 * time.Millisecond
)

// RebuildAfter is how long a handler serves before it is built anew, and so how
// old its keys and secrets can be. While a build fails, the last good handler
// serves on, and the build is tried again after retryAfter.
const (
	RebuildAfter = 15 * time.Minute
	retryAfter   = time.Minute
)

// Init builds the handler before the first event, while Lambda's CPU is
// generous. A failure is logged, and each event tries again: a mistake in the
// configuration, or a secret store that is down, must not become a loop of
// crashing processes.
func (f *Function) Init(ctx context.Context) {
	if _, err := f.handler(ctx); err != nil {
		f.host.Logger.ErrorContext(ctx, "init", slog.String("error", err.Error()))
	}
}

// Invoke implements lambda.Handler.
func (f *Function) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	h, err := f.handler(ctx)
	if err != nil {
		return f.refuse(ctx, f.host, event, err)
	}
	return h.Invoke(ctx, event)
}

// handler is the handler, built anew when it is due. It is not built behind an
// event's back: Lambda freezes a process between events.
func (f *Function) handler(ctx context.Context) (lambda.Handler, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.host.Now()
	if f.built != nil && now.Before(f.due) {
		return f.built, nil
	}
	h, err := f.buildInTime(ctx)
	switch {
	case err == nil:
		f.built, f.due = h, now.Add(RebuildAfter)
	case f.built != nil:
		f.host.Logger.ErrorContext(ctx, "rebuild", slog.String("error", err.Error()))
		f.due = now.Add(retryAfter)
	default:
		return nil, err
	}
	return f.built, nil
}

func (f *Function) buildInTime(ctx context.Context) (lambda.Handler, error) {
	longest := buildTimeout
	if f.built != nil {
		longest = rebuildTimeout
	}
	limit := time.Now().Add(longest)
	if end, ok := ctx.Deadline(); ok && end.Add(-reserve).Before(limit) {
		limit = end.Add(-reserve)
	}
	ctx, cancel := context.WithDeadline(ctx, limit)
	defer cancel()
	return f.build(ctx)
}
