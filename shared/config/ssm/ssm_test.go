package ssm_test

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"

	"daemun/shared/config/ssm"
	"daemun/shared/fault"
)

// store is a Parameter Store that speaks AWS JSON 1.1, with two parameters to a
// page.
type store struct {
	mu     sync.Mutex
	values map[string]string
	down   bool
	after  int            // goes down after so many requests; 0: stays up
	counts map[string]int // requests by operation
}

const perPage = 2

// serve starts the store and points the resolver's environment at it.
func serve(t *testing.T, values map[string]string) *store {
	t.Helper()
	s := &store{values: values, counts: map[string]int{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"SSM_ENDPOINT": server.URL, "AWS_REGION": "ap-northeast-2", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key", "AWS_SESSION_TOKEN": "",
	} {
		t.Setenv(name, value)
	}
	return s
}

type request struct {
	Name, Path, NextToken string
	WithDecryption        bool
}

type parameter struct{ Name, Value string }

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSSM.")
	s.counts[operation]++
	if s.after > 0 && s.counts[operation] > s.after {
		s.down = true
	}
	var in request
	if err := json.UnmarshalRead(r.Body, &in); err != nil || s.down {
		answer(w, http.StatusInternalServerError, map[string]string{"__type": "InternalServerError"})
		return
	}
	switch operation {
	case "GetParameter":
		s.get(w, in)
	case "GetParametersByPath":
		s.getByPath(w, in)
	default:
		answer(w, http.StatusBadRequest, map[string]string{"__type": "UnknownOperationException"})
	}
}

func (s *store) get(w http.ResponseWriter, in request) {
	if _, ok := s.values[in.Name]; !ok {
		answer(w, http.StatusBadRequest, map[string]string{"__type": "ParameterNotFound"})
		return
	}
	answer(w, http.StatusOK, map[string]any{"Parameter": s.show(in, in.Name)})
}

func (s *store) getByPath(w http.ResponseWriter, in request) {
	var names []string
	for name := range s.values {
		if strings.HasPrefix(name, in.Path+"/") && !strings.Contains(name[len(in.Path)+1:], "/") && name > in.NextToken {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, cmp.Compare[string])
	out := map[string]any{}
	if len(names) > perPage {
		names = names[:perPage]
		out["NextToken"] = names[perPage-1]
	}
	parameters := []parameter{}
	for _, name := range names {
		parameters = append(parameters, s.show(in, name))
	}
	out["Parameters"] = parameters
	answer(w, http.StatusOK, out)
}

// show is a parameter as its reader sees it: a SecureString that was not asked
// for in the clear stays encrypted.
func (s *store) show(in request, name string) parameter {
	if !in.WithDecryption {
		return parameter{name, "encrypted"}
	}
	return parameter{name, s.values[name]}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_ = json.MarshalWrite(w, body) // the client reports what it cannot read
}

func TestResolve_Parameter(t *testing.T) {
	s := serve(t, map[string]string{"/d/kakao/secret": "s3cret"})
	got, err := new(ssm.Resolver).Resolve(t.Context(), "/d/kakao/secret")
	if err != nil || got != "s3cret" {
		t.Errorf("%q, %v", got, err)
	}
	if s.counts["GetParameter"] != 1 || len(s.counts) != 1 {
		t.Errorf("asked %v", s.counts)
	}
}

// A path is a key set, over as many pages as it takes; what lies deeper or
// beside it is not part of it.
func TestResolve_PathIsAKeySetOverAllPages(t *testing.T) {
	s := serve(t, map[string]string{
		"/d/keys/1": `{"kid":"1"}`, "/d/keys/2": `{"kid":"2"}`, "/d/keys/3": `{"kid":"3"}`,
		"/d/keys/old/0": `{"kid":"0"}`, "/d/keysother/4": `{"kid":"4"}`, "/d/keys": `{"kid":"5"}`,
	})
	got, err := new(ssm.Resolver).Resolve(t.Context(), "/d/keys/")
	if want := `{"keys":[{"kid":"1"},{"kid":"2"},{"kid":"3"}]}`; err != nil || got != want {
		t.Errorf("%s, %v", got, err)
	}
	if s.counts["GetParametersByPath"] != 2 {
		t.Errorf("asked %v", s.counts)
	}
}

// What is not there is empty: the configuration says whether that is a mistake.
func TestResolve_MissingIsEmpty(t *testing.T) {
	s := serve(t, nil)
	var r ssm.Resolver
	if got, err := r.Resolve(t.Context(), "/d/none"); err != nil || got != "" {
		t.Errorf("parameter: %q, %v", got, err)
	}
	if got, err := r.Resolve(t.Context(), "/d/none/"); err != nil || got != `{"keys":[]}` {
		t.Errorf("path: %q, %v", got, err)
	}
	if s.counts["GetParameter"] != 1 {
		t.Errorf("asked again for what is not there: %v", s.counts)
	}
}

// F-70: a fault for a moment, after one more try; the next time it is asked again.
func TestResolve_OutageIsTemporary(t *testing.T) {
	s := serve(t, map[string]string{"/d/secret": "canary", "/d/keys/1": "canary"})
	s.down = true
	var r ssm.Resolver
	for _, reference := range []string{"/d/secret", "/d/keys/"} {
		got, err := r.Resolve(t.Context(), reference)
		if fault.CodeOf(err) != fault.TemporarilyUnavailable || got != "" {
			t.Errorf("%s: %q, %v", reference, got, err)
		}
		if err != nil && !strings.Contains(err.Error(), strings.TrimSuffix(reference, "/")) {
			t.Errorf("%s: not named in %v", reference, err)
		}
	}
	if s.counts["GetParameter"] != 2 || s.counts["GetParametersByPath"] != 2 {
		t.Errorf("asked %v", s.counts)
	}
	s.down = false
	if got, err := r.Resolve(t.Context(), "/d/secret"); err != nil || got != "canary" {
		t.Errorf("afterwards: %q, %v", got, err)
	}
}

// Half a key set is none: with it, an instance would refuse good tokens.
func TestResolve_OutageBetweenPagesIsTemporary(t *testing.T) {
	s := serve(t, map[string]string{"/d/keys/1": "{}", "/d/keys/2": "{}", "/d/keys/3": "{}"})
	s.after = 1
	if got, err := new(ssm.Resolver).Resolve(t.Context(), "/d/keys/"); fault.CodeOf(err) != fault.TemporarilyUnavailable || got != "" {
		t.Errorf("%q, %v", got, err)
	}
}

// What came of an answer that broke off is no part of the next one.
func TestResolve_HalfAnAnswerIsForgotten(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked == 1 {
			_, _ = io.WriteString(w, `{"NextToken":"more","Parameter":{"Value":"half"}`)
			return
		}
		_, _ = io.WriteString(w, `{}`)
	}))
	t.Cleanup(server.Close)
	serve(t, nil)
	t.Setenv("SSM_ENDPOINT", server.URL)
	for reference, want := range map[string]string{"/d/secret": "", "/d/keys/": `{"keys":[]}`} {
		asked = 0
		if got, err := new(ssm.Resolver).Resolve(t.Context(), reference); err != nil || got != want || asked != 2 {
			t.Errorf("%s: %q, %v, after %d requests", reference, got, err, asked)
		}
	}
}

// V7: nobody waits longer than their own deadline.
func TestResolve_EndsWithItsContext(t *testing.T) {
	s := serve(t, map[string]string{"/d/secret": "x"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := new(ssm.Resolver).Resolve(ctx, "/d/secret"); fault.CodeOf(err) != fault.TemporarilyUnavailable || got != "" {
		t.Errorf("%q, %v", got, err)
	}
	if len(s.counts) != 0 {
		t.Errorf("asked %v", s.counts)
	}
}
