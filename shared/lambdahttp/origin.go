package lambdahttp

import (
	"slices"

	"daemun/shared/fault"
)

// CheckOrigin refuses a request that another site made with our cookies. It is
// for requests that change something and are authenticated by cookie: browsers
// send Origin with those, and Sec-Fetch-Site where they do not. Requests that
// carry their token themselves need no such check. The fault is
// origin_not_allowed.
func CheckOrigin(r *Request, allowed []string) error {
	if origin, ok := r.headers["origin"]; ok {
		if slices.Contains(allowed, origin) {
			return nil
		}
		return fault.Newf(fault.OriginNotAllowed, "origin is not on the allow-list")
	}
	if r.Header("sec-fetch-site") == "same-origin" {
		return nil
	}
	return fault.Newf(fault.OriginNotAllowed, "neither an origin nor a same-origin mark")
}
