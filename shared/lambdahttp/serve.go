package lambdahttp

import (
	"context"

	"daemun/shared/lambdahost"
)

// Host is what a function has from the machine that it runs on.
type Host = lambdahost.Host

// Build makes a function's handler: configuration, clients, routes.
type Build func(context.Context, Host) (*Handler, error)

// Serve runs a function behind an HTTP API until its process ends.
func Serve(build Build) { lambdahost.Serve(build, refuse) }

// NewFunction is the function that Serve runs, on a host of the caller's.
func NewFunction(host Host, build Build) *lambdahost.Function {
	return lambdahost.New(host, build, refuse)
}

// refuse answers while there is no handler. Where the front end is, is not known
// then: browsers get JSON too.
func refuse(ctx context.Context, host Host, event []byte, err error) ([]byte, error) {
	r := &Request{ID: invocationID(ctx)}
	response, err := guarded(r, func() (*Response, error) {
		_ = parse(event, r) // only for the request's id
		return nil, err
	})
	h := &Handler{Logger: host.Logger}
	return h.finish(ctx, r, Route{}, response, err)
}
