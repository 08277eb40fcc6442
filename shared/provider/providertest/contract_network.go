package providertest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"daemun/shared/fault"
	"daemun/shared/provider"
)

// happyPath goes the whole way, from the authorization URL on (ST-06, ST-16, ST-17).
func (s *Suite) happyPath(t *testing.T) {
	b := s.open(t, provider.Timeouts{})
	raw := s.authorizeURL(t, b)
	if strings.Contains(raw, "+") {
		t.Errorf("a plus sign in %s", raw)
	}
	back := follow(t, raw)
	if got := back.Get("state"); got != contractState {
		t.Errorf("state %q came back, want %q", got, contractState)
	}
	s.namesItself(t, b, back)
	got, err := b.provider.Identify(t.Context(), authorization(back.Get("code")))
	if err != nil {
		t.Fatal(err)
	}
	if got.Identity != s.Want.Identity || got.Identity.Provider != b.provider.Name() {
		t.Errorf("got %v, want %v", got.Identity, s.Want.Identity)
	}
	for e, want := range map[Endpoint]int{Authorize: 1, Token: 1, Userinfo: s.userinfoRequests()} {
		if got := b.fake.Hits(e); got != want {
			t.Errorf("%d requests to %s, want %d", got, e, want)
		}
	}
	s.logsIn(t, b)
}

// userinfoRequests is how many a login makes.
func (s *Suite) userinfoRequests() int {
	if s.Userinfo == nil {
		return 0
	}
	return 1
}

// follow visits a URL as a browser does, and returns what it is sent back with, by
// a redirect or in a form.
func follow(t *testing.T, raw string) url.Values {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	location, err := response.Location()
	if err == nil {
		return location.Query()
	}
	body, _ := io.ReadAll(response.Body)
	action, fields, ok := FormPost(string(body))
	if !ok || action != contractRedirect {
		t.Fatalf("status %d, neither a redirect nor a form: %s", response.StatusCode, body)
	}
	return fields
}

func (s *Suite) manyAtOnce(t *testing.T) {
	b := s.open(t, provider.Timeouts{})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if got, err := s.login(t, b); err != nil || got != s.Want {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	all.Wait()
	if got := b.fake.MaxCodeSent(); got != 1 {
		t.Errorf("a code was sent %d times", got)
	}
}

// F-08.
func (s *Suite) codeReused(t *testing.T) {
	b := s.open(t, provider.Timeouts{})
	a := authorization(b.fake.Code(s.Person, contractChallenge(), contractRedirect))
	if _, err := b.provider.Identify(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	got, err := b.provider.Identify(t.Context(), a)
	s.refuses(t, got, err, fault.LoginExpired)
}

// ST-06.
func (s *Suite) wrongVerifier(t *testing.T) {
	b := s.open(t, provider.Timeouts{})
	a := authorization(b.fake.Code(s.Person, contractChallenge(), contractRedirect))
	a.CodeVerifier += "x"
	got, err := b.provider.Identify(t.Context(), a)
	if s.NoPKCE {
		if err != nil || got != s.Want {
			t.Errorf("got %v, %v; want a login, as no verifier is sent", got, err)
		}
		return
	}
	s.refuses(t, got, err, fault.LoginExpired)
}

// F-09.
func (s *Suite) wrongSecret(t *testing.T) {
	b := s.open(t, provider.Timeouts{})
	client := provider.NewClient(provider.Options{InsecureProviders: true, Timeouts: provider.Timeouts{Token: patience}})
	for _, secret := range []string{Marker + "-wrong-secret", ""} {
		b.provider = s.provider(t, b.base, secret, client)
		got, err := s.login(t, b)
		s.refuses(t, got, err, fault.ProviderMisconfigured)
	}
}

// F-01.
func (s *Suite) noServer(t *testing.T) {
	client := provider.NewClient(provider.Options{InsecureProviders: true})
	for _, base := range []string{"http://127.0.0.1:1", "http://nowhere.invalid"} {
		p := s.provider(t, base, s.ClientSecret, client)
		got, err := p.Identify(t.Context(), authorization(Marker+"-code"))
		s.refuses(t, got, err, fault.ProviderUnavailable)
	}
	// Who no longer waits gets no person, whoever is to blame.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got, err := s.open(t, provider.Timeouts{}).provider.Identify(ctx, authorization(Marker+"-code"))
	s.refuses(t, got, err, fault.ProviderTimeout)
}

// SE-06.
func (s *Suite) certificates(t *testing.T) {
	for _, c := range []struct {
		name    string
		version uint16 // the server's highest
		trusted bool
		host    string
		want    fault.Code
	}{
		{"good", tls.VersionTLS13, true, "127.0.0.1", ""},
		{"good, TLS 1.2", tls.VersionTLS12, true, "127.0.0.1", ""},
		{"unknown authority", tls.VersionTLS13, false, "127.0.0.1", fault.ProviderUnavailable},
		{"another host's", tls.VersionTLS13, true, "localhost", fault.ProviderUnavailable},
		{"TLS 1.1", tls.VersionTLS11, true, "127.0.0.1", fault.ProviderUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			fake := s.Fake()
			server := httptest.NewUnstartedServer(fake)
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: c.version}
			server.StartTLS()
			t.Cleanup(server.Close)
			roots := x509.NewCertPool()
			if c.trusted {
				roots.AddCert(server.Certificate())
			}
			client := provider.NewClient(provider.Options{RootCAs: roots, Now: s.clock(fake),
				Timeouts: provider.Timeouts{Connect: patience, Token: patience, Userinfo: patience, Keys: patience}})
			base := strings.Replace(server.URL, "127.0.0.1", c.host, 1)
			b := &bench{fake, base, client, s.provider(t, base, s.ClientSecret, client)}
			if c.want == "" {
				s.logsIn(t, b)
				return
			}
			got, err := s.login(t, b)
			s.refuses(t, got, err, c.want)
			if got := fake.Hits(Token); got != 0 {
				t.Errorf("the code was sent to an impostor %d times", got)
			}
		})
	}
}

func (s *Suite) plainHTTP(t *testing.T) {
	if _, err := s.New("http://127.0.0.1:1", s.ClientSecret, provider.NewClient(provider.Options{})); err == nil {
		t.Error("plain http is taken without InsecureProviders")
	}
}

// F-10, CB-10.
func (s *Suite) redirects(t *testing.T) {
	var visits atomic.Int32
	forbidden := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visits.Add(1) }))
	t.Cleanup(forbidden.Close)
	endpoints := []Endpoint{Token, Userinfo}[:1+s.userinfoRequests()]
	for _, endpoint := range endpoints {
		for _, status := range []int{301, 302, 303, 307, 308} {
			for _, to := range []string{forbidden.URL, "http://169.254.169.254/", "file:///etc/passwd", "gopher://127.0.0.1:1/"} {
				b := s.open(t, provider.Timeouts{})
				b.fake.Always(endpoint, Redirect(status, to))
				got, err := s.login(t, b)
				s.refuses(t, got, err, fault.BadProviderResponse)
				if got := b.fake.Hits(endpoint); got != 1 {
					t.Errorf("%d requests to %s, want 1", got, endpoint)
				}
			}
		}
	}
	if visits.Load() != 0 {
		t.Errorf("%d redirects were followed", visits.Load())
	}
}
