package store

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// maxAttempts is how often the SDK sends a request that failed for a moment.
const maxAttempts = 3

// limits bound the time that the database may take.
type limits struct {
	operation time.Duration // of a method of Store, its repeats included
	attempt   time.Duration // of one request
	backoff   time.Duration // of the pause before the first repeat; it doubles with each
}

// pause is a random one after the attempt, which counts from 1.
func (l limits) pause(attempt int) time.Duration { return rand.N(l.backoff << (attempt - 1)) }

// newClient builds the SDK's configuration by hand: config.LoadDefaultConfig
// costs a cold start the reading of files that a function does not have.
func newClient(endpoint string, getenv func(string) string, l limits) *dynamodb.Client {
	config := aws.Config{
		Region:      getenv("AWS_REGION"),
		Credentials: environmentCredentials(getenv),
		HTTPClient:  newHTTPClient(l.attempt),
		Retryer:     func() aws.Retryer { return newRetryer(l) },
	}
	if endpoint != "" {
		config.BaseEndpoint = &endpoint
	}
	return dynamodb.NewFromConfig(config)
}

// environmentCredentials reads the variables that Lambda sets, at each request.
func environmentCredentials(getenv func(string) string) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		credentials := aws.Credentials{
			AccessKeyID:     getenv("AWS_ACCESS_KEY_ID"),
			SecretAccessKey: getenv("AWS_SECRET_ACCESS_KEY"),
			SessionToken:    getenv("AWS_SESSION_TOKEN"),
			Source:          "environment",
		}
		if !credentials.HasKeys() {
			return aws.Credentials{}, fmt.Errorf("%w: no credentials in the environment", ErrMisconfigured)
		}
		return credentials, nil
	})
}

// httpClient sends each request with a body of its own. The SDK closes the body
// that it gave as soon as the answer begins; when net/http has not yet seen that
// body's end, it takes that for a failure and breaks the connection, with the
// rest of the answer in it.
type httpClient struct{ http.Client }

// newHTTPClient limits each attempt by its own timeout and not by a context: an
// attempt that ran out of time is repeated, a context that did is the end.
func newHTTPClient(attempt time.Duration) *httpClient {
	return &httpClient{http.Client{
		Timeout: attempt,
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: attempt}).DialContext,
			TLSHandshakeTimeout: attempt,
			IdleConnTimeout:     time.Minute,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Do implements [aws.HTTPClient]. A body in memory also lets net/http send the
// request in one piece, and again when a connection turns out to be dead before
// anything was written, as after a freeze.
func (c *httpClient) Do(request *http.Request) (*http.Response, error) {
	if request.Body == nil {
		return c.Client.Do(request)
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	own := request.WithContext(request.Context())
	own.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	own.Body, _ = own.GetBody()
	return c.Client.Do(own)
}

// newRetryer repeats what the SDK takes for transient, and the conflict of a
// plain write with a transaction, which it does not. There is no token bucket:
// three attempts within the operation's limit are the budget, and a bucket that
// other requests of the process emptied would refuse this one its own.
func newRetryer(l limits) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = maxAttempts
		o.RateLimiter = ratelimit.None
		o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
			return l.pause(attempt), nil
		})
		o.Retryables = append(o.Retryables, retry.RetryableErrorCode{
			Codes: map[string]struct{}{"TransactionConflictException": {}},
		})
	})
}
