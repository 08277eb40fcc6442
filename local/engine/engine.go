// Package engine starts a DynamoDB engine on this machine and makes tables in it.
// It speaks DynamoDB's JSON protocol itself, and knows nothing of what the tables hold.
//
// The engine is the first of these that is there:
//
//  1. the one that Options.Endpoint or the environment's DYNAMODB_ENDPOINT names, which is used and left running;
//  2. dynoxide (Linux on x64), pinned in package.json and installed by npm on first use;
//  3. Docker's amazon/dynamodb-local.
package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"daemun/local/child"
)

// What clients of the engine use to sign. Engines check only that something is there, but DynamoDB Local without
// -sharedDb keeps one set of tables per key id and region, so that all clients must use the same.
const (
	Region          = "ap-northeast-2"
	AccessKeyID     = "local"
	SecretAccessKey = "local"
)

// How long an engine may take to end before it is killed.
const stopGrace = 5 * time.Second

// Options of Start. The zero value is an engine in memory.
type Options struct {
	// Dir keeps the data across runs; empty: in memory. An engine that runs already ignores it.
	Dir string
	// Endpoint of an engine that runs already; empty: the environment's DYNAMODB_ENDPOINT.
	Endpoint string
}

// Engine is a DynamoDB engine that answers.
type Engine struct {
	endpoint string
	process  *child.Process // nil: it was running before us
	close    sync.Once
}

// Start starts an engine and returns when it answers. ctx limits the start, not the engine's life: that ends with
// Close, or with this process.
func Start(ctx context.Context, options Options) (*Engine, error) {
	endpoint := options.Endpoint
	if endpoint == "" {
		endpoint = os.Getenv("DYNAMODB_ENDPOINT")
	}
	if endpoint != "" {
		if err := awaitAnswer(ctx, endpoint, nil); err != nil {
			return nil, fmt.Errorf("DynamoDB engine at %s: %w", endpoint, err)
		}
		return &Engine{endpoint: endpoint}, nil
	}
	launch, err := findLauncher(ctx)
	if err != nil {
		return nil, err
	}
	if options.Dir != "" {
		if err := os.MkdirAll(options.Dir, 0o700); err != nil {
			return nil, fmt.Errorf("DynamoDB engine: %w", err)
		}
	}
	return startOnFreePort(ctx, launch, options.Dir)
}

// Endpoint is the engine's base URL.
func (e *Engine) Endpoint() string { return e.endpoint }

// Close stops the engine, if it is ours, and waits for its end. A second call does nothing.
func (e *Engine) Close() {
	e.close.Do(func() {
		if e.process != nil {
			e.process.Stop(stopGrace)
		}
	})
}

// A launcher starts one kind of engine on a port of 127.0.0.1. It returns when that very process holds the port,
// or errPortTaken.
type launcher func(ctx context.Context, port int, dir string) (*child.Process, error)

var errPortTaken = errors.New("port is taken")

// findLauncher takes the first engine that is there, and else says why none is.
func findLauncher(ctx context.Context) (launcher, error) {
	launch, err := findDynoxide(ctx)
	if err == nil {
		return launch, nil
	}
	launch, dockerErr := findDocker(ctx)
	if dockerErr == nil {
		return launch, nil
	}
	return nil, fmt.Errorf("no DynamoDB engine: set DYNAMODB_ENDPOINT, or mend one of these: %w", errors.Join(err, dockerErr))
}

// startOnFreePort tries again with another port when somebody took the free one between our look and the engine's.
func startOnFreePort(ctx context.Context, launch launcher, dir string) (*Engine, error) {
	for range 10 {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		process, err := launch(ctx, port, dir)
		if errors.Is(err, errPortTaken) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("start the DynamoDB engine: %w", err)
		}
		engine := &Engine{endpoint: fmt.Sprintf("http://127.0.0.1:%d", port), process: process}
		if err := awaitAnswer(ctx, engine.endpoint, process); err != nil {
			engine.Close()
			return nil, fmt.Errorf("start the DynamoDB engine: %w", err)
		}
		return engine, nil
	}
	return nil, errors.New("start the DynamoDB engine: found no port that stays free")
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// awaitAnswer waits until the endpoint answers ListTables, process (if any) ends, or ctx does.
func awaitAnswer(ctx context.Context, endpoint string, process *child.Process) error {
	var ended <-chan struct{}
	if process != nil {
		ended = process.Done()
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := call(ctx, endpoint, "ListTables", struct{}{}, nil)
		if err == nil {
			return nil
		}
		select {
		case <-ended:
			return fmt.Errorf("it ended before it answered: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// trim makes a program's output fit into an error.
func trim(output []byte) string {
	text := strings.TrimSpace(string(output))
	if len(text) > 2000 {
		text = "…" + text[len(text)-2000:]
	}
	return text
}
