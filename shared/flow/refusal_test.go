package flow_test

import (
	"testing"

	"daemun/shared/fault"
	"daemun/shared/flow"
)

// ST-14, LG-02: the log tells why a provider refused, in words from our own list.
func TestComplete_RefusalIsToldByItsName(t *testing.T) {
	const unknown = "bad_provider_response: provider answered an error that is not known"
	for said, want := range map[string]string{
		"access_denied":              "access_denied: provider answered access_denied",
		"user_cancelled_authorize":   "access_denied: provider answered user_cancelled_authorize",
		"server_error":               "provider_unavailable: provider answered server_error",
		"redirect_uri_mismatch":      "bad_provider_response: provider answered redirect_uri_mismatch",
		"application_suspended":      "bad_provider_response: provider answered application_suspended",
		"unauthorized_client":        "bad_provider_response: provider answered unauthorized_client",
		"invalid_scope":              "bad_provider_response: provider answered invalid_scope",
		"login_required":             "bad_provider_response: provider answered login_required",
		"invalid_scope\nlevel=ERROR": unknown,
		"Invalid_Scope":              unknown,
		"secret":                     unknown,
	} {
		s := &stage{now: start}
		err := respond(t, s, s, func(cb *flow.Callback) { cb.Error = said })
		if f := fault.From(err); f == nil || f.Error() != want || f.Alarm {
			t.Errorf("%q: got %v, want %s", said, err, want)
		}
	}
}
