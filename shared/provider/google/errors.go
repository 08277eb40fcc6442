package google

import (
	"github.com/go-json-experiment/json"

	"daemun/shared/fault"
)

// tokenErrors are the codes of the token endpoint that RFC 6749 does not have.
// Google documents them for its consent page; some were seen here.
var tokenErrors = map[string]fault.Code{
	"redirect_uri_mismatch": fault.LoginExpired, // the code's, which anybody can have got at another one
	"deleted_client":        fault.ProviderMisconfigured,
	"disabled_client":       fault.ProviderMisconfigured,
	"rate_limit_exceeded":   fault.ProviderUnavailable,
}

// reasons are those of Google's APIs ("Standard Error Responses") that blame
// neither the token nor the person. Limits are told with 403 as with 429.
var reasons = map[string]fault.Code{
	"rateLimitExceeded":       fault.ProviderUnavailable,
	"userRateLimitExceeded":   fault.ProviderUnavailable,
	"dailyLimitExceeded":      fault.ProviderUnavailable,
	"quotaExceeded":           fault.ProviderUnavailable,
	"accessNotConfigured":     fault.ProviderMisconfigured,
	"insufficientPermissions": fault.ProviderMisconfigured,
}

func readUserError(body []byte) (string, fault.Code) {
	var refused struct {
		Error struct {
			Errors []struct {
				Reason string `json:"reason"`
			} `json:"errors"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &refused) != nil {
		return "", ""
	}
	for _, e := range refused.Error.Errors {
		if code, known := reasons[e.Reason]; known {
			return e.Reason, code
		}
	}
	return "", ""
}
