package providertest

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// The one application that the fake Kakao knows by default.
const (
	KakaoClientID     = "kakao-rest-api-key"
	KakaoClientSecret = Marker + "-kakao-client-secret"
)

// The paths of Kakao's endpoints.
const (
	KakaoAuthorizePath = "/oauth/authorize"
	KakaoTokenPath     = "/oauth/token"
	KakaoUserinfoPath  = "/v2/user/me"
	KakaoKeysPath      = "/.well-known/jwks.json"
)

// KakaoOptions shape a Kakao.
type KakaoOptions = Options

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

// Kakao is a fake Kakao: an http.Handler that serves Kakao's endpoints. It is
// safe for concurrent use.
type Kakao struct {
	*script
	options KakaoOptions
	mux     *http.ServeMux

	mu     sync.Mutex
	codes  map[string]grant
	tokens map[string]Person
}

// grant is what a code stands for.
type grant struct {
	person      Person
	challenge   string // empty: the code is bound to none
	redirectURI string
	nonce       string // empty: the login asked for none
	expires     time.Time
}

// NewKakao makes a Kakao.
func NewKakao(o KakaoOptions) *Kakao {
	o.ClientID = cmp.Or(o.ClientID, KakaoClientID)
	o.ClientSecret = cmp.Or(o.ClientSecret, KakaoClientSecret)
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
	k := &Kakao{script: newScript(), options: o, mux: http.NewServeMux(), codes: map[string]grant{}, tokens: map[string]Person{}}
	k.mux.HandleFunc(KakaoAuthorizePath, k.handle(Authorize, k.authorize))
	k.mux.HandleFunc(KakaoTokenPath, k.handle(Token, k.token))
	k.mux.HandleFunc(KakaoUserinfoPath, k.handle(Userinfo, k.userinfo))
	if o.Signer != nil {
		k.mux.HandleFunc(KakaoKeysPath, k.handle(Keys, o.Signer.JWKS))
	}
	return k
}

// StartKakao serves a Kakao for the length of a test. base is the URL before
// the paths of its endpoints.
func StartKakao(t testing.TB, o KakaoOptions) (k *Kakao, base string) {
	t.Helper()
	k = NewKakao(o)
	server := httptest.NewServer(k)
	t.Cleanup(server.Close)
	return k, server.URL
}

// ServeHTTP implements http.Handler.
func (k *Kakao) ServeHTTP(w http.ResponseWriter, r *http.Request) { k.mux.ServeHTTP(w, r) }

// Signer makes the fake's id_tokens; nil if OpenID Connect is off.
func (k *Kakao) Signer() *Signer { return k.options.Signer }

// Code logs a person in without a browser. With an empty challenge the code is
// bound to none, and any verifier redeems it.
func (k *Kakao) Code(p Person, challenge, redirectURI string) string {
	return k.issue(grant{person: p, challenge: challenge, redirectURI: redirectURI, nonce: NonceOfCode})
}

func (k *Kakao) issue(g grant) string {
	code := Marker + "-code-" + rand.Text()
	k.mu.Lock()
	defer k.mu.Unlock()
	g.expires = k.options.Now().Add(k.options.CodeLife)
	k.codes[code] = g
	return code
}

// authorize shows Kakao's error page, or asks Login and sends the browser back.
func (k *Kakao) authorize(w http.ResponseWriter, r *http.Request) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	problem := "KOE203"
	if err == nil {
		problem = k.authorizeProblem(query)
	}
	if problem != "" {
		Body(http.StatusBadRequest, "text/html;charset=UTF-8", "<!doctype html><title>Kakao</title><p>"+problem)(w, r, nil)
		return
	}
	decision, decided := k.options.Login(w, r, k.options.Persons)
	if !decided {
		return
	}
	back := "error=access_denied&error_description=User%20denied%20access"
	if !decision.Cancelled {
		back = "code=" + k.issue(authorized(decision.Person, query))
	}
	if state := query.Get("state"); state != "" {
		back += "&state=" + url.QueryEscape(state)
	}
	separator := "?"
	if strings.Contains(query.Get("redirect_uri"), "?") {
		separator = "&"
	}
	Redirect(http.StatusFound, query.Get("redirect_uri")+separator+back)(w, r, nil)
}

// authorizeProblem is the code that Kakao shows on a page of its own, "" if the
// request is good. Kakao ignores parameters that it does not know; here they
// are a problem, for then somebody has smuggled them in.
func (k *Kakao) authorizeProblem(query url.Values) string {
	for name, values := range query {
		switch name {
		case "client_id", "redirect_uri", "response_type", "state", "nonce", "code_challenge", "code_challenge_method":
		case "scope":
			if k.options.Signer == nil || values[0] != "openid" {
				return "KOE205" // no consent item is set up
			}
		default:
			return "KOE203"
		}
		if len(values) != 1 {
			return "KOE203"
		}
	}
	switch {
	case !query.Has("client_id") || !query.Has("redirect_uri") || !query.Has("response_type"):
		return "KOE207"
	case query.Get("client_id") != k.options.ClientID:
		return "KOE101"
	case !k.options.Registered(query.Get("redirect_uri")):
		return "KOE006"
	case query.Get("response_type") != "code":
		return "KOE201"
	case query.Has("code_challenge") && (query.Get("code_challenge_method") != "S256" || len(query.Get("code_challenge")) != 43):
		return "KOE203"
	}
	return ""
}
