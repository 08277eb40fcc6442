package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/session"
	"daemun/shared/store"
	"daemun/shared/store/storetest"
	"daemun/shared/user"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
)

var (
	_ flow.OneTime  = (*store.Store)(nil)
	_ flow.Users    = (*store.Store)(nil)
	_ flow.Sessions = (*store.Store)(nil)
	_ flow.Answers  = (*store.Store)(nil)
)

var start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

var rule = session.Rule{Grace: 10 * time.Second, Idle: 7 * 24 * time.Hour, Absolute: 90 * 24 * time.Hour}

func open(t testing.TB) (*store.Store, *storetest.DB) {
	t.Helper()
	db := storetest.New(t)
	return store.NewPatient(db.Config()), db
}

// person is a user with one identity; the name makes id and subject.
func person(name string) *user.User {
	return &user.User{
		ID:              "01-" + name,
		Identities:      []user.Identity{{Provider: "kakao", Subject: name}},
		Roles:           []string{"admin", "reader"},
		ProfileComplete: true,
		CreatedAt:       start,
		Profile: user.Profile{
			Email: name + "@example.com", EmailVerified: true, Nickname: "앨리스 🦊", PictureURL: "https://example.com/p.png",
		},
		Answers: answered("앨리스 🦊"),
	}
}

// answered are somebody's answers.
func answered(nickname string) user.Answers {
	quoted, _ := jsontext.AppendQuote(nil, nickname)
	return user.Answers{
		Fields:   user.Fields{"nickname": quoted, "number": jsontext.Value("9007199254740993")},
		Consents: user.Consents{"terms": {Accepted: true, Version: "2026-01", At: start}},
	}
}

// login is the first session of a person's, or a further one.
func login(name, id string) *session.Session {
	return &session.Session{
		UserID: "01-" + name, ID: id, Generation: 1, KeyID: "k1", CreatedAt: start,
		Device: session.Device{UserAgent: "Mozilla/5.0", SourceIP: "192.0.2.7"},
	}
}

func signUp(t testing.TB, s *store.Store, name string) {
	t.Helper()
	first := login(name, "first")
	owner, err := s.SignUp(t.Context(), person(name), first, rule.ExpiresAt(first), "", start)
	if err != nil || owner != "01-"+name {
		t.Fatalf("sign up %s: %q, %v", name, owner, err)
	}
}

// refresh is the rotation of a person's first session, a minute after the login.
func refresh(name string) session.Rotation {
	return session.Rotation{
		UserID: "01-" + name, SessionID: "first", Presented: 1, KeyID: "k2", Now: start.Add(time.Minute), Rule: rule,
	}
}

func sessionKey(name, id string) storetest.Item {
	return storetest.Item{"user_id": "01-" + name, "session_id": id}
}

func wantCode(t testing.TB, err error, want fault.Code) {
	t.Helper()
	if got := fault.CodeOf(err); got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
}

func wantCounts(t testing.TB, db *storetest.DB, want map[string]int) {
	t.Helper()
	if diff := cmp.Diff(want, db.Proxy.Counts()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestWarm_IsOneReadOfAnyTable(t *testing.T) {
	db := storetest.New(t)
	for _, tables := range []store.Config{
		{UsersTable: db.Users, RefreshTokensTable: db.RefreshTokens}, {RefreshTokensTable: db.RefreshTokens}, {OneTimeTable: db.OneTime},
	} {
		db.Proxy.Reset()
		tables.Endpoint, tables.Getenv = db.Proxy.URL(), db.Config().Getenv
		if err := store.New(tables).Warm(t.Context()); err != nil {
			t.Errorf("%+v: %v", tables, err)
		}
		wantCounts(t, db, map[string]int{"GetItem": 1})
	}
}

func TestWarm_IsNotRepeated(t *testing.T) {
	s, db := open(t)
	db.Proxy.On("GetItem", 0, storetest.Error("InternalServerError"))
	if err := s.Warm(t.Context()); err == nil {
		t.Error("no error")
	}
	wantCounts(t, db, map[string]int{"GetItem": 1})
}

// F-32.
func TestStore_WithoutCredentialsIsMisconfigured(t *testing.T) {
	db := storetest.New(t)
	config := db.Config()
	config.Getenv = func(name string) string {
		if name == "AWS_SECRET_ACCESS_KEY" {
			return ""
		}
		return db.Environment()[name]
	}
	_, err := store.New(config).FindUser(t.Context(), "01")
	wantCode(t, err, fault.TemporarilyUnavailable)
	if !errors.Is(err, store.ErrMisconfigured) {
		t.Errorf("got %v", err)
	}
	wantCounts(t, db, map[string]int{})
}

func TestStore_EndsWithTheContext(t *testing.T) {
	s, db := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	db.Proxy.Hook(func(storetest.Call, storetest.Point) { cancel() })
	_, err := s.FindUser(ctx, "01")
	wantCode(t, err, fault.TemporarilyUnavailable)
	wantCounts(t, db, map[string]int{"GetItem": 1})
}
