package store_test

import (
	"context"
	"testing"
	"time"

	"daemun/shared/fault"
	"daemun/shared/session"
	"daemun/shared/store"
	"daemun/shared/store/storetest"

	"github.com/google/go-cmp/cmp"
)

func findSession(t testing.TB, s *store.Store, name, id string) *session.Session {
	t.Helper()
	found, err := s.FindSession(t.Context(), "01-"+name, id)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestFindSession_ReturnsTheOneAlone(t *testing.T) {
	s, db := open(t)
	startSession(t, s, login("alice", "a"))
	startSession(t, s, login("alice", "b"))
	db.Proxy.Reset()
	if diff := cmp.Diff(login("alice", "b"), findSession(t, s, "alice", "b")); diff != "" {
		t.Error(diff)
	}
	for _, other := range [][2]string{{"alice", "c"}, {"bob", "a"}} {
		if got := findSession(t, s, other[0], other[1]); got != nil {
			t.Errorf("%v: %+v", other, got)
		}
	}
	wantCounts(t, db, map[string]int{"GetItem": 3})
}

// F-27, F-28: it sees an end at once, and tells of one that time to live should
// have removed.
func TestFindSession_TellsWhatIsStored(t *testing.T) {
	s, db := open(t)
	db.Proxy.ServeStale(t)
	startSession(t, s, login("alice", "first"))
	db.Set(t, db.RefreshTokens, sessionKey("alice", "first"), storetest.Item{"expires_at": 1})
	end(t, s, session.EndedByReuse, start.Add(time.Hour))
	want := login("alice", "first")
	want.EndedAt, want.EndedWhy = start.Add(time.Hour), session.EndedByReuse
	if diff := cmp.Diff(want, findSession(t, s, "alice", "first")); diff != "" {
		t.Error(diff)
	}
}

// F-22, F-24: one answer that never comes leaves time for another attempt, and
// the end is a fault of ours before an authorizer's caller goes away.
func TestNewImpatient_GivesUpSoon(t *testing.T) {
	t.Parallel()
	patient, db := open(t)
	startSession(t, patient, login("alice", "first"))
	s := store.NewImpatient(db.Config())
	db.Proxy.On("GetItem", 1, storetest.AnswerHangs())
	if got := findSession(t, s, "alice", "first"); got == nil {
		t.Error("not found after an answer that never came")
	}
	db.Proxy.Reset()
	db.Proxy.On("GetItem", 0, storetest.AnswerHangs())
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, err := s.FindSession(ctx, "01-alice", "first")
	wantCode(t, err, fault.TemporarilyUnavailable)
	if ctx.Err() != nil {
		t.Error("the caller went away first")
	}
}
