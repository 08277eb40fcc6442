package fault_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"daemun/shared/fault"
)

func TestError_IsComparesCodes(t *testing.T) {
	cause := errors.New("cause")
	err := fmt.Errorf("step: %w", fault.New(fault.InvalidGrant, cause))
	for target, want := range map[error]bool{
		fault.New(fault.InvalidGrant, nil):                              true,
		fmt.Errorf("around: %w", fault.New(fault.InvalidGrant, nil)):    true,
		&fault.Error{Code: fault.InvalidGrant, Message: "another text"}: true,
		fault.New(fault.InvalidToken, cause):                            false,
		cause:                                                           true,
		errors.New("cause"):                                             false,
	} {
		if got := errors.Is(err, target); got != want {
			t.Errorf("errors.Is(%q, %q) = %v", err, target, got)
		}
	}
}

// What nobody foresaw is internal, and its text stays inside.
func TestFrom_UnknownErrorIsInternal(t *testing.T) {
	cause := errors.New("dial tcp 10.0.0.1: refused")
	f := fault.From(fmt.Errorf("step: %w", cause))
	if f.Code != fault.Internal || !errors.Is(f, cause) {
		t.Errorf("got %v", f)
	}
	if f.Public() != fault.Internal.Message() {
		t.Errorf("public message %q", f.Public())
	}
	if fault.CodeOf(cause) != fault.Internal {
		t.Errorf("code %q", fault.CodeOf(cause))
	}
}

func TestFrom_FindsTheOutermostFault(t *testing.T) {
	inner := fault.New(fault.TemporarilyUnavailable, nil)
	outer := fault.New(fault.NotConfigured, fmt.Errorf("keys: %w", inner))
	if got := fault.From(fmt.Errorf("step: %w", outer)); got != outer {
		t.Errorf("got %v", got)
	}
	if got := fault.CodeOf(errors.Join(errors.New("first"), inner)); got != fault.TemporarilyUnavailable {
		t.Errorf("joined: got %q", got)
	}
}

func TestFrom_NilIsNil(t *testing.T) {
	if f := fault.From(nil); f != nil {
		t.Errorf("From: %v", f)
	}
	if c := fault.CodeOf(nil); c != "" {
		t.Errorf("CodeOf: %q", c)
	}
}

func TestError_LogHasTheCauseAndThePublicDoesNot(t *testing.T) {
	f := fault.Newf(fault.BadProviderResponse, "status %d", 418)
	if got, want := f.Error(), "bad_provider_response: status 418"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
	if got := f.Public(); got != fault.BadProviderResponse.Message() {
		t.Errorf("Public() = %q", got)
	}
	if got, want := fault.New(fault.NotFound, nil).Error(), "not_found"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
	special := &fault.Error{Code: fault.InvalidRequest, Message: "Send a code."}
	if got := special.Public(); got != "Send a code." {
		t.Errorf("Public() = %q", got)
	}
}

func TestError_WaitIsItsOwnOrTheTables(t *testing.T) {
	for _, test := range []struct {
		f    *fault.Error
		want time.Duration
	}{
		{fault.New(fault.TemporarilyUnavailable, nil), time.Second},
		{fault.New(fault.NotConfigured, nil), time.Minute},
		{&fault.Error{Code: fault.TemporarilyUnavailable, RetryAfter: 7 * time.Second}, 7 * time.Second},
		{fault.New(fault.InvalidGrant, nil), 0},
		{fault.New(fault.Internal, nil), 0},
	} {
		if got := test.f.Wait(); got != test.want {
			t.Errorf("%s: %v, want %v", test.f.Code, got, test.want)
		}
	}
}
