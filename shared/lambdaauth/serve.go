package lambdaauth

import (
	"context"

	"daemun/shared/lambdahost"
	"daemun/shared/token"
)

// Host is what a function has from the machine that it runs on.
type Host = lambdahost.Host

// Build makes an authorizer's handler.
type Build func(context.Context, Host) (*Handler, error)

// Serve runs an authorizer until its process ends. While it cannot be built it
// lets nobody in.
func Serve(build Build) { lambdahost.Serve(build, refuse) }

// NewFunction is the function that Serve runs, on a host of the caller's.
func NewFunction(host Host, build Build) *lambdahost.Function {
	return lambdahost.New(host, build, refuse)
}

func refuse(ctx context.Context, host Host, event []byte, err error) ([]byte, error) {
	h := &Handler{Logger: host.Logger}
	q, _ := parse(event)
	h.log(ctx, q, unauthenticated, token.Access{}, err)
	return h.answer(q, unauthenticated, token.Access{})
}
