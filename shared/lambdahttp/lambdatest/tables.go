package lambdatest

import (
	"slices"
	"strings"

	"daemun/shared/store/storetest"
)

// CheckTables finds users without identity, identities and sessions without
// user, and what would stay for ever (V1, V10).
func (w *World) CheckTables() {
	w.t.Helper()
	names, users := map[any]any{}, map[any]storetest.Item{} // identity to owner, user id to user
	for _, item := range w.DB.Scan(w.t, w.DB.Users) {
		key := item["pk"].(string)
		if name, ok := strings.CutPrefix(key, "IDENTITY#"); ok {
			names[name] = item["user_id"]
			continue
		}
		users[strings.TrimPrefix(key, "USER#")] = item
	}
	for name, owner := range names {
		if list, _ := users[owner]["identities"].([]string); !slices.Contains(list, name.(string)) {
			w.t.Errorf("identity %v is not among %q of its user %v", name, list, owner)
		}
	}
	if len(names) != len(users) {
		w.t.Errorf("%d identities of %d users", len(names), len(users))
	}
	for _, s := range w.DB.Scan(w.t, w.DB.RefreshTokens) {
		if users[s["user_id"]] == nil || s["expires_at"] == nil {
			w.t.Errorf("session %v has no user or no end", s)
		}
	}
	for _, claim := range w.DB.Scan(w.t, w.DB.OneTime) {
		if claim["expires_at"] == nil {
			w.t.Errorf("claim %v has no end", claim)
		}
	}
}
