package kms_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/config/kms"
	"daemun/shared/fault"
)

const arn = "arn:aws:kms:ap-northeast-2:123456789012:key/0d3c1a2b-0000-4000-8000-000000000001"

// service is a KMS that speaks AWS JSON 1.1, holds one key, and fails as often as
// it is told to.
type service struct {
	mu       sync.Mutex
	key      *ecdsa.PrivateKey
	fails    []reply // to the first requests
	requests []request
}

type reply = func(http.ResponseWriter, *http.Request)

// request is what the service saw of one.
type request struct {
	Target, ContentType, Scope string
	Body                       map[string]string
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	seen := request{Target: r.Header.Get("X-Amz-Target"), ContentType: r.Header.Get("Content-Type"), Body: map[string]string{}}
	if parts := strings.Split(r.Header.Get("Authorization"), "/"); len(parts) > 4 {
		seen.Scope = parts[2] + "/" + parts[3]
	}
	_ = json.Unmarshal(body, &seen.Body)
	s.mu.Lock()
	s.requests = append(s.requests, seen)
	n := len(s.requests)
	s.mu.Unlock()
	if n <= len(s.fails) {
		s.fails[n-1](w, r)
		return
	}
	var in struct {
		Message     []byte
		MessageType string
	}
	_ = json.Unmarshal(body, &in)
	if in.MessageType == "RAW" {
		hashed := sha256.Sum256(in.Message)
		in.Message = hashed[:]
	}
	signature, err := ecdsa.SignASN1(rand.Reader, s.key, in.Message)
	if err != nil {
		panic(err)
	}
	out, err := json.Marshal(map[string]any{"KeyId": arn, "Signature": signature, "SigningAlgorithm": "ECDSA_SHA_256"})
	if err != nil {
		panic(err)
	}
	_, _ = w.Write(out)
}

func (s *service) seen() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// open starts a service that fails as told, and the signer of its key.
func open(t *testing.T, fails ...reply) (*service, crypto.Signer) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := &service{key: key, fails: fails}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"KMS_ENDPOINT": server.URL, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key", "AWS_SESSION_TOKEN": "session",
	} {
		t.Setenv(name, value)
	}
	signer, err := kms.NewSigner(arn, key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return s, signer
}

func answers(status int, body string) reply {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func named(status int, name string) reply {
	return answers(status, `{"__type":"`+name+`","message":"no"}`)
}

// hangs answers only when nobody waits any more.
func hangs(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func drops(w http.ResponseWriter, _ *http.Request) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		connection.Close()
	}
}

var digest = sha256.Sum256([]byte("text"))

func TestSigner_AsksForAMessageToBeSigned(t *testing.T) {
	long := strings.Repeat("x", 4096)
	for _, c := range []struct{ message, kind, asked string }{
		{"text", "RAW", "text"},
		{long, "RAW", long},
		{long + "x", "DIGEST", ""},
	} {
		s, signer := open(t)
		signature, err := crypto.SignMessage(signer, nil, []byte(c.message), crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		hashed := sha256.Sum256([]byte(c.message))
		if !ecdsa.VerifyASN1(signer.Public().(*ecdsa.PublicKey), hashed[:], signature) {
			t.Error("the signature does not hold")
		}
		asked := []byte(c.asked)
		if c.kind == "DIGEST" {
			asked = hashed[:]
		}
		want := []request{{
			Target: "TrentService.Sign", ContentType: "application/x-amz-json-1.1", Scope: "ap-northeast-2/kms",
			Body: map[string]string{
				"KeyId": arn, "Message": base64.StdEncoding.EncodeToString(asked), "MessageType": c.kind, "SigningAlgorithm": "ECDSA_SHA_256",
			},
		}}
		if diff := cmp.Diff(want, s.seen()); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
	}
}

// F-76: what passes is tried once more, and then the request can be repeated;
// what does not pass is for an operator.
func TestSigner_Faults(t *testing.T) {
	down := answers(503, "<html>")
	for _, c := range []struct {
		name     string
		fails    []reply
		requests int
		ok       bool
		alarm    bool
	}{
		{name: "500 once", fails: []reply{named(500, "KMSInternalException")}, requests: 2, ok: true},
		{name: "throttled once", fails: []reply{named(400, "ThrottlingException")}, requests: 2, ok: true},
		{name: "throttled with a namespace", fails: []reply{named(400, "com.amazonaws.kms#ThrottlingException")}, requests: 2, ok: true},
		{name: "429", fails: []reply{answers(429, "")}, requests: 2, ok: true},
		{name: "connection dropped", fails: []reply{drops}, requests: 2, ok: true},
		{name: "no signature in the answer", fails: []reply{answers(200, `{}`)}, requests: 2, ok: true},
		{name: "half a signature, then none", fails: []reply{answers(200, `{"Signature":"AAAA"`), answers(200, `{}`)}, requests: 2},
		{name: "down", fails: []reply{down, down, down}, requests: 2},
		{name: "throttled", fails: []reply{named(400, "ThrottlingException"), named(400, "ThrottlingException")}, requests: 2},
		{name: "hangs", fails: []reply{hangs, hangs}, requests: 1},
		{name: "no permission", fails: []reply{named(400, "AccessDeniedException")}, requests: 1, alarm: true},
		{name: "no such key", fails: []reply{named(400, "NotFoundException")}, requests: 1, alarm: true},
		{name: "disabled", fails: []reply{named(400, "DisabledException")}, requests: 1, alarm: true},
		{name: "down, then no permission", fails: []reply{down, named(400, "AccessDeniedException")}, requests: 2, alarm: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, signer := open(t, c.fails...)
			signature, err := signer.Sign(nil, digest[:], crypto.SHA256)
			if (err == nil) != c.ok || (len(signature) > 0) != c.ok {
				t.Errorf("%d bytes, %v", len(signature), err)
			}
			if err != nil && (fault.CodeOf(err) != fault.TemporarilyUnavailable || fault.From(err).Alarm != c.alarm) {
				t.Errorf("%v, alarm %v", err, fault.From(err).Alarm)
			}
			if n := len(s.seen()); n != c.requests {
				t.Errorf("%d requests, want %d", n, c.requests)
			}
		})
	}
}

func TestSigner_SignsDigestsOfSHA256Only(t *testing.T) {
	s, signer := open(t)
	for _, hash := range []crypto.Hash{crypto.SHA384, 0} {
		if _, err := signer.Sign(nil, digest[:], hash); err == nil {
			t.Errorf("signed with %v", hash)
		}
		if _, err := crypto.SignMessage(signer, nil, []byte("text"), hash); err == nil {
			t.Errorf("signed a message with %v", hash)
		}
	}
	if _, err := signer.Sign(nil, digest[:31], crypto.SHA256); err == nil || len(s.seen()) != 0 {
		t.Errorf("%v, %d requests", err, len(s.seen()))
	}
}

func TestNewSigner_WantsTheARNOfAKey(t *testing.T) {
	for arn, ok := range map[string]bool{
		arn: true,
		"arn:aws-cn:kms:cn-north-1:123456789012:key/mrk-1":    true,
		"arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/1": true,
		"":                                     false,
		"alias/daemun":                         false,
		"0d3c1a2b-0000-4000-8000-000000000001": false,
		"arn:aws:kms:ap-northeast-2:123456789012:alias/daemun": false,
		"arn:aws:kms:evil.example/:123456789012:key/1":         false,
		"arn:evil:kms:ap-northeast-2:123456789012:key/1":       false,
		"arn:aws:s3:ap-northeast-2:123456789012:key/1":         false,
		"arn:aws:kms:ap-northeast-2:123456789012:key/1\n":      false,
	} {
		if _, err := kms.NewSigner(arn, nil); (err == nil) != ok {
			t.Errorf("%q: %v", arn, err)
		}
	}
}
