package lambdahttp

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"daemun/shared/fault"
)

// Host is what a function has from the machine that it runs on.
type Host struct {
	Environ []string         // as os.Environ
	Now     func() time.Time // the clock
	Rand    io.Reader        // cryptographically secure; safe for concurrent use
	Logger  *slog.Logger
}

// Build makes a function's handler: configuration, clients, routes.
type Build func(context.Context, Host) (*Handler, error)

// buildTimeout keeps a build within the 10 s that Lambda gives the init phase.
const buildTimeout = 3 * time.Second

// Serve runs a function until its process ends. It builds the handler before the
// first event, when Lambda's CPU is generous. If that fails, events are answered
// with the fault, and each of them tries again: a mistake in the configuration
// or a secret store that is down must not become a loop of crashing processes.
func Serve(build Build) {
	s := &server{build: build, host: Host{
		Environ: os.Environ(),
		Now:     time.Now,
		Rand:    rand.Reader,
		Logger:  slog.New(slog.NewJSONHandler(os.Stdout, nil)),
	}}
	if _, err := s.handler(context.Background()); err != nil {
		s.host.Logger.Error("init", "error", err.Error())
	}
	lambda.Start(s)
}

type server struct {
	build Build
	host  Host

	mu    sync.Mutex
	built *Handler
}

func (s *server) handler(ctx context.Context) (*Handler, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.built != nil {
		return s.built, nil
	}
	ctx, cancel := context.WithTimeout(ctx, buildTimeout)
	defer cancel()
	h, err := s.build(ctx, s.host)
	if err != nil {
		return nil, err
	}
	s.built = h
	return h, nil
}

// Invoke implements lambda.Handler.
func (s *server) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	h, err := s.handler(ctx)
	if err != nil {
		return s.refuse(ctx, payload, err)
	}
	return h.Invoke(ctx, payload)
}

// refuse answers while there is no handler.
func (s *server) refuse(ctx context.Context, payload []byte, err error) ([]byte, error) {
	r, _ := parse(payload)
	if r.ID == "" {
		r.ID = invocationID(ctx)
	}
	f := fault.From(err)
	h := &Handler{Logger: s.host.Logger}
	return h.finish(ctx, r, Route{}, nil, f)
}
