package providertest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"mime"
	"net/http"
	"strconv"
)

// token redeems a code. Like Kakao, it repeats in its error texts what it was
// sent, so that a test can find who logs them.
func (k *Kakao) token(w http.ResponseWriter, r *http.Request) {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Method != http.MethodPost || media != "application/x-www-form-urlencoded" || r.URL.RawQuery != "" {
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
	k.mu.Lock()
	grant, known := k.codes[code]
	delete(k.codes, code)
	k.mu.Unlock()
	hash := sha256.Sum256([]byte(verifier))
	switch {
	case !known || !k.options.Now().Before(grant.expires):
		refuse(w, r, http.StatusBadRequest, errorObject{"invalid_grant", "authorization code not found for code=" + code, "KOE320"})
		return
	case redirectURI != grant.redirectURI:
		refuse(w, r, http.StatusBadRequest, errorObject{"invalid_grant", "Redirect URI mismatch.", "KOE303"})
		return
	case grant.challenge != "" && grant.challenge != base64.RawURLEncoding.EncodeToString(hash[:]):
		refuse(w, r, http.StatusBadRequest, errorObject{"invalid_grant", "wrong code_verifier " + verifier, "KOE320"})
		return
	}
	access := Marker + "-access-" + rand.Text()
	k.mu.Lock()
	k.tokens["Bearer "+access] = grant.person
	k.mu.Unlock()
	answer := tokenObject{
		TokenType:             "bearer",
		AccessToken:           access,
		ExpiresIn:             21599,
		RefreshToken:          Marker + "-refresh-" + rand.Text(),
		RefreshTokenExpiresIn: 5183999,
		Scope:                 "account_email profile_image profile_nickname",
	}
	if s := k.options.Signer; s != nil {
		answer.Scope += " openid"
		answer.IDToken = s.IDToken(r, map[string]any{"sub": strconv.FormatInt(grant.person.ID, 10)}, grant.nonce, access)
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
