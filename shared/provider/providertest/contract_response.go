package providertest

import (
	"net/url"
	"slices"
	"testing"

	"daemun/shared/provider"
)

// authorizeURL is where the login of authorization begins.
func (s *Suite) authorizeURL(t *testing.T, b *bench) string {
	t.Helper()
	raw, err := b.provider.AuthorizeURL(t.Context(), provider.AuthorizeRequest{RedirectURI: contractRedirect,
		State: contractState, Nonce: contractNonce, CodeChallenge: contractChallenge()})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// refusal lets the person cancel: the browser comes back with an error that is
// told from all others, and nothing is asked of the provider (ST-14).
func (s *Suite) refusal(t *testing.T) {
	b := s.open(t, provider.Timeouts{})
	b.fake.Refuse()
	back := follow(t, s.authorizeURL(t, b))
	cancelled := []string{"access_denied", "user_cancelled_authorize"}
	if back.Get("state") != contractState || back.Has("code") || !slices.Contains(cancelled, back.Get("error")) {
		t.Errorf("came back with %v", back)
	}
	s.namesItself(t, b, back)
	for _, e := range []Endpoint{Token, Userinfo} {
		if got := b.fake.Hits(e); got != 0 {
			t.Errorf("%d requests to %s", got, e)
		}
	}
}

// namesItself expects the iss that the provider promises, or any of its own, or
// none (ST-05, RFC 9207 §2.4).
func (s *Suite) namesItself(t *testing.T, b *bench, back url.Values) {
	t.Helper()
	required, err := provider.RequiresIssuer(t.Context(), b.provider)
	if err != nil || required != s.SendsIssuer {
		t.Errorf("requires iss: %v, %v; want %v", required, err, s.SendsIssuer)
	}
	if back.Has("iss") && !slices.Contains(b.provider.Issuers(), back.Get("iss")) || required && !back.Has("iss") {
		t.Errorf("iss %q came back, of the issuers %q", back["iss"], b.provider.Issuers())
	}
}

// issuer expects that whose response it is can be judged without asking for more
// than the metadata, and for that once (ST-05).
func (s *Suite) issuer(t *testing.T) {
	b := s.open(t, provider.Timeouts{})
	if issuers := b.provider.Issuers(); len(issuers) == 0 || slices.Contains(issuers, "") || b.fake.Hits(Discovery) != 0 {
		t.Errorf("issuers %q after %d requests for metadata", issuers, b.fake.Hits(Discovery))
	}
	b.provider.Issuers()[0] = "https://evil.example"
	for range 2 {
		s.namesItself(t, b, url.Values{"iss": b.provider.Issuers()[:1]})
	}
	for e, most := range map[Endpoint]int{Authorize: 0, Token: 0, Userinfo: 0, Keys: 0, Discovery: 1} {
		if got := b.fake.Hits(e); got > most {
			t.Errorf("%d requests to %s, want %d at most", got, e, most)
		}
	}
	if slices.Contains(b.provider.Issuers(), "https://evil.example") {
		t.Error("the issuers can be changed from outside")
	}
}

// rebuilt makes the provider anew, as functions do every quarter of an hour: what
// it has published is still there (JW-05).
func (s *Suite) rebuilt(t *testing.T) {
	b := s.open(t, provider.Timeouts{})
	for range 3 {
		b.provider = s.provider(t, b.base, s.ClientSecret, b.client)
		s.authorizeURL(t, b)
		s.logsIn(t, b)
	}
	for _, e := range []Endpoint{Keys, Discovery} {
		if got := b.fake.Hits(e); got > 1 {
			t.Errorf("%d requests for %s, want 1 at most", got, e)
		}
	}
}
