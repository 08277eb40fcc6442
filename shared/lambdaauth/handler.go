// Package lambdaauth turns API Gateway's authorizer events into a question to
// the gate and the verdict into what the gateway takes. It knows every shape in
// which HTTP, REST and WebSocket APIs ask. What a good token is, package gate
// decides, and whether its session lives, the rule of package session; where
// sessions are stored, it does not know.
//
//	good token, demands met          allow
//	good token, demands not met      deny               403
//	no good token, REST, WebSocket   error Unauthorized 401
//	no good token, HTTP API          deny               403 (401 with HTTPUnauthorized)
//	its session is over              as no good token
//	its session cannot be read       another error      500, which the gateway does not keep
//	any other fault of ours          as no good token
//
// It never fails open. An authorizer that reads no sessions returns no error but
// Unauthorized.
package lambdaauth

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"daemun/shared/fault"
	"daemun/shared/gate"
	"daemun/shared/session"
	"daemun/shared/token"
)

// Handler answers authorizer events. It implements lambda.Handler.
type Handler struct {
	Gate gate.Gate
	// Sessions are asked whether the session of a good token lives; nil: nobody is,
	// and a token outlives its session.
	Sessions Sessions
	Rule     session.Rule // by which a session is over its cap, or was idle too long
	Demands  gate.Demands
	// AccessCookie is the name of the cookie that may carry the access token, for
	// APIs on our own host; "" where only the Authorization header counts. The
	// verdict on a cookie must not be cached: it depends on the origin too.
	AccessCookie string
	// Origins are those whose pages may use the cookie.
	Origins []string
	// HTTPUnauthorized answers a bad token on HTTP APIs by error too.
	HTTPUnauthorized bool
	Logger           *slog.Logger
}

// Invoke implements lambda.Handler.
func (h *Handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	q, v, who, err := h.judge(ctx, payload)
	h.log(ctx, q, v, who, err)
	return h.answer(q, v, who)
}

// judge never says allowed together with an error. A panic is a refusal: it
// would end the process, and the gateway would answer 500.
func (h *Handler) judge(ctx context.Context, payload []byte) (q question, v verdict, who token.Access, err error) {
	defer func() {
		if p := recover(); p != nil {
			// The value may hold part of the event: only its type is told.
			v, who, err = unauthenticated, token.Access{}, fault.Newf(fault.Internal, "panic: %T\n%s", p, debug.Stack())
		}
	}()
	if q, err = parse(payload); err != nil {
		return q, unauthenticated, who, err
	}
	accessToken, err := h.accessToken(q)
	if err != nil {
		return q, unauthenticated, who, err
	}
	if who, err = h.Gate.Admit(accessToken); err != nil {
		return q, unauthenticated, token.Access{}, err
	}
	if v, err = h.ofSession(ctx, who); err != nil {
		return q, v, who, err
	}
	if err := h.meets(q, who); err != nil {
		return q, forbidden, who, err
	}
	return q, allowed, who, nil
}

// meets checks what the route demands. Where the gateway does not tell the
// route, or could keep the verdict for another one, demands cannot be met.
func (h *Handler) meets(q question, who token.Access) error {
	switch {
	case !h.Demands.AskOf(q.apiID):
		return nil
	case len(q.routes) == 0:
		return errors.New("demands need the route; REST TOKEN authorizers are not told it")
	case q.shape == http2 && len(q.sources) > 0 && (q.routeEchoed || !slices.Contains(q.sources, q.routes[0])):
		return errors.New("demands need $context.routeKey among the identity sources, and no client that says it itself")
	case q.shape != http2 && !isExact(q.arn):
		return errors.New("a policy cannot name this path and nothing else")
	case !h.Demands.Of(q.apiID, q.routes...).Met(who):
		return errors.New("demands of the route are not met")
	}
	return nil
}

// accessToken takes the token out of the header, or out of the cookie where that
// is allowed and no other site can have sent it. A verdict that the gateway
// could keep for a request with another token, or from another origin, is not
// given; where verdicts are kept, the header is what they must be kept by.
func (h *Handler) accessToken(q question) (string, error) {
	if q.authorization != "" || h.AccessCookie == "" {
		if len(q.sources) > 0 && !slices.Contains(q.sources, q.authorization) {
			return "", errors.New("the Authorization header is not among the identity sources")
		}
		return gate.Bearer(q.authorization)
	}
	if len(q.sources) > 0 {
		return "", errors.New("cookies need an authorizer without identity sources")
	}
	if !q.origin.MayUseCookies(q.method, h.Origins) {
		return "", errors.New("cookie in a request of another origin")
	}
	return h.cookie(q)
}

// cookie is the access cookie's value, "" if it is not there. Nobody can tell
// which of two is ours.
func (h *Handler) cookie(q question) (string, error) {
	value, found := "", false
	for _, c := range q.cookies {
		name, v, _ := strings.Cut(strings.TrimSpace(c), "=")
		if name != h.AccessCookie {
			continue
		}
		if found {
			return "", errors.New("two access cookies")
		}
		value, found = v, true
	}
	return value, nil
}

// log writes the request's line. Faults of ours are errors: they keep good people
// out.
func (h *Handler) log(ctx context.Context, q question, v verdict, who token.Access, err error) {
	level := slog.LevelInfo
	attrs := []slog.Attr{
		slog.String("request_id", q.requestID), slog.String("api_id", q.apiID),
		slog.String("route", q.route()), slog.Bool("allowed", v == allowed),
	}
	if who.UserID != "" {
		attrs = append(attrs, slog.String("user_id", who.UserID), slog.String("session_id", who.SessionID))
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
		if f := new(fault.Error); v == undecided || errors.As(err, &f) && f.Code.Status() >= http.StatusInternalServerError {
			level = slog.LevelError
		}
	}
	h.Logger.LogAttrs(ctx, level, "authorize", attrs...)
}
