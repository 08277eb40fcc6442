package naver

import (
	"cmp"

	"github.com/go-json-experiment/json"

	"daemun/shared/fault"
)

// tokenErrors are the codes of the token endpoint that RFC 6749 does not have,
// or that mean something else at Naver. They come with status 200.
var tokenErrors = map[string]fault.Code{
	// What a used, expired or unknown code gets ("no valid data in session"). All
	// else in the request is right, or wrong for everybody.
	"invalid_request":         fault.LoginExpired,
	"server_error":            fault.ProviderUnavailable,
	"temporarily_unavailable": fault.ProviderUnavailable,
}

// results are the result codes of the user API. Those that blame the token stay
// bad_provider_response: it was good a moment ago.
var results = map[string]fault.Code{
	"024": fault.BadProviderResponse,   // token refused
	"028": fault.BadProviderResponse,   // no token
	"403": fault.ProviderMisconfigured, // no permission for the API
	"404": fault.BadProviderResponse,
	"500": fault.ProviderUnavailable,
}

func resultFault(code string) fault.Code { return cmp.Or(results[code], fault.BadProviderResponse) }

func readUserError(body []byte) (string, fault.Code) {
	var refused struct {
		Code string `json:"resultcode"`
	}
	if json.Unmarshal(body, &refused) != nil || results[refused.Code] == "" {
		return "", ""
	}
	return "resultcode " + refused.Code, results[refused.Code]
}
