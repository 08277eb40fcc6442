// Package gateway behaves as API Gateway in front of Lambda functions: New makes an HTTP API with payload format 2.0,
// NewREST a REST API with payload format 1.0. Both are http.Handlers. They decide which route a request takes, whether
// its authorizer lets it through, the event that the function sees, what becomes of its answer, CORS and limits. They
// know nothing of how functions run.
//
//	request -> route -> authorizer -> event -> function -> answer
//	           404/403  401/403/500             500/503, of REST APIs 502/504
//
// It follows Amazon's documentation and, where that is silent, what people observed: the path of an event is
// percent-decoded; a body is text only as text/* and as application/json, xml or javascript, and base64 else, forms
// included (REST APIs take any body for text); WWW-Authenticate of a function becomes x-amzn-Remapped-www-authenticate;
// Connection, Content-Length, Date, Transfer-Encoding and Upgrade of a function are dropped; an authorizer's error
// Unauthorized is a 401 on HTTP APIs too.
//
// Not emulated: WebSocket APIs, throttling, stage variables, authorizers by IAM or Cognito, API keys, resource policies,
// conditions in an authorizer's policy, the cut that the gateway makes in a path at an encoded question mark, the
// Content-Type that it adds to empty requests, and in events of payload format 1.0 the resource id, the extended request
// id and the members of identity that are null without IAM.
package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"daemun/local/template"
)

// Limits of API Gateway and of Lambda, in bytes.
const (
	// MaxHeader bounds the request line and the header values together.
	MaxHeader = 10240
	// MaxBody bounds a request's body.
	MaxBody = 10 << 20
	// MaxEvent bounds the event that carries it.
	MaxEvent = 6 << 20
)

// AuthorizerTimeout is how long API Gateway waits for an authorizer's function, whose own timeout may be shorter.
const AuthorizerTimeout = 10 * time.Second

// A Function takes an event and gives its answer. An error that the function itself answered with is a *FunctionError;
// any other means that it ended without an answer or was not reached.
type Function func(ctx context.Context, event []byte) ([]byte, error)

// FunctionError is the error that a function answered with.
type FunctionError struct{ Message string }

// Error implements error.
func (e *FunctionError) Error() string { return "the function answered with the error " + e.Message }

// Route is a route of the API and the function behind it.
type Route struct {
	template.Route
	Function Function
}

// Authorizer is an authorizer of the API and, unless it is a JWTAuthorizer, the function that it asks.
type Authorizer struct {
	template.Authorizer
	Function Function
}

// Options of New and NewREST.
type Options struct {
	APIID     string
	AccountID string
	Region    string
	// Stage of a REST API, the first segment of every path.
	Stage string
	// CORS and Fallback are for HTTP APIs only.
	CORS *template.CORS
	// Fallback answers GET and HEAD where no route matches, which API Gateway would answer 404. nil: so do we.
	Fallback    http.Handler
	Routes      []Route
	Authorizers []Authorizer
	// AuthorizerTimeout, if not the constant of that name.
	AuthorizerTimeout time.Duration
	// Client fetches the keys of JWT authorizers' issuers. Default: one with a timeout of 5 s.
	Client *http.Client
	// Log hears why a client saw a 5xx, and why a JWT's issuer was of no help. Default: nobody.
	Log *slog.Logger
	// Now and Random are the clock and the source of request ids. Default: the machine's.
	Now    func() time.Time
	Random io.Reader
}

func (o *Options) setDefaults() {
	if o.AuthorizerTimeout == 0 {
		o.AuthorizerTimeout = AuthorizerTimeout
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 5 * time.Second}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
}

// Gateway is an HTTP API.
type Gateway struct{ api }

// New makes an HTTP API. It refuses what it would have to ignore.
func New(options Options) (*Gateway, error) {
	options.setDefaults()
	options.Stage = "$default"
	g := &Gateway{api{options: options}}
	if err := errors.Join(g.compile(g.newAuthorizer), checkCORS(options.CORS)); err != nil {
		return nil, fmt.Errorf("HTTP API %s: %w", options.APIID, err)
	}
	return g, nil
}

// ServeHTTP answers as the HTTP API would, or hands the request to the fallback untouched.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	route, parameters, found := match(g.routes, r.Method, decodeSegments(r.URL))
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if !found && reads && g.options.Fallback != nil {
		g.options.Fallback.ServeHTTP(w, r)
		return
	}
	c := g.newCall(r, route, parameters)
	c.id = g.newID()
	c.path = text(r.URL.Path)
	w.Header().Set("Apigw-Requestid", c.id)
	setCORS(w.Header(), g.options.CORS, r)
	switch {
	case headerSize(r) > MaxHeader:
		answerError(w, http.StatusRequestHeaderFieldsTooLarge, "Request Header Or Cookie Too Large")
	case isPreflight(r) && g.options.CORS != nil:
		w.WriteHeader(http.StatusNoContent)
	case !found:
		answerError(w, http.StatusNotFound, "Not Found")
	default:
		g.serve(w, c)
	}
}

func (g *Gateway) serve(w http.ResponseWriter, c call) {
	answer, err := g.run(w, c, g.newEvent)
	if err != nil {
		g.refuse(w, c, err)
		return
	}
	response, err := readAnswer(answer)
	if err != nil {
		g.refuse(w, c, fmt.Errorf("malformed answer: %w", err))
		return
	}
	response.write(w, g.options.CORS != nil)
}

// refuse tells the client nothing but the status, as the gateway does, and the log the rest where it is a fault.
func (g *Gateway) refuse(w http.ResponseWriter, c call, err error) {
	var told *challenge
	switch {
	case errors.Is(err, errGone):
	case errors.As(err, &told):
		w.Header().Set("Www-Authenticate", told.header)
		answerError(w, told.status, told.message())
	case errors.Is(err, errUnauthorized):
		answerError(w, http.StatusUnauthorized, "Unauthorized")
	case errors.Is(err, errDenied), errors.Is(err, errDeniedExplicitly):
		answerError(w, http.StatusForbidden, "Forbidden")
	case errors.Is(err, errTooLarge):
		answerError(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
	case errors.Is(err, errUnreadable):
		answerError(w, http.StatusBadRequest, "Bad Request")
	case errors.Is(err, errTimeout):
		g.report(c, http.StatusServiceUnavailable, err)
		answerError(w, http.StatusServiceUnavailable, "Service Unavailable")
	default:
		g.report(c, http.StatusInternalServerError, err)
		answerError(w, http.StatusInternalServerError, "Internal Server Error")
	}
}

func answerError(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"message":%q}`, message) // a client that is gone
}
