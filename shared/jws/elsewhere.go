package jws

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"math/big"
)

// signElsewhere has a signer that is not of the standard library make an ES256
// signature, and turns its ASN.1 into R and S (RFC 7518 §3.4). The signature is
// checked: a token that nobody accepts should not leave the house because a key
// and its public part were confused.
func signElsewhere(signer crypto.Signer, signed string) ([]byte, error) {
	public, ok := signer.Public().(*ecdsa.PublicKey)
	if !ok {
		return nil, errors.New("signer has no EC key")
	}
	signature, err := crypto.SignMessage(signer, rand.Reader, []byte(signed), crypto.SHA256)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256([]byte(signed))
	if !ecdsa.VerifyASN1(public, digest[:], signature) {
		return nil, errors.New("signature is not of the public key")
	}
	var numbers struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(signature, &numbers); err != nil {
		return nil, err
	}
	half := (public.Curve.Params().BitSize + 7) / 8
	rAndS := make([]byte, 2*half)
	numbers.R.FillBytes(rAndS[:half])
	numbers.S.FillBytes(rAndS[half:])
	return rAndS, nil
}
