package main

import (
	"context"
	"log/slog"
	"net/http"

	"daemun/shared/lambdahttp"
	"daemun/shared/token"
)

type begunJSON struct {
	URL         string `json:"url"`
	State       string `json:"state"`
	Transaction string `json:"transaction"`
	ExpiresIn   int64  `json:"expires_in"` // seconds
}

// beginJSON tells a client where to send its browser, and gives it what the
// token route asks for. Nothing of the query but the client's name counts, and
// no cookie is read or set.
func (h *handler) beginJSON(ctx context.Context, r *lambdahttp.Request) (*lambdahttp.Response, error) {
	begun, err := h.login.BeginJSON(ctx, r.Path["provider"], r.Query("client"), r.Header("origin"))
	if err != nil {
		return nil, err
	}
	r.Note(slog.String("provider", r.Path["provider"]), slog.String("client", r.Query("client")))
	return lambdahttp.JSON(http.StatusOK, begunJSON{
		URL: begun.AuthorizeURL, State: begun.State, Transaction: begun.Transaction,
		ExpiresIn: int64(token.TransactionLifetime.Seconds()),
	})
}
