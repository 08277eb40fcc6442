// Package keyfiles keeps key sets in a directory, one JWK a file, as Parameter
// Store keeps them one JWK a parameter:
//
//	<dir>/transaction/<key id>.json
//	<dir>/refresh/<key id>.json
//	<dir>/signing/<key id>.json
//	<dir>/verification/<key id>.json   the public parts of signing
//
// It owns the layout and the modes of the files; what a key is and how it ages,
// package token knows.
package keyfiles

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"daemun/shared/session"
	"daemun/shared/token"
)

// Set is a key set.
type Set struct {
	Name     string
	Variable string        // the environment variable that functions read it from
	Life     time.Duration // the longest life of a token that its keys made
}

// verification is the directory of the public keys, which follow the signing set.
const verification = "verification"

// Sets lists the sets.
func Sets() []Set {
	return []Set{
		{"transaction", "TRANSACTION_KEYS", token.TransactionLifetime},
		{"refresh", "REFRESH_KEYS", session.MaxIdle}, // a token that is used becomes one of a newer key
		{"signing", "SIGNING_KEYS", token.MaxAccessLifetime},
	}
}

// Environment is what functions find in their environment for the keys in dir.
func Environment(dir string) (map[string]string, error) {
	vars := map[string]string{}
	for _, s := range append(Sets(), Set{Name: verification, Variable: "VERIFICATION_KEYS"}) {
		ring, err := s.Read(dir)
		if err != nil {
			return nil, err
		}
		text, err := ring.MarshalText()
		if err != nil {
			return nil, err
		}
		vars[s.Variable] = string(text)
	}
	return vars, nil
}

// Read reads the set.
func (s Set) Read(dir string) (*token.Keyring, error) {
	paths, err := filepath.Glob(filepath.Join(dir, s.Name, "*.json"))
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		keys = append(keys, string(text))
	}
	ring, err := token.ParseKeyring([]byte(`{"keys":[` + strings.Join(keys, ",") + "]}"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, s.Name), err)
	}
	return ring, nil
}

// Create writes a new set. A set that is there already is an error that wraps
// fs.ErrExist.
func (s Set) Create(dir string, ring *token.Keyring) error {
	_, err := os.Stat(filepath.Join(dir, s.Name))
	if err == nil {
		return fmt.Errorf("%s: %w", filepath.Join(dir, s.Name), fs.ErrExist)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return s.write(dir, ring)
}

// Change reads the set, changes it and writes it back.
func (s Set) Change(dir string, change func(*token.Keyring) error) error {
	ring, err := s.Read(dir)
	if err != nil {
		return err
	}
	if err := change(ring); err != nil {
		return fmt.Errorf("%s keys: %w", s.Name, err)
	}
	return s.write(dir, ring)
}

// write writes the set, and for the signing set its public part first: a key
// must be known before it is used.
func (s Set) write(dir string, ring *token.Keyring) error {
	if s.Name == "signing" {
		public, err := ring.Public()
		if err != nil {
			return err
		}
		if err := writeKeys(filepath.Join(dir, verification), public, 0o644); err != nil {
			return err
		}
	}
	return writeKeys(filepath.Join(dir, s.Name), ring, 0o600)
}

func writeKeys(dir string, ring *token.Keyring, mode fs.FileMode) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	texts, err := ring.Texts()
	if err != nil {
		return err
	}
	for _, key := range texts {
		if err := replace(filepath.Join(dir, key.ID+".json"), key.JWK, mode); err != nil {
			return err
		}
	}
	return dropOthers(dir, texts)
}

// replace writes a file whole or not at all.
func replace(path, text string, mode fs.FileMode) error {
	if err := os.WriteFile(path+".new", []byte(text), mode); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// dropOthers removes the files of keys that are in the set no more.
func dropOthers(dir string, kept []token.KeyText) error {
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		id := strings.TrimSuffix(filepath.Base(path), ".json")
		if slices.ContainsFunc(kept, func(k token.KeyText) bool { return k.ID == id }) {
			continue
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}
