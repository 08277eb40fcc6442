// Package invariant holds what the tables must look like at any moment, after
// whatever crash, fault or race: no half of anything, nothing that goes
// backwards, nothing that stays for ever. It knows the items' shapes, and nothing
// of how they came about.
//
//	V1   one user for each identity, one identity item for each of a user's, no orphans
//	V2   a session's generation never goes back
//	V3   an ended session stays ended, and as it was
//	V4   a session ends for a reason that the caller names, and for no other
//	V10  what is short-lived has an end
//
// Not checked, for no table shows it: what clients were told, and what was asked
// of providers.
package invariant

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"daemun/shared/store/storetest"
)

// Tables is everything that the tables hold, at one moment if nobody writes.
type Tables struct {
	Users      map[string]storetest.Item // by user id
	Identities map[string]string         // user ids by <provider>#<subject>
	Sessions   map[string]storetest.Item // by <user id>/<session id>
	OneTime    map[string]storetest.Item // by id
	foreign    []string                  // keys of a form that is not ours
}

// Read reads the tables.
func Read(t testing.TB, db *storetest.DB) Tables {
	t.Helper()
	all := Tables{
		Users: map[string]storetest.Item{}, Identities: map[string]string{},
		Sessions: map[string]storetest.Item{}, OneTime: map[string]storetest.Item{},
	}
	for _, item := range db.Scan(t, db.Users) {
		key := text(item, "pk")
		if id, ok := strings.CutPrefix(key, "USER#"); ok {
			all.Users[id] = item
		} else if name, ok := strings.CutPrefix(key, "IDENTITY#"); ok {
			all.Identities[name] = text(item, "user_id")
		} else {
			all.foreign = append(all.foreign, key)
		}
	}
	for _, item := range db.Scan(t, db.RefreshTokens) {
		all.Sessions[text(item, "user_id")+"/"+text(item, "session_id")] = item
	}
	for _, item := range db.Scan(t, db.OneTime) {
		all.OneTime[text(item, "id")] = item
	}
	return all
}

// Problems lists what must not be, whatever was before.
func (now Tables) Problems() []string {
	return slices.Concat(now.identityProblems(), now.sessionProblems(), now.oneTimeProblems())
}

func (now Tables) identityProblems() []string {
	var found []string
	for _, key := range now.foreign {
		found = append(found, fmt.Sprintf("V1: %q is neither a user nor an identity", key))
	}
	for name, owner := range now.Identities {
		if !slices.Contains(texts(now.Users[owner], "identities"), name) {
			found = append(found, fmt.Sprintf("V1: identity %s is not one of user %q", name, owner))
		}
	}
	for id, user := range now.Users {
		names := texts(user, "identities")
		if len(names) == 0 {
			found = append(found, fmt.Sprintf("V1: user %s has no identity", id))
		}
		for _, name := range names {
			if now.Identities[name] != id {
				found = append(found, fmt.Sprintf("V1: identity %s of user %s leads to %q", name, id, now.Identities[name]))
			}
		}
	}
	return found
}

func (now Tables) sessionProblems() []string {
	var found []string
	for key, s := range now.Sessions {
		if now.Users[text(s, "user_id")] == nil {
			found = append(found, fmt.Sprintf("V1: session %s has no user", key))
		}
		if number(s, "generation") < 1 {
			found = append(found, fmt.Sprintf("V2: session %s has the generation %v", key, s["generation"]))
		}
		if (s["generation"] == 1.0) != (s["rotated_at"] == nil) {
			found = append(found, fmt.Sprintf("V2: session %s of generation %v was rotated at %v", key, s["generation"], s["rotated_at"]))
		}
		if (s["ended_at"] == nil) != (s["ended_why"] == nil) {
			found = append(found, fmt.Sprintf("V3: session %s ended at %v, why: %v", key, s["ended_at"], s["ended_why"]))
		}
		if number(s, "expires_at") < number(s, "created_at")/1000 {
			found = append(found, fmt.Sprintf("V10: session %s expires at %v", key, s["expires_at"]))
		}
	}
	return found
}

func (now Tables) oneTimeProblems() []string {
	var found []string
	for id, marker := range now.OneTime {
		if expires := number(marker, "expires_at"); expires == 0 || expires > float64(time.Now().Add(time.Hour).Unix()) {
			found = append(found, fmt.Sprintf("V10: marker %s expires at %v", id, marker["expires_at"]))
		}
	}
	return found
}

// ProblemsSince lists what cannot have become of the tables as they were before.
// Sessions may have ended for the reasons given, and for no other. That time to
// live removes something is not foreseen.
func (now Tables) ProblemsSince(before Tables, reasons ...string) []string {
	var found []string
	for id := range before.Users {
		if now.Users[id] == nil {
			found = append(found, fmt.Sprintf("V1: user %s is gone", id))
		}
	}
	for name, owner := range before.Identities {
		if now.Identities[name] != owner {
			found = append(found, fmt.Sprintf("V1: identity %s of user %s now leads to %q", name, owner, now.Identities[name]))
		}
	}
	for key, was := range before.Sessions {
		is := now.Sessions[key]
		switch {
		case is == nil:
			found = append(found, fmt.Sprintf("V4: session %s is gone", key))
		case number(is, "generation") < number(was, "generation"):
			found = append(found, fmt.Sprintf("V2: session %s went from generation %v to %v", key, was["generation"], is["generation"]))
		case was["ended_at"] != nil && (is["ended_at"] != was["ended_at"] || is["ended_why"] != was["ended_why"]):
			found = append(found, fmt.Sprintf("V3: session %s had ended %v, and now %v", key, was["ended_why"], is["ended_why"]))
		}
	}
	for key, s := range now.Sessions {
		if s["ended_at"] != nil && before.Sessions[key]["ended_at"] == nil && !slices.Contains(reasons, text(s, "ended_why")) {
			found = append(found, fmt.Sprintf("V4: session %s was ended, why: %v", key, s["ended_why"]))
		}
	}
	for id := range before.OneTime {
		if now.OneTime[id] == nil {
			found = append(found, fmt.Sprintf("V5: marker %s is gone", id))
		}
	}
	return found
}

func text(item storetest.Item, name string) string {
	value, _ := item[name].(string)
	return value
}

func texts(item storetest.Item, name string) []string {
	value, _ := item[name].([]string)
	return value
}

// number is 0 where there is none.
func number(item storetest.Item, name string) float64 {
	value, _ := item[name].(float64)
	return value
}
