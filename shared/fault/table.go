package fault

import (
	"slices"
	"strings"
	"time"
)

// Code names a way to fail. Codes are part of the HTTP contract: they are
// stable, and clients branch on them.
type Code string

// The closed table. docs/errors.md is rendered from it.
const (
	InvalidRequest         Code = "invalid_request"
	InvalidState           Code = "invalid_state"
	LoginExpired           Code = "login_expired"
	AccessDenied           Code = "access_denied"
	InvalidGrant           Code = "invalid_grant"
	InvalidToken           Code = "invalid_token"
	OriginNotAllowed       Code = "origin_not_allowed"
	AccountDisabled        Code = "account_disabled"
	NotFound               Code = "not_found"
	UnknownProvider        Code = "unknown_provider"
	RegistrationNotEnabled Code = "registration_not_enabled"
	MethodNotAllowed       Code = "method_not_allowed"
	AlreadyRegistered      Code = "already_registered"
	PayloadTooLarge        Code = "payload_too_large"
	UnsupportedMediaType   Code = "unsupported_media_type"
	ValidationFailed       Code = "validation_failed"
	Internal               Code = "internal"
	BadProviderResponse    Code = "bad_provider_response"
	ProviderUnavailable    Code = "provider_unavailable"
	ProviderMisconfigured  Code = "provider_misconfigured"
	TemporarilyUnavailable Code = "temporarily_unavailable"
	NotConfigured          Code = "not_configured"
	ProviderTimeout        Code = "provider_timeout"
)

type entry struct {
	status     int
	retryAfter time.Duration
	message    string
}

var table = map[Code]entry{
	InvalidRequest:         {400, 0, "The request is malformed."},
	InvalidState:           {400, 0, "This login was not started in this browser, or was used already. Start again."},
	LoginExpired:           {400, 0, "The login took too long or was used already. Start again."},
	AccessDenied:           {400, 0, "The login was cancelled."},
	InvalidGrant:           {401, 0, "The refresh token is not valid. Log in again."},
	InvalidToken:           {401, 0, "The access token is missing, expired or not valid."},
	OriginNotAllowed:       {403, 0, "Requests from this origin are not allowed."},
	AccountDisabled:        {403, 0, "This account is disabled."},
	NotFound:               {404, 0, "There is nothing here."},
	UnknownProvider:        {404, 0, "There is no such login provider."},
	RegistrationNotEnabled: {404, 0, "Accounts are made by logging in; there is nothing to register."},
	MethodNotAllowed:       {405, 0, "This method is not allowed here."},
	AlreadyRegistered:      {409, 0, "This account has been made already. Log in again."},
	PayloadTooLarge:        {413, 0, "The request is too large."},
	UnsupportedMediaType:   {415, 0, "Send application/json."},
	ValidationFailed:       {422, 0, "Some answers are missing or will not do; the problems name them."},
	Internal:               {500, 0, "Something went wrong on our side."},
	BadProviderResponse:    {502, 0, "The login provider gave an answer that we cannot use. Try again later."},
	ProviderUnavailable:    {502, 0, "The login provider cannot be reached. Try again later."},
	ProviderMisconfigured:  {503, time.Minute, "The login provider refuses this service. Its operator has been told."},
	TemporarilyUnavailable: {503, time.Second, "The service is busy. Try again in a moment."},
	NotConfigured:          {503, time.Minute, "The service is not configured yet."},
	ProviderTimeout:        {504, 0, "The login provider did not answer in time. Start again."},
}

// Status is the HTTP status of the code.
func (c Code) Status() int { return table[c].status }

// Message is the public message of the code.
func (c Code) Message() string { return table[c].message }

// Retryable reports whether the same request may succeed later.
func (c Code) Retryable() bool { return table[c].retryAfter > 0 }

// Codes lists the closed table, ordered by status, then by name.
func Codes() []Code {
	codes := make([]Code, 0, len(table))
	for c := range table {
		codes = append(codes, c)
	}
	slices.SortFunc(codes, func(a, b Code) int {
		if d := a.Status() - b.Status(); d != 0 {
			return d
		}
		return strings.Compare(string(a), string(b))
	})
	return codes
}
