package jws_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"daemun/shared/jws"
	"daemun/shared/secret"
)

const channelSecret = "0123456789abcdef0123456789abcdef" // 256 bits, as LINE's

func hs256(secret, header string) string {
	signed := b64(header) + "." + b64(payload)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(signed))
	return signed + "." + b64(string(mac.Sum(nil)))
}

const hs256Header = `{"alg":"HS256","typ":"JWT"}`

// RFC 7515 A.1.
func TestSharedKey_PublishedVector(t *testing.T) {
	token := "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." +
		"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ." +
		"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	key := jws.SharedKey(secret.New(string(decoded("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"))))
	if got, err := jws.Verify(token, "JWT", ring{"": key}); err != nil || string(got) != joe {
		t.Errorf("%q, %v", got, err)
	}
}

// ID-02: only who was given a shared key takes HS256, and then nothing else.
func TestSharedKey_VerifiesHS256Alone(t *testing.T) {
	shared := ring{"": jws.SharedKey(secret.New(channelSecret))}
	if got, err := jws.Verify(hs256(channelSecret, hs256Header), "JWT", shared); err != nil || string(got) != payload {
		t.Fatalf("%q, %v", got, err)
	}
	for name, c := range map[string]struct {
		token string
		want  error
	}{
		"another secret": {hs256(channelSecret+"x", hs256Header), jws.ErrSignature},
		"alg RS256":      {hs256(channelSecret, `{"alg":"RS256","typ":"JWT"}`), jws.ErrAlgorithm},
		"alg none":       {hs256(channelSecret, `{"alg":"none","typ":"JWT"}`), jws.ErrAlgorithm},
		"cut":            {strings.TrimRight(hs256(channelSecret, hs256Header), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), jws.ErrSignature},
	} {
		if _, err := jws.Verify(c.token, "JWT", shared); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	misnamed := jws.SharedKey(secret.New(channelSecret))
	misnamed.Algorithm = jws.RS256
	if _, err := jws.Verify(hs256(channelSecret, `{"alg":"RS256","typ":"JWT"}`), "JWT", ring{"": misnamed}); !errors.Is(err, jws.ErrSignature) {
		t.Errorf("a shared key called RS256: %v", err)
	}
	eachAlgorithm(t, func(t *testing.T, k jws.PrivateKey) {
		if _, err := jws.Verify(hs256(channelSecret, `{"alg":"HS256","typ":"JWT","kid":"k1"}`), "JWT", of(k)); !errors.Is(err, jws.ErrAlgorithm) {
			t.Errorf("%s: %v", k.Algorithm, err)
		}
	})
}

// A secret that somebody could guess checks nothing; an empty one would let
// everybody sign.
func TestSharedKey_ShortSecretsVerifyNothing(t *testing.T) {
	for _, short := range []string{"", "x", channelSecret[1:]} {
		if _, err := jws.Verify(hs256(short, hs256Header), "JWT", ring{"": jws.SharedKey(secret.New(short))}); !errors.Is(err, jws.ErrSignature) {
			t.Errorf("%d bytes: %v", len(short), err)
		}
	}
	if _, err := jws.Verify(hs256("", hs256Header), "JWT", ring{"": jws.SharedKey(secret.String{})}); !errors.Is(err, jws.ErrSignature) {
		t.Errorf("none: %v", err)
	}
}

// LG-01.
func TestSharedKey_DoesNotPrint(t *testing.T) {
	key := jws.SharedKey(secret.New(channelSecret))
	if text := fmt.Sprintf("%v %+v %#v %s", key, key, key, key); strings.Contains(text, channelSecret) {
		t.Error(text)
	}
}

func TestVerifyAs_TakesAnyOfTheTypesAndOneAlgorithm(t *testing.T) {
	eachAlgorithm(t, func(t *testing.T, k jws.PrivateKey) {
		expect := jws.Expect{Types: []string{"JWT", ""}, Algorithm: k.Algorithm}
		for header, want := range map[string]error{
			`{"alg":"ALG","typ":"JWT","kid":"k1"}`:    nil,
			`{"alg":"ALG","kid":"k1"}`:                nil,
			`{"alg":"ALG","typ":"","kid":"k1"}`:       nil,
			`{"alg":"ALG","typ":"jwt","kid":"k1"}`:    jws.ErrType,
			`{"alg":"ALG","typ":"at+jwt","kid":"k1"}`: jws.ErrType,
			// Before a key is looked for: nobody fetches keys for a wrong algorithm.
			`{"alg":"none","kid":"k2"}`: jws.ErrAlgorithm,
			`{"alg":"ALG","kid":"k2"}`:  jws.ErrUnknownKey,
		} {
			header = strings.ReplaceAll(header, "ALG", k.Algorithm)
			if _, err := jws.VerifyAs(forge(t, k, header, payload), expect, of(k)); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", header, err, want)
			}
		}
		token := forge(t, k, headerOf(k), payload)
		if _, err := jws.VerifyAs(token, jws.Expect{Algorithm: k.Algorithm}, of(k)); !errors.Is(err, jws.ErrType) {
			t.Errorf("no type is expected: %v", err)
		}
	})
}
