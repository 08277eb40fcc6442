// Package gateway is an http.Handler that behaves as an API Gateway HTTP API with Lambda integrations of payload format
// 2.0: which route a request takes, the event that the function sees, what becomes of its answer, CORS and limits.
// It knows nothing of how functions run.
//
// It follows Amazon's documentation of HTTP APIs and, where that is silent, what people observed: the path of an event
// is percent-decoded; a body is text only as text/* and as application/json, xml or javascript, and base64 else, forms
// included; WWW-Authenticate of a function becomes x-amzn-Remapped-www-authenticate; Connection, Content-Length, Date,
// Transfer-Encoding and Upgrade of a function are dropped.
//
// Not emulated: authorizers, throttling, stages, stage variables, the cut that the gateway makes in a path at an encoded
// question mark, and the Content-Type that it adds to empty requests.
package gateway

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"daemun/local/template"

	"github.com/go-json-experiment/json"
)

// Limits of HTTP APIs and of Lambda, in bytes.
const (
	// MaxHeader bounds the request line and the header values together.
	MaxHeader = 10240
	// MaxBody bounds a request's body.
	MaxBody = 10 << 20
	// MaxEvent bounds the event that carries it.
	MaxEvent = 6 << 20
)

// A Function takes an event and gives its answer. Its error means that the function failed or was not reached.
type Function func(ctx context.Context, event []byte) ([]byte, error)

// Route is a route of the API and the function behind it.
type Route struct {
	template.Route
	Function Function
}

// Options of New.
type Options struct {
	APIID     string
	AccountID string
	CORS      *template.CORS
	Routes    []Route
	// Fallback answers GET and HEAD where no route matches, which API Gateway would answer 404. nil: so do we.
	Fallback http.Handler
	// Log hears why a client saw a 500 or 503. Default: nobody.
	Log *slog.Logger
	// Now and Random are the clock and the source of request ids. Default: the machine's.
	Now    func() time.Time
	Random io.Reader
}

// Gateway is an HTTP API.
type Gateway struct {
	options Options
	routes  []compiled
}

// New compiles the routes. It refuses what it would have to ignore, above all authorizers.
func New(options Options) (*Gateway, error) {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Random == nil {
		options.Random = rand.Reader
	}
	routes, err := compile(options.Routes)
	if err != nil {
		return nil, fmt.Errorf("HTTP API %s: %w", options.APIID, err)
	}
	if err := checkCORS(options.CORS); err != nil {
		return nil, fmt.Errorf("HTTP API %s: %w", options.APIID, err)
	}
	return &Gateway{options: options, routes: routes}, nil
}

// ServeHTTP answers as the HTTP API would, or hands the request to the fallback untouched.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	route, parameters, found := match(g.routes, r)
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if !found && reads && g.options.Fallback != nil {
		g.options.Fallback.ServeHTTP(w, r)
		return
	}
	id := g.newID()
	w.Header().Set("Apigw-Requestid", id)
	setCORS(w.Header(), g.options.CORS, r)
	switch {
	case headerSize(r) > MaxHeader:
		answerError(w, http.StatusRequestHeaderFieldsTooLarge, "Request Header Or Cookie Too Large")
	case isPreflight(r) && g.options.CORS != nil:
		w.WriteHeader(http.StatusNoContent)
	case !found:
		answerError(w, http.StatusNotFound, "Not Found")
	default:
		g.integrate(w, r, integration{route: route, parameters: parameters, id: id})
	}
}

// An integration is a request on its way to its function.
type integration struct {
	route      compiled
	parameters map[string]string
	id         string
}

func (g *Gateway) integrate(w http.ResponseWriter, r *http.Request, i integration) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		answerError(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		return
	}
	if err != nil {
		answerError(w, http.StatusBadRequest, "Bad Request")
		return
	}
	event, err := json.Marshal(g.newEvent(r, i, body), json.Deterministic(true))
	if err != nil {
		g.fail(w, i, http.StatusInternalServerError, err)
		return
	}
	if len(event) > MaxEvent {
		answerError(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), i.route.Timeout)
	defer cancel()
	answer, err := i.route.Function(ctx, event)
	switch {
	case err == nil:
	case r.Context().Err() != nil:
		return // the client is gone
	case ctx.Err() != nil:
		g.fail(w, i, http.StatusServiceUnavailable, fmt.Errorf("no answer within %v", i.route.Timeout))
		return
	default:
		g.fail(w, i, http.StatusInternalServerError, err)
		return
	}
	response, err := readAnswer(answer)
	if err != nil {
		g.fail(w, i, http.StatusInternalServerError, fmt.Errorf("malformed answer: %w", err))
		return
	}
	response.write(w, g.options.CORS != nil)
}

// fail tells the client nothing but the status, as the gateway does, and the log the rest.
func (g *Gateway) fail(w http.ResponseWriter, i integration, status int, err error) {
	g.options.Log.Error("integration failed", "route", i.route.key, "request_id", i.id, "status", status, "error", err)
	message := "Internal Server Error"
	if status == http.StatusServiceUnavailable {
		message = "Service Unavailable"
	}
	answerError(w, status, message)
}

func answerError(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"message":%q}`, message) // a client that is gone
}

// newID is as long as the gateway's request ids.
func (g *Gateway) newID() string {
	return base64.URLEncoding.EncodeToString(g.random(11))
}

func (g *Gateway) random(n int) []byte {
	bytes := make([]byte, n)
	if _, err := io.ReadFull(g.options.Random, bytes); err != nil {
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
