// Package jws signs and verifies JSON Web Signatures in the compact
// serialization (RFC 7515), strictly. It is the one implementation for our own
// tokens and for the providers' id_tokens.
//
// It owns everything between the raw text and a payload whose signature holds;
// it does not look into the payload. What it accepts is one spelling only:
// canonical base64url without padding or line breaks, a header without
// duplicate members, exactly the algorithm of the key. What it refuses it names
// by one of the errors below. The text of a token is no identity all the same:
// an ECDSA signature (r, s) has a twin (r, n-s) that holds too.
//
// Not checked here: every claim. Header members that name keys (jku, jwk, x5u,
// x5c) are ignored: a key comes from the caller only.
package jws

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Why a token is refused.
var (
	ErrMalformed  = errors.New("malformed token")
	ErrTooLong    = errors.New("token too long")
	ErrCritical   = errors.New("critical header member not understood")
	ErrType       = errors.New("token of another type")
	ErrUnknownKey = errors.New("unknown key")
	ErrAlgorithm  = errors.New("not the key's algorithm")
	ErrSignature  = errors.New("signature does not hold")
)

// These bound the work that a token can cause. API Gateway takes 10 240 bytes of
// headers in all; our tokens are below 4 KB, providers' a few KB, of which the
// JOSE header, counted as base64url, is a small part.
const (
	maxLength = 8192
	maxHeader = 2048
)

// encoding is base64url as RFC 7515 §2 wants it. Strict refuses stray bits in
// the last character; line breaks, which it would skip, decode refuses.
var encoding = base64.RawURLEncoding.Strict()

// header is the part of a JOSE header (RFC 7515 §4.1) that decides.
type header struct {
	Algorithm string         `json:"alg"`
	Type      string         `json:"typ,omitempty"`
	KeyID     string         `json:"kid,omitempty"`
	Critical  jsontext.Value `json:"crit,omitempty"`
}

// Expect is what a token's header must say beyond naming a key.
type Expect struct {
	Types     []string // any of these; "" is a header without typ
	Algorithm string   // "": whatever the key's is
}

// Verify returns the payload of a token whose header names the type typ and a
// key of keys, and whose signature that key made.
func Verify(token, typ string, keys Keys) ([]byte, error) {
	return VerifyAs(token, Expect{Types: []string{typ}}, keys)
}

// VerifyAs is Verify for tokens of others, who do not all name the type.
func VerifyAs(token string, e Expect, keys Keys) ([]byte, error) {
	if len(token) > maxLength {
		return nil, ErrTooLong
	}
	signed, h, payload, signature, err := split(token)
	if err != nil {
		return nil, err
	}
	if h.Critical != nil {
		return nil, ErrCritical // we understand no extension (RFC 7515 §4.1.11)
	}
	if !slices.Contains(e.Types, h.Type) {
		return nil, ErrType
	}
	if e.Algorithm != "" && h.Algorithm != e.Algorithm {
		return nil, ErrAlgorithm // before anybody looks for its key
	}
	key, ok := keys.Key(h.KeyID)
	if !ok {
		return nil, ErrUnknownKey
	}
	if h.Algorithm != key.Algorithm {
		return nil, ErrAlgorithm
	}
	if err := key.verify(signed, signature); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	return payload, nil
}

// split takes the compact serialization apart (RFC 7515 §7.1).
func split(token string) (signed string, h header, payload, signature []byte, err error) {
	if strings.Count(token, ".") != 2 {
		return "", h, nil, nil, fmt.Errorf("%w: not three parts", ErrMalformed)
	}
	last := strings.LastIndexByte(token, '.')
	first := strings.IndexByte(token, '.')
	if first > maxHeader {
		return "", h, nil, nil, fmt.Errorf("%w: header", ErrTooLong)
	}
	rawHeader, err := decode(token[:first])
	if err != nil {
		return "", h, nil, nil, err
	}
	if payload, err = decode(token[first+1 : last]); err != nil {
		return "", h, nil, nil, err
	}
	if signature, err = decode(token[last+1:]); err != nil {
		return "", h, nil, nil, err
	}
	if err := json.Unmarshal(rawHeader, &h); err != nil || jsontext.Value(rawHeader).Kind() != '{' {
		return "", h, nil, nil, fmt.Errorf("%w: header", ErrMalformed)
	}
	return token[:last], h, payload, signature, nil
}

func decode(part string) ([]byte, error) {
	if strings.ContainsAny(part, "\r\n") {
		return nil, fmt.Errorf("%w: line break", ErrMalformed)
	}
	b, err := encoding.DecodeString(part)
	if err != nil {
		return nil, fmt.Errorf("%w: base64url", ErrMalformed)
	}
	return b, nil
}

// Sign makes a token of the type from a payload.
func Sign(payload []byte, typ string, key PrivateKey) (string, error) {
	h, err := json.Marshal(header{Algorithm: key.Algorithm, Type: typ, KeyID: key.ID})
	if err != nil {
		return "", fmt.Errorf("jws header: %w", err)
	}
	signed := encoding.EncodeToString(h) + "." + encoding.EncodeToString(payload)
	signature, err := key.sign(signed)
	if err != nil {
		return "", fmt.Errorf("sign with key %s: %w", key.ID, err)
	}
	return signed + "." + encoding.EncodeToString(signature), nil
}
