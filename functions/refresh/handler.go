package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/lambdahttp"
)

type handler struct {
	delivery lambdahttp.Delivery
	refresh  flow.Refresh
}

func (h *handler) routes() []lambdahttp.Route {
	return []lambdahttp.Route{{Key: "POST /auth/refresh", Handle: h.rotate}}
}

// rotate answers in the way in which the refresh token came: in JSON or in
// cookies.
func (h *handler) rotate(ctx context.Context, r *lambdahttp.Request) (*lambdahttp.Response, error) {
	var body struct {
		RefreshToken string `json:"refresh_token"`
	}
	if err := r.JSON(&body); err != nil {
		return nil, err
	}
	presented, byCookie, err := h.delivery.RefreshToken(r, body.RefreshToken)
	switch {
	case err != nil:
		return nil, err
	case presented == "" && r.Header("authorization") != "":
		return nil, fault.Newf(fault.InvalidRequest, "no refresh token but an Authorization header")
	case presented == "":
		return nil, fault.Newf(fault.InvalidGrant, "no refresh token")
	}
	done, err := h.refresh.Refresh(ctx, presented)
	if err != nil {
		noteReuse(r, err)
		return nil, err
	}
	r.Note(slog.String("event", "refresh"), slog.Bool("rotated", done.Changed),
		slog.String("user_id", done.User.ID), slog.String("session_id", done.SessionID))
	response, err := lambdahttp.JSON(http.StatusOK, lambdahttp.NewTokenJSON(done.Tokens, !byCookie))
	if err == nil && byCookie {
		h.delivery.Refresh(response, done)
	}
	return response, err
}

// noteReuse makes the theft of a refresh token stand out in the log.
func noteReuse(r *lambdahttp.Request, err error) {
	var reuse *flow.ReuseError
	if errors.As(err, &reuse) {
		r.Raise(slog.LevelWarn)
		r.Note(slog.String("event", "refresh_token_reused"),
			slog.String("user_id", reuse.UserID), slog.String("session_id", reuse.SessionID))
	}
}
