package jws_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"daemun/shared/jws"
)

func TestSign_TokenIsAcceptedAndItsPayloadComesBack(t *testing.T) {
	eachAlgorithm(t, func(t *testing.T, k jws.PrivateKey) {
		for _, p := range []string{payload, "", "{}", "\x00\xff", strings.Repeat("x", 4000)} {
			token, err := jws.Sign([]byte(p), typ, k)
			if err != nil {
				t.Fatal(err)
			}
			if got := accepted(t, token, of(k)); string(got) != p {
				t.Errorf("got %.20q, want %.20q", got, p)
			}
		}
	})
}

func TestSign_HeaderHasWhatTheKeySaysAndNoMore(t *testing.T) {
	eachAlgorithm(t, func(t *testing.T, k jws.PrivateKey) {
		token, err := jws.Sign([]byte(payload), typ, k)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(token, ".")
		if got, want := string(unb64(t, first)), headerOf(k); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

// Each header has one thing wrong, and a signature that holds: only the check of
// that thing refuses it. ALG stands for the key's algorithm.
// ID-01, ID-03, ID-06, ID-10, ID-11, TK-06, TK-08.
func TestVerify_RefusesHeaders(t *testing.T) {
	tests := []struct {
		name, header string
		want         error
	}{
		{"alg none", `{"alg":"none","typ":"at+jwt","kid":"k1"}`, jws.ErrAlgorithm},
		{"alg None", `{"alg":"None","typ":"at+jwt","kid":"k1"}`, jws.ErrAlgorithm},
		{"alg nOnE", `{"alg":"nOnE","typ":"at+jwt","kid":"k1"}`, jws.ErrAlgorithm},
		{"alg empty", `{"alg":"","typ":"at+jwt","kid":"k1"}`, jws.ErrAlgorithm},
		{"alg missing", `{"typ":"at+jwt","kid":"k1"}`, jws.ErrAlgorithm},
		{"alg null", `{"alg":null,"typ":"at+jwt","kid":"k1"}`, jws.ErrAlgorithm},
		{"alg number", `{"alg":256,"typ":"at+jwt","kid":"k1"}`, jws.ErrMalformed},
		{"alg array", `{"alg":["ALG"],"typ":"at+jwt","kid":"k1"}`, jws.ErrMalformed},
		{"alg with a space", `{"alg":"ALG ","typ":"at+jwt","kid":"k1"}`, jws.ErrAlgorithm},
		{"member ALG", `{"ALG":"ALG","typ":"at+jwt","kid":"k1"}`, jws.ErrAlgorithm},
		{"alg of no key", `{"alg":"RS1","typ":"at+jwt","kid":"k1"}`, jws.ErrAlgorithm},
		{"alg ES256K", `{"alg":"ES256K","typ":"at+jwt","kid":"k1"}`, jws.ErrAlgorithm},
		{"alg Ed25519", `{"alg":"Ed25519","typ":"at+jwt","kid":"k1"}`, jws.ErrAlgorithm},
		{"alg HS256", `{"alg":"HS256","typ":"at+jwt","kid":"k1"}`, jws.ErrAlgorithm},

		{"crit unknown", `{"alg":"ALG","typ":"at+jwt","kid":"k1","crit":["exp"],"exp":1}`, jws.ErrCritical},
		{"crit b64", `{"alg":"ALG","typ":"at+jwt","kid":"k1","crit":["b64"],"b64":false}`, jws.ErrCritical},
		{"crit b64 as it is anyway", `{"alg":"ALG","typ":"at+jwt","kid":"k1","crit":["b64"],"b64":true}`, jws.ErrCritical},
		{"crit empty", `{"alg":"ALG","typ":"at+jwt","kid":"k1","crit":[]}`, jws.ErrCritical},
		{"crit text", `{"alg":"ALG","typ":"at+jwt","kid":"k1","crit":"exp"}`, jws.ErrCritical},
		{"crit object", `{"alg":"ALG","typ":"at+jwt","kid":"k1","crit":{}}`, jws.ErrCritical},
		{"crit false", `{"alg":"ALG","typ":"at+jwt","kid":"k1","crit":false}`, jws.ErrCritical},
		{"crit null", `{"alg":"ALG","typ":"at+jwt","kid":"k1","crit":null}`, jws.ErrCritical},
		{"crit spelt with an escape", `{"alg":"ALG","typ":"at+jwt","kid":"k1","\u0063rit":["exp"]}`, jws.ErrCritical},

		{"typ missing", `{"alg":"ALG","kid":"k1"}`, jws.ErrType},
		{"typ empty", `{"alg":"ALG","typ":"","kid":"k1"}`, jws.ErrType},
		{"typ null", `{"alg":"ALG","typ":null,"kid":"k1"}`, jws.ErrType},
		{"typ JWT", `{"alg":"ALG","typ":"JWT","kid":"k1"}`, jws.ErrType},
		{"typ of a logout token", `{"alg":"ALG","typ":"logout+jwt","kid":"k1"}`, jws.ErrType},
		{"typ of a register token", `{"alg":"ALG","typ":"register+jwt","kid":"k1"}`, jws.ErrType},
		{"typ with a prefix", `{"alg":"ALG","typ":"application/at+jwt","kid":"k1"}`, jws.ErrType},
		{"typ in other case", `{"alg":"ALG","typ":"AT+JWT","kid":"k1"}`, jws.ErrType},
		{"typ and more", `{"alg":"ALG","typ":"at+jwt;v=1","kid":"k1"}`, jws.ErrType},
		{"typ number", `{"alg":"ALG","typ":1,"kid":"k1"}`, jws.ErrMalformed},

		{"kid missing", `{"alg":"ALG","typ":"at+jwt"}`, jws.ErrUnknownKey},
		{"kid empty", `{"alg":"ALG","typ":"at+jwt","kid":""}`, jws.ErrUnknownKey},
		{"kid unknown", `{"alg":"ALG","typ":"at+jwt","kid":"k2"}`, jws.ErrUnknownKey},
		{"kid in other case", `{"alg":"ALG","typ":"at+jwt","kid":"K1"}`, jws.ErrUnknownKey},
		{"kid path", `{"alg":"ALG","typ":"at+jwt","kid":"../../dev/null"}`, jws.ErrUnknownKey},
		{"kid query", `{"alg":"ALG","typ":"at+jwt","kid":"' OR 1=1--"}`, jws.ErrUnknownKey},
		{"kid long", `{"alg":"ALG","typ":"at+jwt","kid":"` + strings.Repeat("k", 1000) + `"}`, jws.ErrUnknownKey},
		{"kid longer", `{"alg":"ALG","typ":"at+jwt","kid":"` + strings.Repeat("k", 2000) + `"}`, jws.ErrTooLong},
		{"kid number", `{"alg":"ALG","typ":"at+jwt","kid":1}`, jws.ErrMalformed},

		{"alg twice", `{"alg":"none","alg":"ALG","typ":"at+jwt","kid":"k1"}`, jws.ErrMalformed},
		{"alg twice, none last", `{"alg":"ALG","alg":"none","typ":"at+jwt","kid":"k1"}`, jws.ErrMalformed},
		{"alg twice, spelt with an escape", `{"alg":"ALG","\u0061lg":"ALG","typ":"at+jwt","kid":"k1"}`, jws.ErrMalformed},
		{"typ twice", `{"alg":"ALG","typ":"JWT","typ":"at+jwt","kid":"k1"}`, jws.ErrMalformed},
		{"unknown member twice", `{"alg":"ALG","typ":"at+jwt","kid":"k1","x":1,"x":1}`, jws.ErrMalformed},
		{"trailing object", `{"alg":"ALG","typ":"at+jwt","kid":"k1"}{}`, jws.ErrMalformed},
		{"trailing text", `{"alg":"ALG","typ":"at+jwt","kid":"k1"}x`, jws.ErrMalformed},
		{"cut", `{"alg":"ALG","typ":"at+jwt","kid":"k1"`, jws.ErrMalformed},
		{"byte order mark", "\ufeff" + `{"alg":"ALG","typ":"at+jwt","kid":"k1"}`, jws.ErrMalformed},
		{"not UTF-8", `{"alg":"ALG","typ":"at+jwt","kid":"k1","x":"` + "\xff" + `"}`, jws.ErrMalformed},
		{"array", `[{"alg":"ALG","typ":"at+jwt","kid":"k1"}]`, jws.ErrMalformed},
		{"text", `"ALG"`, jws.ErrMalformed},
		{"null", `null`, jws.ErrMalformed},
		{"empty", ``, jws.ErrMalformed},
	}
	eachAlgorithm(t, func(t *testing.T, k jws.PrivateKey) {
		accepted(t, forge(t, k, headerOf(k), payload), of(k))
		for _, test := range tests {
			header := strings.ReplaceAll(test.header, `"ALG"`, `"`+k.Algorithm+`"`)
			header = strings.ReplaceAll(header, `"ALG `, `"`+k.Algorithm+` `)
			if _, err := jws.Verify(forge(t, k, header, payload), typ, of(k)); !errors.Is(err, test.want) {
				t.Errorf("%s: %v, want %v", test.name, err, test.want)
			}
		}
	})
}

// A header of null is no header, also where no member of one is asked for.
func TestVerify_RefusesNullHeaderWhereNothingIsAskedOfIt(t *testing.T) {
	anything := ring{"": {Key: newEC().Public()}}
	if _, err := jws.Verify(forge(t, es256(), "null", payload), "", anything); !errors.Is(err, jws.ErrMalformed) {
		t.Errorf("got %v", err)
	}
}

// ID-05: a key comes from the caller, never from the token.
func TestVerify_IgnoresKeysInTheHeader(t *testing.T) {
	eachAlgorithm(t, func(t *testing.T, k jws.PrivateKey) {
		for _, member := range []string{
			`"jku":"https://evil.example/jwks"`, `"x5u":"https://evil.example/cert"`, `"x5c":["MIIB"]`,
			`"jwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`, `"zip":"DEF"`,
		} {
			header := strings.TrimSuffix(headerOf(k), "}") + "," + member + "}"
			accepted(t, forge(t, k, header, payload), of(k))
		}
	})
	k := edDSA()
	thief := jws.PrivateKey{ID: keyID, Algorithm: jws.EdDSA, Signer: rfc8037A1()}
	header := strings.TrimSuffix(headerOf(k), "}") + `,"jwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}`
	if _, err := jws.Verify(forge(t, thief, header, payload), typ, of(k)); !errors.Is(err, jws.ErrSignature) {
		t.Errorf("signed with the key in the header: %v", err)
	}
}

func TestVerify_TakesAnySpellingOfTheHeadersJSON(t *testing.T) {
	eachAlgorithm(t, func(t *testing.T, k jws.PrivateKey) {
		header := fmt.Sprintf(" {\r\n\t\"kid\" : \"k\\u0031\",\"typ\":\"at+jwt\", \"alg\":%q,\"x\":{\"alg\":\"none\"} }\n", k.Algorithm)
		accepted(t, forge(t, k, header, payload), of(k))
	})
}

// ID-01: a token without a signature.
func TestVerify_RefusesUnsecuredTokens(t *testing.T) {
	eachAlgorithm(t, func(t *testing.T, k jws.PrivateKey) {
		for _, alg := range []string{"none", "None", "nOnE", ""} {
			unsecured := b64(strings.ReplaceAll(headerOf(k), k.Algorithm, alg)) + "." + b64(payload) + "."
			if _, err := jws.Verify(unsecured, typ, of(k)); !errors.Is(err, jws.ErrAlgorithm) {
				t.Errorf("alg %q: %v", alg, err)
			}
		}
	})
}

// ID-02: a public key is no shared secret, whatever form it is taken in.
func TestVerify_RefusesHMACWithThePublicKey(t *testing.T) {
	eachAlgorithm(t, func(t *testing.T, k jws.PrivateKey) {
		der, err := x509.MarshalPKIXPublicKey(k.Signer.Public())
		if err != nil {
			t.Fatal(err)
		}
		text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
		secrets := map[string][]byte{
			"empty": {}, "DER": der, "PEM": text, "PEM without newline": bytes.TrimSpace(text),
			"JWK":         []byte(`{"kty":"EC","crv":"P-256","x":"` + b64(string(der)) + `"}`),
			"raw numbers": numbers(t, k),
		}
		for name, secret := range secrets {
			for header, want := range map[string]error{
				strings.ReplaceAll(headerOf(k), k.Algorithm, "HS256"): jws.ErrAlgorithm,
				headerOf(k): jws.ErrSignature,
			} {
				signed := b64(header) + "." + b64(payload)
				mac, err := jwt.SigningMethodHS256.Sign(signed, secret)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := jws.Verify(signed+"."+b64(string(mac)), typ, of(k)); !errors.Is(err, want) {
					t.Errorf("%s, %s: %v, want %v", name, header, err, want)
				}
			}
		}
	})
}

// numbers is the public key as an attacker would cut it out of a JWK.
func numbers(t *testing.T, k jws.PrivateKey) []byte {
	t.Helper()
	switch key := k.Signer.Public().(type) {
	case *rsa.PublicKey:
		return key.N.Bytes()
	case ed25519.PublicKey:
		return key
	case *ecdsa.PublicKey:
		b, err := key.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	t.Fatalf("key %T", k.Signer)
	return nil
}

// ID-03: signed by the right key, but not the way that it is used.
func TestVerify_RefusesOtherAlgorithmsOfTheRightKey(t *testing.T) {
	k := rs256()
	for _, method := range []jwt.SigningMethod{jwt.SigningMethodRS384, jwt.SigningMethodRS512, jwt.SigningMethodPS256} {
		for header, want := range map[string]error{
			strings.ReplaceAll(headerOf(k), k.Algorithm, method.Alg()): jws.ErrAlgorithm,
			headerOf(k): jws.ErrSignature,
		} {
			signed := b64(header) + "." + b64(payload)
			signature, err := method.Sign(signed, k.Signer)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := jws.Verify(signed+"."+b64(string(signature)), typ, of(k)); !errors.Is(err, want) {
				t.Errorf("%s, %s: %v, want %v", method.Alg(), header, err, want)
			}
		}
	}
}

// ID-06: a key of the same id but of another kind.
func TestVerify_RefusesTheSameKidOfAnotherKind(t *testing.T) {
	for _, made := range []jws.PrivateKey{es256(), edDSA(), rs256()} {
		for _, known := range []jws.PrivateKey{es256(), edDSA(), rs256()} {
			want := jws.ErrAlgorithm
			if made.Algorithm == known.Algorithm {
				want = nil
			}
			if _, err := jws.Verify(forge(t, made, headerOf(made), payload), typ, of(known)); !errors.Is(err, want) {
				t.Errorf("%s for %s: %v", made.Algorithm, known.Algorithm, err)
			}
		}
	}
}
