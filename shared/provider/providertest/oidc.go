package providertest

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"
)

// The one application that the fake OIDC provider knows by default.
const (
	OIDCClientID     = "oidc-client-id"
	OIDCClientSecret = Marker + "-oidc-client-secret"
)

// The paths of the fake's endpoints.
const (
	OIDCAuthorizePath = "/authorize"
	OIDCTokenPath     = "/token"
	OIDCUserinfoPath  = "/userinfo"
	OIDCKeysPath      = "/keys"
	OIDCDiscoveryPath = "/.well-known/openid-configuration"
)

// OIDC is a fake provider that speaks OpenID Connect and nothing but it.
type OIDC struct {
	*server
	*Signer
	// Claims are what the fake tells of a person, besides the sub. Change it
	// before the fake is used.
	Claims func(Person) map[string]any
}

// NewOIDC makes an OIDC. Without a Signer in the options it has one of its own.
func NewOIDC(o Options) *OIDC {
	if o.Signer == nil {
		o.Signer = NewSigner(SignerOptions{Audience: cmp.Or(o.ClientID, OIDCClientID), Now: o.Now})
	}
	s := newServer(o, OIDCClientID, OIDCClientSecret)
	fake := &OIDC{server: s, Signer: o.Signer, Claims: StandardClaims}
	if o.SendsIssuer {
		s.issuer = o.Signer.Issuer
	}
	s.serve(OIDCAuthorizePath, Authorize, fake.authorize)
	s.serve(OIDCTokenPath, Token, fake.token)
	s.serve(OIDCUserinfoPath, Userinfo, fake.userinfo)
	s.serve(OIDCKeysPath, Keys, fake.JWKS)
	s.serve(OIDCDiscoveryPath, Discovery, fake.discovery)
	return fake
}

// StartOIDC serves an OIDC for the length of a test. base is the URL before the
// paths of its endpoints, and the issuer unless the Signer says otherwise.
func StartOIDC(t testing.TB, o Options) (fake *OIDC, base string) {
	t.Helper()
	fake = NewOIDC(o)
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	return fake, server.URL
}

// StandardClaims are those of OpenID Connect Core 1.0 §5.1.
func StandardClaims(p Person) map[string]any {
	if p.Bare {
		return map[string]any{}
	}
	claims := map[string]any{"name": p.Nickname}
	if p.ImageURL != "" {
		claims["picture"] = "https://" + p.ImageURL
	}
	if p.Email != "" {
		claims["email"], claims["email_verified"] = p.Email, p.EmailVerified
	}
	return claims
}

func (o *OIDC) claims(p Person) map[string]any {
	claims := o.Claims(p)
	claims["sub"] = strconv.FormatInt(p.ID, 10)
	return claims
}

func (o *OIDC) authorize(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	problem := o.authorizeProblem(query, "scope", "nonce", "code_challenge", "code_challenge_method")
	if problem == "" && query.Get("nonce") == "" {
		problem = "nonce is missing"
	}
	o.consent(w, r, problem, url.Values{"error": {"access_denied"}})
}

func (o *OIDC) token(w http.ResponseWriter, r *http.Request) {
	refuse := func(status int, code string) {
		JSON(status, marshal(map[string]any{"error": code, "error_description": Marker + " " + r.PostForm.Encode()}))(w, r, nil)
	}
	form := r.PostForm
	problem := single(form, "grant_type", "client_id", "client_secret", "code", "redirect_uri", "code_verifier")
	switch {
	case !isForm(r) || problem != "":
		refuse(http.StatusBadRequest, "invalid_request")
		return
	case form.Get("grant_type") != "authorization_code":
		refuse(http.StatusBadRequest, "unsupported_grant_type")
		return
	case form.Get("client_id") != o.server.options.ClientID || form.Get("client_secret") != o.server.options.ClientSecret:
		refuse(http.StatusUnauthorized, "invalid_client")
		return
	}
	g, ok := o.takeCode(form.Get("code"))
	if !ok || g.redirectURI != form.Get("redirect_uri") || !g.verifies(form.Get("code_verifier")) {
		refuse(http.StatusBadRequest, "invalid_grant")
		return
	}
	access := o.accessToken(g.person, "")
	JSON(http.StatusOK, marshal(map[string]any{
		"access_token": access, "token_type": "Bearer", "expires_in": 3599, "scope": "openid email profile",
		"id_token":      o.IDToken(r, o.claims(g.person), g.nonce, access),
		"refresh_token": Marker + "-refresh-" + rand.Text(),
	}))(w, r, nil)
}

func (o *OIDC) userinfo(w http.ResponseWriter, r *http.Request) {
	person, known := o.bearer(r)
	if !known {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		JSON(http.StatusUnauthorized, `{"error":"invalid_token"}`)(w, r, nil)
		return
	}
	JSON(http.StatusOK, marshal(o.claims(person)))(w, r, nil)
}

// discovery serves the metadata (OpenID Connect Discovery 1.0 §4.2).
func (o *OIDC) discovery(w http.ResponseWriter, r *http.Request) {
	issuer := o.Issuer(r)
	JSON(http.StatusOK, marshal(map[string]any{
		"issuer":                                issuer,
		"authorization_endpoint":                issuer + OIDCAuthorizePath,
		"token_endpoint":                        issuer + OIDCTokenPath,
		"userinfo_endpoint":                     issuer + OIDCUserinfoPath,
		"jwks_uri":                              issuer + OIDCKeysPath,
		"response_types_supported":              []string{"code"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{o.Signer.options.Algorithm},
		"code_challenge_methods_supported":      []string{"S256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_post"},
		// RFC 9207 §3.
		"authorization_response_iss_parameter_supported": o.issuer != nil,
	}))(w, r, nil)
}
