package token_test

import (
	"crypto"
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"daemun/shared/token"
)

const arn = "arn:aws:kms:ap-northeast-2:123456789012:key/1"

// inKMS is a private EC JWK whose private part lies in KMS.
func inKMS(t testing.TB, key string) string { return members(t, key, "d", nil, "kms", arn) }

func TestSigningKey_InKMSSignsOnceConnected(t *testing.T) {
	key := newEC(t)
	i, v := access(t)
	read(t, &i.Key, setOf(inKMS(t, key), members(t, newEC(t), "status", "next")))
	read(t, &v.Keys, setOf(public(t, key)))
	if text, err := i.Mint(person, now); err == nil {
		t.Errorf("made without KMS: %s", text)
	}
	distant := privateOf(t, key).Signer
	err := i.Key.Connect(func(name string, public crypto.PublicKey) (crypto.Signer, error) {
		if name != arn || !public.(interface{ Equal(crypto.PublicKey) bool }).Equal(distant.Public()) {
			t.Errorf("connected to %s, %v", name, public)
		}
		return struct{ crypto.Signer }{distant}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := i.Mint(person, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(text, now); err != nil {
		t.Error(err)
	}
}

func TestSigningKey_ConnectLeavesLocalKeysAlone(t *testing.T) {
	for _, key := range []string{newEC(t), okp("a", "active", "a"), rsaJWK} {
		var k token.SigningKey
		read(t, &k, setOf(key))
		if err := k.Connect(func(string, crypto.PublicKey) (crypto.Signer, error) { return nil, errors.New("asked") }); err != nil {
			t.Error(err)
		}
	}
	var k token.SigningKey
	read(t, &k, setOf(inKMS(t, newEC(t))))
	bad := errors.New("no such key")
	if err := k.Connect(func(string, crypto.PublicKey) (crypto.Signer, error) { return nil, bad }); !errors.Is(err, bad) {
		t.Errorf("got %v", err)
	}
}

func TestSigningKey_RefusesWhatCannotLieInKMS(t *testing.T) {
	for name, key := range map[string]string{
		"d as well": members(t, newEC(t), "kms", arn),
		"OKP":       members(t, okp("a", "active", "a"), "d", nil, "kms", arn),
		"OKP and d": members(t, okp("a", "active", "a"), "kms", arn),
		"RSA":       members(t, rsaJWK, "kms", arn),
		"kms empty": members(t, newEC(t), "d", nil, "kms", ""),
	} {
		if err := new(token.SigningKey).UnmarshalText([]byte(setOf(key))); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	inside := inKMS(t, newEC(t))
	if err := new(token.VerificationKeys).UnmarshalText([]byte(setOf(inside))); err == nil {
		t.Error("kms is taken among the verification keys")
	}
}

// Rotation keeps to KMS, and what is published says nothing of it.
func TestKeyring_WithAKeyInKMS(t *testing.T) {
	active, next := inKMS(t, newEC(t)), members(t, inKMS(t, newEC(t)), "status", "next", "since", 0)
	r, err := token.ParseKeyring([]byte(setOf(active)))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Publish(rand.Reader, now); !errors.Is(err, token.ErrInKMS) {
		t.Errorf("a next key beside one in KMS: %v", err)
	}
	if r, err = token.ParseKeyring([]byte(setOf(active, next))); err != nil {
		t.Fatal(err)
	}
	if err := r.Promote(now, token.PublishAhead); err != nil {
		t.Fatal(err)
	}
	if text := textOf(t, r); strings.Count(text, arn) != 2 {
		t.Errorf("kms is lost: %s", text)
	}
	public, err := r.Public()
	if err != nil {
		t.Fatal(err)
	}
	if text := textOf(t, public); strings.Contains(text, "kms") {
		t.Errorf("published: %s", text)
	}
	read(t, new(token.VerificationKeys), textOf(t, public))
}
