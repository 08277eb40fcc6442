// Package awsjson asks the AWS services of which a function needs a call or two:
// JSON over HTTP (the protocol awsJson1_1), signed by the SDK. A service's own
// client from the SDK would be 0.3 MB of every package, zipped.
//
// It does not know what is asked, nor what an answer must hold.
package awsjson

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/go-json-experiment/json"
)

// Service is one service in one region.
type Service struct {
	Name     string // in addresses and signatures: "kms"
	Target   string // what the names of its operations begin with: "TrentService"
	Region   string
	Endpoint string // for tests and stand-ins; empty: AWS's own
	Client   http.Client
}

// Refusal is an error that the service answered.
type Refusal struct {
	Status int
	Name   string // such as "AccessDeniedException"; "" of what comes from a proxy on the way
}

// Error implements error.
func (r *Refusal) Error() string { return fmt.Sprintf("status %d %s", r.Status, r.Name) }

// passes reports whether the refusal is of the kind that bids to slow down, or is
// no fault of the request.
func (r *Refusal) passes() bool {
	switch r.Name {
	case "ThrottlingException", "LimitExceededException", "KMSInternalException", "DependencyTimeoutException", "KeyUnavailableException":
		return true
	}
	return r.Status >= http.StatusInternalServerError || r.Status == http.StatusTooManyRequests
}

// maxAnswer bounds an answer; the largest is a page of ten parameters.
const maxAnswer = 1 << 20

// Ask sends one request, in as JSON, and reads its answer into out, which a
// failure may leave half-filled. It follows no redirect. again says that after err
// another try may succeed.
func (s *Service) Ask(ctx context.Context, operation string, in, out any) (again bool, err error) {
	request, err := s.request(ctx, operation, in)
	if err != nil {
		return false, err
	}
	client := s.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // it would get our session token
	response, err := client.Do(request)
	if err != nil {
		return true, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return true, err
	}
	if response.StatusCode != http.StatusOK {
		refusal := readRefusal(response.StatusCode, body)
		return refusal.passes(), refusal
	}
	if json.Unmarshal(body, out) != nil { // an error could quote a secret
		return true, fmt.Errorf("answer to %s is not the JSON that it should be", operation)
	}
	return false, nil
}

func (s *Service) request(ctx context.Context, operation string, in any) (*http.Request, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", s.Target+"."+operation)
	hash := sha256.Sum256(body)
	credentials := aws.Credentials{
		AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"), SessionToken: os.Getenv("AWS_SESSION_TOKEN"),
	}
	err = v4.NewSigner().SignHTTP(ctx, credentials, request, hex.EncodeToString(hash[:]), s.Name, s.Region, time.Now())
	return request, err
}

func (s *Service) address() string {
	if s.Endpoint != "" {
		return s.Endpoint + "/"
	}
	address := "https://" + s.Name + "." + s.Region + ".amazonaws.com/"
	if strings.HasPrefix(s.Region, "cn-") {
		address = strings.TrimSuffix(address, "/") + ".cn/"
	}
	return address
}

// name is that of an error, behind the namespace that some have.
var name = regexp.MustCompile(`[A-Za-z]+$`)

func readRefusal(status int, body []byte) *Refusal {
	var said struct {
		Type string `json:"__type"`
	}
	_ = json.Unmarshal(body, &said) // a refusal without a name is one too
	return &Refusal{Status: status, Name: name.FindString(said.Type)}
}

// pause is what a service gets before the second try.
const pause = 50 * time.Millisecond

// Twice calls try, and once more if that may succeed. again is that of the last
// try.
func Twice(ctx context.Context, try func() (again bool, err error)) (again bool, err error) {
	if again, err = try(); err == nil || !again {
		return again, err
	}
	select {
	case <-time.After(pause):
		return try()
	case <-ctx.Done():
		return again, err
	}
}
