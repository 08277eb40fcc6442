package main

import (
	"context"
	"log/slog"

	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/lambdahttp"
	"daemun/shared/session"
)

type handler struct {
	delivery   lambdahttp.Delivery
	completion flow.Completion
}

func (h *handler) routes() []lambdahttp.Route {
	return []lambdahttp.Route{
		{Key: "GET /auth/{provider}/callback", Handle: h.finish, Browser: true},
		{Key: "POST /auth/{provider}/callback", Handle: h.post, Browser: true},
	}
}

// post is for providers that answer by form_post; none of the configured does.
func (h *handler) post(context.Context, *lambdahttp.Request) (*lambdahttp.Response, error) {
	return nil, fault.Newf(fault.MethodNotAllowed, "provider does not post")
}

// finish ends a login in the browser that began it.
func (h *handler) finish(ctx context.Context, r *lambdahttp.Request) (*lambdahttp.Response, error) {
	if r.IsPrefetch() {
		return nil, fault.Newf(fault.TemporarilyUnavailable, "a prefetch ends no login")
	}
	if p, ok := h.completion.Providers.Get(r.Path["provider"]); ok {
		r.Note(slog.String("event", "login"), slog.String("provider", p.Name()))
	}
	cookie := lambdahttp.TransactionCookie(flow.TransactionID(r.Query("state")))
	sealed, err := r.Cookie(h.delivery.Cookies.Name(cookie))
	if err != nil {
		return nil, fault.New(fault.InvalidState, err)
	}
	done, err := h.completion.Complete(ctx, flow.Callback{
		Provider: r.Path["provider"], State: r.Query("state"), Code: r.Query("code"), Error: r.Query("error"),
		Issuer: r.Query("iss"), Transaction: sealed,
		Device: session.NewDevice(r.UserAgent, r.SourceIP),
	})
	if err != nil {
		return h.failed(sealed, cookie, err)
	}
	r.Note(slog.Bool("new_user", done.NewUser), slog.String("user_id", done.User.ID), slog.String("session_id", done.SessionID))
	response := lambdahttp.Redirect(done.ReturnTo)
	response.Cookies = []string{h.delivery.Cookies.Clear(cookie)}
	h.delivery.SetTokens(response, done.Tokens)
	return response, nil
}

// failed clears the transaction, if the browser had one: it is spent. Where we
// were only busy it may not be, and the same request may succeed in a moment.
func (h *handler) failed(sealed string, cookie lambdahttp.CookieKind, err error) (*lambdahttp.Response, error) {
	if sealed == "" || fault.CodeOf(err) == fault.TemporarilyUnavailable {
		return nil, err
	}
	return &lambdahttp.Response{Cookies: []string{h.delivery.Cookies.Clear(cookie)}}, err
}
