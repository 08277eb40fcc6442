package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/oklog/ulid/v2"

	"daemun/shared/client"
	"daemun/shared/secret"
)

// Refresh is what a refresh token says: which session, and which generation of
// it. The text form is
//
//	r1.key_id.user_id.session_id.generation.HMAC-SHA-256
//	r1.key_id.user_id.session_id.generation.client.HMAC-SHA-256
//
// so a forged token is refused without a look at the database, nothing stored
// is a secret, and the current token of a session can be made again. Clients
// must treat it as opaque.
type Refresh struct {
	UserID     string
	SessionID  string
	Generation int64
	Client     string // name of the client that the session is of; empty: the default one
}

const (
	refreshVersion = "r1"
	// MaxRefreshLength bounds a refresh token in bytes.
	MaxRefreshLength = 256
)

// Why a refresh token cannot be made or read.
var (
	ErrRefreshToken  = errors.New("not a refresh token of ours")
	ErrUnknownKeyID  = errors.New("key id is not known to this instance")
	errRefreshFields = errors.New("refresh token fields are malformed")
)

// RefreshKeys makes and checks refresh tokens.
type RefreshKeys struct {
	active  string
	secrets map[string]secret.String
}

// UnmarshalText reads a JWK Set of 32-byte oct keys, one of them active.
func (k *RefreshKeys) UnmarshalText(text []byte) (err error) {
	k.active, k.secrets, err = parseSecrets(text)
	return err
}

// ActiveID is the id of the key that new tokens are made with.
func (k *RefreshKeys) ActiveID() string { return k.active }

// Mint makes the one refresh token of the session and generation under the key:
// the same bytes each time. It fails with ErrUnknownKeyID.
func (k *RefreshKeys) Mint(r Refresh, keyID string) (string, error) {
	key, ok := k.secrets[keyID]
	if !ok {
		return "", fmt.Errorf("mint refresh token: %w", ErrUnknownKeyID)
	}
	parts := []string{refreshVersion, keyID, r.UserID, r.SessionID, strconv.FormatInt(r.Generation, 10)}
	if r.Client != "" {
		parts = append(parts, r.Client)
	}
	signed := strings.Join(parts, ".")
	return signed + "." + mac(key, signed), nil
}

// Parse checks a refresh token and returns what it says. Everything that is not
// a token of ours, byte for byte, is ErrRefreshToken.
func (k *RefreshKeys) Parse(token string) (Refresh, error) {
	if len(token) > MaxRefreshLength {
		return Refresh{}, ErrRefreshToken
	}
	parts := strings.Split(token, ".")
	if len(parts) != 6 && len(parts) != 7 || parts[0] != refreshVersion {
		return Refresh{}, ErrRefreshToken
	}
	key, ok := k.secrets[parts[1]]
	if !ok {
		return Refresh{}, ErrRefreshToken
	}
	last := parts[len(parts)-1]
	signed := strings.TrimSuffix(token, "."+last)
	if !hmac.Equal([]byte(last), []byte(mac(key, signed))) {
		return Refresh{}, ErrRefreshToken
	}
	r, err := refreshOf(parts[2 : len(parts)-1])
	if err != nil {
		return Refresh{}, fmt.Errorf("%w: %w", ErrRefreshToken, err)
	}
	return r, nil
}

// refreshOf guards against tokens that an older or broken version made.
func refreshOf(fields []string) (Refresh, error) {
	r := Refresh{UserID: fields[0], SessionID: fields[1]}
	if len(fields) == 4 {
		if r.Client = fields[3]; !client.IsName(r.Client) {
			return Refresh{}, errRefreshFields
		}
	}
	g, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil || g < 1 {
		return Refresh{}, errRefreshFields
	}
	if _, err := ulid.ParseStrict(r.UserID); err != nil || r.SessionID == "" {
		return Refresh{}, errRefreshFields
	}
	r.Generation = g
	return r, nil
}

// mac authenticates the text under a domain of its own.
func mac(key secret.String, signed string) string {
	h := hmac.New(sha256.New, []byte(key.Reveal()))
	h.Write([]byte("daemun refresh token\n"))
	h.Write([]byte(signed))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// parseSecrets reads a JWK Set of symmetric keys.
func parseSecrets(text []byte) (active string, secrets map[string]secret.String, err error) {
	keys, err := parseSet(text)
	if err != nil {
		return "", nil, err
	}
	secrets = make(map[string]secret.String, len(keys))
	for _, k := range keys {
		if secrets[k.ID], err = k.secret(); err != nil {
			return "", nil, err
		}
	}
	a, err := activeOf(keys)
	return a.ID, secrets, err
}
