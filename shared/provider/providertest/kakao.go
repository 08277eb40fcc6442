package providertest

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
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

// Kakao is a fake Kakao: an http.Handler that serves Kakao's endpoints. It is
// safe for concurrent use.
type Kakao struct{ *server }

// NewKakao makes a Kakao.
func NewKakao(o KakaoOptions) *Kakao {
	k := &Kakao{newServer(o, KakaoClientID, KakaoClientSecret)}
	k.serve(KakaoAuthorizePath, Authorize, k.authorize)
	k.serve(KakaoTokenPath, Token, k.token)
	k.serve(KakaoUserinfoPath, Userinfo, k.userinfo)
	if o.Signer != nil {
		k.serve(KakaoKeysPath, Keys, o.Signer.JWKS)
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

// Signer makes the fake's id_tokens; nil if OpenID Connect is off.
func (k *Kakao) Signer() *Signer { return k.options.Signer }

// authorize shows Kakao's error page, or asks Login and sends the browser back.
func (k *Kakao) authorize(w http.ResponseWriter, r *http.Request) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	problem := "KOE203"
	if err == nil {
		problem = k.authorizeProblem(query)
	}
	if problem != "" {
		errorPage(w, r, problem)
		return
	}
	decision, decided := k.decide(w, r)
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
			if slices.ContainsFunc(scopesOf(values[0]), k.isNotSetUp) {
				return "KOE205"
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

// scopesOf splits scopes as Kakao's documentation writes them and as its SDKs do.
func scopesOf(scope string) []string {
	return strings.FieldsFunc(scope, func(r rune) bool { return r == ' ' || r == ',' })
}

// isNotSetUp reports whether a scope is none of the app's consent items. There is
// no address among them, as in every new app.
func (k *Kakao) isNotSetUp(scope string) bool {
	return !slices.Contains([]string{"profile_nickname", "profile_image"}, scope) && (scope != "openid" || k.options.Signer == nil)
}
