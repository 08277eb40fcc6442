package token

import (
	"crypto"
	"errors"
	"io"

	"daemun/shared/jws"
)

// elsewhere stands for a private key that lies in AWS KMS, until Connect puts
// its signer there.
type elsewhere struct {
	arn    string
	public crypto.PublicKey
}

// Public implements crypto.Signer.
func (e elsewhere) Public() crypto.PublicKey { return e.public }

// Sign implements crypto.Signer.
func (e elsewhere) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("the key lies in KMS, which is not connected")
}

// Connect has connect make the signer of a key that lies in AWS KMS, known by
// its ARN. A key with a private part of its own stays as it is.
func (s *SigningKey) Connect(connect func(arn string, public crypto.PublicKey) (crypto.Signer, error)) error {
	key := s.key()
	away, ok := key.Signer.(elsewhere)
	if !ok {
		return nil
	}
	signer, err := connect(away.arn, away.public)
	if err != nil {
		return err
	}
	key.Signer = signer
	s.key = func() jws.PrivateKey { return key }
	return nil
}
