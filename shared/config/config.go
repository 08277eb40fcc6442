// Package config turns the environment into configuration: each function has one
// struct, made of the parts here, and learns every mistake at once.
//
// It owns the names, meanings and checks of the environment variables. It does
// not make clients and reads no files.
package config

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/caarlos0/env/v11"

	"daemun/shared/fault"
)

// Checker is a configuration that checks what no single field can.
type Checker interface{ Check() error }

// Resolver fetches what a variable only refers to: the text behind "ssm:".
type Resolver interface {
	Resolve(ctx context.Context, reference string) (string, error)
}

// reference marks a variable whose value lies in SSM Parameter Store.
const reference = "ssm:"

// Load fills target, a pointer to a function's configuration, from the
// environment, given as os.Environ gives it. Only variables that target names
// are resolved. Faults: not_configured with every mistake, or what the resolver
// says if a secret cannot be had now.
func Load(ctx context.Context, environ []string, resolver Resolver, target Checker) error {
	vars := env.ToMap(environ)
	numberInstances(vars)
	if err := resolve(ctx, vars, resolver, target); err != nil {
		return err
	}
	parsed := env.ParseWithOptions(target, env.Options{Environment: vars}) // sets what it can
	if err := errors.Join(parsed, target.Check()); err != nil {
		return Mistake(err)
	}
	return nil
}

// Mistake is the fault not_configured for what a part of the program says of its
// configuration.
func Mistake(err error) error { return fault.New(fault.NotConfigured, err) }

// resolve replaces references by what they refer to.
func resolve(ctx context.Context, vars map[string]string, resolver Resolver, target Checker) error {
	params, err := env.GetFieldParamsWithOptions(target, env.Options{Environment: vars})
	if err != nil {
		return fmt.Errorf("read configuration fields: %w", err)
	}
	var failed []error
	for _, p := range params {
		name, ok := strings.CutPrefix(vars[p.Key], reference)
		if !ok {
			continue
		}
		value, err := resolver.Resolve(ctx, name)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", p.Key, err))
			continue
		}
		vars[p.Key] = value
	}
	return errors.Join(failed...)
}
