// Package lambdahttp turns API Gateway events into requests and answers into
// what the gateway takes. It owns the edge: parsing, cookies, the origin rule,
// the headers of every answer, the log line of every request, and the one place
// where a fault becomes a status.
//
// It knows what a login yields and how that travels, but decides nothing:
// functions register their routes with it.
package lambdahttp

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"daemun/shared/fault"
)

// Route is one route of a function.
type Route struct {
	Key    string // the gateway's, such as "GET /me"
	Handle func(context.Context, *Request) (*Response, error)
	// Browser says that a person is looking: failures are shown by the front end
	// and not as JSON.
	Browser bool
}

// Handler answers the events of one function. It implements lambda.Handler.
type Handler struct {
	Routes   []Route
	FrontURL string // where browsers go with their failures
	Logger   *slog.Logger
}

// reserve is kept of the time that the function has, to answer in when the rest
// is used up.
const reserve = 500 * time.Millisecond

// Invoke implements lambda.Handler. It returns an error only if the answer
// cannot be written.
func (h *Handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-reserve))
		defer cancel()
	}
	request, route := &Request{ID: invocationID(ctx)}, Route{}
	response, err := guarded(request, func() (*Response, error) {
		if err := parse(payload, request); err != nil {
			route, _ = h.route(request.Route)
			return nil, err
		}
		var known bool
		if route, known = h.route(request.Route); !known {
			return nil, fault.Newf(fault.NotFound, "no such route")
		}
		return route.Handle(ctx, request)
	})
	return h.finish(ctx, request, route, response, err)
}

func (h *Handler) route(key string) (Route, bool) {
	for _, r := range h.Routes {
		if r.Key == key {
			return r, true
		}
	}
	return Route{}, false
}

// guarded turns a panic into a fault: it would end the process and leave the log
// with a trace of whatever was in hand.
func guarded(r *Request, handle func() (*Response, error)) (response *Response, err error) {
	defer func() {
		if p := recover(); p != nil {
			// The value may hold part of the request: only its type is told.
			r.Note(slog.String("stack", string(debug.Stack())))
			response, err = nil, fault.Newf(fault.Internal, "panic: %T", p)
		}
	}()
	return handle()
}

// finish answers and writes the request's line in the log. A response that came
// with an error gives it its cookies: what is spent is cleared on failure too.
func (h *Handler) finish(ctx context.Context, r *Request, route Route, response *Response, err error) ([]byte, error) {
	f := fault.From(err)
	if f != nil {
		answer := h.failure(r, route, f)
		if response != nil {
			answer.Cookies = response.Cookies
		}
		response = answer
	}
	encoded, encodeErr := encode(response)
	if encodeErr != nil {
		f = fault.New(fault.Internal, encodeErr)
		response = h.failure(r, Route{}, f)
		encoded, encodeErr = encode(response)
	}
	h.log(ctx, r, response.Status, f)
	return encoded, encodeErr
}

func (h *Handler) log(ctx context.Context, r *Request, status int, f *fault.Error) {
	attrs := []slog.Attr{
		slog.String("request_id", r.ID),
		slog.String("route", r.Route),
		slog.Int("status", status),
	}
	if f != nil {
		attrs = append(attrs, slog.String("code", string(f.Code)), slog.String("error", f.Error()))
		r.Raise(gravity(f))
	}
	h.Logger.LogAttrs(ctx, r.level, "request", append(attrs, r.notes...)...)
}

// gravity says how much a fault concerns the operator: errors are for alarms.
func gravity(f *fault.Error) slog.Level {
	switch {
	case f.Alarm, f.Code == fault.Internal, f.Code == fault.NotConfigured, f.Code == fault.ProviderMisconfigured:
		return slog.LevelError
	case f.Code.Status() >= http.StatusInternalServerError:
		return slog.LevelWarn
	default:
		return slog.LevelInfo
	}
}

// invocationID names a request that did not come through the gateway; "" outside
// Lambda.
func invocationID(ctx context.Context) string {
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		return lc.AwsRequestID
	}
	return ""
}
