// Package kms signs with keys whose private part never leaves AWS KMS. Only
// functions that make access tokens link it.
//
// It owns one call, Sign. It does not know what is signed.
package kms

import (
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"

	"daemun/shared/config/awsjson"
	"daemun/shared/fault"
)

// timeout bounds a signature, its second attempt included.
const timeout = time.Second

// signer is an ECC_NIST_P256 key in KMS, as a crypto.Signer of SHA-256 digests.
type signer struct {
	arn     string
	public  crypto.PublicKey
	service awsjson.Service
}

// keyARN is the ARN of a key, no alias: an alias can be moved to another key.
var keyARN = regexp.MustCompile(`^arn:(aws|aws-cn|aws-us-gov):kms:([a-z0-9-]+):[0-9]{12}:key/[A-Za-z0-9-]+$`)

// NewSigner returns the signer of the key with this ARN and public part. It asks
// nobody; whether the key is there, the first signature tells.
func NewSigner(arn string, public crypto.PublicKey) (crypto.Signer, error) {
	parts := keyARN.FindStringSubmatch(arn)
	if parts == nil {
		return nil, fmt.Errorf("kms %.100q: want the ARN of a key", arn)
	}
	return &signer{arn: arn, public: public, service: awsjson.Service{
		Name: "kms", Target: "TrentService", Region: parts[2], Endpoint: os.Getenv("KMS_ENDPOINT"),
	}}, nil
}

// Public implements crypto.Signer.
func (s *signer) Public() crypto.PublicKey { return s.public }

// Sign implements crypto.Signer for SHA-256 digests. The signature is in ASN.1;
// KMS has randomness of its own. Whatever fails is the fault
// temporarily_unavailable, with an alarm where only an operator can mend it.
func (s *signer) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if opts.HashFunc() != crypto.SHA256 || len(digest) != sha256.Size {
		return nil, errors.New("kms: want a SHA-256 digest")
	}
	return s.sign(input{KeyID: s.arn, Message: digest, MessageType: "DIGEST", Algorithm: algorithm})
}

// SignMessage implements crypto.MessageSigner: KMS hashes what is not too long
// for it.
func (s *signer) SignMessage(random io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	if opts.HashFunc() != crypto.SHA256 || len(message) > maxMessage {
		digest := sha256.Sum256(message)
		return s.Sign(random, digest[:], opts)
	}
	return s.sign(input{KeyID: s.arn, Message: message, MessageType: "RAW", Algorithm: algorithm})
}

func (s *signer) sign(in input) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var out output
	again, err := awsjson.Twice(ctx, func() (bool, error) {
		out = output{} // nothing of the first try's
		again, err := s.service.Ask(ctx, "Sign", in, &out)
		if err == nil && len(out.Signature) == 0 {
			return true, errors.New("answer without a signature")
		}
		return again, err
	})
	if err != nil {
		return nil, &fault.Error{Code: fault.TemporarilyUnavailable, Alarm: !again, Err: fmt.Errorf("kms sign: %w", err)}
	}
	return out.Signature, nil
}

// algorithm is KMS's name of ES256.
const algorithm = "ECDSA_SHA_256"

// maxMessage is how much KMS hashes, in bytes.
const maxMessage = 4096

// input and output are those of KMS's Sign; byte slices are base64 in both.
type input struct {
	KeyID       string `json:"KeyId"`
	Message     []byte
	MessageType string
	Algorithm   string `json:"SigningAlgorithm"`
}

type output struct{ Signature []byte }
