package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"daemun/shared/fault"
	"daemun/shared/gate"
	"daemun/shared/lambdahttp"
	"daemun/shared/user"
)

// users is the storage that account needs.
type users interface {
	FindUser(ctx context.Context, userID string) (*user.User, error)
}

type handler struct {
	delivery lambdahttp.Delivery
	gate     gate.Gate
	users    users
}

func (h *handler) routes() []lambdahttp.Route {
	return []lambdahttp.Route{{Key: "GET /me", Handle: h.me}}
}

// me answers who the access token speaks for. A user who was deleted or disabled
// since the token was made is refused as if the token had expired.
func (h *handler) me(ctx context.Context, r *lambdahttp.Request) (*lambdahttp.Response, error) {
	accessToken, _, err := h.delivery.AccessToken(r)
	if err != nil {
		return nil, err
	}
	who, err := h.gate.Admit(accessToken)
	if err != nil {
		return nil, err
	}
	r.Note(slog.String("user_id", who.UserID))
	u, err := h.users.FindUser(ctx, who.UserID)
	if err != nil {
		return nil, fmt.Errorf("find user: %w", err)
	}
	if u == nil || u.Disabled {
		return nil, fault.Newf(fault.InvalidToken, "user is gone or disabled")
	}
	return lambdahttp.JSON(http.StatusOK, lambdahttp.NewUserJSON(u))
}
