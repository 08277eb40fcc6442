package josetest

import (
	"crypto/rand"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"daemun/local"
	"daemun/shared/config"
	"daemun/shared/config/kms"
	"daemun/shared/fault"
	"daemun/shared/token"
)

// The private part never leaves KMS, and nobody who checks a token notices: the
// built callback and refresh sign there, others' libraries agree. F-76: while
// KMS fails, a refresh is a 503 that costs nobody the session.
func TestKMS_SignsWhatTheFunctionsIssue(t *testing.T) {
	m := startMoto(t)
	arn, members := m.newKey(t)
	behind, down := fronted(t, m.url)
	s := start(t, map[string]string{
		"SIGNING_KEYS": `{"keys":[{` + members + `,"kms":"` + arn + `"}]}`, "VERIFICATION_KEYS": `{"keys":[{` + members + `}]}`,
		"TOKEN_AUDIENCE": audience, "KMS_ENDPOINT": behind,
	}, mainTemplate)
	login := logIn(t, s)
	access, refresh, code := refreshed(t, s, login.refresh)
	if code != http.StatusOK {
		t.Fatalf("refresh answered %d", code)
	}
	good := map[string]string{"made by a login": login.access, "made by a refresh": access}
	bad := map[string]string{"a signature of another": login.access[:strings.LastIndex(login.access, ".")] + access[strings.LastIndex(access, "."):]}
	q := question{Issuer: s.URL, Audience: audience, Tokens: maps.Clone(good)}
	maps.Copy(q.Tokens, bad)
	for _, v := range verifiers() {
		compare(t, v, v.ask(t, q), good, bad)
	}
	compareOurs(t, `{"keys":[{`+members+`}]}`, q, good)

	down.Store(true)
	if _, _, code := refreshed(t, s, refresh); code != http.StatusServiceUnavailable {
		t.Errorf("without KMS, refresh answered %d", code)
	}
	down.Store(false)
	if _, _, code := refreshed(t, s, refresh); code != http.StatusOK {
		t.Errorf("with KMS again, refresh answered %d", code)
	}
}

// fronted is an address at which the service answers, or 503 while it is down.
func fronted(t *testing.T, service string) (address string, down *atomic.Bool) {
	t.Helper()
	target, err := url.Parse(service)
	must(t, err)
	proxy := httputil.NewSingleHostReverseProxy(target)
	down = new(atomic.Bool)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, down
}

// refreshed is the session's tokens after a refresh, and the status of the answer.
func refreshed(t *testing.T, s *local.System, presented string) (access, refresh string, code int) {
	t.Helper()
	a := do(t, http.MethodPost, s.URL+"/auth/refresh", `{"refresh_token":"`+presented+`"}`, "Content-Type", "application/json")
	var tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	must(t, json.Unmarshal(a.body, &tokens))
	return tokens.Access, tokens.Refresh, a.status
}

// What we ask carries a signature that AWS's own library agrees with, and needs
// no permission but kms:Sign.
func TestKMS_ChecksOurSignatureAndPermission(t *testing.T) {
	m := startMoto(t)
	arn, members := m.newKey(t)
	signer, reader := m.newUser(t, "signer", "kms:Sign"), m.newUser(t, "reader", "kms:GetPublicKey")
	m.strict(t)
	t.Setenv("KMS_ENDPOINT", m.url)
	t.Setenv("AWS_SESSION_TOKEN", "")
	for _, c := range []struct {
		name string
		who  credentials
		ok   bool
	}{
		{"who may sign", signer, true},
		{"who may not", reader, false},
		{"with another secret", credentials{signer.id, reader.secret}, false},
		{"unknown", credentials{"AKIAUNKNOWN000000000", signer.secret}, false},
	} {
		t.Setenv("AWS_ACCESS_KEY_ID", c.who.id)
		t.Setenv("AWS_SECRET_ACCESS_KEY", c.who.secret)
		var signing config.Signing
		must(t, signing.SigningKeys.UnmarshalText([]byte(`{"keys":[{`+members+`,"kms":"`+arn+`"}]}`)))
		must(t, signing.SigningKeys.Connect(kms.NewSigner))
		issuer := signing.AccessIssuer("https://auth.example.com", rand.Reader)
		_, err := issuer.Mint(token.Access{UserID: "u", SessionID: "s"}, time.Now())
		if (err == nil) != c.ok || err != nil && (fault.CodeOf(err) != fault.TemporarilyUnavailable || !fault.From(err).Alarm) {
			t.Errorf("one %s: %v", c.name, err)
		}
	}
}
