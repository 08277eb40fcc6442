package providertest

import (
	"net/http"
	"time"
)

// Options shape a fake. The zero value is fit for most tests.
type Options struct {
	ClientID     string                        // empty: the fake's own, such as KakaoClientID
	ClientSecret string                        // empty: the fake's own, such as KakaoClientSecret
	Registered   func(redirectURI string) bool // nil: every redirect URI is
	Persons      []Person                      // nil: Persons()
	CodeLife     time.Duration                 // 0: 10 minutes
	Now          func() time.Time              // nil: time.Now
	// Signer makes the fake's id_tokens; nil: OpenID Connect is off, unless the
	// fake has nothing else.
	Signer *Signer
	// SendsIssuer has an OIDC name itself in its authorization responses, and promise
	// so in its metadata.
	SendsIssuer bool
	// Login decides who logs in at the authorize endpoint. It returns false when
	// it has shown a page and the browser will come back. nil: the first person,
	// at once.
	Login func(w http.ResponseWriter, r *http.Request, persons []Person) (Decision, bool)
}

// Decision is what somebody does on a provider's login page.
type Decision struct {
	Person    Person
	Cancelled bool // then there is no Person
}
