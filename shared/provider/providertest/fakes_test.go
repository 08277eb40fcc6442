package providertest_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"daemun/shared/provider/providertest"
)

const challenge = "TGsqctFIJjMQqTtYA0jzCbiPozzqExGXR6SmYqu3CUk"

// dialect is how one fake wants to be spoken to.
type dialect struct {
	fake                      providertest.Fake
	clientID, secret          string
	authorizePath, tokenPath  string
	authorize                 url.Values        // beyond what every provider takes
	refused                   map[string]string // parameters that the provider does not document
	stateAtToken, pkceAtToken bool
	// What it answers to a wrong secret, and to a code that is not good.
	wrongSecret, wrongCode string
	wrongCodeStatus        int
}

func dialects(t *testing.T) map[string]dialect {
	t.Helper()
	pkce := url.Values{"code_challenge": {challenge}, "code_challenge_method": {"S256"}}
	with := func(more ...string) url.Values {
		values := maps.Clone(pkce)
		for i := 0; i < len(more); i += 2 {
			values.Set(more[i], more[i+1])
		}
		return values
	}
	signer := providertest.NewSigner(providertest.SignerOptions{Audience: providertest.NaverClientID})
	return map[string]dialect{
		"Naver": {fake: providertest.NewNaver(providertest.Options{}), clientID: providertest.NaverClientID, secret: providertest.NaverClientSecret,
			authorizePath: providertest.NaverAuthorizePath, tokenPath: providertest.NaverTokenPath, authorize: url.Values{},
			refused:      map[string]string{"nonce": "n", "code_challenge": challenge, "scope": "openid"},
			stateAtToken: true, wrongSecret: "invalid_client", wrongCode: "no valid data in session", wrongCodeStatus: 200},
		"Naver OIDC": {fake: providertest.NewNaver(providertest.Options{Signer: signer}), clientID: providertest.NaverClientID, secret: providertest.NaverClientSecret,
			authorizePath: providertest.NaverOIDCAuthorizePath, tokenPath: providertest.NaverOIDCTokenPath, authorize: with("scope", "openid", "nonce", "n"),
			refused:      map[string]string{"scope": "profile", "response_mode": "query"},
			stateAtToken: true, pkceAtToken: true, wrongSecret: "invalid_client", wrongCode: "no valid data in session", wrongCodeStatus: 200},
		"GitHub": {fake: providertest.NewGitHub(providertest.Options{}), clientID: providertest.GitHubClientID, secret: providertest.GitHubClientSecret,
			authorizePath: providertest.GitHubAuthorizePath, tokenPath: providertest.GitHubTokenPath, authorize: with("scope", "user:email"),
			refused:     map[string]string{"nonce": "n", "response_mode": "query"},
			pkceAtToken: true, wrongSecret: "incorrect_client_credentials", wrongCode: "bad_verification_code", wrongCodeStatus: 200},
		"LINE": {fake: providertest.NewLINE(providertest.Options{}), clientID: providertest.LINEClientID, secret: providertest.LINEClientSecret,
			authorizePath: providertest.LINEAuthorizePath, tokenPath: providertest.LINETokenPath, authorize: with("scope", "openid profile", "nonce", "n"),
			refused:     map[string]string{"scope": "profile", "response_mode": "query"},
			pkceAtToken: true, wrongSecret: "invalid_client", wrongCode: "invalid_grant", wrongCodeStatus: 400},
		"Apple": {fake: providertest.NewApple(providertest.Options{}), clientID: providertest.AppleClientID,
			authorizePath: providertest.AppleAuthorizePath, tokenPath: providertest.AppleTokenPath,
			authorize:   with("scope", "name email", "response_mode", "form_post", "nonce", "n"),
			refused:     map[string]string{"response_mode": "query", "prompt": "none"},
			pkceAtToken: true, wrongSecret: "invalid_client", wrongCode: "invalid_grant", wrongCodeStatus: 400},
	}
}

// What is wrong with an authorization request is shown at the provider, and
// nobody is sent back.
func TestFakes_AuthorizeShowsMistakesToThePerson(t *testing.T) {
	for name, d := range dialects(t) {
		server := httptest.NewServer(d.fake)
		t.Cleanup(server.Close)
		good := maps.Clone(d.authorize)
		maps.Copy(good, url.Values{"client_id": {d.clientID}, "redirect_uri": {redirectURI}, "response_type": {"code"}, "state": {"s"}})
		visit := func(query url.Values) (status int, body string) {
			raw := strings.ReplaceAll(query.Encode(), "+", "%20")
			response, body := send(t, http.MethodGet, server.URL+d.authorizePath+"?"+raw, "", "")
			return response.StatusCode, body
		}
		if status, body := visit(good); status == 400 {
			t.Errorf("%s: a good request: %s", name, body)
		}
		wrong := maps.Clone(d.refused)
		maps.Copy(wrong, map[string]string{"client_id": "x", "response_type": "token", "state": "", "redirect_uri": "", "unknown": "x"})
		if d.authorize.Has("code_challenge") {
			wrong["code_challenge_method"] = "plain"
		}
		for parameter, value := range wrong {
			query := maps.Clone(good)
			query.Set(parameter, value)
			if status, body := visit(query); status != 400 || strings.Contains(body, "form") && !strings.Contains(body, "form_post") {
				t.Errorf("%s: %s=%s: status %d: %s", name, parameter, value, status, body)
			}
			query = maps.Clone(good)
			query[parameter] = append(query[parameter], "x", "x")
			if status, _ := visit(query); status != 400 {
				t.Errorf("%s: %s more than once: status %d", name, parameter, status)
			}
		}
	}
}

// A token for a good form, and for no other; a code is good once.
func TestFakes_TokenTakesTheDocumentedFormAlone(t *testing.T) {
	for name, d := range dialects(t) {
		server := httptest.NewServer(d.fake)
		t.Cleanup(server.Close)
		form := func(verifier string) url.Values {
			f := tokenForm(d.fake.Code(providertest.Persons()[0], challenge, redirectURI))
			f.Set("client_id", d.clientID)
			f.Set("client_secret", d.secret)
			if d.secret == "" {
				f.Set("client_secret", appleSecret(t, server.URL, nil))
			}
			f.Del("code_verifier")
			if d.pkceAtToken {
				f.Set("code_verifier", verifier)
			}
			if d.stateAtToken {
				f.Set("state", "s")
			}
			return f
		}
		post := func(query string, f url.Values) (status int, body string) {
			response, body := send(t, http.MethodPost, server.URL+d.tokenPath+query, formType, f.Encode(), "Accept", "application/json")
			return response.StatusCode, body
		}
		const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk-not-the-one"
		refuses := func(what, want string, f url.Values) {
			t.Helper()
			if status, body := post("", f); !strings.Contains(body, want) || strings.Contains(body, "access_token") {
				t.Errorf("%s: %s: status %d: %s", name, what, status, body)
			}
		}
		for what, change := range map[string]func(url.Values){
			"wrong secret": func(f url.Values) { f.Set("client_secret", "x") },
			"no secret":    func(f url.Values) { f.Del("client_secret") },
			"wrong client": func(f url.Values) { f.Set("client_id", "x") },
		} {
			f := form(verifier)
			change(f)
			refuses(what, d.wrongSecret, f)
		}
		f := form(verifier)
		f.Set("code", "x")
		refuses("unknown code", d.wrongCode, f)
		f = form(verifier)
		f.Set("unknown", "x")
		refuses("unknown parameter", `"error"`, f)
		f = form(verifier)
		f.Add("code", "x")
		refuses("repeated parameter", `"error"`, f)
		if d.pkceAtToken {
			refuses("wrong verifier", d.wrongCode, form(verifier))
		}
		if d.stateAtToken {
			f = form(verifier)
			f.Del("state")
			refuses("no state", "invalid_request", f)
		}
		if _, body := post("?x=y", form(verifier)); strings.Contains(body, "access_token") {
			t.Errorf("%s: a query is taken: %s", name, body)
		}
		unbound := form(verifier)
		unbound.Set("code", d.fake.Code(providertest.Persons()[0], "", redirectURI))
		if status, body := post("", unbound); status != 200 || !strings.Contains(body, "access_token") {
			t.Errorf("%s: a good form: status %d: %s", name, status, body)
		}
		if status, body := post("", unbound); status != d.wrongCodeStatus || !strings.Contains(body, d.wrongCode) {
			t.Errorf("%s: a used code: status %d: %s", name, status, body)
		}
	}
}

// appleSecret makes a client secret, changed.
func appleSecret(t *testing.T, issuer string, change func(*jwt.Token, jwt.MapClaims)) string {
	t.Helper()
	key, err := jwt.ParseECPrivateKeyFromPEM([]byte(providertest.ApplePrivateKey()))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	claims := jwt.MapClaims{"iss": providertest.AppleTeamID, "sub": providertest.AppleClientID, "aud": issuer,
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}
	token := jwt.NewWithClaims(jwt.SigningMethodES256, claims)
	token.Header["kid"] = providertest.AppleKeyID
	if change != nil {
		change(token, claims)
	}
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// A fake that took any token for a client secret would prove nothing.
func TestApple_ChecksTheClientSecret(t *testing.T) {
	claim := func(name string, value any) func(*jwt.Token, jwt.MapClaims) {
		return func(_ *jwt.Token, c jwt.MapClaims) { c[name] = value }
	}
	fake, base := providertest.StartApple(t, providertest.Options{})
	for name, c := range map[string]struct {
		change func(*jwt.Token, jwt.MapClaims)
		good   bool
	}{
		"as it should be": {nil, true},
		"half a year":     {claim("exp", time.Now().Unix()+15_777_000-10), true},
		"too long":        {claim("exp", time.Now().Unix()+15_777_000+60), false},
		"expired":         {claim("exp", time.Now().Unix()-1), false},
		"for ever":        {func(_ *jwt.Token, c jwt.MapClaims) { delete(c, "exp") }, false},
		"not yet":         {claim("iat", time.Now().Unix()+60), false},
		"another team":    {claim("iss", "OTHERTEAM1"), false},
		"another app":     {claim("sub", "com.example.other"), false},
		"another service": {claim("aud", "https://example.com"), false},
		"another key":     {func(token *jwt.Token, _ jwt.MapClaims) { token.Header["kid"] = "OTHERKEY12" }, false},
	} {
		form := tokenForm(fake.Code(providertest.Persons()[0], "", redirectURI))
		form.Del("code_verifier")
		form.Set("client_id", providertest.AppleClientID)
		form.Set("client_secret", appleSecret(t, base, c.change))
		if _, body := send(t, http.MethodPost, base+providertest.AppleTokenPath, formType, form.Encode()); strings.Contains(body, "access_token") != c.good {
			t.Errorf("%s: %s", name, body)
		}
	}
}

// GitHub's quirks: forms for whoever does not ask for JSON, and nothing for
// clients without a name.
func TestGitHub_WantsToBeAskedForJSONByName(t *testing.T) {
	fake, base := providertest.StartGitHub(t, providertest.Options{})
	form := tokenForm(fake.Code(providertest.Persons()[0], "", redirectURI))
	form.Set("client_id", providertest.GitHubClientID)
	form.Set("client_secret", providertest.GitHubClientSecret)
	response, body := send(t, http.MethodPost, base+providertest.GitHubTokenPath, formType, form.Encode())
	values, err := url.ParseQuery(body)
	if err != nil || !strings.HasPrefix(response.Header.Get("Content-Type"), formType) || values.Get("access_token") == "" {
		t.Fatalf("%v: %s", err, body)
	}
	bearer := "Bearer " + values.Get("access_token")
	if _, body := send(t, http.MethodGet, base+providertest.GitHubUserinfoPath, "", "", "Authorization", bearer); !strings.Contains(body, `"id":4100000001`) {
		t.Error(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+providertest.GitHubUserinfoPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", bearer)
	req.Header.Set("User-Agent", "")
	response, err = http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusForbidden {
		t.Errorf("status %d without a name, want 403", response.StatusCode)
	}
}
