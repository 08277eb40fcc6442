package main

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/lambdahttp"
	"daemun/shared/session"
)

type handler struct {
	delivery     lambdahttp.Delivery
	registration flow.Registration
	schema       jsontext.Value // of the form
	frontURL     string         // where a login goes that named no other page
}

func (h *handler) routes() []lambdahttp.Route {
	return []lambdahttp.Route{
		{Key: "GET /auth/register", Handle: h.describe},
		{Key: "POST /auth/register", Handle: h.register},
	}
}

// proof finds the register token. Where nobody registers, that is all there is to
// say, whatever the request has.
func (h *handler) proof(r *lambdahttp.Request) (flow.RegisterProof, error) {
	if h.registration.Policy != flow.Required {
		return flow.RegisterProof{}, fault.New(fault.RegistrationNotEnabled, nil)
	}
	return h.delivery.RegisterToken(r)
}

// describe tells the person who they are to us so far, and what they are asked.
func (h *handler) describe(_ context.Context, r *lambdahttp.Request) (*lambdahttp.Response, error) {
	proof, err := h.proof(r)
	if err != nil {
		return nil, err
	}
	t, err := h.registration.Describe(proof)
	if err != nil {
		return nil, err
	}
	return lambdahttp.JSON(http.StatusOK, struct {
		lambdahttp.NewcomerJSON
		Schema    jsontext.Value `json:"schema"`
		ExpiresIn int64          `json:"expires_in"` // seconds
	}{lambdahttp.NewNewcomerJSON(t.Identity, t.Profile), h.schema, int64(t.ExpiresAt.Sub(h.registration.Now()).Seconds())})
}

// registerRequest is the answers, flat, and for whom the client takes the person.
type registerRequest struct {
	Provider string         `json:"provider"`
	OAuthID  string         `json:"oauth_id"`
	Answers  jsontext.Value `json:",embed"` // all other members
}

// register makes the account, and answers in the way in which the register token
// came: in JSON or in cookies. A browser, too, gets 200 and its access token, as
// it would from refresh, and is told where to go: its page asks with fetch, which
// would follow a redirect by itself, and not show it to the page.
func (h *handler) register(ctx context.Context, r *lambdahttp.Request) (*lambdahttp.Response, error) {
	r.Note(slog.String("event", "register"))
	proof, err := h.proof(r)
	if err != nil {
		return nil, err
	}
	// Who has no good token need not know what is wrong with the body.
	t, err := h.registration.Describe(proof)
	if err != nil {
		return h.failed(proof, err)
	}
	r.Note(slog.String("provider", t.Identity.Provider))
	var body registerRequest
	if err := r.JSON(&body); err != nil {
		return nil, err
	}
	done, err := h.registration.Register(ctx, flow.RegisterRequest{
		RegisterProof: proof, Provider: body.Provider, Subject: body.OAuthID, Answers: body.Answers,
		Device: session.NewDevice(r.UserAgent, r.SourceIP),
	})
	if err != nil {
		return h.failed(proof, err)
	}
	r.Note(slog.String("client", done.Client), slog.Bool("new_user", done.NewUser),
		slog.String("user_id", done.User.ID), slog.String("session_id", done.SessionID))
	return h.registered(proof, done)
}

func (h *handler) registered(proof flow.RegisterProof, done flow.Completed) (*lambdahttp.Response, error) {
	if !proof.InCookie {
		return lambdahttp.JSON(http.StatusOK, lambdahttp.NewTokenJSON(done.Tokens, true))
	}
	response, err := lambdahttp.JSON(http.StatusOK, struct {
		lambdahttp.TokenJSON
		ReturnTo string `json:"return_to"`
	}{lambdahttp.NewTokenJSON(done.Tokens, false), cmp.Or(done.ReturnTo, h.frontURL)})
	if err != nil {
		return nil, err
	}
	h.delivery.SetTokens(response, done.Tokens)
	return response, nil
}

// failed clears the register token's cookie where it is good for nothing more.
func (h *handler) failed(proof flow.RegisterProof, err error) (*lambdahttp.Response, error) {
	code := fault.CodeOf(err)
	if !proof.InCookie || code != fault.InvalidToken && code != fault.AlreadyRegistered {
		return nil, err
	}
	return &lambdahttp.Response{Cookies: []string{h.delivery.Cookies.Clear(lambdahttp.RegisterCookie)}}, err
}
