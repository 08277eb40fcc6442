package store_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"daemun/shared/fault"
	"daemun/shared/session"
	"daemun/shared/store"
	"daemun/shared/store/storetest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// list wants that every session can be read.
func list(t testing.TB, s *store.Store, userID string) []*session.Session {
	t.Helper()
	sessions, corrupt, err := s.ListSessions(t.Context(), userID)
	if err != nil || len(corrupt) > 0 {
		t.Fatalf("%v, corrupt %q", err, corrupt)
	}
	return sessions
}

func listTimes(t testing.TB, s *store.Store, userID string) []*session.Session {
	t.Helper()
	sessions, err := s.ListSessionTimes(t.Context(), userID)
	if err != nil {
		t.Fatal(err)
	}
	return sessions
}

// times is what ListSessionTimes reads of a session.
func times(s *session.Session) *session.Session {
	return &session.Session{UserID: s.UserID, ID: s.ID, CreatedAt: s.CreatedAt, RotatedAt: s.RotatedAt}
}

// What is ended is passed over; what is over its time is not: callers judge age.
func TestListSessions_ReturnsTheUsersOwnThatAreNotEnded(t *testing.T) {
	s, db := open(t)
	mine, other, theirs, ended := login("alice", "a"), login("alice", "b"), login("bob", "a"), login("alice", "c")
	other.RotatedAt, other.Client, other.Device = start.Add(time.Second), "shop", session.Device{}
	mine.CreatedAt = start.Add(-10 * rule.Absolute)
	ended.EndedAt, ended.EndedWhy = start.Add(time.Minute), session.EndedByReuse
	for _, one := range []*session.Session{mine, other, theirs, ended} {
		startSession(t, s, one)
	}
	wantCounts(t, db, map[string]int{"PutItem": 4})
	byID := cmpopts.SortSlices(func(a, b *session.Session) bool { return a.ID < b.ID })
	if diff := cmp.Diff([]*session.Session{mine, other}, list(t, s, "01-alice"), byID); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]*session.Session{times(mine), times(other)}, listTimes(t, s, "01-alice"), byID); diff != "" {
		t.Error(diff)
	}
	if got := append(list(t, s, "01-nobody"), listTimes(t, s, "01-nobody")...); len(got) != 0 {
		t.Errorf("nobody's: %v", got)
	}
}

// LO-05: a page of a query ends at 1 MB, which ended sessions fill too.
func TestListSessions_ReadsEveryPage(t *testing.T) {
	s, db := open(t)
	for i := range 24 {
		one := login("alice", strconv.Itoa(i))
		one.Device.UserAgent = strings.Repeat("x", 100_000)
		if i%2 == 0 {
			one.EndedAt = start
		}
		startSession(t, s, one)
	}
	if got := list(t, s, "01-alice"); len(got) != 12 {
		t.Errorf("%d sessions", len(got))
	}
	if got := listTimes(t, s, "01-alice"); len(got) != 12 {
		t.Errorf("%d sessions' times", len(got))
	}
	if got := db.Proxy.Counts()["Query"]; got < 4 { // engines do not agree what fills a page
		t.Errorf("%d queries, want at least 2 each", got)
	}
}

// F-24: the pages share one operation's time; there is none for each.
func TestListSessions_PagesAreBoundedTogether(t *testing.T) {
	s, db := open(t)
	for i := range 12 {
		one := login("alice", strconv.Itoa(i))
		one.Device.UserAgent = strings.Repeat("x", 100_000)
		startSession(t, s, one)
	}
	ctx, cancel := context.WithCancel(t.Context())
	db.Proxy.Hook(func(c storetest.Call, at storetest.Point) {
		if c.Operation == "Query" && c.N == 2 && at == storetest.BeforeForward {
			cancel()
		}
	})
	if found, _, err := s.ListSessions(ctx, "01-alice"); fault.CodeOf(err) != fault.TemporarilyUnavailable || len(found) > 0 {
		t.Errorf("%d sessions, %v", len(found), err)
	}
}

// F-31: one item that cannot be read hides no other, and its id, which is its
// key, is told: it can be ended.
func TestListSessions_CorruptSessionHidesNoOther(t *testing.T) {
	for name, c := range map[string]struct {
		attribute string
		bad       any
		times     int // sessions whose times can be read
	}{
		"creation is text":  {"created_at", "yesterday", 1},
		"no creation":       {"created_at", nil, 1},
		"rotation is a set": {"rotated_at", []string{"1"}, 1},
		"no generation":     {"generation", nil, 2},
		"no key":            {"key_id", nil, 2},
		"address is number": {"source_ip", 1, 2},
		"agent is null":     {"user_agent", nil, 2},
		"reason is a list":  {"ended_why", []any{"x"}, 2},
	} {
		s, db := open(t)
		startSession(t, s, login("alice", "first"))
		startSession(t, s, login("alice", "second"))
		db.Set(t, db.RefreshTokens, sessionKey("alice", "first"), storetest.Item{c.attribute: c.bad})
		found, corrupt, err := s.ListSessions(t.Context(), "01-alice")
		if err != nil || len(found) != 1 || found[0].ID != "second" || !slices.Equal(corrupt, []string{"first"}) {
			t.Errorf("%s: found %v, corrupt %q, %v", name, found, corrupt, err)
		}
		if got := listTimes(t, s, "01-alice"); len(got) != c.times {
			t.Errorf("%s: times of %v", name, got)
		}
		end(t, s, session.EndedByLogout, start)
		if got := list(t, s, "01-alice"); len(got) != 1 {
			t.Errorf("%s: after its end %v", name, got)
		}
	}
}
