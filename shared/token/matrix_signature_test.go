package token_test

import (
	"bytes"
	"compress/flate"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"hash"
	"math/big"
	"slices"

	"daemun/shared/jws"
)

// signatures mutates the signature of a good token. ID-04.
func (m *matrix) signatures() {
	const class = "signature (ID-04)"
	signed, text, _ := cutLast(m.good)
	good := fromB64(m, text)
	refuse := func(name string, signature []byte) {
		m.t.Helper()
		m.refuse(class, name, signed+"."+b64(signature), jws.ErrSignature)
	}
	for i := range 32 { // spread over the whole; package jws flips every bit
		bit := i * (len(good)*8 - 1) / 31
		flipped := slices.Clone(good)
		flipped[bit/8] ^= 1 << (bit % 8)
		refuse(fmt.Sprintf("bit %d flipped", bit), flipped)
	}
	reversed := slices.Clone(good)
	slices.Reverse(reversed)
	anothers := m.token(m.header.text(), m.payload.with("jti", `"k"`).text())
	_, another, _ := cutLast(anothers)
	digest := sha256.Sum256([]byte(signed))
	for name, signature := range map[string][]byte{
		"empty": {}, "one byte": {0}, "truncated by one": good[:len(good)-1], "half": good[:len(good)/2], "without the first byte": good[1:],
		"zero after": append(slices.Clone(good), 0), "zero before": append([]byte{0}, good...), "twice": append(slices.Clone(good), good...),
		"zeros after": append(slices.Clone(good), make([]byte, 64)...), "all zero": make([]byte, len(good)), "all ones": bytes.Repeat([]byte{0xff}, len(good)),
		"reversed": reversed, "of another token": fromB64(m, another), "of the payload alone": m.sign(m.key, m.payload.text()),
		"of the JSON texts": m.sign(m.key, m.header.text()+"."+m.payload.text()), "of the payload's base64url": m.sign(m.key, encoded(m.payload.text())),
		"of the text and a dot": m.sign(m.key, signed+"."), "of nothing": m.sign(m.key, ""), "by a key of another algorithm": m.sign(m.other, signed),
		"in hex": []byte(hex.EncodeToString(good)), "the digest alone": digest[:],
	} {
		refuse(name, signature)
	}
	for name, signature := range m.ofAlgorithm(signed, digest[:], good) {
		refuse(name, signature)
	}
}

func fromB64(m *matrix, text string) []byte {
	m.t.Helper()
	o := make([]byte, len(text))
	n, err := strict.Decode(o, []byte(text))
	if err != nil {
		m.t.Fatal(err)
	}
	return o[:n]
}

// ofAlgorithm are mutations that make sense for one algorithm only.
func (m *matrix) ofAlgorithm(signed string, digest, good []byte) map[string][]byte {
	switch key := m.key.Signer.(type) {
	case *ecdsa.PrivateKey:
		return m.ofES256(key, signed, digest, good)
	case ed25519.PrivateKey:
		return m.ofEdDSA(key, signed, good)
	case *rsa.PrivateKey:
		return m.ofRS256(key, signed, digest, good)
	default:
		m.t.Fatalf("key %T", key)
		return nil
	}
}

func (m *matrix) ofES256(key *ecdsa.PrivateKey, signed string, digest, good []byte) map[string][]byte {
	n := key.Params().N
	r, s := new(big.Int).SetBytes(good[:32]), new(big.Int).SetBytes(good[32:])
	less := new(big.Int).Sub(n, big.NewInt(1))
	edges := map[string]*big.Int{"0": new(big.Int), "1": big.NewInt(1), "n-1": less, "n": n}
	bad := map[string][]byte{"s, then r": rAndS(s, r), "r and r": rAndS(r, r), "n-r and s": rAndS(new(big.Int).Sub(n, r), s)}
	for name, edge := range edges {
		bad["r = "+name] = rAndS(edge, s)
		bad["s = "+name] = rAndS(r, edge)
		for other, edge2 := range edges {
			bad["r = "+name+", s = "+other] = rAndS(edge, edge2)
		}
	}
	der, err := ecdsa.SignASN1(rand.Reader, key, digest)
	long := sha512.Sum384([]byte(signed))
	r384, s384, err2 := ecdsa.Sign(rand.Reader, key, long[:])
	if err != nil || err2 != nil {
		m.t.Fatal(err, err2)
	}
	bad["DER"] = der
	bad["over SHA-384"] = rAndS(r384, s384)
	padded := make([]byte, 96)
	r.FillBytes(padded[:48])
	s.FillBytes(padded[48:])
	bad["r and s of 48 bytes"] = padded
	bad["little-endian"] = slices.Concat(swapped(good[:32]), swapped(good[32:]))
	m.take("n-s for s, which every ECDSA verifier takes", signed+"."+b64(rAndS(r, new(big.Int).Sub(n, s))))
	return bad
}

func swapped(b []byte) []byte {
	b = slices.Clone(b)
	slices.Reverse(b)
	return b
}

func (m *matrix) ofEdDSA(key ed25519.PrivateKey, signed string, good []byte) map[string][]byte {
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	sum := new(big.Int).Add(new(big.Int).SetBytes(swapped(good[32:])), order).FillBytes(make([]byte, 32))
	zero, one := make([]byte, 32), append([]byte{1}, make([]byte, 31)...)
	neutral := one // the point with y = 1
	digest := sha512.Sum512([]byte(signed))
	hashed, err := key.Sign(nil, digest[:], crypto.SHA512)
	if err != nil {
		m.t.Fatal(err)
	}
	return map[string][]byte{
		"S + L": slices.Concat(good[:32], swapped(sum)), "S = 0": slices.Concat(good[:32], zero), "S = 1": slices.Concat(good[:32], one),
		"S = L":            slices.Concat(good[:32], swapped(order.FillBytes(make([]byte, 32)))),
		"R neutral":        slices.Concat(neutral, good[32:]),
		"R neutral, S = 0": slices.Concat(neutral, zero), "R = 0": slices.Concat(zero, good[32:]), "R = A": slices.Concat(key[32:], good[32:]),
		"R with its sign flipped": slices.Concat(good[:31], []byte{good[31] ^ 0x80}, good[32:]), "S, then R": slices.Concat(good[32:], good[:32]),
		"Ed25519ph": hashed,
	}
}

// ofRS256 has PKCS #1 v1.5 padding that is not exact (RFC 8017 §9.2), and other
// schemes of the same key.
func (m *matrix) ofRS256(key *rsa.PrivateKey, signed string, digest, good []byte) map[string][]byte {
	const info, size = "3031300d060960864801650304020105000420", 19
	raw := func(em []byte) []byte {
		if len(em) != key.Size() {
			m.t.Fatalf("encoded message of %d bytes", len(em))
		}
		return new(big.Int).Exp(new(big.Int).SetBytes(em), key.D, key.N).FillBytes(make([]byte, key.Size()))
	}
	padded := func(kind byte, fill int, infoHex string, rest ...byte) []byte {
		di, err := hex.DecodeString(infoHex)
		if err != nil {
			m.t.Fatal(err)
		}
		return slices.Concat([]byte{0, kind}, bytes.Repeat([]byte{0xff}, fill), []byte{0}, di, digest, rest)
	}
	full := key.Size() - 3 - size - len(digest)
	if !bytes.Equal(raw(padded(1, full, info)), good) {
		m.t.Fatal("the exact padding does not give the good signature")
	}
	damaged := padded(1, full, info)
	damaged[20] = 0xfe
	number := func(i *big.Int) []byte { return i.FillBytes(make([]byte, key.Size())) }
	bad := map[string][]byte{
		"block type 0": raw(padded(0, full, info)), "block type 2": raw(padded(2, full, info)), "another byte in the padding": raw(damaged),
		"short padding, rest at the end": raw(padded(1, 8, info, make([]byte, full-8)...)),
		"no padding, rest at the end":    raw(padded(1, 0, info, bytes.Repeat([]byte{0xff}, full)...)),
		"DigestInfo without parameters":  raw(padded(1, full+2, "302f300b06096086480165030402010420")),
		"DigestInfo of SHA-384":          raw(padded(1, full, "3031300d060960864801650304020205000420")),
		"DigestInfo with a long length":  raw(padded(1, full-1, "308131300d060960864801650304020105000420")),
		"no DigestInfo":                  raw(padded(1, full+size, "")),
		"0":                              make([]byte, key.Size()), "1": number(big.NewInt(1)), "n-1": number(new(big.Int).Sub(key.N, big.NewInt(1))), "n": key.N.Bytes(),
		"n minus it": number(new(big.Int).Sub(key.N, new(big.Int).SetBytes(good))), "it plus n": new(big.Int).Add(key.N, new(big.Int).SetBytes(good)).Bytes(),
		"the encoded message, unsigned": padded(1, full, info),
	}
	pss, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, digest, nil)
	sha384, sha5 := sha512.Sum384([]byte(signed)), sha512.Sum512([]byte(signed))
	rs384, err384 := rsa.SignPKCS1v15(nil, key, crypto.SHA384, sha384[:])
	rs512, err512 := rsa.SignPKCS1v15(nil, key, crypto.SHA512, sha5[:])
	if err != nil || err384 != nil || err512 != nil {
		m.t.Fatal(err, err384, err512)
	}
	bad["PS256"], bad["RS384"], bad["RS512"] = pss, rs384, rs512
	return bad
}

// publicForms are the forms in which a public key may be mistaken for a secret.
func (m *matrix) publicForms() map[string][]byte {
	m.t.Helper()
	der, err := x509.MarshalPKIXPublicKey(m.key.Signer.Public())
	if err != nil {
		m.t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	jwks, err := m.verifier.Keys.JWKS()
	if err != nil {
		m.t.Fatal(err)
	}
	forms := map[string][]byte{
		"PEM": text, "PEM without its last newline": bytes.TrimSpace(text), "PEM with CR LF": bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")),
		"DER": der, "DER in base64url": []byte(b64(der)), "DER in hex": []byte(hex.EncodeToString(der)), "JWK": []byte(m.jwk), "JWK Set": jwks,
		"empty": {}, "zeros": make([]byte, 32), "kid": []byte(m.key.ID), "issuer": []byte(issuer), "secret": []byte("secret"),
	}
	switch key := m.key.Signer.Public().(type) {
	case *rsa.PublicKey:
		forms["modulus"], forms["modulus in base64url"] = key.N.Bytes(), []byte(b64(key.N.Bytes()))
		forms["PKCS #1"] = x509.MarshalPKCS1PublicKey(key)
	case ed25519.PublicKey:
		forms["x"], forms["x in base64url"] = key, []byte(b64(key))
	case *ecdsa.PublicKey:
		point, err := key.Bytes()
		if err != nil {
			m.t.Fatal(err)
		}
		forms["point"], forms["x and y"], forms["x"] = point, point[1:], point[1:33]
	}
	return forms
}

func hmacOf(alg string, secret []byte, signed string) []byte {
	mac := hmac.New(map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New}[alg], secret)
	mac.Write([]byte(signed))
	return mac.Sum(nil)
}

func deflated(text string) string {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		panic(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}
