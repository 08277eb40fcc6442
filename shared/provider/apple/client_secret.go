package apple

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"daemun/shared/fault"
	"daemun/shared/jws"
	"daemun/shared/secret"
)

// lifetime of a client secret. Apple allows six months.
const lifetime = time.Hour

// clientSecret mints the JWT that Apple takes for a client secret ("Creating a
// client secret"), and keeps it for half its life. It is safe for concurrent use.
type clientSecret struct {
	claims secretClaims // without times
	key    jws.PrivateKey
	now    func() time.Time

	mu     sync.Mutex
	minted secret.String
	at     time.Time
}

type secretClaims struct {
	Issuer   string `json:"iss"` // the team
	IssuedAt int64  `json:"iat"`
	Expires  int64  `json:"exp"`
	Audience string `json:"aud"`
	Subject  string `json:"sub"` // the application
}

// newClientSecret reads the key. Without one there is no secret to be had, and
// that is no mistake of a function that identifies nobody.
func newClientSecret(c Config, audience string, now func() time.Time) (*clientSecret, error) {
	s := &clientSecret{claims: secretClaims{Issuer: c.TeamID, Audience: audience, Subject: c.ClientID}, now: now}
	if c.PrivateKey.Empty() {
		return s, nil
	}
	if c.TeamID == "" || c.KeyID == "" {
		return nil, errors.New("private key: the team id and the key id are missing")
	}
	signer, err := parseKey(c.PrivateKey)
	if err != nil {
		return nil, err
	}
	s.key = jws.PrivateKey{ID: c.KeyID, Algorithm: jws.ES256, Signer: signer}
	return s, nil
}

// parseKey reads PKCS #8 in PEM. Its errors quote nothing of the key.
func parseKey(text secret.String) (crypto.Signer, error) {
	block, rest := pem.Decode([]byte(strings.ReplaceAll(text.Reveal(), `\n`, "\n")))
	if block == nil || block.Type != "PRIVATE KEY" || strings.TrimSpace(string(rest)) != "" {
		return nil, errors.New("private key: want the text of a .p8 file")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("private key: not PKCS #8")
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("private key: cannot sign")
	}
	if algorithm, err := jws.AlgorithmOf(signer.Public()); err != nil || algorithm != jws.ES256 {
		return nil, errors.New("private key: want an EC key on P-256")
	}
	return signer, nil
}

// get returns a secret that is good for half its life at least. Faults:
// provider_misconfigured if there is no key.
func (s *clientSecret) get() (secret.String, error) {
	if s.key.Signer == nil {
		return secret.String{}, fault.Newf(fault.ProviderMisconfigured, "token: there is no private key for the client secret")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if age := now.Sub(s.at); age >= 0 && age < lifetime/2 { // a clock that was put back mints anew
		return s.minted, nil
	}
	claims := s.claims
	claims.IssuedAt, claims.Expires = now.Unix(), now.Add(lifetime).Unix()
	payload, err := json.Marshal(claims)
	if err != nil {
		return secret.String{}, fault.New(fault.Internal, err)
	}
	minted, err := jws.Sign(payload, "", s.key)
	if err != nil {
		return secret.String{}, fault.New(fault.Internal, err)
	}
	s.minted, s.at = secret.New(minted), now
	return s.minted, nil
}
