package token

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
)

// NewSecretKey makes an active symmetric JWK, for refresh tokens or transactions.
func NewSecretKey(random io.Reader) (string, error) {
	secret := make([]byte, secretSize)
	if _, err := io.ReadFull(random, secret); err != nil {
		return "", fmt.Errorf("new secret key: %w", err)
	}
	id, err := newKeyID(random)
	if err != nil {
		return "", err
	}
	return marshal(jwk{KeyType: "oct", ID: id, Status: Active, K: secret})
}

// NewSigningKey makes an active ES256 key pair: the private JWK and its public
// one.
func NewSigningKey(random io.Reader) (private, public string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), random)
	if err != nil {
		return "", "", fmt.Errorf("new signing key: %w", err)
	}
	k, err := publicJWK(&key.PublicKey)
	if err != nil {
		return "", "", fmt.Errorf("new signing key: %w", err)
	}
	if k.ID, err = newKeyID(random); err != nil {
		return "", "", err
	}
	k.Use, k.Algorithm, k.Status = "sig", "ES256", Active
	if public, err = marshal(k); err != nil {
		return "", "", err
	}
	if k.D, err = key.Bytes(); err != nil {
		return "", "", fmt.Errorf("new signing key: %w", err)
	}
	private, err = marshal(k)
	return private, public, err
}

// KeySet joins JWKs to a JWK Set.
func KeySet(keys ...string) string {
	return `{"keys":[` + strings.Join(keys, ",") + "]}"
}

func newKeyID(random io.Reader) (string, error) {
	b := make([]byte, 9)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("new key id: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

func marshal(k jwk) (string, error) {
	b, err := json.Marshal(k)
	if err != nil {
		return "", fmt.Errorf("write key: %w", err)
	}
	return string(b), nil
}
