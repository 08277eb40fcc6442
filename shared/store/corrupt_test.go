package store_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"daemun/shared/fault"
	"daemun/shared/store"
	"daemun/shared/store/storetest"
)

// canary must never be in the text of an error.
const canary = "canary-3f"

// F-31: an item without an attribute that it needs, or with one of another type,
// is an error that an alarm can know, whoever reads the item alone.
func TestStore_CorruptItemIsAnAlarm(t *testing.T) {
	identity := storetest.Item{"pk": "IDENTITY#kakao#alice", "sk": "IDENTITY"}
	alice := storetest.Item{"pk": "USER#01-alice", "sk": "USER"}
	wrong := []any{nil, canary, 1.5, true, []any{canary}, map[string]any{"a": canary}}
	for _, c := range []struct {
		item     string
		required []string
		optional []string
		readBy   []string
	}{
		{"identity", []string{"user_id"}, nil, []string{"FindIdentity"}},
		{
			"user", []string{"disabled", "profile_complete", "created_at", "email_verified"},
			[]string{"identities", "roles", "email", "nickname", "picture_url", "answers", "revision"}, []string{"FindUser"},
		},
		{
			"session", []string{"generation", "created_at"},
			[]string{"rotated_at", "ended_at"}, []string{"RotateSession"},
		},
	} {
		s, db := open(t)
		table, key := db.Users, identity
		switch c.item {
		case "user":
			key = alice
		case "session":
			table, key = db.RefreshTokens, sessionKey("alice", "first")
		}
		signUp(t, s, "alice")
		for _, name := range append(c.required, c.optional...) {
			good := db.Get(t, table, key)[name]
			for _, bad := range wrong {
				if sameType(name, bad) {
					continue
				}
				db.Set(t, table, key, storetest.Item{name: bad})
				wantCorrupt(t, s, c.readBy, name)
			}
			if good != nil {
				db.Set(t, table, key, storetest.Item{name: good})
			}
			db.Remove(t, table, key, name)
			if slices.Contains(c.required, name) {
				wantCorrupt(t, s, c.readBy, name)
				db.Set(t, table, key, storetest.Item{name: good})
			}
		}
	}
}

// sameType reports whether the value is right for the attribute.
func sameType(name string, value any) bool {
	switch value.(type) {
	case string:
		return slices.Contains([]string{"user_id", "email", "nickname", "picture_url"}, name)
	case bool:
		return slices.Contains([]string{"disabled", "profile_complete", "email_verified"}, name)
	default:
		return false
	}
}

func wantCorrupt(t *testing.T, s *store.Store, readBy []string, attribute string) {
	t.Helper()
	for _, op := range operations {
		if !slices.Contains(readBy, op.name) {
			continue
		}
		err := op.do(t.Context(), s)
		if fault.CodeOf(err) != fault.Internal || !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("%s with a bad %s: %v", op.name, attribute, err)
			continue
		}
		if strings.Contains(err.Error(), canary) || !strings.Contains(err.Error(), attribute) {
			t.Errorf("%s with a bad %s: says %q", op.name, attribute, err)
		}
	}
}

func TestStore_GenerationBelowOneIsCorrupt(t *testing.T) {
	s, db := open(t)
	signUp(t, s, "alice")
	db.Set(t, db.RefreshTokens, sessionKey("alice", "first"), storetest.Item{"generation": 0})
	wantCorrupt(t, s, []string{"RotateSession"}, "generation")
}

// F-26: the item that a canceled transaction tells is read as strictly.
func TestSignUp_CorruptOwnerIsAnAlarm(t *testing.T) {
	s, db := open(t)
	db.Put(t, db.Users, storetest.Item{"pk": "IDENTITY#kakao#alice", "sk": "IDENTITY"})
	_, err := s.SignUp(t.Context(), person("alice"), login("alice", "first"), start, "", start)
	if fault.CodeOf(err) != fault.Internal || !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("got %v", err)
	}
}
