package main

import (
	"context"
	"log/slog"

	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/lambdahttp"
	"daemun/shared/provider"
	"daemun/shared/session"
)

type handler struct {
	delivery    lambdahttp.Delivery
	completion  flow.Completion
	registerURL string // where browsers go whose person has no account
}

func (h *handler) routes() []lambdahttp.Route {
	return []lambdahttp.Route{
		{Key: "GET /auth/{provider}/callback", Handle: h.redirected, Browser: true},
		{Key: "POST /auth/{provider}/callback", Handle: h.posted, Browser: true},
		{Key: "POST /auth/{provider}/token", Handle: h.token},
	}
}

// redirected takes the response of a provider that redirects, as most do.
func (h *handler) redirected(ctx context.Context, r *lambdahttp.Request) (*lambdahttp.Response, error) {
	if p, ok := h.completion.Providers.Get(r.Path["provider"]); ok && provider.FormPost(p) {
		return nil, fault.Newf(fault.MethodNotAllowed, "provider posts its response")
	}
	return h.finish(ctx, r, lambdahttp.TransactionCookie, r.Query)
}

// posted takes the response of a provider that has the browser post a form. The
// POST comes from the provider's site: what it may do, its transaction says.
func (h *handler) posted(ctx context.Context, r *lambdahttp.Request) (*lambdahttp.Response, error) {
	p, ok := h.completion.Providers.Get(r.Path["provider"])
	switch {
	case !ok:
		return nil, fault.New(fault.UnknownProvider, nil)
	case !provider.FormPost(p):
		return nil, fault.Newf(fault.MethodNotAllowed, "provider does not post")
	}
	form, err := r.Form()
	if err != nil {
		return nil, err
	}
	return h.finish(ctx, r, lambdahttp.CrossSiteTransactionCookie, func(name string) string { return form[name] })
}

// finish ends a login in the browser that began it. param reads the provider's
// response.
func (h *handler) finish(
	ctx context.Context, r *lambdahttp.Request, kind func(id string) lambdahttp.CookieKind, param func(name string) string,
) (*lambdahttp.Response, error) {
	if r.IsPrefetch() {
		return nil, fault.Newf(fault.TemporarilyUnavailable, "a prefetch ends no login")
	}
	if p, ok := h.completion.Providers.Get(r.Path["provider"]); ok {
		r.Note(slog.String("event", "login"), slog.String("provider", p.Name()))
	}
	cookie := kind(flow.TransactionID(param("state")))
	sealed, err := r.Cookie(h.delivery.Cookies.Name(cookie))
	if err != nil {
		return nil, fault.New(fault.InvalidState, err)
	}
	done, err := h.completion.Complete(ctx, flow.Callback{
		Provider: r.Path["provider"], State: param("state"), Code: param("code"), Error: param("error"),
		Issuer: param("iss"), User: param("user"), Transaction: sealed,
		Device: session.NewDevice(r.UserAgent, r.SourceIP),
	})
	if err != nil {
		return h.failed(sealed, cookie, err)
	}
	if done.Registration != nil {
		r.Note(slog.Bool("registration_required", true))
		response := lambdahttp.Redirect(h.registerURL)
		response.Cookies = []string{h.delivery.Cookies.Clear(cookie)}
		h.delivery.SetRegisterToken(response, done.Registration)
		return response, nil
	}
	r.Note(slog.Bool("new_user", done.NewUser), slog.String("user_id", done.User.ID), slog.String("session_id", done.SessionID))
	response := lambdahttp.Redirect(done.ReturnTo)
	response.Cookies = []string{h.delivery.Cookies.Clear(cookie)}
	h.delivery.SetTokens(response, done.Tokens)
	return response, nil
}

// failed clears the transaction, if the browser had one: it is of no use any more.
// It stays where we were too busy even to claim its state: the same request may
// succeed in a moment.
func (h *handler) failed(sealed string, cookie lambdahttp.CookieKind, err error) (*lambdahttp.Response, error) {
	if sealed == "" || fault.CodeOf(err) == fault.TemporarilyUnavailable && !flow.IsSpent(err) {
		return nil, err
	}
	return &lambdahttp.Response{Cookies: []string{h.delivery.Cookies.Clear(cookie)}}, err
}
