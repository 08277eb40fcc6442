package local

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"daemun/shared/jws"
	"daemun/shared/token"

	"github.com/go-json-experiment/json"
)

// developmentKeys makes the keys that parameters on AWS hold. In a data directory they are kept, so that sessions
// outlive the system as its tables do. An empty algorithm leaves the choice to the keys that are kept.
func developmentKeys(dir, algorithm string) (map[string]string, error) {
	if dir == "" {
		return newKeys(algorithm)
	}
	path := filepath.Join(dir, "keys.json")
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return keepNewKeys(path, algorithm)
	}
	if err != nil {
		return nil, err
	}
	var keys map[string]string
	if err := json.Unmarshal(content, &keys); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return keys, checkAlgorithm(keys["VERIFICATION_KEYS"], path, algorithm)
}

// checkAlgorithm refuses kept keys that do not sign as somebody asked.
func checkAlgorithm(set, path, algorithm string) error {
	kept, err := token.ParseKeyring([]byte(set))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, key := range kept.List() {
		if algorithm != "" && key.Status == token.Active && key.Kind != algorithm {
			return fmt.Errorf("%s holds an %s key, not %s: remove it for new keys", path, key.Kind, algorithm)
		}
	}
	return nil
}

func keepNewKeys(path, algorithm string) (map[string]string, error) {
	keys, err := newKeys(algorithm)
	if err != nil {
		return nil, err
	}
	content, err := json.Marshal(keys, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return keys, os.WriteFile(path, content, 0o600)
}

func newKeys(algorithm string) (map[string]string, error) {
	now := time.Now()
	transaction, err := token.NewKeyring(token.Secret, rand.Reader, now)
	if err != nil {
		return nil, err
	}
	refresh, err := token.NewKeyring(token.Secret, rand.Reader, now)
	if err != nil {
		return nil, err
	}
	signing, err := token.NewKeyring(cmp.Or(algorithm, jws.ES256), rand.Reader, now)
	if err != nil {
		return nil, err
	}
	verification, err := signing.Public()
	if err != nil {
		return nil, err
	}
	keys := map[string]string{}
	for name, ring := range map[string]*token.Keyring{
		"TRANSACTION_KEYS": transaction, "REFRESH_KEYS": refresh, "SIGNING_KEYS": signing, "VERIFICATION_KEYS": verification,
	} {
		set, err := ring.MarshalText()
		if err != nil {
			return nil, err
		}
		keys[name] = string(set)
	}
	return keys, nil
}
