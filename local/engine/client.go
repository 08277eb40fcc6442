package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// An apiError is an answer of the engine that refuses the operation.
type apiError struct {
	Type    string `json:"__type"`
	Message string `json:"message"`
}

func (e *apiError) Error() string { return e.Type + ": " + e.Message }

func isType(err error, name string) bool {
	var refused *apiError
	return errors.As(err, &refused) && strings.HasSuffix(refused.Type, "#"+name)
}

// call does one operation of DynamoDB's JSON protocol; output may be nil.
// The signature is no signature: an engine on this machine looks only for the form of one.
func call(ctx context.Context, endpoint, operation string, input, output any) error {
	body, err := json.Marshal(input)
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	now := time.Now().UTC()
	request.Header.Set("Content-Type", "application/x-amz-json-1.0")
	request.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	request.Header.Set("X-Amz-Date", now.Format("20060102T150405Z"))
	request.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s/%s/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0",
		AccessKeyID, now.Format("20060102"), Region))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	return decode(operation, response.StatusCode, answer, output)
}

func decode(operation string, status int, answer []byte, output any) error {
	if status != http.StatusOK {
		refused := &apiError{}
		if err := json.Unmarshal(answer, refused); err != nil || refused.Type == "" {
			return fmt.Errorf("%s: status %d: %s", operation, status, trim(answer))
		}
		return fmt.Errorf("%s: %w", operation, refused)
	}
	if output == nil {
		return nil
	}
	if err := json.Unmarshal(answer, output); err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	return nil
}
