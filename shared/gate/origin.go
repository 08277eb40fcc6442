package gate

import "slices"

// Origin is what a browser says of the page that caused a request: its Origin
// header, nil if there is none, and its Sec-Fetch-Site header.
type Origin struct {
	Header    *string
	FetchSite string
}

// IsOwn reports whether one of our pages caused the request. Nothing may change
// by a cookie's word otherwise: cookies travel with other sites' requests too.
// Browsers send Origin with requests that change something, and Sec-Fetch-Site
// where they do not.
func (o Origin) IsOwn(allowed []string) bool {
	if o.Header != nil {
		return slices.Contains(allowed, *o.Header)
	}
	return o.FetchSite == "same-origin"
}
