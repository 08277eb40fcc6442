package jws_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"io"
	"testing"

	"daemun/shared/jws"
)

// distant is a signer whose private part is out of sight.
type distant struct {
	public crypto.PublicKey
	sign   func(digest []byte) ([]byte, error)
}

func (d distant) Public() crypto.PublicKey { return d.public }

func (d distant) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if opts.HashFunc() != crypto.SHA256 {
		return nil, errors.New("not SHA-256")
	}
	return d.sign(digest)
}

func asn1By(key *ecdsa.PrivateKey) func([]byte) ([]byte, error) {
	return func(digest []byte) ([]byte, error) { return ecdsa.SignASN1(rand.Reader, key, digest) }
}

func TestSign_ByASignerElsewhereIsTheSame(t *testing.T) {
	k := es256()
	k.Signer = distant{newEC().Public(), asn1By(newEC())}
	for range 300 { // R and S are shorter than 32 bytes once in 128 times
		token, err := jws.Sign([]byte(payload), typ, k)
		if err != nil {
			t.Fatal(err)
		}
		accepted(t, token, of(es256()))
	}
}

func TestSign_ByASignerElsewhereMakesNoTokenThatDoesNotHold(t *testing.T) {
	another, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ours, down := newEC().Public(), errors.New("down")
	for name, test := range map[string]struct {
		signer distant
		want   error
	}{
		"another key":    {distant{ours, asn1By(another)}, nil},
		"another digest": {distant{ours, func([]byte) ([]byte, error) { return asn1By(newEC())(make([]byte, 32)) }}, nil},
		"no ASN.1":       {distant{ours, func([]byte) ([]byte, error) { return make([]byte, 64), nil }}, nil},
		"nothing":        {distant{ours, func([]byte) ([]byte, error) { return nil, nil }}, nil},
		"rest behind it": {distant{ours, func(digest []byte) ([]byte, error) {
			signature, err := asn1By(newEC())(digest)
			return append(signature, 0), err
		}}, nil},
		"no EC key":  {distant{ed25519.PublicKey(make([]byte, 32)), asn1By(newEC())}, nil},
		"it is down": {distant{ours, func([]byte) ([]byte, error) { return nil, down }}, down},
	} {
		k := es256()
		k.Signer = test.signer
		token, err := jws.Sign([]byte(payload), typ, k)
		if err == nil || token != "" || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: %q, %v", name, token, err)
		}
	}
}
