package flow

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"daemun/shared/client"
	"daemun/shared/fault"
	"daemun/shared/session"
	"daemun/shared/token"
	"daemun/shared/user"
)

// Registration turns the register token of a login, and the answers of the
// person, into a user with a session.
type Registration struct {
	Policy  Policy
	Tokens  token.RegisterVerifier
	Clients client.Registry
	Form    Form
	Users   Users
	Issuer  Issuer
	Now     func() time.Time
	Rand    io.Reader
}

// RegisterProof is a register token as a request brought it.
type RegisterProof struct {
	Token    string // "" if there was none
	InCookie bool   // else as bearer
	Origin   string // of the page that asks, "" if there is none; who takes the cookie has checked it
}

// RegisterRequest asks for an account.
type RegisterRequest struct {
	RegisterProof
	// Provider and Subject are who the client takes the person for, where it says
	// so. They are compared with the token, and decide nothing.
	Provider, Subject string
	Answers           jsontext.Value // to the form: a JSON object; nil is an empty one
	Device            session.Device
}

// Describe returns what the token says of the person who is to register, and
// changes nothing. Faults: registration_not_enabled, invalid_token,
// origin_not_allowed.
func (r *Registration) Describe(p RegisterProof) (token.Register, error) {
	return r.open(p, r.Now())
}

// Register makes the account, with what the provider said of the person, which
// the token holds, and what the person answered. One token makes one account,
// however many ask at once. Faults: those of Describe; invalid_request for a
// person who is not the token's; those of Form.Check, and validation_failed
// where answers are missing; already_registered for a token that was used, or
// a person who has an account by now; temporarily_unavailable, after which the
// same request may be repeated, but may find that it was done.
func (r *Registration) Register(ctx context.Context, request RegisterRequest) (Completed, error) {
	now := r.Now()
	t, err := r.open(request.RegisterProof, now)
	if err != nil {
		return Completed{}, err
	}
	if p := request.Provider; p != "" && p != t.Identity.Provider {
		return Completed{}, fault.Newf(fault.InvalidRequest, "provider is not the token's")
	}
	if s := request.Subject; s != "" && s != t.Identity.Subject {
		return Completed{}, fault.Newf(fault.InvalidRequest, "oauth_id is not the token's")
	}
	answers, err := r.answers(request.Answers, now)
	if err != nil {
		return Completed{}, err
	}
	u, err := newUser(t.Identity, t.Profile, now, r.Rand)
	if err != nil {
		return Completed{}, err
	}
	u.Answers, u.ProfileComplete = answers, true
	done, ownerID, err := signUp(ctx, r.Users, &r.Issuer, signingUp{
		user: u, client: t.Client, device: request.Device, now: now, once: registerMark(t.ID), onceExpires: t.ExpiresAt,
	})
	if err == nil && ownerID != u.ID {
		err = fault.Newf(fault.AlreadyRegistered, "person is user %s", ownerID)
	}
	done.ReturnTo, done.Client = t.ReturnTo, t.Client
	return done, err
}

// registerMark is the mark of a register token that was used.
func registerMark(tokenID string) string {
	return "REGISTER#" + base64.RawURLEncoding.EncodeToString(hash(tokenID))
}

// open finds out whose registration it is.
func (r *Registration) open(p RegisterProof, now time.Time) (token.Register, error) {
	if r.Policy != Required {
		return token.Register{}, fault.New(fault.RegistrationNotEnabled, nil)
	}
	t, err := r.Tokens.Verify(p.Token, p.InCookie, now)
	if err != nil {
		return token.Register{}, refusedRegisterToken(err)
	}
	if p.InCookie {
		return t, nil
	}
	asking, ok := r.Clients.Find(t.Client)
	switch {
	case !ok:
		return token.Register{}, refusedRegisterToken(errClientGone)
	case !asking.AllowsOrigin(p.Origin):
		return token.Register{}, fault.Newf(fault.OriginNotAllowed, "origin is not one of client %s", asking.Name)
	}
	return t, nil
}

var errClientGone = errors.New("register token of a client that is gone")

// refusedRegisterToken is the fault of a token that is not good here.
func refusedRegisterToken(cause error) error {
	return &fault.Error{Code: fault.InvalidToken, Message: "The register token is missing, expired or not valid. Log in again.", Err: cause}
}

// answers checks all that the form asks.
func (r *Registration) answers(given jsontext.Value, now time.Time) (user.Answers, error) {
	if len(given) == 0 {
		given = jsontext.Value("{}")
	}
	checked, missing, err := r.Form.Check(given, now)
	if err := formRefusal(err, missing); err != nil {
		return user.Answers{}, err
	}
	return checked, nil
}
