package providertest

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// server is what fakes share that differ from each other in their endpoints and
// wire formats alone. It is safe for concurrent use.
type server struct {
	*script
	options Options
	mux     *http.ServeMux
	// issuer is in authorization responses (RFC 9207); nil: it is not.
	issuer func(*http.Request) string

	mu       sync.Mutex
	codes    map[string]grant
	tokens   map[string]Person // by access token
	refusing bool
}

// grant is what a code stands for.
type grant struct {
	person      Person
	challenge   string // empty: the code is bound to none
	redirectURI string
	scope       string // empty: the login named none
	nonce       string // empty: the login asked for none
	expires     time.Time
}

// newServer makes a server for the application that the fake knows by default.
func newServer(o Options, clientID, clientSecret string) *server {
	o.ClientID = cmp.Or(o.ClientID, clientID)
	o.ClientSecret = cmp.Or(o.ClientSecret, clientSecret)
	o.CodeLife = cmp.Or(o.CodeLife, 10*time.Minute)
	if o.Registered == nil {
		o.Registered = func(string) bool { return true }
	}
	if o.Persons == nil {
		o.Persons = Persons()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Login == nil {
		o.Login = func(_ http.ResponseWriter, _ *http.Request, persons []Person) (Decision, bool) {
			return Decision{Person: persons[0]}, true
		}
	}
	return &server{script: newScript(), options: o, mux: http.NewServeMux(), codes: map[string]grant{}, tokens: map[string]Person{}}
}

// ServeHTTP implements http.Handler.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// serve puts an endpoint on a path, where the script can program it.
func (s *server) serve(path string, e Endpoint, honest http.HandlerFunc) {
	s.mux.HandleFunc(path, s.handle(e, honest))
}

// Code logs a person in without a browser. With an empty challenge the code is
// bound to none, and any verifier redeems it.
func (s *server) Code(p Person, challenge, redirectURI string) string {
	return s.issue(grant{person: p, challenge: challenge, redirectURI: redirectURI, nonce: NonceOfCode})
}

func (s *server) issue(g grant) string {
	code := Marker + "-code-" + rand.Text()
	g.expires = s.options.Now().Add(s.options.CodeLife)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes[code] = g
	return code
}

// takeCode uses a code up. It is false if there is no such code, or no more.
func (s *server) takeCode(code string) (grant, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, known := s.codes[code]
	delete(s.codes, code)
	return g, known && s.options.Now().Before(g.expires)
}

// verifies reports whether the code verifier is the one of the grant (RFC 7636
// §4.6).
func (g grant) verifies(verifier string) bool {
	hash := sha256.Sum256([]byte(verifier))
	return g.challenge == "" || g.challenge == base64.RawURLEncoding.EncodeToString(hash[:])
}

// accessToken makes an access token of the person, with the tail given.
func (s *server) accessToken(p Person, tail string) string {
	token := Marker + "-access-" + rand.Text() + tail
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[token] = p
	return token
}

// bearer finds the person of the request's access token.
func (s *server) bearer(r *http.Request) (Person, bool) {
	token, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	s.mu.Lock()
	defer s.mu.Unlock()
	p, known := s.tokens[token]
	return p, isBearer && known
}

// single is the problem that a parameter is there more than once, or that somebody
// has smuggled one in; "" if all is well.
func single(values url.Values, allowed ...string) (problem string) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if len(values[name]) != 1 || !slices.Contains(allowed, name) {
			return "unexpected parameter " + name
		}
	}
	return ""
}

// authorizeProblem is what is wrong with an authorization request, "" if it is
// good. Required are client_id, redirect_uri, response_type=code and state;
// allowed are further parameters.
func (s *server) authorizeProblem(query url.Values, allowed ...string) string {
	problem := single(query, append(allowed, "client_id", "redirect_uri", "response_type", "state")...)
	switch {
	case problem != "":
		return problem
	case query.Get("client_id") != s.options.ClientID:
		return "unknown client_id"
	case !s.options.Registered(query.Get("redirect_uri")) || query.Get("redirect_uri") == "":
		return "redirect_uri is not registered"
	case query.Get("response_type") != "code":
		return "unknown response_type"
	case query.Get("state") == "":
		return "state is missing"
	case query.Has("code_challenge") && (query.Get("code_challenge_method") != "S256" || len(query.Get("code_challenge")) != 43):
		return "not an S256 code_challenge"
	}
	return ""
}

// authorized is the grant that an authorization request asks for.
func authorized(p Person, query url.Values) grant {
	return grant{person: p, challenge: query.Get("code_challenge"), redirectURI: query.Get("redirect_uri"), scope: query.Get("scope"), nonce: query.Get("nonce")}
}

// Refuse has everybody cancel from now on.
func (s *server) Refuse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusing = true
}

// decide asks Login who logs in, unless everybody cancels.
func (s *server) decide(w http.ResponseWriter, r *http.Request) (Decision, bool) {
	s.mu.Lock()
	refusing := s.refusing
	s.mu.Unlock()
	if refusing {
		return Decision{Cancelled: true}, true
	}
	return s.options.Login(w, r, s.options.Persons)
}

// consent asks who logs in, and redirects the browser back with a code or with the
// parameters of a refusal; or it shows the problem.
func (s *server) consent(w http.ResponseWriter, r *http.Request, problem string, refusal url.Values) {
	if problem != "" {
		errorPage(w, r, problem)
		return
	}
	decision, decided := s.decide(w, r)
	if !decided {
		return
	}
	query := r.URL.Query()
	response := refusal
	if !decision.Cancelled {
		response = url.Values{"code": {s.issue(authorized(decision.Person, query))}}
	}
	if s.issuer != nil {
		response.Set("iss", s.issuer(r))
	}
	response.Set("state", query.Get("state"))
	sendBack(w, r, query.Get("redirect_uri"), response)
}

// errorPage shows a person that something is wrong, and sends them nowhere.
func errorPage(w http.ResponseWriter, r *http.Request, problem string) {
	Body(http.StatusBadRequest, "text/html;charset=UTF-8", "<!doctype html><title>Error</title><p>"+problem)(w, r, nil)
}

// sendBack redirects to the application.
func sendBack(w http.ResponseWriter, r *http.Request, redirectURI string, response url.Values) {
	separator := "?"
	if strings.Contains(redirectURI, "?") {
		separator = "&"
	}
	Redirect(http.StatusFound, redirectURI+separator+response.Encode())(w, r, nil)
}

// isForm reports whether a request is a POST of a form and has no query, in
// which a secret would end up in logs.
func isForm(r *http.Request) bool {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return r.Method == http.MethodPost && media == "application/x-www-form-urlencoded" && r.URL.RawQuery == ""
}
