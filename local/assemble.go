package local

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"

	"daemun/local/engine"
	"daemun/local/gateway"
	"daemun/local/runtime"
	"daemun/local/template"

	"github.com/go-json-experiment/json"
)

// How many processes a function may have, unless the options want more from the start.
const maximumProcesses = 10

// An assembly is one template on its way to its APIs.
type assembly struct {
	options  Options
	settings settings
	stack
}

// assemble makes the template's tables and functions, and serves the APIs in front of them.
func (s *System) assemble(ctx context.Context, a assembly) error {
	var tables []engine.Table
	for _, table := range a.described.Tables {
		tables = append(tables, engine.Table{Name: table.Name, Properties: table.Properties})
		s.Tables[table.LogicalID] = table.Name
	}
	if err := engine.CreateTables(ctx, s.Engine, tables); err != nil {
		return err
	}
	for _, described := range a.described.Functions {
		if err := s.addFunction(ctx, a, described); err != nil {
			return err
		}
	}
	for i, api := range a.described.APIs {
		handler, err := s.newAPI(a, api, a.places[i].demo)
		if err != nil {
			return err
		}
		s.serve(a.places[i].listener, handler, a.options.Logs)
	}
	return nil
}

func (s *System) newAPI(a assembly, api template.API, fallback http.Handler) (http.Handler, error) {
	options := gateway.Options{
		APIID:     api.ID,
		AccountID: template.AccountID,
		Region:    engine.Region,
		Stage:     api.Stage,
		CORS:      api.CORS,
		Fallback:  fallback,
		Log:       slog.New(slog.NewTextHandler(a.options.Logs, nil)),
	}
	for _, described := range a.described.Functions {
		for _, route := range described.Routes {
			if route.API == api.LogicalID {
				options.Routes = append(options.Routes, gateway.Route{Route: route, Function: invoke(s.functions[described.LogicalID])})
			}
		}
	}
	for _, described := range api.Authorizers {
		function, known := s.byARN[described.FunctionARN]
		if !known && described.Kind != template.JWTAuthorizer {
			return nil, fmt.Errorf("authorizer %s of %s: there is no function %s", described.Name, api.LogicalID, described.FunctionARN)
		}
		options.Authorizers = append(options.Authorizers, gateway.Authorizer{Authorizer: described, Function: invoke(function)})
	}
	if api.REST {
		return gateway.NewREST(options)
	}
	return gateway.New(options)
}

func (s *System) addFunction(ctx context.Context, a assembly, described template.Function) error {
	binary, err := filepath.Abs(filepath.Join(a.options.BuildDir, described.LogicalID, "bootstrap"))
	if err != nil {
		return err
	}
	if _, err := os.Stat(binary); err != nil {
		return fmt.Errorf("function %s is not built (make build): %w", described.LogicalID, err)
	}
	if _, twice := s.functions[described.LogicalID]; twice {
		return fmt.Errorf("a second function %s", described.LogicalID)
	}
	minimum := a.options.Minimum[described.LogicalID]
	function := runtime.New(runtime.Options{
		Name:            described.Name,
		ARN:             described.ARN,
		Handler:         described.Handler,
		Command:         []string{binary},
		MemoryMB:        described.MemoryMB,
		Timeout:         described.Timeout,
		Environment:     a.settings.environment(described.Environment),
		Region:          engine.Region,
		AccessKeyID:     engine.AccessKeyID,
		SecretAccessKey: engine.SecretAccessKey,
		Maximum:         max(minimum, maximumProcesses),
		Logs:            a.options.Logs,
	})
	s.functions[described.LogicalID] = function
	s.byARN[described.ARN] = function
	s.closers = append(s.closers, function.Close)
	return function.Warm(ctx, minimum)
}

// invoke makes an error of a failed invocation. What the function itself has to say is told apart from how it ended.
func invoke(function *runtime.Function) gateway.Function {
	return func(ctx context.Context, event []byte) ([]byte, error) {
		result, err := function.Invoke(ctx, event)
		if err != nil || result.FunctionError == "" {
			return result.Payload, err
		}
		var said struct {
			Message string `json:"errorMessage"`
		}
		if json.Unmarshal(result.Payload, &said) != nil {
			return nil, fmt.Errorf("%s: %s", result.FunctionError, result.Payload)
		}
		return nil, &gateway.FunctionError{Message: said.Message}
	}
}
