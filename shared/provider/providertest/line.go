package providertest

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// The one channel that the fake LINE knows by default. A channel secret has 32
// characters at least.
const (
	LINEClientID     = "1234567890"
	LINEClientSecret = Marker + "-line-channel-secret-of-32-bytes"
)

// The paths of LINE's endpoints, which are on two hosts.
const (
	LINEAuthorizePath = "/oauth2/v2.1/authorize"
	LINETokenPath     = "/oauth2/v2.1/token"
)

// LINE is a fake LINE, as a web channel sees it: its id_tokens are signed with
// the channel secret.
type LINE struct{ *server }

// NewLINE makes a LINE. Without a Signer in the options it has one of its own.
func NewLINE(o Options) *LINE {
	if o.Signer == nil {
		o.Signer = NewSigner(SignerOptions{Audience: cmp.Or(o.ClientID, LINEClientID), Algorithm: "HS256",
			Secret: cmp.Or(o.ClientSecret, LINEClientSecret), Now: o.Now})
	}
	l := &LINE{newServer(o, LINEClientID, LINEClientSecret)}
	l.serve(LINEAuthorizePath, Authorize, l.authorize)
	l.serve(LINETokenPath, Token, l.token)
	return l
}

// StartLINE serves a LINE for the length of a test.
func StartLINE(t testing.TB, o Options) (l *LINE, base string) {
	t.Helper()
	l = NewLINE(o)
	server := httptest.NewServer(l)
	t.Cleanup(server.Close)
	return l, server.URL
}

// Signer makes the id_tokens.
func (l *LINE) Signer() *Signer { return l.options.Signer }

// Subject is the user ID of the person, which all channels of one LINE provider
// share.
func (l *LINE) Subject(p Person) string { return fmt.Sprintf("U%032x", p.ID) }

func (l *LINE) authorize(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	problem := l.authorizeProblem(query, "scope", "nonce", "code_challenge", "code_challenge_method")
	if !slices.Contains(strings.Fields(query.Get("scope")), "openid") {
		problem = "scope must contain openid"
	}
	l.consent(w, r, problem, url.Values{"error": {"access_denied"}, "error_description": {"The resource owner denied the request."}})
}

func (l *LINE) token(w http.ResponseWriter, r *http.Request) {
	form := r.PostForm
	refuse := func(code, description string) {
		JSON(http.StatusBadRequest, marshal(map[string]string{"error": code, "error_description": description}))(w, r, nil)
	}
	problem := single(form, "grant_type", "client_id", "client_secret", "code", "redirect_uri", "code_verifier")
	switch {
	case !isForm(r), problem != "", form.Get("grant_type") != "authorization_code":
		refuse("invalid_request", "not the form that LINE documents: "+problem)
		return
	case form.Get("client_id") != l.options.ClientID, form.Get("client_secret") != l.options.ClientSecret:
		refuse("invalid_client", "invalid client_secret "+form.Get("client_secret"))
		return
	}
	g, good := l.takeCode(form.Get("code"))
	if !good || g.redirectURI != form.Get("redirect_uri") || !g.verifies(form.Get("code_verifier")) {
		refuse("invalid_grant", "invalid authorization code "+form.Get("code"))
		return
	}
	access := l.accessToken(g.person, "")
	JSON(http.StatusOK, marshal(map[string]any{
		"access_token": access, "expires_in": 2592000, "refresh_token": Marker + "-refresh", "scope": "openid profile", "token_type": "Bearer",
		"id_token": l.Signer().IDToken(r, l.claims(g.person), cmp.Or(g.nonce, NonceOfCode), access),
	}))(w, r, nil)
}

// claims are LINE's; there is no word on whether the address is verified.
func (l *LINE) claims(p Person) map[string]any {
	claims := map[string]any{"sub": l.Subject(p), "amr": []string{"linesso"}, "auth_time": l.options.Now().Unix()}
	if p.Bare {
		return claims
	}
	claims["name"] = p.Nickname
	if p.ImageURL != "" {
		claims["picture"] = "https://" + p.ImageURL
	}
	if p.Email != "" {
		claims["email"] = p.Email
	}
	return claims
}
