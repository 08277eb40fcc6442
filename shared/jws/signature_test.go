package jws_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"

	"daemun/shared/jws"
)

// ID-04.
func TestVerify_RefusesEveryFlippedBitOfTheSignature(t *testing.T) {
	eachAlgorithm(t, func(t *testing.T, k jws.PrivateKey) {
		signed := b64(headerOf(k)) + "." + b64(payload)
		good := signatureOf(t, k, signed)
		for bit := range len(good) * 8 {
			bad := slices.Clone(good)
			bad[bit/8] ^= 1 << (bit % 8)
			if _, err := jws.Verify(signed+"."+b64(string(bad)), typ, of(k)); !errors.Is(err, jws.ErrSignature) {
				t.Fatalf("bit %d: %v", bit, err)
			}
		}
	})
}

// One bit anywhere in the text, the dots too.
func TestVerify_RefusesEveryFlippedBitOfTheText(t *testing.T) {
	eachAlgorithm(t, func(t *testing.T, k jws.PrivateKey) {
		token := forge(t, k, headerOf(k), payload)
		accepted(t, token, of(k))
		for bit := range len(token) * 8 {
			bad := []byte(token)
			bad[bit/8] ^= 1 << (bit % 8)
			if got, err := jws.Verify(string(bad), typ, of(k)); err == nil {
				t.Fatalf("bit %d: accepted with payload %q", bit, got)
			}
		}
	})
}

// ID-04.
func TestVerify_RefusesOtherSignatures(t *testing.T) {
	eachAlgorithm(t, func(t *testing.T, k jws.PrivateKey) {
		signed := b64(headerOf(k)) + "." + b64(payload)
		good := signatureOf(t, k, signed)
		accepted(t, signed+"."+b64(string(good)), of(k))
		bad := map[string][]byte{
			"empty":             {},
			"one byte":          {0},
			"truncated":         good[:len(good)-1],
			"half":              good[:len(good)/2],
			"without the first": good[1:],
			"zero after":        append(slices.Clone(good), 0),
			"zero before":       append([]byte{0}, good...),
			"twice":             append(slices.Clone(good), good...),
			"all zero":          make([]byte, len(good)),
			"all one":           bytes.Repeat([]byte{0xff}, len(good)),
			"of another token":  signatureOf(t, k, b64(headerOf(k))+"."+b64("{}")),
			"of the payload":    signatureOf(t, k, payload),
			"of the JSON":       signatureOf(t, k, headerOf(k)+"."+payload),
		}
		switch key := k.Signer.(type) {
		case *ecdsa.PrivateKey:
			addES256(t, bad, key, signed)
		case ed25519.PrivateKey:
			addEdDSA(bad, good)
		case *rsa.PrivateKey:
			addRS256(t, bad, key, signed, good)
		}
		for name, signature := range bad {
			if _, err := jws.Verify(signed+"."+b64(string(signature)), typ, of(k)); !errors.Is(err, jws.ErrSignature) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// addES256 adds r and s at the edges of their range, and ASN.1.
func addES256(t *testing.T, bad map[string][]byte, key *ecdsa.PrivateKey, signed string) {
	n := key.Params().N
	less := new(big.Int).Sub(n, big.NewInt(1))
	edges := map[string]*big.Int{"0": new(big.Int), "1": big.NewInt(1), "n-1": less, "n": n}
	for nameR, r := range edges {
		for nameS, s := range edges {
			bad["r = "+nameR+", s = "+nameS] = rAndS(r, s)
		}
	}
	digest := sha256.Sum256([]byte(signed))
	der, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	bad["DER"] = der
}

// addEdDSA adds S + L, which is S to a verifier that does not check its range
// (RFC 8032 §5.1.7).
func addEdDSA(bad map[string][]byte, good []byte) {
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	s := slices.Clone(good[32:])
	slices.Reverse(s)
	sum := new(big.Int).Add(new(big.Int).SetBytes(s), order).FillBytes(make([]byte, 32))
	slices.Reverse(sum)
	bad["S + L"] = append(slices.Clone(good[:32]), sum...)
}

// addRS256 adds signatures whose PKCS #1 v1.5 padding is not exact (RFC 8017 §9.2).
func addRS256(t *testing.T, bad map[string][]byte, key *rsa.PrivateKey, signed string, good []byte) {
	digest := sha256.Sum256([]byte(signed))
	const info = "3031300d060960864801650304020105000420"
	pad := func(kind byte, fill int, infoHex string, rest ...byte) []byte {
		di, err := hex.DecodeString(infoHex)
		if err != nil {
			t.Fatal(err)
		}
		em := append([]byte{0, kind}, bytes.Repeat([]byte{0xff}, fill)...)
		return slices.Concat(em, []byte{0}, di, digest[:], rest)
	}
	sign := func(em []byte) []byte {
		if len(em) != key.Size() {
			t.Fatalf("encoded message has %d bytes", len(em))
		}
		return new(big.Int).Exp(new(big.Int).SetBytes(em), key.D, key.N).FillBytes(make([]byte, key.Size()))
	}
	full := key.Size() - 3 - len(info)/2 - len(digest)
	if !bytes.Equal(sign(pad(1, full, info)), good) {
		t.Fatal("the exact padding does not give the good signature")
	}
	bad["block type 2"] = sign(pad(2, full, info))
	bad["short padding, rest at the end"] = sign(pad(1, 8, info, make([]byte, full-8)...))
	bad["DigestInfo without parameters"] = sign(pad(1, full+2, "302f300b0609608648016503040201"+"0420"))
	bad["DigestInfo of SHA-384"] = sign(pad(1, full, "3031300d060960864801650304020205000420"))
	bad["no DigestInfo"] = sign(pad(1, full+len(info)/2, ""))
	damaged := pad(1, full, info)
	damaged[20] = 0xfe
	bad["other padding byte"] = sign(damaged)
	sum := new(big.Int).Add(new(big.Int).SetBytes(good), key.N)
	bad["signature + n"] = sum.Bytes()
}

// A signature belongs to all of header and payload.
func TestVerify_RefusesASwappedPart(t *testing.T) {
	eachAlgorithm(t, func(t *testing.T, k jws.PrivateKey) {
		a := strings.Split(forge(t, k, headerOf(k), payload), ".")
		b := strings.Split(forge(t, k, " "+headerOf(k), "{}"), ".")
		for name, parts := range map[string][]string{
			"header": {b[0], a[1], a[2]}, "payload": {a[0], b[1], a[2]}, "signature": {a[0], a[1], b[2]},
		} {
			if _, err := jws.Verify(strings.Join(parts, "."), typ, of(k)); !errors.Is(err, jws.ErrSignature) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
