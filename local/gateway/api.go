package gateway

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// An api is what HTTP APIs and REST APIs have in common.
type api struct {
	options     Options
	routes      []compiled
	authorizers map[string]authorizer
}

// A call is a request on its way to its function.
type call struct {
	request    *http.Request
	route      compiled
	parameters map[string]string
	path       string // decoded, without the stage
	id, trace  string
	time       time.Time
	authorizer any // what the authorizer tells the function
}

// Why a call ends before its function answered. What is none of these is a fault of function or authorizer.
var (
	errGone       = errors.New("the client is gone")
	errTooLarge   = errors.New("the request is too large")
	errUnreadable = errors.New("the request cannot be read")
	errTimeout    = errors.New("the function did not answer in time")
)

// compile reads routes and authorizers, these by newAuthorizer.
func (a *api) compile(newAuthorizer func(Authorizer) (authorizer, error)) (err error) {
	a.authorizers = map[string]authorizer{}
	for _, described := range a.options.Authorizers {
		if a.authorizers[described.Name], err = newAuthorizer(described); err != nil {
			return fmt.Errorf("authorizer %s: %w", described.Name, err)
		}
	}
	if a.routes, err = compile(a.options.Routes); err != nil {
		return err
	}
	for _, route := range a.routes {
		if _, known := a.authorizers[route.Authorizer]; !known && route.Authorizer != "" {
			return fmt.Errorf("route %s: there is no authorizer %s", route.key, route.Authorizer)
		}
	}
	return nil
}

func (a *api) newCall(r *http.Request, route compiled, parameters map[string]string) call {
	now := a.options.Now().UTC()
	for name, value := range parameters {
		parameters[name] = text(value)
	}
	return call{
		request: r, route: route, parameters: parameters, time: now,
		trace: fmt.Sprintf("Root=1-%08x-%s", now.Unix(), hex.EncodeToString(a.random(12))),
	}
}

// run asks the route's authorizer and hands the call to the function, as the event that newEvent makes.
func (a *api) run(w http.ResponseWriter, c call, newEvent func(call, []byte) ([]byte, error)) (answer []byte, err error) {
	if guard, guarded := a.authorizers[c.route.Authorizer]; guarded {
		if c.authorizer, err = guard.authorize(c); err != nil {
			return nil, err
		}
	}
	body, err := readBody(w, c.request)
	if err != nil {
		return nil, err
	}
	event, err := newEvent(c, body)
	if err != nil {
		return nil, err
	}
	if len(event) > MaxEvent {
		return nil, errTooLarge
	}
	ctx, cancel := context.WithTimeout(c.request.Context(), c.route.Timeout)
	defer cancel()
	answer, err = c.route.Function(ctx, event)
	switch {
	case err == nil:
	case c.request.Context().Err() != nil:
		return nil, errGone
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%w: %v", errTimeout, c.route.Timeout)
	}
	return answer, err
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, errTooLarge
	case err != nil:
		return nil, errUnreadable
	}
	return body, nil
}

// arn names what is called, as authorizers are told and as their policies match.
func (a *api) arn(c call) string {
	o := a.options
	return fmt.Sprintf("arn:aws:execute-api:%s:%s:%s/%s/%s%s", o.Region, o.AccountID, o.APIID, o.Stage, c.request.Method, c.path)
}

func (a *api) report(c call, status int, err error) {
	a.options.Log.Error("call failed", "api", a.options.APIID, "route", c.route.key, "request_id", c.id, "status", status, "error", err)
}

// newID is as long as the gateway's request ids.
func (a *api) newID() string { return base64.URLEncoding.EncodeToString(a.random(11)) }

func (a *api) random(n int) []byte {
	bytes := make([]byte, n)
	if _, err := io.ReadFull(a.options.Random, bytes); err != nil {
		panic(fmt.Sprintf("no randomness: %v", err)) // of crypto/rand it does not happen
	}
	return bytes
}

func headerSize(r *http.Request) int {
	size := len(r.Method) + len(r.RequestURI) + len(r.Proto) + len("  \r\n") + len(r.Host)
	for _, values := range r.Header {
		for _, value := range values {
			size += len(value)
		}
	}
	return size
}
