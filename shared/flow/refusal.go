package flow

import "daemun/shared/fault"

// refusals are the errors that an authorization response may have: those of RFC
// 6749 §4.1.2.1, those of OpenID Connect Core 1.0 §3.1.2.6, and providers' own.
// None is an alarm, though some mean that a provider refuses this application:
// whoever begins a login can write any of them behind its state.
var refusals = map[string]fault.Code{
	"access_denied":             fault.AccessDenied,
	"server_error":              fault.ProviderUnavailable,
	"temporarily_unavailable":   fault.ProviderUnavailable,
	"invalid_request":           fault.BadProviderResponse,
	"unauthorized_client":       fault.BadProviderResponse,
	"unsupported_response_type": fault.BadProviderResponse,
	"invalid_scope":             fault.BadProviderResponse,

	"interaction_required":       fault.BadProviderResponse,
	"login_required":             fault.BadProviderResponse,
	"account_selection_required": fault.BadProviderResponse,
	"consent_required":           fault.BadProviderResponse,
	"invalid_request_uri":        fault.BadProviderResponse,
	"invalid_request_object":     fault.BadProviderResponse,
	"request_not_supported":      fault.BadProviderResponse,
	"request_uri_not_supported":  fault.BadProviderResponse,
	"registration_not_supported": fault.BadProviderResponse,

	"user_cancelled_authorize": fault.AccessDenied,        // Apple's
	"redirect_uri_mismatch":    fault.BadProviderResponse, // GitHub's
	"application_suspended":    fault.BadProviderResponse, // GitHub's
}

// refusal is the fault for a response with an error. The log gets its name only if
// it is one that we know: any other text is not ours to repeat.
func refusal(name string) error {
	code, known := refusals[name]
	if !known {
		return fault.Newf(fault.BadProviderResponse, "provider answered an error that is not known")
	}
	return fault.Newf(code, "provider answered %s", name)
}
