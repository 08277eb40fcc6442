package main

import (
	"context"
	"log/slog"
	"net/http"

	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/lambdahttp"
	"daemun/shared/session"
)

type tokenRequest struct {
	Code        string `json:"code"`
	State       string `json:"state"`
	Transaction string `json:"transaction"`
	Issuer      string `json:"iss"` // may be left out
}

// token ends a login in the client that began it, and gives it the tokens, or the
// register token of a person who has no account. No
// cookie is read or set: the transaction in the body stands for the client, and
// no other site's page has it.
func (h *handler) token(ctx context.Context, r *lambdahttp.Request) (*lambdahttp.Response, error) {
	var body tokenRequest
	if err := r.JSON(&body); err != nil {
		return nil, err
	}
	if body.Code == "" || body.State == "" || body.Transaction == "" {
		// Before the transaction is opened: the login is not spent on a mistake.
		return nil, fault.Newf(fault.InvalidRequest, "code, state or transaction is missing")
	}
	if p, ok := h.completion.Providers.Get(r.Path["provider"]); ok {
		r.Note(slog.String("event", "login"), slog.String("provider", p.Name()))
	}
	done, err := h.completion.Complete(ctx, flow.Callback{
		Provider: r.Path["provider"], State: body.State, Code: body.Code, Transaction: body.Transaction,
		Issuer: body.Issuer, JSON: true, Origin: r.Header("origin"),
		Device: session.NewDevice(r.UserAgent, r.SourceIP),
	})
	if err != nil {
		return nil, err
	}
	if done.Registration != nil {
		r.Note(slog.String("client", done.Client), slog.Bool("registration_required", true))
		return lambdahttp.JSON(http.StatusOK, lambdahttp.NewRegistrationRequiredJSON(done.Registration))
	}
	r.Note(slog.String("client", done.Client), slog.Bool("new_user", done.NewUser),
		slog.String("user_id", done.User.ID), slog.String("session_id", done.SessionID))
	return lambdahttp.JSON(http.StatusOK, lambdahttp.NewTokenJSON(done.Tokens, true))
}
