package providertest

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strconv"
)

// token redeems a code. Like Kakao, it repeats in its error texts what it was
// sent, so that a test can find who logs them.
func (k *Kakao) token(w http.ResponseWriter, r *http.Request) {
	if !isForm(r) {
		refuse(w, r, http.StatusBadRequest, errorObject{"invalid_request", "Not a form.", "KOE001"})
		return
	}
	form := r.PostForm
	for name, values := range form {
		if len(values) != 1 {
			refuse(w, r, http.StatusBadRequest, errorObject{"invalid_request", "Repeated parameter " + name, "KOE203"})
			return
		}
	}
	// Kakao takes the secret from the form alone.
	switch {
	case form.Get("grant_type") != "authorization_code":
		refuse(w, r, http.StatusBadRequest, errorObject{"unsupported_grant_type", "Unsupported grant type.", "KOE310"})
	case form.Get("client_id") != k.options.ClientID:
		refuse(w, r, http.StatusUnauthorized, errorObject{"invalid_client", "Not exist client_id [" + form.Get("client_id") + "]", "KOE101"})
	case form.Get("client_secret") != k.options.ClientSecret:
		refuse(w, r, http.StatusUnauthorized, errorObject{"invalid_client", "Bad client credentials", "KOE010"})
	default:
		k.redeem(w, r, form.Get("code"), form.Get("redirect_uri"), form.Get("code_verifier"))
	}
}

// redeem uses a code up, whether it then yields a token or not.
func (k *Kakao) redeem(w http.ResponseWriter, r *http.Request, code, redirectURI, verifier string) {
	g, good := k.takeCode(code)
	switch {
	case !good:
		refuse(w, r, http.StatusBadRequest, errorObject{"invalid_grant", "authorization code not found for code=" + code, "KOE320"})
		return
	case redirectURI != g.redirectURI:
		refuse(w, r, http.StatusBadRequest, errorObject{"invalid_grant", "Redirect URI mismatch.", "KOE303"})
		return
	case !g.verifies(verifier):
		refuse(w, r, http.StatusBadRequest, errorObject{"invalid_grant", "wrong code_verifier " + verifier, "KOE320"})
		return
	}
	answer := tokenObject{
		TokenType:             "bearer",
		AccessToken:           k.accessToken(g.person, ""),
		ExpiresIn:             21599,
		RefreshToken:          Marker + "-refresh-" + rand.Text(),
		RefreshTokenExpiresIn: 5183999,
		Scope:                 "account_email profile_image profile_nickname",
	}
	// Who names scopes but not openid gets no id_token.
	if s := k.options.Signer; s != nil && (g.scope == "" || slices.Contains(scopesOf(g.scope), "openid")) {
		answer.Scope += " openid"
		answer.IDToken = s.IDToken(r, map[string]any{"sub": strconv.FormatInt(g.person.ID, 10)}, g.nonce, answer.AccessToken)
	}
	JSON(http.StatusOK, marshal(answer))(w, r, nil)
}

// tokenObject is Kakao's answer to a good code.
type tokenObject struct {
	TokenType             string `json:"token_type"`
	AccessToken           string `json:"access_token"`
	ExpiresIn             int    `json:"expires_in"`
	RefreshToken          string `json:"refresh_token"`
	RefreshTokenExpiresIn int    `json:"refresh_token_expires_in"`
	Scope                 string `json:"scope"`
	IDToken               string `json:"id_token,omitempty"`
}

// errorObject is Kakao's answer to a bad token request.
type errorObject struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
	Code        string `json:"error_code"`
}

func refuse(w http.ResponseWriter, r *http.Request, status int, e errorObject) {
	JSON(status, marshal(e))(w, r, nil)
}
