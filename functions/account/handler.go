package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/gate"
	"daemun/shared/lambdahttp"
	"daemun/shared/token"
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
	sessions flow.OwnSessions
	profiles flow.Profiles
	schema   jsontext.Value // of the form
}

func (h *handler) routes() []lambdahttp.Route {
	return []lambdahttp.Route{
		{Key: "GET /me", Handle: h.me},
		{Key: "GET /me/sessions", Handle: h.listSessions},
		{Key: "DELETE /me/sessions/{id}", Handle: h.endSession},
		{Key: "PATCH /me", Handle: h.change},
		{Key: "GET /me/form", Handle: h.form},
	}
}

// me answers who the access token speaks for. A user who was deleted or disabled
// since the token was made is refused as if the token had expired.
func (h *handler) me(ctx context.Context, r *lambdahttp.Request) (*lambdahttp.Response, error) {
	who, _, err := h.admit(r)
	if err != nil {
		return nil, err
	}
	u, err := h.users.FindUser(ctx, who.UserID)
	if err != nil {
		return nil, fmt.Errorf("find user: %w", err)
	}
	if u == nil || u.Disabled {
		return nil, fault.Newf(fault.InvalidToken, "user is gone or disabled")
	}
	return lambdahttp.JSON(http.StatusOK, lambdahttp.NewUserJSON(u))
}

func (h *handler) listSessions(ctx context.Context, r *lambdahttp.Request) (*lambdahttp.Response, error) {
	who, _, err := h.admit(r)
	if err != nil {
		return nil, err
	}
	live, corrupt, err := h.sessions.List(ctx, who)
	r.NoteCorrupt(corrupt)
	if err != nil {
		return nil, err
	}
	return lambdahttp.JSON(http.StatusOK, lambdahttp.NewSessionsJSON(live, who.SessionID))
}

// endSession ends one of the person's sessions. A browser that ends its own is
// logged out.
func (h *handler) endSession(ctx context.Context, r *lambdahttp.Request) (*lambdahttp.Response, error) {
	who, byCookie, err := h.admit(r)
	if err != nil {
		return nil, err
	}
	id := r.Path["id"]
	if err := h.sessions.End(ctx, who, id); err != nil {
		return nil, err // the cookies stay: the session may live
	}
	r.Note(slog.String("event", "session_ended"), slog.String("ended_session_id", id))
	response := lambdahttp.NoContent()
	if byCookie && id == who.SessionID {
		h.delivery.ClearTokens(response)
	}
	return response, nil
}

// change patches what the person answered, whatever new people are asked: an
// earlier policy may have left somebody unfinished, and a consent can be withdrawn
// at any time, unless it is mandatory.
// The access token goes on saying what
// it said of the profile; the next refresh gives one that knows better.
func (h *handler) change(ctx context.Context, r *lambdahttp.Request) (*lambdahttp.Response, error) {
	who, _, err := h.admit(r)
	if err != nil {
		return nil, err
	}
	patch, err := r.MergePatch()
	if err != nil {
		return nil, err
	}
	u, err := h.profiles.Patch(ctx, who, patch)
	if err != nil {
		return nil, err
	}
	r.Note(slog.String("event", "profile_changed"), slog.Bool("profile_complete", u.ProfileComplete))
	return lambdahttp.JSON(http.StatusOK, lambdahttp.NewUserJSON(u))
}

// form tells what change takes, for the front end to draw.
func (h *handler) form(_ context.Context, r *lambdahttp.Request) (*lambdahttp.Response, error) {
	if _, _, err := h.admit(r); err != nil {
		return nil, err
	}
	return lambdahttp.JSON(http.StatusOK, struct {
		Schema jsontext.Value `json:"schema"`
	}{h.schema})
}

// admit returns who the request's access token speaks for, and whether a cookie
// brought it.
func (h *handler) admit(r *lambdahttp.Request) (who token.Access, byCookie bool, err error) {
	accessToken, byCookie, err := h.delivery.AccessToken(r)
	if err != nil {
		return token.Access{}, byCookie, err
	}
	who, err = h.gate.Admit(accessToken)
	if err != nil {
		return token.Access{}, byCookie, err
	}
	r.Note(slog.String("user_id", who.UserID), slog.String("session_id", who.SessionID))
	return who, byCookie, nil
}
