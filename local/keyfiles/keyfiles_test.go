package keyfiles_test

import (
	"crypto/rand"
	"encoding"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"daemun/local/keyfiles"
	"daemun/shared/jws"
	"daemun/shared/token"
)

// create makes the sets in a new directory.
func create(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, s := range keyfiles.Sets() {
		kind := token.Secret
		if s.Name == "signing" {
			kind = jws.ES256
		}
		ring, err := token.NewKeyring(kind, rand.Reader, time.Now())
		must(t, err)
		must(t, s.Create(dir, ring))
	}
	return dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// files lists the key ids of a set.
func files(t *testing.T, dir, set string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, set, "*.json"))
	must(t, err)
	return paths
}

func TestEnvironment_IsWhatFunctionsTake(t *testing.T) {
	env, err := keyfiles.Environment(create(t))
	must(t, err)
	for name, target := range map[string]encoding.TextUnmarshaler{
		"TRANSACTION_KEYS": &token.TransactionKeys{}, "REFRESH_KEYS": &token.RefreshKeys{},
		"SIGNING_KEYS": &token.SigningKey{}, "VERIFICATION_KEYS": &token.VerificationKeys{},
	} {
		if err := target.UnmarshalText([]byte(env[name])); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCreate_LeavesASetThatIsThere(t *testing.T) {
	dir := create(t)
	s := keyfiles.Sets()[0]
	ring, err := s.Read(dir)
	must(t, err)
	if err := s.Create(dir, ring); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v, want an error that wraps fs.ErrExist", err)
	}
}

func TestChange_KeepsPublicPartsInStep(t *testing.T) {
	dir := create(t)
	signing := keyfiles.Sets()[2]
	steps := []func(*token.Keyring) error{
		func(r *token.Keyring) error { return r.Publish(rand.Reader, time.Now()) },
		func(r *token.Keyring) error { return r.Promote(time.Now(), 0) },
		func(r *token.Keyring) error { r.Retire(time.Now().Add(time.Hour), time.Minute); return nil },
	}
	for i, want := range []int{2, 2, 1} {
		must(t, signing.Change(dir, steps[i]))
		if private, public := files(t, dir, "signing"), files(t, dir, "verification"); len(private) != want || len(public) != want {
			t.Errorf("step %d: %d private and %d public keys, want %d", i, len(private), len(public), want)
		}
	}
}

func TestChange_WritesNothingWhenRefused(t *testing.T) {
	dir := create(t)
	s := keyfiles.Sets()[1]
	if err := s.Change(dir, func(r *token.Keyring) error { return r.Promote(time.Now(), 0) }); !errors.Is(err, token.ErrNoNext) {
		t.Errorf("got %v, want ErrNoNext", err)
	}
	if n := len(files(t, dir, s.Name)); n != 1 {
		t.Errorf("%d keys, want 1", n)
	}
}

func TestFiles_AreForTheirOwnerOnly(t *testing.T) {
	dir := create(t)
	for _, set := range []string{"transaction", "refresh", "signing"} {
		for _, path := range files(t, dir, set) {
			info, err := os.Stat(path)
			must(t, err)
			if info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v", path, info.Mode())
			}
		}
	}
}
