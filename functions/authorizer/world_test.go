package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"log/slog"
	"maps"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"daemun/shared/jws"
	"daemun/shared/lambdaauth"
	"daemun/shared/lambdaauth/authtest"
	"daemun/shared/lambdahost"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/token"
)

const (
	issuer  = "https://auth.example.com"
	userID  = "01JNVYD3W00000000000000000"
	session = "c2Vzc2lvbi1pZC0wMDAx"
)

// world is the surroundings of the authorizer: a key, a clock, an environment.
// There is nothing else that it could ask.
type world struct {
	t   *testing.T
	key jws.PrivateKey
	now time.Time
	env map[string]string
	log *bytes.Buffer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, key: newKey(t), now: time.Unix(1773342238, 0), log: &bytes.Buffer{}}
	w.env = map[string]string{
		"PUBLIC_URL": issuer, "FRONT_URL": "https://app.example.com/home",
		"VERIFICATION_KEYS":  keySet(t, w.key),
		"AUTHORIZER_DEMANDS": "", "AUTHORIZER_COOKIE": "false", "AUTHORIZER_HTTP_401": "false", // as the template has them
	}
	return w
}

func newKey(t *testing.T) jws.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return jws.PrivateKey{ID: "k1", Algorithm: jws.ES256, Signer: key}
}

func keySet(t *testing.T, key jws.PrivateKey) string {
	t.Helper()
	point, err := key.Signer.Public().(*ecdsa.PublicKey).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	return fmt.Sprintf(`{"keys":[{"kty":"EC","crv":"P-256","kid":%q,"status":"active","x":%q,"y":%q}]}`,
		key.ID, b64(point[1:33]), b64(point[33:]))
}

// function is the authorizer as Lambda runs it.
func (w *world) function() *lambdahost.Function {
	return lambdaauth.NewFunction(w.host(), build)
}

func (w *world) host() lambdaauth.Host {
	var environ []string
	for name, value := range maps.All(w.env) {
		environ = append(environ, name+"="+value)
	}
	return lambdaauth.Host{
		Environ: environ, Now: func() time.Time { return w.now }, Rand: rand.Reader,
		Logger: slog.New(slog.NewJSONHandler(w.log, nil)),
	}
}

// claims are those of a good access token.
func (w *world) claims() map[string]any {
	return map[string]any{
		"iss": issuer, "aud": issuer, "sub": userID, "sid": session, "client_id": "web", "jti": "aWQ",
		"iat": w.now.Unix(), "exp": w.now.Unix() + 900, "roles": []string{"buyer", "admin"}, "profile_complete": true,
	}
}

// with makes an access token whose claims are changed: name, value and so on.
func (w *world) with(changes ...any) string {
	w.t.Helper()
	claims := w.claims()
	for i := 0; i < len(changes); i += 2 {
		claims[changes[i].(string)] = changes[i+1]
	}
	return w.sign("at+jwt", claims, w.key)
}

func (w *world) sign(typ string, claims map[string]any, key jws.PrivateKey) string {
	w.t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		w.t.Fatal(err)
	}
	text, err := jws.Sign(payload, typ, key)
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}

// badTokens are what must not pass, by what is wrong with it.
func (w *world) badTokens() map[string]string {
	w.t.Helper()
	good := w.with()
	foreign := newKey(w.t)
	return map[string]string{
		"nothing":        "",
		"malformed":      "x.y.z",
		"truncated":      good[:len(good)-2],
		"two tokens":     good + "." + good,
		"expired":        w.with("iat", w.now.Unix()-900, "exp", w.now.Unix()),
		"from tomorrow":  w.with("iat", w.now.Unix()+86400, "exp", w.now.Unix()+87300),
		"eternal":        w.with("exp", w.now.Unix()+86400),
		"other key":      w.sign("at+jwt", w.claims(), foreign),
		"other issuer":   w.with("iss", "https://auth-dev.example.com"), // TK-03
		"other audience": w.with("aud", "https://other.example.com"),
		"no subject":     w.with("sub", ""),
		// TK-02: the other kinds of token, signed or sealed by us.
		"register token":       w.sign("register+jwt", w.claims(), w.key),
		"provider's id_token":  w.sign("JWT", w.claims(), w.key),
		"refresh token":        w.refreshToken(),
		"login transaction":    w.transaction(),
		"access token, no typ": w.sign("", w.claims(), w.key),
	}
}

// secretKeys is a key set for what is ours alone.
func (w *world) secretKeys() []byte {
	w.t.Helper()
	ring, err := token.NewKeyring(token.Secret, rand.Reader, w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	text, err := ring.MarshalText()
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}

func (w *world) refreshToken() string {
	w.t.Helper()
	var keys token.RefreshKeys
	if err := keys.UnmarshalText(w.secretKeys()); err != nil {
		w.t.Fatal(err)
	}
	text, err := keys.Mint(token.Refresh{UserID: userID, SessionID: session, Generation: 1}, keys.ActiveID())
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}

func (w *world) transaction() string {
	w.t.Helper()
	var keys token.TransactionKeys
	if err := keys.UnmarshalText(w.secretKeys()); err != nil {
		w.t.Fatal(err)
	}
	text, err := keys.Seal(token.Transaction{Provider: "kakao", IssuedAt: w.now}, rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}

// event is a golden event with an access token in it.
func (w *world) event(name, accessToken string) []byte {
	w.t.Helper()
	return lambdatest.Event(w.t, "authorizer", name, "access_token", accessToken)
}

const (
	allow        = authtest.Allow
	deny         = authtest.Deny
	unauthorized = authtest.Unauthorized
)

// ask is the verdict on an event.
func ask(t testing.TB, f *lambdahost.Function, event []byte) string {
	t.Helper()
	verdict, _ := authtest.Ask(t, f, event)
	return verdict
}
