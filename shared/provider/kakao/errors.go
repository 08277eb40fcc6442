package kakao

import (
	"strconv"

	"github.com/go-json-experiment/json"

	"daemun/shared/fault"
)

// tokenErrors are the codes that Kakao documents for the token endpoint and
// that mean more than their RFC 6749 code. Texts may change, codes do not. None of
// those that blame the code is an alarm: anybody can bring us a code that they got
// at another redirect URI of the app.
var tokenErrors = map[string]fault.Code{
	"KOE003": fault.ProviderUnavailable,   // a temporary failure
	"KOE004": fault.ProviderMisconfigured, // Kakao Login is switched off
	"KOE008": fault.ProviderMisconfigured, // the wrong kind of key
	"KOE009": fault.ProviderMisconfigured, // the platform is not registered
	"KOE010": fault.ProviderMisconfigured, // wrong or missing client secret
	"KOE101": fault.ProviderMisconfigured, // unknown key
	"KOE237": fault.ProviderUnavailable,   // too many token requests
	"KOE303": fault.LoginExpired,          // code of another redirect URI
	"KOE320": fault.LoginExpired,          // code used, expired or unknown
}

// userErrors are the codes of the user API. Those that blame the token or the
// person stay bad_provider_response: the token was good a moment ago.
var userErrors = map[int]fault.Code{
	-1:   fault.ProviderUnavailable,   // internal
	-3:   fault.ProviderMisconfigured, // feature not enabled
	-4:   fault.BadProviderResponse,   // account restricted
	-5:   fault.ProviderMisconfigured, // no permission
	-7:   fault.ProviderUnavailable,   // maintenance
	-10:  fault.ProviderUnavailable,   // quota exceeded, with status 400
	-11:  fault.ProviderMisconfigured, // paid quota exceeded
	-12:  fault.ProviderMisconfigured, // app sanctioned
	-101: fault.BadProviderResponse,   // person not linked to the app
	-103: fault.BadProviderResponse,   // dormant or unknown account
	-401: fault.BadProviderResponse,   // token refused
	-402: fault.ProviderMisconfigured, // the token lacks a consent item
	-406: fault.BadProviderResponse,   // person under 14
	-603: fault.ProviderUnavailable,   // internal timeout
}

func readTokenError(body []byte) (string, fault.Code) {
	var refused struct {
		Code string `json:"error_code"`
	}
	if json.Unmarshal(body, &refused) != nil {
		return "", ""
	}
	code, known := tokenErrors[refused.Code]
	if !known {
		return "", ""
	}
	return refused.Code, code
}

func readUserError(body []byte) (string, fault.Code) {
	var refused struct {
		Code int `json:"code"`
	}
	if json.Unmarshal(body, &refused) != nil {
		return "", ""
	}
	code, known := userErrors[refused.Code]
	if !known {
		return "", ""
	}
	return "code " + strconv.Itoa(refused.Code), code
}
