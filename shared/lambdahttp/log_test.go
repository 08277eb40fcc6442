package lambdahttp_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/lambdahttp"
	"daemun/shared/lambdahttp/lambdatest"
)

// LG-02: one line a request, with what the route noted.
func TestHandler_LogsOneLineARequest(t *testing.T) {
	h, log := serve(func(_ context.Context, r *lambdahttp.Request) (*lambdahttp.Response, error) {
		r.Note(slog.String("user_id", "u1"))
		r.Raise(slog.LevelWarn)
		r.Raise(slog.LevelInfo) // does not lower it
		return nil, fault.Newf(fault.InvalidGrant, "why")
	})
	lambdatest.Invoke(t, h, text(t, request("POST /x")))
	got := log.Last(t)
	delete(got, "time")
	want := map[string]any{
		"level": "WARN", "msg": "request", "request_id": "JKJaXmPLvHcESHA=", "route": "POST /x", "status": 401.0,
		"code": "invalid_grant", "error": "invalid_grant: why", "user_id": "u1",
	}
	if diff := cmp.Diff(want, got); diff != "" || strings.Count(log.String(), "\n") != 1 {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// Alarms look for errors: those that an operator must mend.
func TestHandler_LogsFaultsByHowMuchTheyConcernTheOperator(t *testing.T) {
	for _, code := range fault.Codes() {
		want := "INFO"
		switch {
		case code == fault.Internal, code == fault.NotConfigured, code == fault.ProviderMisconfigured:
			want = "ERROR"
		case code.Status() >= 500:
			want = "WARN"
		}
		for alarm, want := range map[bool]string{false: want, true: "ERROR"} {
			h, log := serve(fails(&fault.Error{Code: code, Alarm: alarm}))
			lambdatest.Invoke(t, h, text(t, request("POST /x")))
			if got := log.Last(t)["level"]; got != want {
				t.Errorf("%s, alarm %v: logged at %v, want %s", code, alarm, got, want)
			}
		}
	}
}
