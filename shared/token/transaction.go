package token

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// Transaction is a login that was begun: what the callback must know, carried
// by the browser itself, sealed.
type Transaction struct {
	Provider     string    `json:"provider"`
	Client       string    `json:"client,omitzero"` // empty: the login ends in cookies
	StateHash    []byte    `json:"state_hash"`      // SHA-256
	CodeVerifier string    `json:"code_verifier"`
	Nonce        string    `json:"nonce"`
	ReturnTo     string    `json:"return_to"`
	IssuedAt     time.Time `json:"issued_at"`
}

// TransactionLifetime is how long a login may take. The callback compares it
// with IssuedAt; the cookie's own life is only a courtesy.
const TransactionLifetime = 10 * time.Minute

// ErrTransaction means that a sealed transaction was not sealed by us.
var ErrTransaction = errors.New("not a transaction of ours")

// TransactionKeys seals and opens transactions of logins that end in cookies;
// those of ForJSON, of logins that end in JSON.
type TransactionKeys struct {
	active  string
	aeads   map[string]cipher.AEAD
	forJSON bool
}

// ForJSON is the same keys for logins whose tokens are delivered in JSON. What
// they seal the others do not open, and the other way round: else a transaction
// from an answer, which scripts may read, could be planted as a cookie.
func (k *TransactionKeys) ForJSON() *TransactionKeys {
	return &TransactionKeys{active: k.active, aeads: k.aeads, forJSON: true}
}

// UnmarshalText reads a JWK Set of 32-byte oct keys, one of them active.
func (k *TransactionKeys) UnmarshalText(text []byte) error {
	active, secrets, err := parseSecrets(text)
	if err != nil {
		return err
	}
	aeads := make(map[string]cipher.AEAD, len(secrets))
	for id, key := range secrets {
		block, err := aes.NewCipher([]byte(key.Reveal()))
		if err != nil {
			return fmt.Errorf("key %s: %w", id, err)
		}
		if aeads[id], err = cipher.NewGCM(block); err != nil {
			return fmt.Errorf("key %s: %w", id, err)
		}
	}
	k.active, k.aeads = active, aeads
	return nil
}

// Seal encrypts the transaction with AES-256-GCM under the active key; the text
// is key_id.base64url(nonce, ciphertext, tag), fit for a cookie. Nonces are
// random: fewer than 2^32 logins per key keep a collision below 2^-32 (NIST SP
// 800-38D §8.3).
func (k *TransactionKeys) Seal(t Transaction, random io.Reader) (string, error) {
	plain, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("seal transaction: %w", err)
	}
	aead := k.aeads[k.active]
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	if _, err := io.ReadFull(random, nonce); err != nil {
		return "", fmt.Errorf("seal transaction: %w", err)
	}
	sealed := aead.Seal(nonce, nonce, plain, k.sealedAs(k.active))
	return k.active + "." + base64.RawURLEncoding.EncodeToString(sealed), nil
}

// Open decrypts a sealed transaction; whatever is wrong with it is
// ErrTransaction. Its age is for the caller to judge.
func (k *TransactionKeys) Open(sealed string) (Transaction, error) {
	id, text, _ := strings.Cut(sealed, ".")
	aead, ok := k.aeads[id]
	if !ok {
		return Transaction{}, ErrTransaction
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) < aead.NonceSize() || strings.ContainsAny(text, "\r\n") { // which the decoder skips
		return Transaction{}, ErrTransaction
	}
	plain, err := aead.Open(nil, b[:aead.NonceSize()], b[aead.NonceSize():], k.sealedAs(id))
	if err != nil {
		return Transaction{}, ErrTransaction
	}
	var t Transaction
	if err := json.Unmarshal(plain, &t); err != nil {
		return Transaction{}, ErrTransaction
	}
	return t, nil
}

// sealedAs binds a ciphertext to its purpose and key.
func (k *TransactionKeys) sealedAs(keyID string) []byte {
	purpose := "daemun login transaction"
	if k.forJSON {
		purpose = "daemun login transaction, json"
	}
	return []byte(purpose + "\n" + keyID)
}
