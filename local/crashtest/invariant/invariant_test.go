package invariant_test

import (
	"strings"
	"testing"
	"time"

	"daemun/local/crashtest/invariant"
	"daemun/shared/session"
	"daemun/shared/store"
	"daemun/shared/store/storetest"
	"daemun/shared/user"
)

// fill signs a user up, rotates and ends the session, and claims a state.
func fill(t *testing.T) *storetest.DB {
	t.Helper()
	db := storetest.New(t)
	identity, err := user.NewIdentity("kakao", "1")
	must(t, err)
	s := store.New(db.Config())
	now := time.Now()
	_, err = s.SignUp(t.Context(), &user.User{ID: "u", Identities: []user.Identity{identity}, CreatedAt: now},
		&session.Session{UserID: "u", ID: "s", Generation: 1, KeyID: "k", CreatedAt: now}, now.Add(time.Hour), "", time.Time{})
	must(t, err)
	_, rotated, err := s.RotateSession(t.Context(), session.Rotation{
		UserID: "u", SessionID: "s", Presented: 1, KeyID: "k", Now: now, Rule: session.Rule{Grace: 0, Idle: time.Hour, Absolute: time.Hour},
	})
	must(t, err)
	if !rotated {
		t.Fatal("not rotated")
	}
	must(t, s.EndSession(t.Context(), "u", "s", session.EndedByLogout, now))
	_, err = s.Claim(t.Context(), "STATE#a", now.Add(time.Minute))
	must(t, err)
	return db
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestTables_WithoutProblems(t *testing.T) {
	db := fill(t)
	tables := invariant.Read(t, db)
	if got := append(tables.Problems(), tables.ProblemsSince(tables)...); len(got) > 0 {
		t.Errorf("problems: %q", got)
	}
}

// Each change breaks one rule, and is found.
func TestTables_EachProblemIsFound(t *testing.T) {
	userKey, identityKey := storetest.Item{"pk": "USER#u", "sk": "USER"}, storetest.Item{"pk": "IDENTITY#kakao#1", "sk": "IDENTITY"}
	sessionKey, markerKey := storetest.Item{"user_id": "u", "session_id": "s"}, storetest.Item{"id": "STATE#a"}
	for name, c := range map[string]struct {
		rule   string
		change func(*testing.T, *storetest.DB)
	}{
		"identity without user": {"V1", func(t *testing.T, db *storetest.DB) { db.Delete(t, db.Users, userKey) }},
		"user without identity": {"V1", func(t *testing.T, db *storetest.DB) { db.Delete(t, db.Users, identityKey) }},
		"user with no identity named": {"V1", func(t *testing.T, db *storetest.DB) {
			db.Remove(t, db.Users, userKey, "identities")
		}},
		"second user": {"V1", func(t *testing.T, db *storetest.DB) {
			db.Put(t, db.Users, storetest.Item{"pk": "USER#v", "sk": "USER"})
		}},
		"neither user nor identity": {"V1", func(t *testing.T, db *storetest.DB) {
			db.Put(t, db.Users, storetest.Item{"pk": "x", "sk": "y"})
		}},
		"session without user": {"V1", func(t *testing.T, db *storetest.DB) {
			db.Put(t, db.RefreshTokens, storetest.Item{"user_id": "v", "session_id": "s", "generation": 1, "expires_at": 1})
		}},
		"generation zero": {"V2", func(t *testing.T, db *storetest.DB) {
			db.Set(t, db.RefreshTokens, sessionKey, storetest.Item{"generation": 0})
		}},
		"generation went back": {"V2", func(t *testing.T, db *storetest.DB) {
			db.Set(t, db.RefreshTokens, sessionKey, storetest.Item{"generation": 1})
			db.Remove(t, db.RefreshTokens, sessionKey, "rotated_at")
		}},
		"rotation without time": {"V2", func(t *testing.T, db *storetest.DB) {
			db.Remove(t, db.RefreshTokens, sessionKey, "rotated_at")
		}},
		"end without reason": {"V3", func(t *testing.T, db *storetest.DB) {
			db.Remove(t, db.RefreshTokens, sessionKey, "ended_why")
		}},
		"revived": {"V3", func(t *testing.T, db *storetest.DB) {
			db.Remove(t, db.RefreshTokens, sessionKey, "ended_at", "ended_why")
		}},
		"ended again": {"V3", func(t *testing.T, db *storetest.DB) {
			db.Set(t, db.RefreshTokens, sessionKey, storetest.Item{"ended_why": "reuse"})
		}},
		"session gone": {"V4", func(t *testing.T, db *storetest.DB) { db.Delete(t, db.RefreshTokens, sessionKey) }},
		"ended for no reason": {"V4", func(t *testing.T, db *storetest.DB) {
			db.Put(t, db.RefreshTokens, storetest.Item{
				"user_id": "u", "session_id": "new", "generation": 1, "expires_at": 1, "ended_at": 1, "ended_why": "reuse",
			})
		}},
		"marker gone": {"V5", func(t *testing.T, db *storetest.DB) { db.Delete(t, db.OneTime, markerKey) }},
		"session for ever": {"V10", func(t *testing.T, db *storetest.DB) {
			db.Remove(t, db.RefreshTokens, sessionKey, "expires_at")
		}},
		"marker for ever": {"V10", func(t *testing.T, db *storetest.DB) { db.Remove(t, db.OneTime, markerKey, "expires_at") }},
		"marker for days": {"V10", func(t *testing.T, db *storetest.DB) {
			db.Set(t, db.OneTime, markerKey, storetest.Item{"expires_at": time.Now().Add(48 * time.Hour).Unix()})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			db := fill(t)
			before := invariant.Read(t, db)
			c.change(t, db)
			now := invariant.Read(t, db)
			found := append(now.Problems(), now.ProblemsSince(before, "logout")...)
			if len(found) == 0 || !strings.HasPrefix(found[0], c.rule+":") {
				t.Errorf("problems %q, want one of %s first", found, c.rule)
			}
		})
	}
}
