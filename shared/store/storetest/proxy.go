package storetest

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"daemun/local/engine"
)

// Proxy stands between clients and the engine. It counts what passes, and does
// to a call what the test's rules say. It is safe for concurrent use, and it
// serves any process of this machine.
type Proxy struct {
	engine string
	tables []engine.Table
	server *httptest.Server
	client *http.Client

	mu     sync.Mutex
	counts map[string]int
	rules  []rule
	choose func(Call) Fault // of calls that no rule fits
	hook   func(Call, Point)
	shadow *shadow // nil: reads are fresh
}

// Call is a request of a client.
type Call struct {
	Operation string // such as "PutItem"
	N         int    // of the calls of this operation since the last Reset, from 1
	Body      []byte // JSON
}

// Point is a moment of a call.
type Point int

// The points at which a hook is called.
const (
	BeforeForward Point = iota // the engine does not know of the call
	AfterForward               // the engine has done it, the client does not know
)

type rule struct {
	operation string
	n         int
	fault     Fault
}

func newProxy(t testing.TB, endpoint string, tables []engine.Table) *Proxy {
	p := &Proxy{
		engine: endpoint,
		tables: tables,
		counts: map[string]int{},
		client: &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 100}},
	}
	p.server = httptest.NewServer(p)
	t.Cleanup(func() {
		p.server.CloseClientConnections()
		p.server.Close()
		p.client.CloseIdleConnections()
	})
	return p
}

// URL is the endpoint for clients.
func (p *Proxy) URL() string { return p.server.URL }

// On meets the n-th call of the operation since the last Reset with the fault;
// n = 0 means every call. The first rule that fits counts.
func (p *Proxy) On(operation string, n int, fault Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = append(p.rules, rule{operation, n, fault})
}

// Choose asks f for the fault of every call that no rule fits; nil lets the call
// pass. f is called by one call at a time. nil in place of f ends it.
func (p *Proxy) Choose(f func(Call) Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.choose = f
}

// Hook has f called at both points of every call that reaches the engine. f may
// block: the call waits for it, and the others do not. nil takes it away.
func (p *Proxy) Hook(f func(Call, Point)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hook = f
}

// Reset sets all counts to zero and takes the rules, the choice and the hook away.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts, p.rules, p.choose, p.hook = map[string]int{}, nil, nil, nil
}

// Counts returns how often each operation was called since the last Reset,
// repeated and lost calls included.
func (p *Proxy) Counts() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.counts)
}

// ServeHTTP is a call.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client went away
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	x := p.enter(operation, body)
	x.writer, x.request = w, r
	if x.fault == nil {
		x.fault = pass
	}
	x.fault(x)
}

// enter counts the call and takes what the rules say of it.
func (p *Proxy) enter(operation string, body []byte) *exchange {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts[operation]++
	x := &exchange{
		proxy:  p,
		call:   Call{Operation: operation, N: p.counts[operation], Body: body},
		hook:   p.hook,
		shadow: p.shadow,
	}
	for _, r := range p.rules {
		if r.operation == operation && (r.n == 0 || r.n == x.call.N) {
			x.fault = r.fault
			return x
		}
	}
	if p.choose != nil {
		x.fault = p.choose(x.call)
	}
	return x
}

// ask sends an operation to the engine, with the header of a client's call. It
// takes no context: what the engine has begun, it ends, also when the client
// goes away.
func (p *Proxy) ask(header http.Header, operation string, body []byte) (*answer, error) {
	request, err := http.NewRequest(http.MethodPost, p.engine, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header = header.Clone()
	request.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	response, err := p.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("storetest: %w", err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("storetest: %w", err)
	}
	return &answer{response.StatusCode, response.Header, got}, nil
}
