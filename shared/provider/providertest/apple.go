package providertest

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// The one application that the fake Apple knows by default, and its team's key.
const (
	AppleClientID = "com.example.daemun.web"
	AppleTeamID   = "DAEMUNTEAM"
	AppleKeyID    = "DAEMUNKEY1"
)

// The paths of Apple's endpoints.
const (
	AppleAuthorizePath = "/auth/authorize"
	AppleTokenPath     = "/auth/token"
	AppleKeysPath      = "/auth/keys"
)

// appleKey is the key of the team: one that no Signer of an Apple needs, for its
// tokens are RS256.
func appleKey() *ecdsa.PrivateKey { return ecKeys[0]() }

// ApplePrivateKey is the .p8 file of AppleKeyID.
func ApplePrivateKey() string {
	der, err := x509.MarshalPKCS8PrivateKey(appleKey())
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// Apple is a fake Apple. It has the browser post its response, takes a signed
// token for a client secret, and tells somebody's name once. Its token answer is
// called ISO-8859-1, as a provider has to bear.
type Apple struct {
	*server
	known map[int64]bool // who has authorized the application before; guarded by server.mu
}

// NewApple makes an Apple. Without a Signer in the options it has one of its own.
// There is no ClientSecret: who has ApplePrivateKey is the application.
func NewApple(o Options) *Apple {
	if o.Signer == nil {
		o.Signer = NewSigner(SignerOptions{Audience: cmp.Or(o.ClientID, AppleClientID), Now: o.Now})
	}
	a := &Apple{server: newServer(o, AppleClientID, ""), known: map[int64]bool{}}
	a.serve(AppleAuthorizePath, Authorize, a.authorize)
	a.serve(AppleTokenPath, Token, a.token)
	a.serve(AppleKeysPath, Keys, o.Signer.JWKS)
	return a
}

// StartApple serves an Apple for the length of a test.
func StartApple(t testing.TB, o Options) (a *Apple, base string) {
	t.Helper()
	a = NewApple(o)
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	return a, server.URL
}

// Signer makes the id_tokens.
func (a *Apple) Signer() *Signer { return a.options.Signer }

// Subject is the person as the team knows them.
func (a *Apple) Subject(p Person) string { return fmt.Sprintf("001234.%032x.0559", p.ID) }

func (a *Apple) authorize(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	problem := a.authorizeProblem(query, "scope", "nonce", "response_mode", "code_challenge", "code_challenge_method")
	switch {
	case query.Get("scope") != "" && query.Get("response_mode") != "form_post":
		problem = "response_mode must be form_post when name or email scope is requested"
	case strings.Contains(r.URL.RawQuery, "+"):
		problem = "a space must be %20"
	}
	if problem != "" {
		errorPage(w, r, problem)
		return
	}
	decision, decided := a.decide(w, r)
	if !decided {
		return
	}
	response := url.Values{"state": {query.Get("state")}}
	if decision.Cancelled {
		response.Set("error", "user_cancelled_authorize")
	} else {
		response.Set("code", a.issue(authorized(decision.Person, query)))
		if a.firstTime(decision.Person) {
			response.Set("user", appleUser(decision.Person))
		}
	}
	formPost(w, r, query.Get("redirect_uri"), response)
}

// firstTime reports whether the person authorizes the application for the first
// time.
func (a *Apple) firstTime(p Person) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	first := !a.known[p.ID]
	a.known[p.ID] = true
	return first
}

// appleUser is the form field that tells the name.
func appleUser(p Person) string {
	type fullName struct {
		FirstName string `json:"firstName"`
		LastName  string `json:"lastName"`
	}
	return marshal(struct {
		Name  fullName `json:"name"`
		Email string   `json:"email,omitempty"`
	}{fullName{FirstName: p.Nickname}, p.Email})
}

func (a *Apple) token(w http.ResponseWriter, r *http.Request) {
	form := r.PostForm
	refuse := func(code, description string) {
		JSON(http.StatusBadRequest, marshal(map[string]string{"error": code, "error_description": description}))(w, r, nil)
	}
	problem := single(form, "grant_type", "client_id", "client_secret", "code", "redirect_uri", "code_verifier")
	switch {
	case !isForm(r), problem != "":
		refuse("invalid_request", "not the form that Apple documents: "+problem)
		return
	case form.Get("grant_type") != "authorization_code":
		refuse("unsupported_grant_type", form.Get("grant_type"))
		return
	}
	if err := a.checkSecret(r, form.Get("client_secret")); err != nil || form.Get("client_id") != a.options.ClientID {
		refuse("invalid_client", fmt.Sprintf("%s: %v", form.Get("client_secret"), err))
		return
	}
	g, good := a.takeCode(form.Get("code"))
	if !good || g.redirectURI != form.Get("redirect_uri") || !g.verifies(form.Get("code_verifier")) {
		refuse("invalid_grant", "The code has expired or has been revoked: "+form.Get("code"))
		return
	}
	access := a.accessToken(g.person, "")
	Body(http.StatusOK, "application/json;charset=ISO-8859-1", marshal(map[string]any{
		"access_token": access, "token_type": "Bearer", "expires_in": 3600, "refresh_token": Marker + "-refresh",
		"id_token": a.Signer().IDToken(r, a.claims(g.person), cmp.Or(g.nonce, NonceOfCode), access),
	}))(w, r, nil)
}

// halfYear is how long a client secret may live.
const halfYear = 15_777_000 * time.Second

// checkSecret checks the token that is a client secret, as Apple documents it.
func (a *Apple) checkSecret(r *http.Request, text string) error {
	var claims jwt.RegisteredClaims
	token, err := jwt.ParseWithClaims(text, &claims, func(*jwt.Token) (any, error) { return &appleKey().PublicKey, nil },
		jwt.WithValidMethods([]string{"ES256"}), jwt.WithIssuer(AppleTeamID), jwt.WithSubject(a.options.ClientID),
		jwt.WithAudience(a.Signer().Issuer(r)), jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithTimeFunc(a.Signer().Now))
	switch {
	case err != nil:
		return err
	case token.Header["kid"] != AppleKeyID:
		return fmt.Errorf("unknown key %v", token.Header["kid"])
	case claims.ExpiresAt.After(a.Signer().Now().Add(halfYear)):
		return fmt.Errorf("expires at %v", claims.ExpiresAt)
	}
	return nil
}

// claims are Apple's. Its booleans are text at times.
func (a *Apple) claims(p Person) map[string]any {
	claims := map[string]any{"sub": a.Subject(p), "nonce_supported": true, "auth_time": a.options.Now().Unix()}
	if p.Email != "" {
		claims["email"], claims["email_verified"], claims["is_private_email"] = p.Email, strconv.FormatBool(p.EmailVerified), "false"
	}
	return claims
}
