package lambdatest

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/go-json-experiment/json"

	"daemun/shared/fault"
)

// Event reads a golden event, events/<function>/<name>.json, and puts values in
// the place of its {{placeholders}}. Pairs are placeholder, value.
func Event(t testing.TB, function, name string, pairs ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(eventsDir(function), name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for i := 0; i < len(pairs); i += 2 {
		text = strings.ReplaceAll(text, "{{"+pairs[i]+"}}", pairs[i+1])
	}
	return []byte(text)
}

// With changes an event.
func With(t testing.TB, event []byte, change func(*events.APIGatewayV2HTTPRequest)) []byte {
	t.Helper()
	var e events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(event, &e); err != nil {
		t.Fatal(err)
	}
	change(&e)
	changed, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

// EventNames lists the golden events of a function, so that a test can see that
// none goes unused.
func EventNames(t testing.TB, function string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(eventsDir(function), "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no events for %s: %v", function, err)
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), ".json")
	}
	return files
}

// eventsDir is relative to functions/<name>, where go test runs.
func eventsDir(function string) string { return filepath.Join("..", "..", "events", function) }

// Answer is what a function answered.
type Answer struct {
	events.APIGatewayV2HTTPResponse
	Code     string          // of an error answer
	Problems []fault.Problem // of one, where it tells them
}

// Invoke sends an event to a handler, and checks what holds for every answer.
func Invoke(t testing.TB, h lambda.Handler, event []byte) Answer {
	t.Helper()
	return InvokeContext(context.Background(), t, h, event)
}

// InvokeContext is Invoke with a deadline, or with an end.
func InvokeContext(ctx context.Context, t testing.TB, h lambda.Handler, event []byte) Answer {
	t.Helper()
	out, err := h.Invoke(ctx, event)
	if err != nil {
		t.Fatalf("handler returned an error: %v", err)
	}
	var a Answer
	if err := json.Unmarshal(out, &a.APIGatewayV2HTTPResponse); err != nil {
		t.Fatalf("answer is not an HTTP API answer: %v", err)
	}
	var failure struct {
		Error    string          `json:"error"`
		Problems []fault.Problem `json:"problems"`
	}
	if strings.HasPrefix(a.Headers["Content-Type"], "application/json") {
		if err := json.Unmarshal([]byte(a.Body), &failure); err != nil {
			t.Fatalf("body is not JSON: %v", err)
		}
	}
	a.Code, a.Problems = failure.Error, failure.Problems
	audit(t, a)
	return a
}

// Outcome is the answer in short, such as "200" or "401 invalid_grant".
func (a Answer) Outcome() string { return strings.TrimSpace(strconv.Itoa(a.StatusCode) + " " + a.Code) }

// Cookie returns the Set-Cookie line of the name, "" if there is none; two of
// one name fail the test.
func (a Answer) Cookie(t testing.TB, name string) string {
	t.Helper()
	found := ""
	for _, c := range a.Cookies {
		if strings.HasPrefix(c, name+"=") {
			if found != "" {
				t.Fatalf("cookie %s is set twice", name)
			}
			found = c
		}
	}
	return found
}
