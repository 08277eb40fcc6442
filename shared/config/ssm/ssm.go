// Package ssm resolves references to AWS Systems Manager Parameter Store. Only
// functions that have keys or secrets link it.
package ssm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"daemun/shared/fault"
)

// Resolver fetches parameters. It makes its client when it is first asked, so a
// function without references pays nothing.
type Resolver struct {
	client *ssm.Client
}

// timeout bounds one request to Parameter Store.
const timeout = time.Second

// Resolve returns the decrypted value of a parameter, "" if there is none. A
// reference that ends in "/" is a path: its parameters, one JWK each, are
// returned as one JWK Set. The fault is temporarily_unavailable.
func (r *Resolver) Resolve(ctx context.Context, reference string) (string, error) {
	if r.client == nil {
		r.client = newClient()
	}
	if strings.HasSuffix(reference, "/") {
		return r.keySet(ctx, strings.TrimSuffix(reference, "/"))
	}
	return r.parameter(ctx, reference)
}

func newClient() *ssm.Client {
	return ssm.New(ssm.Options{
		Region:           os.Getenv("AWS_REGION"),
		Credentials:      credentials.NewStaticCredentialsProvider(os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SESSION_TOKEN")),
		HTTPClient:       &http.Client{Timeout: timeout},
		RetryMaxAttempts: 2,
		BaseEndpoint:     endpoint(),
	})
}

// endpoint is for tests and stand-ins; nil means AWS.
func endpoint() *string {
	if e := os.Getenv("SSM_ENDPOINT"); e != "" {
		return &e
	}
	return nil
}

func (r *Resolver) parameter(ctx context.Context, name string) (string, error) {
	out, err := r.client.GetParameter(ctx, &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(true)})
	var missing *types.ParameterNotFound
	if errors.As(err, &missing) {
		return "", nil // for the configuration to judge: some secrets are optional
	}
	if err != nil {
		return "", unavailable(name, err)
	}
	return aws.ToString(out.Parameter.Value), nil
}

func (r *Resolver) keySet(ctx context.Context, path string) (string, error) {
	var keys []string
	pages := ssm.NewGetParametersByPathPaginator(r.client, &ssm.GetParametersByPathInput{
		Path: &path, WithDecryption: aws.Bool(true),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", unavailable(path, err)
		}
		for _, p := range page.Parameters {
			keys = append(keys, aws.ToString(p.Value))
		}
	}
	return `{"keys":[` + strings.Join(keys, ",") + "]}", nil
}

func unavailable(name string, err error) error {
	return fault.New(fault.TemporarilyUnavailable, fmt.Errorf("parameter %s: %w", name, err))
}
