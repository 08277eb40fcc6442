// Package kms signs with keys whose private part never leaves AWS KMS. Only
// functions that make access tokens link it.
//
// It owns one call, Sign, of KMS's JSON protocol, signed by the SDK. It does not
// know what is signed.
package kms

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/go-json-experiment/json"

	"daemun/shared/fault"
)

// timeout bounds a signature, its second attempt included.
const timeout = time.Second

// pause is what a throttled KMS gets before the second attempt.
const pause = 50 * time.Millisecond

// maxAnswer bounds an answer of KMS; a signature's has some 300 bytes.
const maxAnswer = 64 << 10

// signer is an ECC_NIST_P256 key in KMS, as a crypto.Signer of SHA-256 digests.
type signer struct {
	arn      string
	region   string
	endpoint string
	public   crypto.PublicKey
	client   http.Client
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
	s := &signer{arn: arn, region: parts[2], public: public}
	s.endpoint = "https://kms." + s.region + ".amazonaws.com"
	if parts[1] == "aws-cn" {
		s.endpoint += ".cn"
	}
	if e := os.Getenv("KMS_ENDPOINT"); e != "" { // for tests and stand-ins
		s.endpoint = e
	}
	return s, nil
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
	signature, again, err := s.ask(ctx, in)
	if err != nil && again {
		select {
		case <-time.After(pause):
			signature, again, err = s.ask(ctx, in)
		case <-ctx.Done():
		}
	}
	if err != nil {
		return nil, &fault.Error{Code: fault.TemporarilyUnavailable, Alarm: !again, Err: fmt.Errorf("kms sign: %w", err)}
	}
	return signature, nil
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

// ask sends one request. again says that another may succeed.
func (s *signer) ask(ctx context.Context, in input) (signature []byte, again bool, err error) {
	request, err := s.request(ctx, in)
	if err != nil {
		return nil, false, err
	}
	response, err := s.client.Do(request)
	if err != nil {
		return nil, true, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, true, err
	}
	if response.StatusCode != http.StatusOK {
		return failure(response.StatusCode, body)
	}
	var out output
	if err := json.Unmarshal(body, &out); err != nil || len(out.Signature) == 0 {
		return nil, true, errors.New("answer without a signature")
	}
	return out.Signature, false, nil
}

func (s *signer) request(ctx context.Context, in input) (*http.Request, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint+"/", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "TrentService.Sign")
	hash := sha256.Sum256(body)
	credentials := aws.Credentials{
		AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"), SessionToken: os.Getenv("AWS_SESSION_TOKEN"),
	}
	err = v4.NewSigner().SignHTTP(ctx, credentials, request, hex.EncodeToString(hash[:]), "kms", s.region, time.Now())
	return request, err
}

// code is the name of an error, behind the namespace that some have.
var code = regexp.MustCompile(`[A-Za-z]+$`)

// failure tells what KMS said. Of the refusals, only those that bid to slow down
// are worth another attempt.
func failure(status int, body []byte) (_ []byte, again bool, err error) {
	var said struct {
		Type string `json:"__type"`
	}
	_ = json.Unmarshal(body, &said) // what comes from a proxy on the way has no name
	name := code.FindString(said.Type)
	switch name {
	case "ThrottlingException", "LimitExceededException", "KMSInternalException", "DependencyTimeoutException", "KeyUnavailableException":
		again = true
	}
	return nil, again || status >= 500 || status == http.StatusTooManyRequests, fmt.Errorf("status %d %s", status, name)
}
