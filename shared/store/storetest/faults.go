package storetest

import (
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// Fault is what the proxy does to a call.
type Fault func(*exchange)

func pass(x *exchange) { x.reply(x.forward()) }

// Error refuses the call with an error of DynamoDB's, such as
// "ThrottlingException". The engine does not see it.
func Error(code string) Fault {
	return errorAnswer(code, map[string]any{"message": "injected"})
}

// Canceled refuses a transaction with one reason for each of its items, such as
// "None", "ConditionalCheckFailed" or "TransactionConflict", and shows no items.
func Canceled(codes ...string) Fault {
	reasons := make([]map[string]string, len(codes))
	for i, code := range codes {
		reasons[i] = map[string]string{"Code": code}
		if code != "None" {
			reasons[i]["Message"] = "injected"
		}
	}
	return errorAnswer("TransactionCanceledException", map[string]any{
		"Message":             "Transaction cancelled, please refer cancellation reasons for specific reasons [" + strings.Join(codes, ", ") + "]",
		"CancellationReasons": reasons,
	})
}

func errorAnswer(code string, members map[string]any) Fault {
	members["__type"] = "com.amazonaws.dynamodb.v20120810#" + code
	body, err := json.Marshal(members)
	if err != nil {
		panic(err) // strings only
	}
	return Answer(errorStatus(code), string(body))
}

func errorStatus(code string) int {
	switch code {
	case "InternalServerError":
		return http.StatusInternalServerError
	case "ServiceUnavailable":
		return http.StatusServiceUnavailable
	default:
		return http.StatusBadRequest
	}
}

// Answer answers in place of the engine, which does not see the call.
func Answer(status int, body string) Fault {
	header := http.Header{"Content-Type": {"application/x-amz-json-1.0"}}
	return func(x *exchange) { x.reply(&answer{status, header, []byte(body)}, nil) }
}

// RequestLost resets the connection before the engine sees the call.
func RequestLost() Fault { return (*exchange).reset }

// AnswerLost resets the connection when the engine has done the call.
func AnswerLost() Fault {
	return func(x *exchange) {
		_, _ = x.forward()
		x.reset()
	}
}

// AnswerHangs has the engine do the call, and never answers.
func AnswerHangs() Fault {
	return func(x *exchange) {
		_, _ = x.forward()
		<-x.request.Context().Done()
	}
}

// Slow has the engine do the call at once, and answers after the delay.
func Slow(delay time.Duration) Fault {
	return func(x *exchange) {
		got, err := x.forward()
		if x.wait(delay) {
			x.reply(got, err)
		}
	}
}
