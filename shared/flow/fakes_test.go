package flow_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/jws"
	"daemun/shared/provider"
	"daemun/shared/session"
	"daemun/shared/token"
	"daemun/shared/user"
)

var start = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

const userID = "01JNG3V8T5Q2ZK7W9X4Y6B1C0D"

var errDown = errors.New("down")

// stage writes down the order of what a flow does. It stands in for storage,
// provider and clock only where the order is the point; everything else is
// tested on the real engine.
type stage struct {
	mu       sync.Mutex // a login does two steps at once
	steps    []string
	fails    map[string]error // by step
	now      time.Time        // moves a second with each step
	user     *user.User
	identity string // the id of the person's user; "" for a new one
	old      *session.Session
	rotated  bool
	sessions []*session.Session
	corrupt  []string

	starts, startsFail int // sessions begun; which of them fails, 0 being none
	rotation           session.Rotation
	endedAt            time.Time
	endedWhy           session.EndReason
	claimedTo          time.Time
}

func (s *stage) step(format string, args ...any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(time.Second)
	name := fmt.Sprintf(format, args...)
	s.steps = append(s.steps, name)
	return s.fails[name]
}

func (s *stage) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = append(s.steps, "clock")
	return s.now
}

func (s *stage) Claim(_ context.Context, _ string, expires time.Time) (bool, error) {
	s.claimedTo = expires
	return true, s.step("claim")
}

func (s *stage) FindIdentity(context.Context, user.Identity) (string, error) {
	return s.identity, s.step("find identity")
}

func (s *stage) FindUser(context.Context, string) (*user.User, error) {
	return s.user, s.step("find user")
}

func (s *stage) SignUp(_ context.Context, u *user.User, _ *session.Session, _ time.Time, _ string, _ time.Time) (string, error) {
	return u.ID, s.step("sign up")
}

func (s *stage) StartSession(context.Context, *session.Session, time.Time) error {
	if s.starts++; s.starts == s.startsFail {
		return fault.New(fault.TemporarilyUnavailable, errDown)
	}
	return s.step("start session")
}

func (s *stage) RotateSession(_ context.Context, r session.Rotation) (*session.Session, bool, error) {
	s.rotation = r
	return s.old, s.rotated, s.step("rotate")
}

func (s *stage) EndSession(_ context.Context, _, id string, why session.EndReason, now time.Time) error {
	s.endedWhy, s.endedAt = why, now
	return s.step("end %s", id)
}

func (s *stage) ListSessions(context.Context, string) ([]*session.Session, []string, error) {
	return s.sessions, s.corrupt, s.step("list")
}

func (s *stage) ListSessionTimes(context.Context, string) ([]*session.Session, error) {
	return s.sessions, s.step("list times")
}

// Get implements flow.Providers: the stage is its own provider.
func (s *stage) Get(name string) (provider.Provider, bool) { return s, name == s.Name() }

func (s *stage) Name() string        { return "kakao" }
func (s *stage) DisplayName() string { return "Kakao" }
func (s *stage) Issuers() []string   { return []string{"https://kakao.example", "https://alias.example"} }

func (s *stage) AuthorizeURL(_ context.Context, r provider.AuthorizeRequest) (string, error) {
	return "https://provider.example/?state=" + r.State + "&nonce=" + r.Nonce + "&code_challenge=" + r.CodeChallenge, nil
}

func (s *stage) Identify(context.Context, provider.Authorization) (provider.Person, error) {
	return provider.Person{Identity: user.Identity{Provider: "kakao", Subject: "1"}}, s.step("identify")
}

// keys are the key sets of a test.
type keys struct {
	transaction token.TransactionKeys
	refresh     token.RefreshKeys
	signing     token.SigningKey
}

func newKeys(t testing.TB) *keys {
	t.Helper()
	k := new(keys)
	for kind, sets := range map[string][]interface{ UnmarshalText([]byte) error }{
		token.Secret: {&k.transaction, &k.refresh}, jws.ES256: {&k.signing},
	} {
		for _, set := range sets {
			ring, err := token.NewKeyring(kind, rand.Reader, start)
			if err != nil {
				t.Fatal(err)
			}
			text, err := ring.MarshalText()
			if err != nil {
				t.Fatal(err)
			}
			if err := set.UnmarshalText(text); err != nil {
				t.Fatal(err)
			}
		}
	}
	return k
}

func (k *keys) issuer() flow.Issuer {
	return flow.Issuer{
		Access:  token.AccessIssuer{Issuer: "https://auth.example.com", Audience: "api", Lifetime: 15 * time.Minute, Key: k.signing, Rand: rand.Reader},
		Refresh: k.refresh, Rand: rand.Reader,
		Rule: session.Rule{Grace: 10 * time.Second, Idle: 7 * 24 * time.Hour, Absolute: 90 * 24 * time.Hour},
	}
}

func (k *keys) token(t testing.TB, generation int64) string {
	t.Helper()
	text, err := k.refresh.Mint(token.Refresh{UserID: userID, SessionID: "current", Generation: generation}, k.refresh.ActiveID())
	if err != nil {
		t.Fatal(err)
	}
	return text
}
