package provider

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"sync"
	"time"
)

// Timeouts bound every request to a provider. Zero fields take the default.
type Timeouts struct {
	Connect  time.Duration // name lookup, TCP and TLS together; 1.5 s
	Token    time.Duration // one code exchange, from the first byte to the last; 3 s
	Userinfo time.Duration // one question who somebody is, of which there are at most two; 2 s
	Keys     time.Duration // one question for keys or metadata, of which there are at most two; 0.9 s
}

// Options of NewClient. The zero value is right for production.
type Options struct {
	// InsecureProviders lets endpoints be plain http.
	InsecureProviders bool
	Timeouts          Timeouts
	// RootCAs replaces the system's certificate authorities.
	RootCAs *x509.CertPool
	// Now is the clock by which id_tokens are judged and keys grow old; nil means
	// time.Now.
	Now func() time.Time
}

const (
	// maxBody and maxHeader are far above what a provider says, and far below
	// what would hurt a small function.
	maxBody   = 1 << 20
	maxHeader = 32 << 10
)

// Client makes the requests to all providers of a process. It takes an answer
// whole, within its deadline and its size, or not at all: it follows no
// redirect, unpacks no compression, keeps no cookie and uses no proxy.
//
// Every request has a connection of its own. One that was kept while Lambda had
// frozen the process may be dead, and a code that was written to it is lost, for
// it must not be sent again. net/http sends a request again only after the
// failure of a kept connection, and so never does; and nothing runs on when a
// request is over. TLS session tickets make further handshakes cheaper.
type Client struct {
	transport *http.Transport
	timeouts  Timeouts
	insecure  bool
	now       func() time.Time
	kept      sync.Map // by name, what keep keeps
}

// keep returns what the client keeps under the name, or what fresh makes, which
// it keeps from then on. So what providers have published outlives those who ask.
func keep[T any](c *Client, name string, fresh T) T {
	kept, _ := c.kept.LoadOrStore(name, fresh)
	return kept.(T)
}

// NewClient makes a Client. It makes no network request.
func NewClient(o Options) *Client {
	timeouts := Timeouts{
		Connect:  cmp.Or(o.Timeouts.Connect, 1500*time.Millisecond),
		Token:    cmp.Or(o.Timeouts.Token, 3*time.Second),
		Userinfo: cmp.Or(o.Timeouts.Userinfo, 2*time.Second),
		Keys:     cmp.Or(o.Timeouts.Keys, 900*time.Millisecond),
	}
	secure := &tls.Dialer{Config: &tls.Config{
		MinVersion:         tls.VersionTLS12,
		RootCAs:            o.RootCAs,
		ClientSessionCache: tls.NewLRUClientSessionCache(0),
	}}
	now := o.Now
	if now == nil {
		now = time.Now
	}
	return &Client{
		transport: &http.Transport{
			DialContext:            connectWithin(timeouts.Connect, new(net.Dialer).DialContext),
			DialTLSContext:         connectWithin(timeouts.Connect, secure.DialContext),
			DisableKeepAlives:      true,
			DisableCompression:     true,
			MaxResponseHeaderBytes: maxHeader,
		},
		timeouts: timeouts,
		insecure: o.InsecureProviders,
		now:      now,
	}
}

// Now is the clock that the client was given.
func (c *Client) Now() time.Time { return c.now() }

type dial func(ctx context.Context, network, address string) (net.Conn, error)

// connectWithin bounds a dial, and marks its failures, so that they can be told
// from those of a connection that stood.
func connectWithin(limit time.Duration, d dial) dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		conn, err := d(ctx, network, address)
		if err != nil {
			return nil, &connectError{err}
		}
		return conn, nil
	}
}
