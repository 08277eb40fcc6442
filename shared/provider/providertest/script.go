package providertest

import (
	"maps"
	"net/http"
	"slices"
	"sync"
)

// script is the part of a fake that is the same for every provider: it counts
// requests and codes, and puts programmed answers before the honest ones. It is
// safe for concurrent use.
type script struct {
	mu     sync.Mutex
	hits   map[Endpoint]int
	sent   map[string]int // by code
	next   map[Endpoint][]Answer
	always map[Endpoint]Answer
}

func newScript() *script {
	return &script{hits: map[Endpoint]int{}, sent: map[string]int{}, next: map[Endpoint][]Answer{}, always: map[Endpoint]Answer{}}
}

// Hits is how many requests the endpoint got.
func (s *script) Hits(e Endpoint) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hits[e]
}

// CodeSent is how often the code came to the token endpoint.
func (s *script) CodeSent(code string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent[code]
}

// MaxCodeSent is how often that code came to the token endpoint which came most
// often. It must never be more than 1.
func (s *script) MaxCodeSent() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Max(append(slices.Collect(maps.Values(s.sent)), 0))
}

// Next programs the next requests to the endpoint, one answer for each. Then
// Always counts again.
func (s *script) Next(e Endpoint, answers ...Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next[e] = append(s.next[e], answers...)
}

// Always programs every request to the endpoint; nil makes it honest again.
func (s *script) Always(e Endpoint, a Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.always[e] = a
}

// handle wraps an honest endpoint. The form is read first: until the whole
// request is read, net/http does not notice that a client has given up.
func (s *script) handle(e Endpoint, honest http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm() // the honest endpoint judges the form
		s.take(e, r)(w, r, honest)
	}
}

// take counts the request and picks its answer.
func (s *script) take(e Endpoint, r *http.Request) Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hits[e]++
	if e == Token {
		s.sent[r.Form.Get("code")]++
	}
	if queue := s.next[e]; len(queue) > 0 {
		s.next[e] = queue[1:]
		return queue[0]
	}
	if a := s.always[e]; a != nil {
		return a
	}
	return Honest()
}
