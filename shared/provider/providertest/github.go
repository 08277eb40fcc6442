package providertest

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// The one application that the fake GitHub knows by default.
const (
	GitHubClientID     = "Iv1.0123456789abcdef"
	GitHubClientSecret = Marker + "-github-client-secret"
)

// GitHubIssuer is what GitHub calls itself in an authorization response,
// wherever the fake is served.
const GitHubIssuer = "https://github.com/login/oauth"

// The paths of GitHub's endpoints, which are on two hosts.
const (
	GitHubAuthorizePath = "/login/oauth/authorize"
	GitHubTokenPath     = "/login/oauth/access_token"
	GitHubUserinfoPath  = "/user"
	GitHubEmailsPath    = "/user/emails"
)

// Emails is GitHub's list of a person's addresses.
const Emails Endpoint = "emails"

// GitHub is a fake GitHub. Like the real one it sends errors under status 200,
// and speaks JSON at the token endpoint only if it is asked to.
type GitHub struct{ *server }

// NewGitHub makes a GitHub.
func NewGitHub(o Options) *GitHub {
	g := &GitHub{newServer(o, GitHubClientID, GitHubClientSecret)}
	g.issuer = func(*http.Request) string { return GitHubIssuer }
	g.serve(GitHubAuthorizePath, Authorize, g.authorize)
	g.serve(GitHubTokenPath, Token, g.token)
	g.serve(GitHubUserinfoPath, Userinfo, g.api(g.user))
	g.serve(GitHubEmailsPath, Emails, g.api(g.emails))
	return g
}

// StartGitHub serves a GitHub for the length of a test.
func StartGitHub(t testing.TB, o Options) (g *GitHub, base string) {
	t.Helper()
	g = NewGitHub(o)
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	return g, server.URL
}

func (g *GitHub) authorize(w http.ResponseWriter, r *http.Request) {
	problem := g.authorizeProblem(r.URL.Query(), "scope", "code_challenge", "code_challenge_method")
	g.consent(w, r, problem, url.Values{
		"error":             {"access_denied"},
		"error_description": {"The user has denied your application access."},
		"error_uri":         {"https://docs.github.com/apps"},
	})
}

func (g *GitHub) token(w http.ResponseWriter, r *http.Request) {
	answer := g.redeem(r)
	if r.Header.Get("Accept") != "application/json" {
		form := url.Values{}
		for name, value := range answer {
			form.Set(name, value)
		}
		Body(http.StatusOK, "application/x-www-form-urlencoded; charset=utf-8", form.Encode())(w, r, nil)
		return
	}
	JSON(http.StatusOK, marshal(answer))(w, r, nil)
}

func (g *GitHub) redeem(r *http.Request) map[string]string {
	refused := func(code, description string) map[string]string {
		return map[string]string{"error": code, "error_description": description, "error_uri": "https://docs.github.com/" + code}
	}
	form := r.PostForm
	if !isForm(r) || single(form, "grant_type", "client_id", "client_secret", "code", "redirect_uri", "code_verifier") != "" {
		return refused("bad_request", "not the form that GitHub documents")
	}
	if form.Get("client_id") != g.options.ClientID || form.Get("client_secret") != g.options.ClientSecret {
		return refused("incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect: "+form.Get("client_secret"))
	}
	grant, good := g.takeCode(form.Get("code"))
	switch {
	case !good, !grant.verifies(form.Get("code_verifier")):
		return refused("bad_verification_code", "The code passed is incorrect or expired: "+form.Get("code"))
	case form.Get("redirect_uri") != grant.redirectURI:
		return refused("redirect_uri_mismatch", "The redirect_uri MUST match the registered callback URL for this application.")
	}
	return map[string]string{"access_token": g.accessToken(grant.person, ""), "scope": "read:user,user:email", "token_type": "bearer"}
}

// api is a resource of api.github.com, which refuses clients without a name.
func (g *GitHub) api(resource func(Person) any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p, known := g.bearer(r)
		switch {
		case r.UserAgent() == "":
			Body(http.StatusForbidden, "text/html", "Request forbidden by administrative rules.")(w, r, nil)
		case !known:
			JSON(http.StatusUnauthorized, `{"message":"Bad credentials","documentation_url":"https://docs.github.com/rest","status":"401"}`)(w, r, nil)
		default:
			JSON(http.StatusOK, marshal(resource(p)))(w, r, nil)
		}
	}
}

// gitHubUser is GitHub's answer to who somebody is. Email is the one that the
// person shows in public, and none of our business.
type gitHubUser struct {
	Login  string  `json:"login"`
	ID     int64   `json:"id"`
	NodeID string  `json:"node_id"`
	Avatar string  `json:"avatar_url,omitempty"`
	Type   string  `json:"type"`
	Name   *string `json:"name"`
	Email  *string `json:"email"`
}

func (g *GitHub) user(p Person) any {
	u := gitHubUser{Login: "daemun-user", ID: p.ID, NodeID: "MDQ6VXNlcjE=", Type: "User"}
	if !p.Bare {
		shown := "shown@example.com"
		u.Name, u.Email = &p.Nickname, &shown
		if p.ImageURL != "" {
			u.Avatar = "https://" + p.ImageURL
		}
	}
	return u
}

type gitHubEmail struct {
	Email      string  `json:"email"`
	Primary    bool    `json:"primary"`
	Verified   bool    `json:"verified"`
	Visibility *string `json:"visibility"`
}

func (g *GitHub) emails(p Person) any {
	list := []gitHubEmail{{Email: "other@example.com", Verified: true}}
	if p.Email != "" {
		list = append(list, gitHubEmail{Email: p.Email, Primary: true, Verified: p.EmailVerified})
	}
	return list
}
