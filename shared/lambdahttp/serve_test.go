package lambdahttp_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/go-json-experiment/json"

	"daemun/shared/config"
	"daemun/shared/fault"
	"daemun/shared/lambdahttp"
	"daemun/shared/lambdahttp/lambdatest"
)

// function is a function on a host with a log.
func function(build lambdahttp.Build) (lambda.Handler, *lambdatest.Log) {
	log := &lambdatest.Log{}
	host := lambdahttp.Host{Now: time.Now, Logger: slog.New(slog.NewJSONHandler(log, nil))}
	return lambdahttp.NewFunction(host, build), log
}

// status invokes a function and returns the status and body of its answer.
func status(t *testing.T, f lambda.Handler, event string) (int, string) {
	t.Helper()
	out, err := f.Invoke(t.Context(), []byte(event))
	if err != nil {
		t.Fatal(err)
	}
	var answer events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(out, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Body
}

const plainEvent = `{"version":"2.0","routeKey":"POST /x","requestContext":{"requestId":"r1"}}`

// F-70, F-75, SE-03: no event is lost to a process that cannot be built; each
// tries again, and the first that can builds for all.
func TestFunction_FailedBuildIsRefusedAndTriedAgain(t *testing.T) {
	builds := 0
	f, log := function(func(context.Context, lambdahttp.Host) (*lambdahttp.Handler, error) {
		switch builds++; builds {
		case 1:
			return nil, config.Mistake(errors.New("PUBLIC_URL is empty"))
		case 2:
			return nil, fault.Newf(fault.TemporarilyUnavailable, "secret store")
		}
		h, _ := serve(succeeds)
		return h, nil
	})
	code, body := status(t, f, plainEvent)
	if code != 503 || !strings.Contains(body, `"error":"not_configured"`) || !strings.Contains(body, `"request_id":"r1"`) {
		t.Errorf("status %d, %s, want not_configured", code, body)
	}
	if strings.Contains(body, "PUBLIC_URL") {
		t.Errorf("the answer tells the mistake: %s", body)
	}
	if got := log.Last(t); got["level"] != "ERROR" || got["code"] != "not_configured" || !strings.Contains(got["error"].(string), "PUBLIC_URL") {
		t.Errorf("log %v, want the mistake", got)
	}
	if code, body = status(t, f, plainEvent); code != 503 || !strings.Contains(body, "temporarily_unavailable") {
		t.Errorf("status %d, %s, want temporarily_unavailable", code, body)
	}
	for range 2 {
		if code, body = status(t, f, plainEvent); code != 204 {
			t.Errorf("status %d, %s, want 204", code, body)
		}
	}
	if builds != 3 {
		t.Errorf("%d builds, want 3", builds)
	}
}

// IN-03 before there is a handler.
func TestFunction_RefusesEventsOfNoGatewayToo(t *testing.T) {
	f, _ := function(func(context.Context, lambdahttp.Host) (*lambdahttp.Handler, error) {
		return nil, config.Mistake(errors.New("mistake"))
	})
	for _, event := range []string{``, `{}`, `[]`, `"x"`, `null`} {
		if code, body := status(t, f, event); code != 503 {
			t.Errorf("event %q: status %d, %s", event, code, body)
		}
	}
}

// F-71: one build at a time, and one in all.
func TestFunction_IsBuiltOnceForManyAtOnce(t *testing.T) {
	var builds atomic.Int32
	f, _ := function(func(context.Context, lambdahttp.Host) (*lambdahttp.Handler, error) {
		builds.Add(1)
		h, _ := serve(succeeds)
		return h, nil
	})
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if _, err := f.Invoke(context.Background(), []byte(plainEvent)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := builds.Load(); n != 1 {
		t.Errorf("%d builds, want 1", n)
	}
}

// F-70, V7: a secret store that never answers is given up in time to say so.
func TestFunction_BuildThatHangsIsRefusedBeforeTheDeadline(t *testing.T) {
	for timeout, want := range map[time.Duration]time.Duration{
		3 * time.Second:  2500 * time.Millisecond,
		10 * time.Second: 3 * time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			f, _ := function(func(ctx context.Context, _ lambdahttp.Host) (*lambdahttp.Handler, error) {
				<-ctx.Done()
				return nil, fault.New(fault.TemporarilyUnavailable, ctx.Err())
			})
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			began := time.Now()
			out, err := f.Invoke(ctx, []byte(plainEvent))
			if err != nil || !strings.Contains(string(out), "temporarily_unavailable") {
				t.Errorf("answer %s, %v", out, err)
			}
			if took := time.Since(began); took != want {
				t.Errorf("answered after %s of %s, want %s", took, timeout, want)
			}
		})
	}
}
