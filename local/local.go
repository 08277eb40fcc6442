// Package local is the whole of Daemun on one machine: the built functions behind an emulated Lambda and API Gateway, as
// template.yaml describes them, a DynamoDB engine, look-alike providers and the demo front end. Further templates, of
// services that Daemun guards, run beside it.
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

	"daemun/local/demo"
	"daemun/local/engine"
	"daemun/local/lookalike"
	"daemun/local/runtime"
	"daemun/local/template"
)

// Options of Start. The zero value serves template.yaml of the working directory on a free port.
type Options struct {
	// Templates are the paths of the main template, whose first API has the demo beside it, and of further ones, which
	// may import what those before them export. Default: template.yaml.
	Templates []string
	// Port of the main API; every further API, in the order of templates and then of logical ids, takes the next. 0: each
	// takes a free one.
	Port int
	// BuildDir has each function's binary as <LogicalId>/bootstrap. Default: .build.
	BuildDir string
	// DataDir keeps tables and keys; empty: they live as long as the system.
	DataDir string
	// SigningAlgorithm of the access tokens: ES256, EdDSA or RS256, which alone API Gateway's JWT authorizers know.
	// Default: that of the keys in DataDir, or ES256.
	SigningAlgorithm string
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
	// StackName is AWS::StackName of every template, and so the prefix of table names, for systems that share an engine.
	// Default: local.
	StackName string
	// Logs takes what functions and gateway have to say. Default: nowhere.
	Logs io.Writer
}

// System is what runs.
type System struct {
	// URL of the main API and the demo, such as http://localhost:3000.
	URL string
	// APIs are all APIs in the order of their ports; the first is the main one.
	APIs []API
	// Lookalike is the look-alike providers, for tests that program them, and LookalikeURL where they are.
	Lookalike    *lookalike.Lookalike
	LookalikeURL string
	// Engine is the DynamoDB endpoint, and Tables the tables' names by logical id.
	Engine string
	Tables map[string]string

	functions map[string]*runtime.Function // by logical id
	byARN     map[string]*runtime.Function
	closers   []func() // the last first
	close     sync.Once
}

// API is an API that is served.
type API struct {
	LogicalID string
	// URL of the API, with the stage of a REST API. The main API is at localhost and the others are at 127.0.0.1, which
	// is another site for browsers: cookies do not reach it.
	URL string
}

// Start starts everything and returns when it serves. ctx limits the start alone: Close ends the system.
func Start(ctx context.Context, options Options) (*System, error) {
	if len(options.Templates) == 0 {
		options.Templates = []string{"template.yaml"}
	}
	if options.BuildDir == "" {
		options.BuildDir = ".build"
	}
	if options.StackName == "" {
		options.StackName = "local"
	}
	if options.Logs == nil {
		options.Logs = io.Discard
	}
	options.Logs = &lockedWriter{to: options.Logs}
	system := &System{Tables: map[string]string{}, functions: map[string]*runtime.Function{}, byARN: map[string]*runtime.Function{}}
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
	main, err := s.listenAt(options.Port)
	if err != nil {
		return err
	}
	s.URL = "http://localhost:" + portOf(main)
	s.Lookalike = lookalike.New(lookalike.Options{AutoConsent: options.AutoConsent})
	lookalikeAPI, err := s.listenAt(0)
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
	stacks, err := s.readStacks(options, settings, main)
	if err != nil {
		return err
	}
	for _, stack := range stacks {
		if err := s.assemble(ctx, assembly{options, settings, stack}); err != nil {
			return fmt.Errorf("template %s: %w", stack.path, err)
		}
	}
	return nil
}

// A stack is a template and where its APIs are.
type stack struct {
	path      string
	described *template.Template
	places    []place // of described.APIs
}

type place struct {
	listener net.Listener
	demo     http.Handler // what answers where the main API does not; nil of other APIs
}

// readStacks reads the templates and takes the ports of their APIs. The first API has the main listener.
func (s *System) readStacks(options Options, settings settings, main net.Listener) ([]stack, error) {
	var stacks []stack
	exports := map[string]string{}
	for _, path := range options.Templates {
		described, err := template.Read(path, template.Options{
			Parameters: settings.parameters(options.StackName), StackName: options.StackName, Region: engine.Region, Imports: exports,
		})
		if err != nil {
			return nil, err
		}
		for name, value := range described.Exports {
			if _, twice := exports[name]; twice {
				return nil, fmt.Errorf("template %s: a second export %s", path, name)
			}
			exports[name] = value
		}
		read := stack{path: path, described: described}
		for _, api := range described.APIs {
			at := place{listener: main}
			if len(s.APIs) > 0 {
				if at.listener, err = s.listenNext(options.Port); err != nil {
					return nil, err
				}
			}
			read.places = append(read.places, at)
			s.APIs = append(s.APIs, API{LogicalID: api.LogicalID, URL: s.urlOf(api, at.listener)})
		}
		stacks = append(stacks, read)
	}
	stacks[0].places[0].demo = demo.Handler(s.protectedAPI(stacks))
	return stacks, nil
}

func (s *System) urlOf(api template.API, listener net.Listener) string {
	url := s.URL
	if len(s.APIs) > 0 {
		url = "http://127.0.0.1:" + portOf(listener)
	}
	if api.REST {
		url += "/" + api.Stage
	}
	return url
}

// protectedAPI is the URL of the API that the demo calls with its access token: the first of the further templates.
func (s *System) protectedAPI(stacks []stack) string {
	if len(stacks) == 1 {
		return ""
	}
	return s.APIs[len(stacks[0].places)].URL
}

func portOf(listener net.Listener) string {
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

// listenNext takes the port of the next API; 0 as the first port: any.
func (s *System) listenNext(first int) (net.Listener, error) {
	if first == 0 {
		return s.listenAt(0)
	}
	return s.listenAt(first + len(s.APIs))
}

func (s *System) listenAt(port int) (net.Listener, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
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
