package gateway_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"daemun/local/gateway"
	"daemun/local/template"

	"github.com/go-json-experiment/json"
	"github.com/golang-jwt/jwt/v5"
)

// An issuer publishes its keys.
type issuer struct {
	url     string
	keys    map[string]any // by key id; of them it publishes the RSA keys' public parts
	fetches atomic.Int64
	down    bool
}

// rsaKey is one for all tests: making it is slow.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{keys: map[string]any{"rsa": rsaKey()}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		i.fetches.Add(1)
		if i.down {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = w.Write([]byte(`{"issuer":"` + i.url + `","jwks_uri":"` + i.url + `/keys"}`))
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		set := map[string][]map[string]string{"keys": {{"kty": "EC", "kid": "ec", "crv": "P-256", "x": "AA", "y": "AA"}}}
		for id, key := range i.keys {
			if k, ok := key.(*rsa.PrivateKey); ok {
				encode := base64.RawURLEncoding.EncodeToString
				set["keys"] = append(set["keys"], map[string]string{
					"kty": "RSA", "kid": id, "n": encode(k.N.Bytes()), "e": encode(big.NewInt(int64(k.E)).Bytes()),
				})
			}
		}
		if err := json.MarshalWrite(w, set); err != nil {
			t.Error(err)
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	i.url = server.URL
	return i
}

// mint signs claims by the key.
func mint(t *testing.T, method jwt.SigningMethod, kid string, key any, claims jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	if kid != "" {
		token.Header["kid"] = kid
	}
	signed, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// A jwtWorld is an API whose JWT authorizer trusts an issuer, at a time that the test sets.
type jwtWorld struct {
	*issuer
	gateway *gateway.Gateway
	now     time.Time
}

func newJWTWorld(t *testing.T, scopes ...string) *jwtWorld {
	t.Helper()
	w := &jwtWorld{issuer: newIssuer(t), now: time.Unix(1_700_000_000, 0)}
	r := guarded("GET", "/", echo)
	r.Scopes = scopes
	g, err := gateway.New(gateway.Options{
		Now: func() time.Time { return w.now },
		Authorizers: []gateway.Authorizer{{Authorizer: template.Authorizer{
			Name: "Gate", Kind: template.JWTAuthorizer, IdentitySources: []string{"$request.header.Authorization"},
			Issuer: w.url, Audience: []string{"other", "things"},
		}}},
		Routes: []gateway.Route{r},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.gateway = g
	return w
}

func (w *jwtWorld) claims(changes ...any) jwt.MapClaims {
	claims := jwt.MapClaims{"iss": w.url, "aud": "things", "sub": "u", "iat": w.now.Unix(), "exp": w.now.Unix() + 900}
	for i := 0; i < len(changes); i += 2 {
		claims[changes[i].(string)] = changes[i+1]
		if changes[i+1] == nil {
			delete(claims, changes[i].(string))
		}
	}
	return claims
}

func TestJWT_ClaimsReachTheFunctionAsTexts(t *testing.T) {
	w := newJWTWorld(t)
	token := mint(t, jwt.SigningMethodRS256, "rsa", rsaKey(), jwt.MapClaims{
		"iss": w.url, "aud": []string{"things", "more"}, "exp": 1_700_000_900, "roles": []string{"admin", "user"}, "complete": true,
		"none": nil, "nested": map[string]any{"a": 1}, "scope": "read write",
	})
	told := `{"jwt":{"claims":{"aud":"[things more]","complete":"true","exp":"1700000900","iss":"` + w.url +
		`","nested":"{\"a\":1}","roles":"[admin user]","scope":"read write"},"scopes":null}}`
	want(t, w.gateway, with("GET", "/", "Authorization", "Bearer "+token), 200, told)
	want(t, w.gateway, with("GET", "/", "Authorization", token), 200, told)
}

// TK-01, TK-05, as far as the gateway's own check goes
func TestJWT_TokenIsCheckedAgainstTheIssuer(t *testing.T) {
	w := newJWTWorld(t)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	now := w.now.Unix()
	signed := func(changes ...any) string {
		return mint(t, jwt.SigningMethodRS256, "rsa", rsaKey(), w.claims(changes...))
	}
	tests := map[string]struct {
		token  string
		status int
		why    string // part of the description
	}{
		"good":               {signed(), 200, ""},
		"RS512":              {mint(t, jwt.SigningMethodRS512, "rsa", rsaKey(), w.claims()), 200, ""},
		"audience in a list": {signed("aud", []string{"x", "things"}), 200, ""},
		"client id":          {signed("aud", nil, "client_id", "things"), 200, ""},
		"aud before client":  {signed("aud", "x", "client_id", "things"), 401, "valid audience"},
		"no audience":        {signed("aud", nil), 401, "valid audience"},
		"other issuer":       {signed("iss", w.url+"/"), 401, "issuer"},
		"no issuer":          {signed("iss", nil), 401, "iss claim is required"},
		"at its end":         {signed("exp", now), 401, "expired"},
		"before its end":     {signed("exp", now+1), 200, ""},
		"no end":             {signed("exp", nil), 401, "exp claim is required"},
		"not yet":            {signed("nbf", now+1), 401, "not valid yet"},
		"just now":           {signed("nbf", now), 200, ""},
		"from the future":    {signed("iat", now+1), 401, "used before issued"},
		"no iat":             {signed("iat", nil), 200, ""},
		"foreign key":        {mint(t, jwt.SigningMethodRS256, "rsa", foreign, w.claims()), 401, "verification error"},
		"unknown kid":        {mint(t, jwt.SigningMethodRS256, "x", rsaKey(), w.claims()), 401, "no RSA key"},
		"no kid":             {mint(t, jwt.SigningMethodRS256, "", rsaKey(), w.claims()), 401, "no RSA key"},
		"ES256":              {mint(t, jwt.SigningMethodES256, "ec", ec, w.claims()), 401, "signing method ES256 is invalid"},
		"PS256":              {mint(t, jwt.SigningMethodPS256, "rsa", rsaKey(), w.claims()), 401, "signing method PS256 is invalid"},
		"HS256":              {mint(t, jwt.SigningMethodHS256, "rsa", []byte("secret"), w.claims()), 401, "signing method HS256 is invalid"},
		"none":               {mint(t, jwt.SigningMethodNone, "rsa", jwt.UnsafeAllowNoneSignatureType, w.claims()), 401, "signing method none is invalid"},
		"malformed":          {"a.b.c", 401, "malformed"},
		"no token":           {"Bearer", 401, "malformed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			response := do(w.gateway, with("GET", "/", "Authorization", "Bearer "+test.token))
			challenge := response.Header.Get("Www-Authenticate")
			if response.StatusCode != test.status || !strings.Contains(challenge, test.why) {
				t.Errorf("%d %s, want %d … %s", response.StatusCode, challenge, test.status, test.why)
			}
			if test.status == 401 && (body(t, response) != unauthorized || !strings.HasPrefix(challenge, `Bearer scope="" error="invalid_token" error_description="`)) {
				t.Errorf("%s", challenge)
			}
		})
	}
	response := want(t, w.gateway, with("GET", "/"), 401, unauthorized)
	if got := response.Header.Get("Www-Authenticate"); got != "Bearer" {
		t.Errorf("without a token: %q", got)
	}
}

func TestJWT_OneOfTheRoutesScopesIsEnough(t *testing.T) {
	w := newJWTWorld(t, "read", "write")
	for said, status := range map[any]int{"write": 200, "x read": 200, "x": 403, "": 403, "READ": 403, "read,write": 403} {
		token := mint(t, jwt.SigningMethodRS256, "rsa", rsaKey(), w.claims("scope", said))
		response := do(w.gateway, with("GET", "/", "Authorization", token))
		if response.StatusCode != status {
			t.Errorf("scope %q: %d, want %d", said, response.StatusCode, status)
		}
		if status == 403 {
			const challenge = `Bearer scope="read write" error="insufficient_scope" error_description="the token does not have required scopes"`
			if got := response.Header.Get("Www-Authenticate"); got != challenge || body(t, response) != forbidden {
				t.Errorf("challenge %s", got)
			}
		}
	}
	token := mint(t, jwt.SigningMethodRS256, "rsa", rsaKey(), jwt.MapClaims{
		"iss": w.url, "aud": "things", "exp": w.now.Unix() + 1, "scp": []string{"read", "x"},
	})
	if got := body(t, do(w.gateway, with("GET", "/", "Authorization", token))); !strings.HasSuffix(got, `"scopes":["read","x"]}}`) {
		t.Errorf("got %s", got)
	}
}

func TestJWT_KeysAreKeptForTwoHours(t *testing.T) {
	w := newJWTWorld(t)
	ask := func(kid string, status int, fetches int64) {
		t.Helper()
		token := mint(t, jwt.SigningMethodRS256, kid, rsaKey(), w.claims())
		response := do(w.gateway, with("GET", "/", "Authorization", token))
		if response.StatusCode != status || w.fetches.Load() != fetches {
			t.Errorf("%s: %d, %d fetches; want %d and %d", kid, response.StatusCode, w.fetches.Load(), status, fetches)
		}
	}
	w.down = true
	ask("rsa", 401, 1)
	w.down = false
	ask("rsa", 200, 2) // a failure is not kept
	w.keys["next"] = rsaKey()
	ask("next", 401, 2) // an unknown key fetches nothing
	w.now = w.now.Add(2*time.Hour - time.Second)
	ask("rsa", 200, 2)
	w.now = w.now.Add(time.Second)
	ask("next", 200, 3)
	delete(w.keys, "rsa")
	ask("rsa", 200, 3)
}

func TestNew_JWTAuthorizerHasOneIdentitySource(t *testing.T) {
	_, err := gateway.New(gateway.Options{Authorizers: []gateway.Authorizer{{Authorizer: template.Authorizer{Name: "Gate", Kind: template.JWTAuthorizer}}}})
	if err == nil || !strings.Contains(err.Error(), "authorizer Gate: a JWT authorizer has one identity source") {
		t.Errorf("got %v", err)
	}
}
