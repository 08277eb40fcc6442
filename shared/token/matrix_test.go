package token_test

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"daemun/shared/jws"
	"daemun/shared/token"
)

// minimum is how many malformed tokens the matrix must have for each algorithm.
const minimum = 500

// TK-01, TK-03, TK-05…TK-09, AZ-06 and ID-01…ID-13, turned on our own access
// tokens: each case is one mutation of a token that is accepted without it, and
// is refused for the reason named. Every other part of it is right, the
// signature too, which is made over the mutated text.
func TestAccess_StrictnessMatrix(t *testing.T) {
	canary := newCanary(t)
	ec, ed := newEC(t), okp("ed-key", "active", "a")
	keys := []string{ec, ed, members(t, rsaJWK, "kid", "rsa-key")}
	for i, key := range keys {
		m := newMatrix(t, key, members(t, key, "kid", "sibling", "status", "next"), keys[(i+1)%len(keys)])
		t.Run(m.key.Algorithm, func(t *testing.T) {
			m.t = t
			m.headers()
			m.headerKeys(canary.url)
			m.claims()
			m.payloads()
			m.signatures()
			m.secrets()
			m.serializations()
			m.print()
		})
	}
	if n := canary.stop(); n != 0 {
		t.Errorf("%d requests to the URLs in headers", n)
	}
}

// matrix mutates the tokens of one signing key, and counts.
type matrix struct {
	t        *testing.T
	key      jws.PrivateKey
	jwk      string         // the key as it is published
	other    jws.PrivateKey // a known key of another algorithm
	verifier token.AccessVerifier
	header   object
	payload  object
	good     string

	classes  []string
	refusals map[string]int
	taken    []string
	seen     map[string]bool
	most     cost
}

// newMatrix makes the matrix of a private key. The verifier knows two more.
func newMatrix(t *testing.T, key, sibling, other string) *matrix {
	t.Helper()
	m := &matrix{t: t, key: privateOf(t, key), other: privateOf(t, other), jwk: public(t, key), refusals: map[string]int{}, seen: map[string]bool{}}
	m.verifier = token.AccessVerifier{Issuer: issuer, Audience: audience}
	read(t, &m.verifier.Keys, setOf(public(t, key), public(t, sibling), public(t, members(t, other, "status", "retired"))))
	m.header = object{{"alg", quoted(m.key.Algorithm)}, {"typ", `"at+jwt"`}, {"kid", quoted(m.key.ID)}}
	m.payload = object{
		{"iss", quoted(issuer)}, {"aud", quoted(audience)}, {"sub", quoted(userID)}, {"client_id", `"web"`}, {"sid", `"s"`},
		{"iat", fmt.Sprint(iat)}, {"exp", fmt.Sprint(iat + 900)}, {"jti", `"j"`}, {"roles", `["admin"]`}, {"profile_complete", "true"},
	}
	m.good = m.token(m.header.text(), m.payload.text())
	return m
}

// refuse asserts that the good token is accepted, and its mutation refused for
// the reason: now, or at another time.
func (m *matrix) refuse(class, name, mutated string, want error) {
	m.t.Helper()
	m.refuseAt(class, name, m.good, mutated, now, want)
}

func (m *matrix) refuseAt(class, name, good, mutated string, at time.Time, want error) {
	m.t.Helper()
	if m.seen[class+name] {
		m.t.Errorf("%s, %s: there twice", class, name)
	}
	m.seen[class+name] = true
	if m.refusals[class]++; m.refusals[class] == 1 {
		m.classes = append(m.classes, class)
	}
	if who, err := m.verifier.Verify(good, now); err != nil || who.UserID != userID {
		m.t.Errorf("%s, %s: without the mutation: %v", class, name, err)
	}
	who, err := m.verifier.Verify(mutated, at)
	if !errors.Is(err, want) || who.UserID != "" || who.SessionID != "" || who.Roles != nil {
		m.t.Errorf("%s, %s: %.40q, %v; want %v", class, name, who.UserID, err, want)
	}
	spent := costOf(func() { _, _ = m.verifier.Verify(mutated, at) })
	if spent.allocations > allowed.allocations || spent.bytes > allowed.bytes {
		m.t.Errorf("%s, %s: the refusal made %d allocations of %d bytes", class, name, spent.allocations, spent.bytes)
	}
	m.most = cost{max(m.most.allocations, spent.allocations), max(m.most.bytes, spent.bytes)}
}

// take asserts that a difference, though it looks like a mutation, makes no
// token malformed.
func (m *matrix) take(name, text string) {
	m.t.Helper()
	if who, err := m.verifier.Verify(text, now); err != nil || who.UserID != userID {
		m.t.Errorf("%s: %v", name, err)
	}
	m.taken = append(m.taken, name)
}

// print tells what was tried: a line for each class.
func (m *matrix) print() {
	total := 0
	for _, class := range m.classes {
		total += m.refusals[class]
		m.t.Logf("%-6s %4d refused  %s", m.key.Algorithm, m.refusals[class], class)
	}
	m.t.Logf("%-6s %4d refused in all, each accepted without its mutation; at most %d allocations and %d bytes each",
		m.key.Algorithm, total, m.most.allocations, m.most.bytes)
	slices.Sort(m.taken)
	m.t.Logf("%-6s %4d accepted, because they are no mutations: %s", m.key.Algorithm, len(m.taken), strings.Join(m.taken, "; "))
	if total < minimum {
		m.t.Errorf("%d malformed tokens, want at least %d", total, minimum)
	}
}

// cost is what a refusal may take from the heap. It bounds counts, not time.
type cost struct{ allocations, bytes uint64 }

var allowed = cost{allocations: 100, bytes: 64 << 10}

func costOf(f func()) cost {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return cost{after.Mallocs - before.Mallocs, after.TotalAlloc - before.TotalAlloc}
}

// canary is an address that nobody should ask.
type canary struct {
	url  string
	stop func() int
}

func newCanary(t *testing.T) canary {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	hits := make(chan int)
	go func() {
		n := 0
		for {
			connection, err := listener.Accept()
			if err != nil {
				hits <- n
				return
			}
			n++
			connection.Close()
		}
	}()
	return canary{"https://" + listener.Addr().String(), func() int { listener.Close(); return <-hits }}
}
