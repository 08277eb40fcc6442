package providertest

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"daemun/shared/fault"
	"daemun/shared/provider"
)

// Suite is what Contract needs to know of a provider.
type Suite struct {
	// Fake makes a new fake of the provider.
	Fake func() Fake
	// ClientSecret is the one that the fake takes.
	ClientSecret string
	// New makes the provider under test, for an application at the fake whose
	// endpoints begin with base.
	New func(base, clientSecret string, client *provider.Client) (provider.Provider, error)
	// Person logs in. The fake must serve Person first when it is left alone.
	Person Person
	// Want is what the provider makes of Person.
	Want provider.Person
	// Userinfo is a user object with raw JSON in the place of the subject, and
	// nothing else; nil: the provider has no userinfo endpoint.
	Userinfo func(subject string) string
	// Subject is a subject as raw JSON that the provider accepts.
	Subject string
	// BadSubjects are subjects as raw JSON that it must refuse, beyond those that
	// every provider must.
	BadSubjects []string
	// Signer is the part of a fake that makes its id_tokens; nil: there are none.
	// Subject then has to be that of Person.
	Signer func(Fake) *Signer
	// BareIssuer says that the issuer may be written without its scheme.
	BareIssuer bool
	// NonceMayBeMissing says that an id_token without a nonce is taken.
	NonceMayBeMissing bool
	// SendsIssuer says that an authorization response must have iss (RFC 9207).
	SendsIssuer bool
	// NoPKCE says that the provider has no PKCE: a wrong verifier goes unnoticed.
	NoPKCE bool
	// TokenErrors are the standard error codes of the token endpoint that mean
	// something else at this provider.
	TokenErrors map[string]fault.Code
}

// Fake is a provider that Contract can program.
type Fake interface {
	http.Handler
	Code(p Person, challenge, redirectURI string) string
	Hits(Endpoint) int
	MaxCodeSent() int
	Next(Endpoint, ...Answer)
	Always(Endpoint, Answer)
	Refuse()
}

// Contract is the suite that every provider passes. It covers what a provider
// may answer and how the network may fail; what the fields of its answers mean
// is for the provider's own tests.
func Contract(t *testing.T, s Suite) {
	t.Run("happy path", s.happyPath)
	t.Run("refusal", s.refusal)
	t.Run("iss of the response", s.issuer)
	t.Run("many at once", s.manyAtOnce)
	t.Run("rebuilt", s.rebuilt)
	t.Run("code reused", s.codeReused)
	t.Run("wrong verifier", s.wrongVerifier)
	t.Run("wrong secret", s.wrongSecret)
	t.Run("no server", s.noServer)
	t.Run("certificates", s.certificates)
	t.Run("plain http", s.plainHTTP)
	t.Run("redirects", s.redirects)
	t.Run("wrong types", s.wrongTypes)
	t.Run("missing fields", s.missingFields)
	for _, c := range s.cases() {
		t.Run(c.name, func(t *testing.T) {
			if c.timeouts != (provider.Timeouts{}) {
				t.Parallel() // it waits most of the time
			}
			s.run(t, c)
		})
	}
	if s.Signer != nil {
		t.Run("id_token", s.idTokens)
	}
}

// What a login holds that may be in no error.
const (
	contractVerifier = Marker + "-verifier-0123456789-0123456789-0123456789-0123456789"
	contractState    = Marker + "-state"
	contractNonce    = NonceOfCode
	contractRedirect = "https://app.example/auth/callback?tenant=a%20b+c"
)

func contractChallenge() string {
	hash := sha256.Sum256([]byte(contractVerifier))
	return base64.RawURLEncoding.EncodeToString(hash[:])
}

// bench is one fake, served, with the provider under test in front of it.
type bench struct {
	fake     Fake
	base     string
	client   *provider.Client
	provider provider.Provider
}

// patience keeps a slow machine from failing a case in which time is not the
// point.
const patience = 30 * time.Second

// open serves a new fake for the length of a test.
func (s *Suite) open(t *testing.T, timeouts provider.Timeouts) *bench {
	t.Helper()
	fake := s.Fake()
	server := httptest.NewUnstartedServer(fake)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	timeouts = provider.Timeouts{Connect: patience, Token: cmp.Or(timeouts.Token, patience),
		Userinfo: cmp.Or(timeouts.Userinfo, patience), Keys: cmp.Or(timeouts.Keys, patience)}
	client := provider.NewClient(provider.Options{InsecureProviders: true, Timeouts: timeouts, Now: s.clock(fake)})
	return &bench{fake, server.URL, client, s.provider(t, server.URL, s.ClientSecret, client)}
}

// clock is the one of the fake's id_tokens, which then stands still.
func (s *Suite) clock(fake Fake) func() time.Time {
	if s.Signer == nil {
		return nil
	}
	signer := s.Signer(fake)
	signer.Freeze()
	return signer.Now
}

func (s *Suite) provider(t *testing.T, base, clientSecret string, client *provider.Client) provider.Provider {
	t.Helper()
	p, err := s.New(base, clientSecret, client)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// authorization is a good one for a code of the fake.
func authorization(code string) provider.Authorization {
	return provider.Authorization{RedirectURI: contractRedirect, Code: code,
		State: contractState, Nonce: contractNonce, CodeVerifier: contractVerifier}
}

// login logs the suite's person in with a new code.
func (s *Suite) login(t *testing.T, b *bench) (provider.Person, error) {
	t.Helper()
	return b.provider.Identify(t.Context(), authorization(b.fake.Code(s.Person, contractChallenge(), contractRedirect)))
}

// logsIn expects the suite's person.
func (s *Suite) logsIn(t *testing.T, b *bench) {
	t.Helper()
	got, err := s.login(t, b)
	if err != nil {
		t.Fatal(err)
	}
	if got != s.Want {
		t.Errorf("got %+v, want %+v", got, s.Want)
	}
}

// refuses expects a fault of the code that shows nothing of the login (LG-01).
func (s *Suite) refuses(t *testing.T, got provider.Person, err error, want fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != want {
		t.Fatalf("got %v, want %s", err, want)
	}
	if got != (provider.Person{}) {
		t.Errorf("a person in spite of an error: %+v", got)
	}
	texts := fmt.Sprintf("%v\n%+v\n%#v\n%s", err, err, fault.From(err).Err, fault.From(err).Public())
	for _, secret := range []string{Marker, s.Person.Email, s.Person.Nickname, contractChallenge(), "127.0.0.1"} {
		if secret != "" && strings.Contains(texts, secret) {
			t.Errorf("the error shows %q: %s", secret, texts)
		}
	}
}

// run programs a fake and logs in once.
func (s *Suite) run(t *testing.T, c contractCase) {
	b := s.open(t, c.timeouts)
	for _, p := range c.program {
		if p.once {
			b.fake.Next(p.endpoint, p.answer)
		} else {
			b.fake.Always(p.endpoint, p.answer)
		}
	}
	if c.want == "" {
		if _, err := s.login(t, b); err != nil {
			t.Errorf("got %v, want a login", err)
		}
	} else {
		got, err := s.login(t, b)
		s.refuses(t, got, err, c.want)
		if got := fault.From(err).RetryAfter; got != c.retryAfter {
			t.Errorf("RetryAfter is %v, want %v", got, c.retryAfter)
		}
	}
	if b.fake.Hits(Token) != 1 || b.fake.MaxCodeSent() != 1 { // CB-09, F-02, F-03, F-05
		t.Errorf("%d token requests, the code sent %d times; want 1", b.fake.Hits(Token), b.fake.MaxCodeSent())
	}
	if got := b.fake.Hits(Userinfo); got != c.userinfo && s.Userinfo != nil {
		t.Errorf("%d userinfo requests, want %d", got, c.userinfo)
	}
}

// contractCase is one login at a programmed fake.
type contractCase struct {
	name       string
	program    []programmed
	timeouts   provider.Timeouts
	want       fault.Code // empty: the login succeeds
	retryAfter time.Duration
	userinfo   int // requests
}

type programmed struct {
	endpoint Endpoint
	answer   Answer
	once     bool
}
