package providertest

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
)

// SignerOptions shape a Signer. The zero value is fit for most tests.
type SignerOptions struct {
	Issuer    string           // empty: the origin that the request came to
	Audience  string           // empty: OIDCClientID
	Algorithm string           // empty: RS256; or ES256, HS256
	Secret    string           // for HS256
	Now       func() time.Time // nil: time.Now
}

// Signer is the part of a fake that makes id_tokens and publishes the keys for
// them. It is safe for concurrent use.
type Signer struct {
	options SignerOptions

	mu       sync.Mutex
	ahead    time.Duration
	rotation int
	mutation *Mutation
	// others are more JSON Web Keys of the set, before and after the good one.
	before, after []any
}

// NewSigner makes a Signer.
func NewSigner(o SignerOptions) *Signer {
	o.Audience = cmp.Or(o.Audience, OIDCClientID)
	o.Algorithm = cmp.Or(o.Algorithm, "RS256")
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Signer{options: o}
}

// Now is the Signer's clock.
func (s *Signer) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.options.Now().Add(s.ahead)
}

// Advance puts the clock forward.
func (s *Signer) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
}

// Freeze stops the clock.
func (s *Signer) Freeze() {
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.Now, s.ahead = func() time.Time { return now }, 0
}

// Rotate changes the key: the old one is forgotten and no more published.
func (s *Signer) Rotate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rotation++
}

// Mutate has something done to every id_token from now on; nil is nothing.
func (s *Signer) Mutate(m *Mutation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mutation = m
}

// Publish puts more keys into the set, around the good one.
func (s *Signer) Publish(before, after []any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before, s.after = before, after
}

// Issuer is the issuer as somebody knows it who sent the request.
func (s *Signer) Issuer(r *http.Request) string {
	if s.options.Issuer != "" {
		return s.options.Issuer
	}
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// IDToken makes an id_token for the answer to a token request. claims are the
// subject and what else is to be told; a nonce of "" is left out. What every
// id_token has, it adds.
func (s *Signer) IDToken(r *http.Request, claims map[string]any, nonce, access string) string {
	now := s.Now().Unix()
	sum := sha256.Sum256([]byte(access))
	all := map[string]any{"iss": s.Issuer(r), "aud": s.options.Audience, "iat": now, "exp": now + 3600, "at_hash": encode(sum[:16])}
	if nonce != "" {
		all["nonce"] = nonce
	}
	maps.Copy(all, claims)
	s.mu.Lock()
	m, kid := s.mutation, s.kid()
	s.mu.Unlock()
	header := map[string]any{"alg": s.options.Algorithm, "kid": kid, "typ": "JWT"}
	if s.options.Algorithm == "HS256" {
		delete(header, "kid")
	}
	return m.apply(s, header, all)
}

// JWKS serves the public keys (RFC 7517 §5).
func (s *Signer) JWKS(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	keys := append(append([]any{}, s.before...), s.publicJWK())
	keys = append(keys, s.after...)
	s.mu.Unlock()
	w.Header().Set("Cache-Control", "public, max-age=3600, must-revalidate")
	JSON(http.StatusOK, marshal(map[string]any{"keys": keys}))(w, r, nil)
}

func (s *Signer) kid() string { return "key-" + strconv.Itoa(s.rotation) }

// publicJWK is the good key.
func (s *Signer) publicJWK() map[string]any {
	k := map[string]any{"kid": s.kid(), "use": "sig", "alg": s.options.Algorithm}
	if s.options.Algorithm == "ES256" {
		point, err := ecKeys[s.rotation%len(ecKeys)]().PublicKey.Bytes()
		if err != nil {
			panic(err)
		}
		k["kty"], k["crv"], k["x"], k["y"] = "EC", "P-256", encode(point[1:33]), encode(point[33:])
		return k
	}
	key := s.rsa()
	k["kty"], k["n"], k["e"] = "RSA", encode(key.N.Bytes()), encode(big.NewInt(int64(key.E)).Bytes())
	return k
}

func (s *Signer) rsa() *rsa.PrivateKey { return rsaKeys[s.rotation%len(rsaKeys)]() }

// sign makes the signature of the algorithm over a text.
func (s *Signer) sign(text string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	digest := sha256.Sum256([]byte(text))
	var signature []byte
	var err error
	switch s.options.Algorithm {
	case "HS256":
		signature = hmacOf(text, []byte(s.options.Secret))
	case "ES256":
		var r, v *big.Int
		if r, v, err = ecdsa.Sign(rand.Reader, ecKeys[s.rotation%len(ecKeys)](), digest[:]); err == nil {
			signature = append(r.FillBytes(make([]byte, 32)), v.FillBytes(make([]byte, 32))...)
		}
	default:
		signature, err = rsa.SignPKCS1v15(nil, s.rsa(), crypto.SHA256, digest[:])
	}
	if err != nil {
		panic(fmt.Sprintf("sign: %v", err))
	}
	return signature
}

func hmacOf(text string, secret []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// The keys are made once per process, for making one takes long.
var (
	rsaKeys = [...]func() *rsa.PrivateKey{sync.OnceValue(newRSA), sync.OnceValue(newRSA)}
	ecKeys  = [...]func() *ecdsa.PrivateKey{sync.OnceValue(newEC), sync.OnceValue(newEC)}
)

func newRSA() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

func newEC() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Mutation is something done to an id_token that is good otherwise. Each field
// may be nil; later ones see what earlier ones made.
type Mutation struct {
	Header  func(map[string]any)
	Claims  func(map[string]any)
	Payload func(string) string
	// Sign makes the signature in the place of the good key.
	Sign func(s *Signer, text string) []byte
	// Token changes the text, parts and dots.
	Token func(string) string
}

func (m *Mutation) apply(s *Signer, header, claims map[string]any) string {
	if m == nil {
		m = new(Mutation)
	}
	if m.Header != nil {
		m.Header(header)
	}
	if m.Claims != nil {
		m.Claims(claims)
	}
	payload := compact(claims)
	if m.Payload != nil {
		payload = m.Payload(payload)
	}
	text := encode([]byte(compact(header))) + "." + encode([]byte(payload))
	sign := m.Sign
	if sign == nil {
		sign = (*Signer).sign
	}
	token := text + "." + encode(sign(s, text))
	if m.Token != nil {
		token = m.Token(token)
	}
	return token
}

// compact is deterministic, so that a failure can be read.
func compact(v any) string {
	text, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		panic(err)
	}
	return string(text)
}
