package local

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"

	"daemun/local/demo"
	"daemun/local/engine"
	"daemun/local/gateway"
	"daemun/local/runtime"
	"daemun/local/template"
)

// How many processes a function may have, unless the options want more from the start.
const maximumProcesses = 10

// An assembly is one template on its way to an API.
type assembly struct {
	options  Options
	settings settings
	template *template.Template
	main     bool
}

// assemble makes the template's tables and functions, and the API in front of them.
func (s *System) assemble(ctx context.Context, a assembly) (http.Handler, error) {
	var tables []engine.Table
	for _, table := range a.template.Tables {
		tables = append(tables, engine.Table{Name: table.Name, Properties: table.Properties})
		s.Tables[table.LogicalID] = table.Name
	}
	if err := engine.CreateTables(ctx, s.Engine, tables); err != nil {
		return nil, err
	}
	var routes []gateway.Route
	for _, described := range a.template.Functions {
		function, err := s.newFunction(ctx, a, described)
		if err != nil {
			return nil, err
		}
		for _, route := range described.Routes {
			routes = append(routes, gateway.Route{Route: route, Function: invoke(function)})
		}
	}
	var fallback http.Handler
	if a.main {
		fallback = demo.Handler()
	}
	return gateway.New(gateway.Options{
		APIID:     a.template.API.ID,
		AccountID: template.AccountID,
		CORS:      a.template.API.CORS,
		Routes:    routes,
		Fallback:  fallback,
		Log:       slog.New(slog.NewTextHandler(a.options.Logs, nil)),
	})
}

func (s *System) newFunction(ctx context.Context, a assembly, described template.Function) (*runtime.Function, error) {
	binary, err := filepath.Abs(filepath.Join(a.options.BuildDir, described.LogicalID, "bootstrap"))
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(binary); err != nil {
		return nil, fmt.Errorf("function %s is not built (make build): %w", described.LogicalID, err)
	}
	if _, twice := s.functions[described.LogicalID]; twice {
		return nil, fmt.Errorf("a second function %s", described.LogicalID)
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
	s.closers = append(s.closers, function.Close)
	return function, function.Warm(ctx, minimum)
}

// invoke makes an error of a failed invocation, as the gateway treats both the same.
func invoke(function *runtime.Function) gateway.Function {
	return func(ctx context.Context, event []byte) ([]byte, error) {
		result, err := function.Invoke(ctx, event)
		if err != nil {
			return nil, err
		}
		if result.FunctionError != "" {
			return nil, fmt.Errorf("%s: %s", result.FunctionError, result.Payload)
		}
		return result.Payload, nil
	}
}
