package provider

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"daemun/shared/fault"
	"daemun/shared/secret"
)

// pipes is a network without a machine: it lets requests run in the virtual
// time of synctest, which also finds every goroutine that a request leaves
// behind (V9).
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// serve runs a test in virtual time with a client of the default timeouts whose
// every connection leads to the handler. nil: to nobody.
func serve(t *testing.T, handler http.HandlerFunc, test func(t *testing.T, c *Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		network := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		c := NewClient(Options{InsecureProviders: true})
		c.transport.DialContext = connectWithin(c.timeouts.Connect, network.dial)
		if handler == nil {
			test(t, c)
			return
		}
		server := &http.Server{Handler: handler}
		go func() { _ = server.Serve(network) }()
		defer func() { _ = server.Close() }()
		test(t, c)
	})
}

func (c *Client) testOAuth2() *OAuth2 {
	return &OAuth2{Client: c, ClientID: "key", ClientSecret: secret.New("s"), AuthURL: "http://p.example/authorize", TokenURL: "http://p.example/token"}
}

// hang reads the request, for the server does not notice before that the client
// has left, and never answers.
func hang(_ http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	<-r.Context().Done()
}

// F-02.
func TestExchange_GivesUpAfterThreeSeconds(t *testing.T) {
	serve(t, hang, func(t *testing.T, c *Client) {
		start := time.Now()
		_, err := c.testOAuth2().exchange(t.Context(), Authorization{Code: "c"})
		if fault.CodeOf(err) != fault.ProviderTimeout || time.Since(start) != 3*time.Second {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
	})
}

// F-06: two questions of two seconds.
func TestGetJSON_GivesUpAfterFourSeconds(t *testing.T) {
	serve(t, hang, func(t *testing.T, c *Client) {
		start := time.Now()
		err := c.GetJSON(t.Context(), "http://p.example/me", secret.New("t"), &struct{}{}, nil)
		if fault.CodeOf(err) != fault.ProviderTimeout || time.Since(start) != 4*time.Second {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
	})
}

// The function's own deadline goes before all others.
func TestGetJSON_GivesUpAtTheCallersDeadline(t *testing.T) {
	serve(t, hang, func(t *testing.T, c *Client) {
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		err := c.GetJSON(ctx, "http://p.example/me", secret.New("t"), &struct{}{}, nil)
		if fault.CodeOf(err) != fault.ProviderTimeout || time.Since(start) != 2500*time.Millisecond {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
	})
}

// F-01: nobody picks up.
func TestExchange_StopsConnectingAfterOneAndAHalfSeconds(t *testing.T) {
	serve(t, nil, func(t *testing.T, c *Client) {
		start := time.Now()
		_, err := c.testOAuth2().exchange(t.Context(), Authorization{Code: "c"})
		if fault.CodeOf(err) != fault.ProviderUnavailable || time.Since(start) != 1500*time.Millisecond {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
	})
}

// V9: the dial ends with the caller's deadline, though its own is later.
func TestExchange_LeavesNoDialBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan struct{})
		c := NewClient(Options{InsecureProviders: true})
		c.transport.DialContext = connectWithin(c.timeouts.Connect, func(ctx context.Context, _, _ string) (net.Conn, error) {
			defer close(ended)
			<-ctx.Done()
			return nil, ctx.Err()
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := c.testOAuth2().exchange(ctx, Authorization{Code: "c"})
		if fault.CodeOf(err) != fault.ProviderTimeout {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		select {
		case <-ended:
		default:
			t.Error("the dial goes on")
		}
	})
}

// Every request has a connection of its own, so that none waits in a frozen
// process to fail a later login.
func TestClient_KeepsNoConnection(t *testing.T) {
	var from []string
	handler := func(w http.ResponseWriter, r *http.Request) {
		from = append(from, r.Header.Get("Connection"))
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{}`))
	}
	serve(t, handler, func(t *testing.T, c *Client) {
		for range 3 {
			if err := c.GetJSON(t.Context(), "http://p.example/me", secret.New("t"), &struct{}{}, nil); err != nil {
				t.Fatal(err)
			}
		}
		if strings.Join(from, " ") != "close close close" {
			t.Errorf("got %q", from)
		}
	})
}

// CB-09, F-03: what was written may have arrived, so it is not written again.
func TestExchange_SendsTheCodeOnceWhenTheConnectionDies(t *testing.T) {
	requests := 0
	handler := func(_ http.ResponseWriter, r *http.Request) {
		requests++
		_ = r.ParseForm()
		panic(http.ErrAbortHandler)
	}
	serve(t, handler, func(t *testing.T, c *Client) {
		_, err := c.testOAuth2().exchange(t.Context(), Authorization{Code: "c"})
		if fault.CodeOf(err) != fault.ProviderUnavailable || requests != 1 {
			t.Errorf("got %v after %d requests", err, requests)
		}
	})
}

// The request that a provider gets: all in the form, nothing in the URL or in
// Authorization.
func TestExchange_SendsTheFormOfTheStandard(t *testing.T) {
	var form url.Values
	var header http.Header
	handler := func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		form, header = r.PostForm, r.Header
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"access_token":"at","token_type":"bearer"}`))
	}
	serve(t, handler, func(t *testing.T, c *Client) {
		token, err := c.testOAuth2().exchange(t.Context(), Authorization{Code: "c d+e", RedirectURI: "https://a/b", CodeVerifier: "v", State: "s", Nonce: "n"})
		if err != nil || token.Access.Reveal() != "at" {
			t.Errorf("got %q, %v", token.Access.Reveal(), err)
		}
		want := "client_id=key&client_secret=s&code=c+d%2Be&code_verifier=v&grant_type=authorization_code&redirect_uri=https%3A%2F%2Fa%2Fb"
		if form.Encode() != want || header.Get("Authorization") != "" || header.Get("Accept-Encoding") != "" || header.Get("Accept") != "application/json" {
			t.Errorf("got %s, %v", form.Encode(), header)
		}
	})
}

// The guard holds whatever x/oauth2 does in a later version.
func TestTokenTransport_RefusesASecondRequest(t *testing.T) {
	requests := 0
	handler := func(w http.ResponseWriter, _ *http.Request) {
		requests++
		w.WriteHeader(http.StatusBadRequest)
	}
	serve(t, handler, func(t *testing.T, c *Client) {
		transport := &tokenTransport{oauth: c.testOAuth2()}
		for _, want := range []fault.Code{fault.BadProviderResponse, fault.Internal} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://p.example/token", nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := transport.RoundTrip(req)
			if response != nil {
				_ = response.Body.Close()
			}
			if fault.CodeOf(err) != want || requests != 1 {
				t.Errorf("got %v after %d requests, want %s", err, requests, want)
			}
		}
	})
}
