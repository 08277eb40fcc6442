package providertest

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// The one application that the fake Naver knows by default.
const (
	NaverClientID     = "naver-client-id"
	NaverClientSecret = Marker + "-naver-client-secret"
)

// The paths of Naver's endpoints.
const (
	NaverAuthorizePath = "/oauth2.0/authorize"
	NaverTokenPath     = "/oauth2.0/token"
	NaverUserinfoPath  = "/v1/nid/me"

	NaverOIDCAuthorizePath = "/oauth2/authorize"
	NaverOIDCTokenPath     = "/oauth2/token"
	NaverKeysPath          = "/oauth2/jwks"
)

// Naver is a fake Naver: OAuth 2.0 without PKCE and nonce, with errors under
// status 200; and, with a Signer in its options, OpenID Connect at other paths.
type Naver struct{ *server }

// NewNaver makes a Naver.
func NewNaver(o Options) *Naver {
	n := &Naver{newServer(o, NaverClientID, NaverClientSecret)}
	n.serve(NaverAuthorizePath, Authorize, func(w http.ResponseWriter, r *http.Request) {
		n.consent(w, r, n.authorizeProblem(r.URL.Query()), naverRefusal())
	})
	n.serve(NaverTokenPath, Token, func(w http.ResponseWriter, r *http.Request) {
		n.token(w, r, "grant_type", "client_id", "client_secret", "code", "state", "redirect_uri")
	})
	if signer := n.options.Signer; signer != nil {
		n.serve(NaverOIDCAuthorizePath, Authorize, func(w http.ResponseWriter, r *http.Request) {
			problem := n.authorizeProblem(r.URL.Query(), "scope", "nonce", "code_challenge", "code_challenge_method")
			if !slices.Contains(strings.Fields(r.URL.Query().Get("scope")), "openid") {
				problem = "scope must contain openid"
			}
			n.consent(w, r, problem, naverRefusal())
		})
		n.serve(NaverOIDCTokenPath, Token, func(w http.ResponseWriter, r *http.Request) {
			n.token(w, r, "grant_type", "client_id", "client_secret", "code", "state", "redirect_uri", "code_verifier")
		})
		n.serve(NaverKeysPath, Keys, signer.JWKS)
	}
	n.serve(NaverUserinfoPath, Userinfo, n.userinfo)
	return n
}

// StartNaver serves a Naver for the length of a test.
func StartNaver(t testing.TB, o Options) (n *Naver, base string) {
	t.Helper()
	n = NewNaver(o)
	server := httptest.NewServer(n)
	t.Cleanup(server.Close)
	return n, server.URL
}

// Signer makes the id_tokens; nil if OpenID Connect is off.
func (n *Naver) Signer() *Signer { return n.options.Signer }

// Subject is the id under which the application knows the person. Another
// application knows another.
func (n *Naver) Subject(p Person) string {
	hash := sha256.Sum256(fmt.Appendf(nil, "%s %d", n.options.ClientID, p.ID))
	return base64.RawURLEncoding.EncodeToString(hash[:])
}

func naverRefusal() url.Values {
	return url.Values{"error": {"access_denied"}, "error_description": {"Canceled By User"}}
}

// token redeems a code. Naver itself takes a GET with the secret in the URL too.
// The parameters are those that it documents for the path.
func (n *Naver) token(w http.ResponseWriter, r *http.Request, parameters ...string) {
	form, oidc := r.PostForm, r.URL.Path == NaverOIDCTokenPath
	refuse := func(code, description string) {
		status := http.StatusOK
		if oidc && code == "invalid_client" {
			status = http.StatusUnauthorized
		}
		JSON(status, marshal(map[string]string{"error": code, "error_description": description}))(w, r, nil)
	}
	problem := single(form, parameters...)
	switch {
	case !isForm(r), problem != "":
		refuse("invalid_request", "not a form "+problem)
		return
	case form.Get("grant_type") != "authorization_code", form.Get("state") == "":
		refuse("invalid_request", "wrong or missing parameter "+form.Get("state"))
		return
	case form.Get("client_id") != n.options.ClientID, form.Get("client_secret") != n.options.ClientSecret:
		refuse("invalid_client", "unauthorized client "+form.Get("client_secret"))
		return
	}
	g, good := n.takeCode(form.Get("code"))
	if !good || oidc && !g.verifies(form.Get("code_verifier")) {
		refuse("invalid_request", "no valid data in session")
		return
	}
	// Naver's tokens have characters that forms and URLs must encode; its expires_in
	// is text, though its table says a number.
	answer := naverTokens{n.accessToken(g.person, "+/="), Marker + "-refresh", "bearer", "3600", ""}
	if oidc {
		claims := map[string]any{"sub": n.Subject(g.person)}
		answer.IDToken = n.options.Signer.IDToken(r, claims, cmp.Or(g.nonce, NonceOfCode), answer.AccessToken)
	}
	JSON(http.StatusOK, marshal(answer))(w, r, nil)
}

type naverTokens struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    string `json:"expires_in"`
	IDToken      string `json:"id_token,omitempty"`
}

// naverUser is Naver's answer to who somebody is. All but the id may be missing.
type naverUser struct {
	ResultCode string        `json:"resultcode"`
	Message    string        `json:"message"`
	Response   naverResponse `json:"response,omitzero"`
}

type naverResponse struct {
	ID       string `json:"id"`
	Nickname string `json:"nickname,omitempty"`
	Email    string `json:"email,omitempty"`
	Image    string `json:"profile_image,omitempty"`
	Age      string `json:"age,omitempty"`
}

func (n *Naver) userinfo(w http.ResponseWriter, r *http.Request) {
	p, known := n.bearer(r)
	switch {
	case r.Header.Get("Authorization") == "":
		JSON(http.StatusUnauthorized, `{"resultcode":"028","message":"Authentication header not exists"}`)(w, r, nil)
	case !known:
		JSON(http.StatusUnauthorized, `{"resultcode":"024","message":"Authentication failed"}`)(w, r, nil)
	default:
		u := naverUser{"00", "success", naverResponse{ID: n.Subject(p)}}
		if !p.Bare {
			u.Response.Nickname, u.Response.Email, u.Response.Age = p.Nickname, p.Email, "20-29"
			if p.ImageURL != "" {
				u.Response.Image = "https://" + p.ImageURL
			}
		}
		JSON(http.StatusOK, marshal(u))(w, r, nil)
	}
}
