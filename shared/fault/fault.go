// Package fault is the closed list of the ways in which a request can fail.
//
// It owns the codes, what each means to a client (HTTP status, whether a retry
// can help, the public message), and the error type that carries a code through
// the program. It knows nothing of requests, responses or logs: package
// lambdahttp is the one place where a fault becomes an answer.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Error is a failure with a public face. Everything about it but Err may be
// shown to a client; Err is for the log only.
type Error struct {
	Code Code
	// Message replaces the code's public message where that says too little.
	// It must never hold anything that a client or a provider sent.
	Message string
	// Problems are what is wrong with the body, one by one, where the code is
	// ValidationFailed, or InvalidRequest for members that were not asked for.
	Problems []Problem
	// RetryAfter is how long the client should wait before it tries again; zero
	// means what the table says.
	RetryAfter time.Duration
	// Alarm says that an operator must look, where the code alone does not.
	Alarm bool
	// Err is the cause, for the log. It may be nil.
	Err error
}

// Problem is one thing that is wrong with a request's body.
type Problem struct {
	Pointer string `json:"pointer"` // where, as RFC 6901 has it; "" is the whole body
	Code    string `json:"code"`    // what, in stable snake case
}

// New makes an error of the code with a cause, which may be nil.
func New(code Code, cause error) *Error {
	return &Error{Code: code, Err: cause}
}

// Newf makes an error of the code with a cause made from a format.
func Newf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Err: fmt.Errorf(format, args...)}
}

// Error is the text for the log: the code and the cause.
func (e *Error) Error() string {
	if e.Err == nil {
		return string(e.Code)
	}
	return string(e.Code) + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is a fault of the same code.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Code == e.Code
}

// Public is the message that a client may see.
func (e *Error) Public() string {
	if e.Message != "" {
		return e.Message
	}
	return e.Code.Message()
}

// Wait is how long the client should wait before it tries again; zero if a
// retry cannot help.
func (e *Error) Wait() time.Duration {
	if e.RetryAfter > 0 {
		return e.RetryAfter
	}
	return table[e.Code].retryAfter
}

// From finds the fault in err. What carries none is Internal: nothing that
// nobody foresaw is shown to a client. From(nil) is nil.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return New(Internal, err)
}

// CodeOf is the code of err by the rules of From, or "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	return From(err).Code
}
