package provider

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"daemun/shared/fault"
	"daemun/shared/jws"
	"daemun/shared/secret"
)

// An issuer of keys for tests: Ed25519, because signing with it is quick.
type issuer struct {
	cacheControl string
	delay        time.Duration // before the honest answer

	mu       sync.Mutex
	requests int
	answer   http.HandlerFunc // nil: honest
}

// answers changes what the issuer answers from now on; nil: honestly.
func (i *issuer) answers(answer http.HandlerFunc) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answer = answer
}

func privateKey(kid string) jws.PrivateKey {
	return jws.PrivateKey{ID: kid, Algorithm: jws.EdDSA, Signer: ed25519.NewKeyFromSeed([]byte(strings.Repeat("s", 32)))}
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	i.requests++
	answer := i.answer
	i.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	time.Sleep(i.delay)
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.Header().Set("Cache-Control", i.cacheControl)
	x := base64.RawURLEncoding.EncodeToString(privateKey("").Signer.Public().(ed25519.PublicKey))
	_, _ = w.Write([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k1","x":"` + x + `"}]}`))
}

// idToken is a token signed by the key that the issuer has, under any name.
func idToken(t *testing.T, kid string) string {
	t.Helper()
	token, err := jws.Sign([]byte("{}"), "JWT", privateKey(kid))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// published runs a test in virtual time, in which every goroutine that is left
// behind is found (V9).
func published(t *testing.T, i *issuer, test func(t *testing.T, j *JWKS)) {
	t.Helper()
	serve(t, i.ServeHTTP, func(t *testing.T, c *Client) { test(t, NewJWKS(c, "http://p.example/keys", jws.EdDSA)) })
}

func (i *issuer) wants(t *testing.T, requests int) {
	t.Helper()
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.requests != requests {
		t.Errorf("%d requests for keys, want %d", i.requests, requests)
	}
}

func verifies(t *testing.T, j *JWKS, kid string, want error) {
	t.Helper()
	if _, err := j.Verify(t.Context(), idToken(t, kid)); !errors.Is(err, want) {
		t.Errorf("kid %q: got %v, want %v", kid, err, want)
	}
}

// JW-05: between five minutes and a day, as the provider says.
func TestJWKS_KeysAreKeptAsLongAsTheProviderSays(t *testing.T) {
	for cacheControl, want := range map[string]time.Duration{
		"":                                    5 * time.Minute,
		"no-store":                            5 * time.Minute,
		"max-age=0":                           5 * time.Minute,
		"max-age=-1":                          5 * time.Minute,
		"max-age=soon":                        5 * time.Minute,
		"public, max-age=3600, no-transform":  time.Hour,
		"public,Max-Age=\"7200\"":             2 * time.Hour,
		"max-age=86400":                       24 * time.Hour,
		"max-age=31536000":                    24 * time.Hour,
		"max-age=99999999999999999999999":     5 * time.Minute,
		"s-maxage=7200, stale-if-error=99999": 5 * time.Minute,
	} {
		i := &issuer{cacheControl: cacheControl}
		published(t, i, func(t *testing.T, j *JWKS) {
			verifies(t, j, "k1", nil)
			time.Sleep(want - time.Nanosecond) // virtual
			verifies(t, j, "k1", nil)
			i.wants(t, 1)
			time.Sleep(time.Nanosecond)
			verifies(t, j, "k1", nil)
			i.wants(t, 2)
		})
	}
}

// JW-03.
func TestJWKS_UnknownKeysAreAskedForEveryThirtySeconds(t *testing.T) {
	i := &issuer{cacheControl: "max-age=3600"}
	published(t, i, func(t *testing.T, j *JWKS) {
		verifies(t, j, "k1", nil)
		for range 1000 {
			verifies(t, j, "random", jws.ErrUnknownKey)
			time.Sleep(60 * time.Millisecond)
		}
		i.wants(t, 3)
		verifies(t, j, "k1", nil)
	})
}

// Keys that were fetched for this very token are not fetched again.
func TestJWKS_FreshKeysAreNotAskedForTwice(t *testing.T) {
	i := &issuer{}
	published(t, i, func(t *testing.T, j *JWKS) {
		verifies(t, j, "random", jws.ErrUnknownKey)
		i.wants(t, 1)
	})
}

// A token of another algorithm or form does not make anybody fetch keys anew.
func TestJWKS_OnlyUnknownKeysAreAskedFor(t *testing.T) {
	i := &issuer{}
	published(t, i, func(t *testing.T, j *JWKS) {
		verifies(t, j, "k1", nil)
		for _, token := range []string{"", "..", strings.Repeat("x", 9000), "eyJhbGciOiJub25lIn0.e30.", idToken(t, "k1") + "AAAA"} {
			if _, err := j.Verify(t.Context(), token); err == nil {
				t.Errorf("%.20q is good", token)
			}
		}
		i.wants(t, 1)
	})
}

// F-12: two seconds at most.
func TestJWKS_WithoutKeysFailsWithinTwoSeconds(t *testing.T) {
	i := &issuer{answer: hang}
	published(t, i, func(t *testing.T, j *JWKS) {
		start := time.Now()
		_, err := j.Verify(t.Context(), idToken(t, "k1"))
		if took := time.Since(start); fault.CodeOf(err) != fault.TemporarilyUnavailable || took > 2*time.Second {
			t.Errorf("got %v after %v", err, took)
		}
		i.wants(t, 2)
	})
}

// JW-04: old keys serve on, the provider is left alone, and no login waits for
// it more than once in a while.
func TestJWKS_OldKeysServeAnHourWhileTheProviderFails(t *testing.T) {
	i := &issuer{}
	published(t, i, func(t *testing.T, j *JWKS) {
		verifies(t, j, "k1", nil)
		time.Sleep(5 * time.Minute)
		i.answers(hang)
		start := time.Now()
		for range 100 {
			verifies(t, j, "k1", nil)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("100 logins took %v", took)
		}
		i.wants(t, 3)
		time.Sleep(30 * time.Second)
		verifies(t, j, "k1", nil)
		i.wants(t, 5)
		time.Sleep(time.Hour)
		if _, err := j.Verify(t.Context(), idToken(t, "k1")); fault.CodeOf(err) != fault.TemporarilyUnavailable {
			t.Errorf("got %v", err)
		}
		i.answers(nil)
		time.Sleep(2 * time.Second)
		verifies(t, j, "k1", nil)
	})
}

// F-12: without keys, the provider is asked by one login, for all of them and for
// those of the next two seconds; then it is asked again.
func TestJWKS_WithoutKeysTheProviderIsLeftAloneForTwoSeconds(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"hangs": hang, "fails": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
	} {
		i := &issuer{answer: answer}
		published(t, i, func(t *testing.T, j *JWKS) {
			refused := func() {
				start := time.Now()
				_, err := j.Verify(t.Context(), idToken(t, "k1"))
				if took := time.Since(start); fault.CodeOf(err) != fault.TemporarilyUnavailable || took > 2*time.Second {
					t.Errorf("%s: got %v after %v", name, err, took)
				}
			}
			var all sync.WaitGroup
			for range 50 {
				all.Go(refused)
			}
			all.Wait()
			for range 19 {
				refused()
				time.Sleep(100 * time.Millisecond)
			}
			i.wants(t, 2)
			time.Sleep(100 * time.Millisecond)
			refused()
			i.wants(t, 4)
			i.answers(nil)
			refused()
			time.Sleep(2 * time.Second)
			verifies(t, j, "k1", nil)
			verifies(t, j, "k1", nil)
			i.wants(t, 5)
		})
	}
}

// F-12: who asks to be left alone for longer is, and the client hears of it; a day
// would keep everybody out for a day.
func TestJWKS_ProviderIsLeftAloneAsLongAsItAsksFor(t *testing.T) {
	for asked, want := range map[string]time.Duration{"30": 30 * time.Second, "86400": time.Minute, "1": 2 * time.Second, "": 2 * time.Second} {
		i := &issuer{answer: func(w http.ResponseWriter, _ *http.Request) {
			if asked != "" {
				w.Header().Set("Retry-After", asked)
			}
			w.WriteHeader(http.StatusTooManyRequests)
		}}
		published(t, i, func(t *testing.T, j *JWKS) {
			refused := func() {
				_, err := j.Verify(t.Context(), idToken(t, "k1"))
				if f := fault.From(err); f == nil || f.Code != fault.TemporarilyUnavailable || asked == "30" && f.RetryAfter != want {
					t.Errorf("asked for %q: got %+v", asked, f)
				}
			}
			refused()
			time.Sleep(want - time.Nanosecond) // virtual
			refused()
			i.wants(t, 1)
			time.Sleep(time.Nanosecond)
			i.answers(nil)
			verifies(t, j, "k1", nil)
			i.wants(t, 2)
		})
	}
}

// While the provider fails, a token with an unknown key is still refused as that.
func TestJWKS_UnknownKeyWhileTheProviderFails(t *testing.T) {
	i := &issuer{cacheControl: "max-age=3600"}
	published(t, i, func(t *testing.T, j *JWKS) {
		verifies(t, j, "k1", nil)
		i.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
		for range 10 {
			verifies(t, j, "random", jws.ErrUnknownKey)
		}
		i.wants(t, 3)
		verifies(t, j, "k1", nil)
	})
}

// One fetches, all get it; one who gives up takes nobody along.
func TestJWKS_WhoFetchesAndGivesUpTakesNobodyAlong(t *testing.T) {
	i := &issuer{delay: 500 * time.Millisecond}
	published(t, i, func(t *testing.T, j *JWKS) {
		impatient, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := j.Verify(impatient, idToken(t, "k1")); fault.CodeOf(err) != fault.TemporarilyUnavailable {
				t.Errorf("got %v", err)
			}
		})
		synctest.Wait()
		for range 50 {
			all.Go(func() { verifies(t, j, "k1", nil) })
		}
		all.Wait()
		i.wants(t, 2)
	})
}

func TestJWKS_WhoWaitsGivesUpAtTheirOwnDeadline(t *testing.T) {
	i := &issuer{answer: hang}
	published(t, i, func(t *testing.T, j *JWKS) {
		var all sync.WaitGroup
		all.Go(func() { _, _ = j.Verify(t.Context(), idToken(t, "k1")) })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := j.Verify(ctx, idToken(t, "k1"))
		if took := time.Since(start); fault.CodeOf(err) != fault.TemporarilyUnavailable || took != 100*time.Millisecond {
			t.Errorf("got %v after %v", err, took)
		}
		all.Wait()
	})
}

// What the client sees says neither who nor why; the log does.
func TestJWKS_FaultTellsTheLogWhy(t *testing.T) {
	i := &issuer{answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }}
	published(t, i, func(t *testing.T, j *JWKS) {
		_, err := j.Verify(t.Context(), idToken(t, "k1"))
		f := fault.From(err)
		if !strings.Contains(f.Error(), "keys: status 404") || strings.Contains(f.Public(), "404") || f.Code.Status() != http.StatusServiceUnavailable {
			t.Errorf("got %v, %q", f, f.Public())
		}
	})
}

func TestSharedSecret_Verifies(t *testing.T) {
	s := SharedSecret{secret.New(strings.Repeat("x", 32))}
	if _, err := s.Verify(t.Context(), idToken(t, "k1")); !errors.Is(err, jws.ErrAlgorithm) {
		t.Errorf("an EdDSA token: %v", err)
	}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
}
