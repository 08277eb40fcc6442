package gate

import "slices"

// Origin is what a browser says of the page that caused a request: its Origin
// header, nil if there is none, and its Sec-Fetch-Site header.
type Origin struct {
	Header    *string
	FetchSite string
}

// MayUseCookies reports whether our cookies count in a request of the method:
// they travel with other sites' requests too. A page that is named has to be one
// of the allowed, also where it only reads: CORS may let it read the answer.
//
// Browsers name the page in each request that changes something, or mark it with
// Sec-Fetch-Site: without either, nothing may change. Where no page is named in a
// request that only reads, none can read the answer but those of our own origin.
func (o Origin) MayUseCookies(method string, allowed []string) bool {
	if o.Header != nil {
		return slices.Contains(allowed, *o.Header)
	}
	return isSafe(method) || o.FetchSite == "same-origin"
}

// isSafe knows the methods that change nothing (RFC 9110 §9.2.1).
func isSafe(method string) bool { return method == "GET" || method == "HEAD" || method == "OPTIONS" }
