package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"daemun/local/runtime"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
)

// TestMain is a function's binary too, when a test starts it as one.
func TestMain(m *testing.M) {
	switch os.Getenv("TEST_FUNCTION") {
	case "":
		os.Exit(m.Run())
	case "handler":
		lambda.Start(handle)
	case "ends at once":
		os.Exit(3)
	case "never asks":
		select {}
	}
}

type request struct {
	Do   string `json:"do"`
	Size int    `json:"size,omitzero"`
}

// handle is a function that does as it is told, over the real client of the Runtime API.
func handle(ctx context.Context, event request) (any, error) {
	switch event.Do {
	case "echo":
		return event, nil
	case "environment":
		names := os.Environ()
		slices.Sort(names)
		return names, nil
	case "context":
		told, _ := lambdacontext.FromContext(ctx)
		deadline, _ := ctx.Deadline()
		return map[string]any{
			"request_id": told.AwsRequestID, "arn": told.InvokedFunctionArn, "seconds": time.Until(deadline).Seconds(),
			"trace": os.Getenv("_X_AMZN_TRACE_ID"), "name": lambdacontext.FunctionName, "pid": os.Getpid(),
		}, nil
	case "refuse":
		return nil, errors.New("no")
	case "panic":
		panic("at the disco")
	case "exit":
		os.Exit(7)
	case "hang":
		select {}
	case "print":
		fmt.Println("to stdout")
		fmt.Fprint(os.Stderr, "without an end")
		os.Exit(0)
	case "large":
		return strings.Repeat("x", event.Size), nil
	}
	return nil, fmt.Errorf("what is %q?", event.Do)
}

func start(t *testing.T, kind string, change func(*runtime.Options)) *runtime.Function {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	options := runtime.Options{
		Name:            "test",
		ARN:             "arn:aws:lambda:ap-northeast-2:123456789012:function:test",
		Handler:         "bootstrap",
		Command:         []string{self},
		MemoryMB:        256,
		Timeout:         time.Minute,
		Environment:     map[string]string{"TEST_FUNCTION": kind, "AWS_REGION": "reserved", "TZ": "UTC"},
		Region:          "ap-northeast-2",
		AccessKeyID:     "id",
		SecretAccessKey: "key",
		Logs:            t.Output(),
	}
	if change != nil {
		change(&options)
	}
	function := runtime.New(options)
	t.Cleanup(function.Close)
	return function
}

func invoke(t *testing.T, function *runtime.Function, payload string) runtime.Result {
	t.Helper()
	result, err := function.Invoke(t.Context(), []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// failed is the error that the result tells, with the request id taken out.
func failed(t *testing.T, result runtime.Result) (kind, message string) {
	t.Helper()
	var told struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}
	if err := json.Unmarshal(result.Payload, &told); err != nil {
		t.Fatalf("%s: %v", result.Payload, err)
	}
	return result.FunctionError, strings.ReplaceAll(told.Message, result.RequestID, "ID")
}

func TestInvoke_ReturnsTheAnswer(t *testing.T) {
	function := start(t, "handler", nil)

	for range 3 {
		result := invoke(t, function, `{"do":"echo","size":1}`)
		if result.FunctionError != "" || string(result.Payload) != `{"do":"echo","size":1}` {
			t.Errorf("got %+v", result)
		}
	}
	if n := function.Processes(); n != 1 {
		t.Errorf("%d processes for one request at a time", n)
	}
}

func TestInvoke_TellsTheFunctionAboutTheInvocation(t *testing.T) {
	function := start(t, "handler", nil)

	result := invoke(t, function, `{"do":"context"}`)

	var got struct {
		RequestID string  `json:"request_id"`
		ARN       string  `json:"arn"`
		Seconds   float64 `json:"seconds"`
		Trace     string  `json:"trace"`
		Name      string  `json:"name"`
	}
	if err := json.Unmarshal(result.Payload, &got); err != nil {
		t.Fatal(err)
	}
	if got.RequestID != result.RequestID || len(got.RequestID) != 36 {
		t.Errorf("request id %q, result's %q", got.RequestID, result.RequestID)
	}
	if got.ARN != "arn:aws:lambda:ap-northeast-2:123456789012:function:test" || got.Name != "test" {
		t.Errorf("got %+v", got)
	}
	if got.Seconds <= 0 || got.Seconds > 60 {
		t.Errorf("%v seconds are left of 60", got.Seconds)
	}
	if !strings.HasPrefix(got.Trace, "Root=1-") {
		t.Errorf("trace %q", got.Trace)
	}
}

func TestInvoke_FunctionSeesItsOwnEnvironmentOnly(t *testing.T) {
	t.Setenv("SECRET_OF_THE_MACHINE", "x")
	function := start(t, "handler", nil)

	var got []string
	if err := json.Unmarshal(invoke(t, function, `{"do":"environment"}`).Payload, &got); err != nil {
		t.Fatal(err)
	}

	values := map[string]string{}
	for _, variable := range got {
		name, value, _ := strings.Cut(variable, "=")
		values[name] = value
	}
	for _, name := range []string{"AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "PATH"} {
		if values[name] == "" {
			t.Errorf("%s is empty", name)
		}
		delete(values, name)
	}
	delete(values, "_X_AMZN_TRACE_ID") // set by the runtime client in the function itself
	want := map[string]string{
		"TEST_FUNCTION": "handler", "TZ": "UTC", "LANG": "en_US.UTF-8", "_HANDLER": "bootstrap",
		"AWS_REGION": "ap-northeast-2", "AWS_DEFAULT_REGION": "ap-northeast-2",
		"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key",
		"AWS_LAMBDA_FUNCTION_NAME": "test", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
		"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/test",
		"AWS_LAMBDA_LOG_STREAM_NAME": "local", "LAMBDA_RUNTIME_DIR": "/var/runtime",
	}
	if diff := cmp.Diff(want, values); diff != "" {
		t.Error(diff)
	}
}

func TestInvoke_ReturnsTheFunctionsError(t *testing.T) {
	function := start(t, "handler", nil)

	kind, message := failed(t, invoke(t, function, `{"do":"refuse"}`))

	if kind != "Unhandled" || message != "no" {
		t.Errorf("got %s: %s", kind, message)
	}
	if n := function.Processes(); n != 1 {
		t.Errorf("%d processes after an ordinary error", n)
	}
}

// IN-01
func TestInvoke_SizesAreLimited(t *testing.T) {
	function := start(t, "handler", nil)

	if _, err := function.Invoke(t.Context(), make([]byte, runtime.MaxRequest+1)); !errors.Is(err, runtime.ErrRequestTooLarge) {
		t.Errorf("request: %v", err)
	}
	largest := fmt.Sprintf(`{"do":"large","size":%d}`, runtime.MaxResponse-2)
	if result := invoke(t, function, largest); len(result.Payload) != runtime.MaxResponse {
		t.Errorf("largest response: %s", result.FunctionError)
	}
	tooLarge := fmt.Sprintf(`{"do":"large","size":%d}`, runtime.MaxResponse-1)
	if result := invoke(t, function, tooLarge); result.FunctionError != "Function.ResponseSizeTooLarge" {
		t.Errorf("too large response: %d bytes, %q", len(result.Payload), result.FunctionError)
	}
	padded := `{"do":"echo"}` + strings.Repeat(" ", runtime.MaxRequest-len(`{"do":"echo"}`))
	if result := invoke(t, function, padded); result.FunctionError != "" {
		t.Errorf("largest request: %+v", result)
	}
}
