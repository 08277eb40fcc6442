package lambdahttp

import (
	"strings"

	"daemun/shared/fault"
	"daemun/shared/gate"
)

// CheckOrigin refuses a request that is authenticated by our cookies and that
// a page made which may not use them; the rule is gate.Origin's. Requests that carry
// their token themselves need no such check. The fault is origin_not_allowed.
func CheckOrigin(r *Request, allowed []string) error {
	origin := gate.Origin{FetchSite: r.Header("sec-fetch-site")}
	if header, ok := r.headers["origin"]; ok {
		origin.Header = &header
	}
	method, _, _ := strings.Cut(r.Route, " ")
	switch {
	case origin.MayUseCookies(method, allowed):
		return nil
	case origin.Header != nil:
		return fault.Newf(fault.OriginNotAllowed, "origin is not on the allow-list")
	default:
		return fault.Newf(fault.OriginNotAllowed, "neither an origin nor a same-origin mark")
	}
}
