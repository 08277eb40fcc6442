package main

import (
	"context"
	"log/slog"

	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/gate"
	"daemun/shared/lambdahttp"
)

type handler struct {
	delivery lambdahttp.Delivery
	gate     gate.Gate
	logout   flow.Logout
}

func (h *handler) routes() []lambdahttp.Route {
	return []lambdahttp.Route{{Key: "POST /auth/logout", Handle: h.leave}}
}

type body struct {
	RefreshToken string `json:"refresh_token"`
	All          bool   `json:"all"`
}

func (h *handler) leave(ctx context.Context, r *lambdahttp.Request) (*lambdahttp.Response, error) {
	var b body
	if err := r.JSON(&b); err != nil {
		return nil, err
	}
	if b.All {
		return h.leaveEverywhere(ctx, r)
	}
	return h.leaveHere(ctx, r, b.RefreshToken)
}

// leaveHere ends the session of the refresh token. Without one, or with one that
// is not ours, the person is logged out already.
func (h *handler) leaveHere(ctx context.Context, r *lambdahttp.Request, inBody string) (*lambdahttp.Response, error) {
	presented, byCookie, err := h.delivery.RefreshToken(r, inBody)
	if err != nil {
		return nil, err
	}
	if presented == "" {
		return h.leaveByAccessToken(ctx, r)
	}
	userID, sessionID, err := h.logout.End(ctx, presented)
	if err != nil {
		return nil, err // the cookies stay: the person is not logged out
	}
	r.Note(slog.String("event", "logout"), slog.String("user_id", userID), slog.String("session_id", sessionID))
	return h.left(byCookie), nil
}

// leaveByAccessToken ends the session that the access token speaks for: a browser
// can have lost its refresh token and be logged in all the same.
func (h *handler) leaveByAccessToken(ctx context.Context, r *lambdahttp.Request) (*lambdahttp.Response, error) {
	accessToken, byCookie, err := h.delivery.AccessToken(r)
	switch {
	case fault.CodeOf(err) == fault.InvalidToken:
		return h.left(false), nil
	case err == nil && accessToken == "":
		return h.leaveForm(r)
	case err != nil:
		return nil, err
	}
	who, err := h.gate.Admit(accessToken)
	if err != nil {
		return h.left(byCookie), nil //nolint:nilerr // with a token that is good for nothing the person is logged out
	}
	if err := h.logout.EndCurrent(ctx, who); err != nil {
		return nil, err
	}
	r.Note(slog.String("event", "logout"), slog.String("user_id", who.UserID), slog.String("session_id", who.SessionID))
	return h.left(byCookie), nil
}

// leaveForm takes its register token from a browser whose person does not sign up:
// the next one at it would see what the provider said of them.
func (h *handler) leaveForm(r *lambdahttp.Request) (*lambdahttp.Response, error) {
	proof, err := h.delivery.RegisterToken(r)
	if err != nil {
		return nil, err
	}
	return h.left(proof.InCookie), nil
}

// leaveEverywhere ends every session of the person whom the access token speaks
// for.
func (h *handler) leaveEverywhere(ctx context.Context, r *lambdahttp.Request) (*lambdahttp.Response, error) {
	accessToken, byCookie, err := h.delivery.AccessToken(r)
	if err != nil {
		return nil, err
	}
	who, err := h.gate.Admit(accessToken)
	if err != nil {
		return nil, err
	}
	corrupt, err := h.logout.EndAll(ctx, who)
	r.NoteCorrupt(corrupt)
	if err != nil {
		return nil, err
	}
	r.Note(slog.String("event", "logout_all"), slog.String("user_id", who.UserID), slog.String("session_id", who.SessionID))
	return h.left(byCookie), nil
}

func (h *handler) left(byCookie bool) *lambdahttp.Response {
	response := lambdahttp.NoContent()
	if byCookie {
		h.delivery.ClearTokens(response)
	}
	return response
}
