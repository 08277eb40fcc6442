// Package ssm resolves references to AWS Systems Manager Parameter Store. Only
// functions that have keys or secrets link it.
package ssm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"daemun/shared/config/awsjson"
	"daemun/shared/fault"
)

// Resolver fetches parameters.
type Resolver struct{}

// timeout bounds one request to Parameter Store.
const timeout = time.Second

// Resolve returns the decrypted value of a parameter, "" if there is none. A
// reference that ends in "/" is a path: its parameters, one JWK each, are
// returned as one JWK Set. The fault is temporarily_unavailable.
func (r *Resolver) Resolve(ctx context.Context, reference string) (string, error) {
	if path, ok := strings.CutSuffix(reference, "/"); ok {
		return keySet(ctx, path)
	}
	return parameter(ctx, reference)
}

// What is asked of Parameter Store, and what it answers.
type (
	getParameter struct {
		Name           string
		WithDecryption bool
	}
	getParametersByPath struct {
		Path           string
		WithDecryption bool
		NextToken      string `json:",omitzero"`
	}
	stored struct{ Value string }
	page   struct {
		Parameters []stored
		NextToken  string
	}
)

func parameter(ctx context.Context, name string) (string, error) {
	var out struct{ Parameter stored }
	err := ask(ctx, "GetParameter", getParameter{Name: name, WithDecryption: true}, &out)
	var refusal *awsjson.Refusal
	if errors.As(err, &refusal) && refusal.Name == "ParameterNotFound" {
		return "", nil // for the configuration to judge: some secrets are optional
	}
	if err != nil {
		return "", unavailable(name, err)
	}
	return out.Parameter.Value, nil
}

func keySet(ctx context.Context, path string) (string, error) {
	var keys []string
	for next, first := "", true; first || next != ""; first = false {
		var p page
		if err := ask(ctx, "GetParametersByPath", getParametersByPath{Path: path, WithDecryption: true, NextToken: next}, &p); err != nil {
			return "", unavailable(path, err)
		}
		for _, s := range p.Parameters {
			keys = append(keys, s.Value)
		}
		next = p.NextToken
	}
	return `{"keys":[` + strings.Join(keys, ",") + "]}", nil
}

// ask reads the answer into out: that of the last try alone.
func ask[T any](ctx context.Context, operation string, in any, out *T) error {
	service := awsjson.Service{
		Name: "ssm", Target: "AmazonSSM", Region: os.Getenv("AWS_REGION"), Endpoint: os.Getenv("SSM_ENDPOINT"), Client: http.Client{Timeout: timeout},
	}
	_, err := awsjson.Twice(ctx, func() (bool, error) {
		*out = *new(T)
		return service.Ask(ctx, operation, in, out)
	})
	return err
}

func unavailable(name string, err error) error {
	return fault.New(fault.TemporarilyUnavailable, fmt.Errorf("parameter %s: %w", name, err))
}
