package provider

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"syscall"
	"testing"
)

// The log learns why there was no connection, without a word of the error's own.
func TestConnectProblem_IsSaidInOurWords(t *testing.T) {
	for want, err := range map[string]error{
		"the host name was not resolved":      &net.DNSError{Name: "canary"},
		"the certificate is for another host": &tls.CertificateVerificationError{Err: x509.HostnameError{Host: "canary", Certificate: &x509.Certificate{}}},
		"the certificate was refused":         &tls.CertificateVerificationError{Err: errors.New("canary")},
		"no connection in time":               &net.OpError{Op: "dial", Err: context.DeadlineExceeded},
		"the connection was refused":          &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED},
		"no connection":                       errors.New("canary"),
	} {
		if got := connectProblem(fmt.Errorf("canary: %w", &connectError{err})); got != want {
			t.Errorf("%v: got %q, want %q", err, got, want)
		}
	}
}
