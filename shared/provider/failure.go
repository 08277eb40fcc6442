package provider

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"syscall"

	"daemun/shared/fault"
)

// connectError is the failure of a connection that never stood: nothing was
// sent.
type connectError struct{ err error }

func (e *connectError) Error() string { return "connect: " + e.err.Error() }

func (e *connectError) Unwrap() error { return e.err }

// failure is the fault for a request without a whole answer. The error's own
// text is kept out, for it may quote the URL or what the provider sent.
func failure(ctx context.Context, endpoint string, err error) *fault.Error {
	var connecting *connectError
	var network net.Error
	switch {
	case errors.As(err, &connecting):
		return fault.Newf(fault.ProviderUnavailable, "%s: %s", endpoint, connectProblem(err))
	case ctx.Err() != nil:
		return fault.Newf(fault.ProviderTimeout, "%s: no answer in time", endpoint)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &network):
		return fault.Newf(fault.ProviderUnavailable, "%s: the connection broke", endpoint)
	default:
		return fault.Newf(fault.BadProviderResponse, "%s: the answer is not HTTP, or its header is too large", endpoint)
	}
}

// connectProblem says in our own words why there was no connection.
func connectProblem(err error) string {
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var host x509.HostnameError
	switch {
	case errors.As(err, &name):
		return "the host name was not resolved"
	case errors.As(err, &host):
		return "the certificate is for another host"
	case errors.As(err, &certificate):
		return "the certificate was refused"
	case errors.Is(err, context.DeadlineExceeded):
		return "no connection in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection was refused"
	default:
		return "no connection"
	}
}
