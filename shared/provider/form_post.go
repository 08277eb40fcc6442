package provider

// FormPoster is a Provider that answers with a form which the browser posts to
// the redirect URI from the provider's page (OAuth 2.0 Form Post Response Mode
// §2), and not with a redirect.
type FormPoster interface {
	Provider
	// FormPost does nothing; having it says it all.
	FormPost()
}

// FormPost reports whether p is a FormPoster. A POST from another site carries
// no SameSite=Lax cookie.
func FormPost(p Provider) bool {
	_, ok := p.(FormPoster)
	return ok
}
