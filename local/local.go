// Package local is the whole of Daemun on one machine: the built functions behind an emulated Lambda and HTTP API, as
// template.yaml describes them, a DynamoDB engine, look-alike providers and the demo front end.
//
// It assembles, and nothing else: each part is a package below it. It must not know what the functions do.
package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"daemun/local/engine"
	"daemun/local/lookalike"
	"daemun/local/runtime"
	"daemun/local/template"
)

// Options of Start. The zero value serves template.yaml of the working directory on a free port.
type Options struct {
	// Templates are the paths of the main template, whose API has the demo beside it, and of further ones, whose APIs
	// take the ports after Port. Default: template.yaml.
	Templates []string
	// Port of the main API; 0: every API takes a free one.
	Port int
	// BuildDir has each function's binary as <LogicalId>/bootstrap. Default: .build.
	BuildDir string
	// DataDir keeps tables and keys; empty: they live as long as the system.
	DataDir string
	// AutoConsent makes the look-alike providers log the first person in without a page.
	AutoConsent bool
	// EnvFile has variables, one NAME=VALUE a line. Default: .env.local, if it is there.
	EnvFile string
	// Environ is the process environment, as os.Environ gives it; its variables win over the file's.
	Environ []string
	// Environment wins over everything.
	Environment map[string]string
	// Minimum is how many processes of a function, by logical id, are ready when Start returns. A function has at most
	// 10 processes, or as many.
	Minimum map[string]int
	// StackName is the prefix of table names, for systems that share an engine. Default: local.
	StackName string
	// Logs takes what functions and gateway have to say. Default: nowhere.
	Logs io.Writer
}

// System is what runs.
type System struct {
	// URL of the main API and the demo, such as http://localhost:3000.
	URL string
	// Further has the URLs of the APIs of the further templates.
	Further []string
	// Lookalike is the look-alike providers, for tests that program them, and LookalikeURL where they are.
	Lookalike    *lookalike.Lookalike
	LookalikeURL string
	// Engine is the DynamoDB endpoint, and Tables the tables' names by logical id.
	Engine string
	Tables map[string]string

	functions map[string]*runtime.Function
	closers   []func() // the last first
	close     sync.Once
}

// Start starts everything and returns when it serves. ctx limits the start alone: Close ends the system.
func Start(ctx context.Context, options Options) (*System, error) {
	if len(options.Templates) == 0 {
		options.Templates = []string{"template.yaml"}
	}
	if options.BuildDir == "" {
		options.BuildDir = ".build"
	}
	if options.Logs == nil {
		options.Logs = io.Discard
	}
	options.Logs = &lockedWriter{to: options.Logs}
	system := &System{Tables: map[string]string{}, functions: map[string]*runtime.Function{}}
	if err := system.start(ctx, options); err != nil {
		system.Close()
		return nil, err
	}
	return system, nil
}

// Close stops everything that Start started and waits for it. A second call does nothing.
func (s *System) Close() {
	s.close.Do(func() {
		for _, closer := range slices.Backward(s.closers) {
			closer()
		}
	})
}

// Processes is how many processes of the function run now, by its logical id.
func (s *System) Processes(function string) int {
	if f, ok := s.functions[function]; ok {
		return f.Processes()
	}
	return 0
}

func (s *System) start(ctx context.Context, options Options) error {
	apis, err := s.listen(options)
	if err != nil {
		return err
	}
	s.Lookalike = lookalike.New(lookalike.Options{AutoConsent: options.AutoConsent})
	lookalikeAPI, err := s.listenOn("127.0.0.1:0")
	if err != nil {
		return err
	}
	s.LookalikeURL = "http://" + lookalikeAPI.Addr().String()
	settings, err := newSettings(options, s.URL, s.Lookalike.Environment(s.LookalikeURL))
	if err != nil {
		return err
	}
	database, err := engine.Start(ctx, engine.Options{Dir: options.DataDir, Endpoint: settings.value("DYNAMODB_ENDPOINT")})
	if err != nil {
		return err
	}
	s.closers = append(s.closers, database.Close)
	s.Engine = database.Endpoint()
	settings.defaults["DYNAMODB_ENDPOINT"] = s.Engine
	s.serve(lookalikeAPI, s.Lookalike, options.Logs)
	for i, path := range options.Templates {
		described, err := template.Read(path, template.Options{
			Parameters: settings.parameters(), StackName: options.StackName, Region: engine.Region,
		})
		if err != nil {
			return err
		}
		handler, err := s.assemble(ctx, assembly{options: options, settings: settings, template: described, main: i == 0})
		if err != nil {
			return fmt.Errorf("template %s: %w", path, err)
		}
		s.serve(apis[i], handler, options.Logs)
	}
	return nil
}

// listen takes the ports of all APIs before anything else, since the first is part of the configuration.
func (s *System) listen(options Options) ([]net.Listener, error) {
	var listeners []net.Listener
	for i := range options.Templates {
		port := options.Port
		if port != 0 {
			port += i
		}
		listener, err := s.listenOn("127.0.0.1:" + strconv.Itoa(port))
		if err != nil {
			return nil, err
		}
		listeners = append(listeners, listener)
		url := fmt.Sprintf("http://localhost:%d", listener.Addr().(*net.TCPAddr).Port)
		if i == 0 {
			s.URL = url
		} else {
			s.Further = append(s.Further, url)
		}
	}
	return listeners, nil
}

func (s *System) listenOn(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	s.closers = append(s.closers, func() { _ = listener.Close() }) // a server may have closed it
	return listener, nil
}

// serve serves until the system is closed. Requests under way get a second to end.
func (s *System) serve(listener net.Listener, handler http.Handler, logs io.Writer) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(logs, "http: ", 0)}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	s.closers = append(s.closers, func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close()
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			slog.New(slog.NewTextHandler(logs, nil)).Error("server ended early", "error", err)
		}
	})
}

// lockedWriter lets everyone write to what the caller gave.
type lockedWriter struct {
	mu sync.Mutex
	to io.Writer
}

func (l *lockedWriter) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(text)
}
