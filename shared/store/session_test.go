package store_test

import (
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"daemun/shared/session"
	"daemun/shared/store"
	"daemun/shared/store/storetest"

	"github.com/google/go-cmp/cmp"
)

func startSession(t testing.TB, s *store.Store, started *session.Session) {
	t.Helper()
	if err := s.StartSession(t.Context(), started, rule.ExpiresAt(started)); err != nil {
		t.Fatal(err)
	}
}

func TestStartSession_TimeToLiveIsSeconds(t *testing.T) {
	s, db := open(t)
	startSession(t, s, login("alice", "first"))
	got := db.Get(t, db.RefreshTokens, sessionKey("alice", "first"))["expires_at"]
	if want := float64(start.Add(rule.Absolute).Unix()); got != want {
		t.Errorf("expires_at %v, want %v", got, want)
	}
}

// A delayed first try must not bring back what happened since.
func TestStartSession_AgainChangesNothing(t *testing.T) {
	s, db := open(t)
	startSession(t, s, login("alice", "first"))
	end(t, s, session.EndedByLogout, start.Add(time.Hour))
	ended := db.Scan(t, db.RefreshTokens)
	startSession(t, s, login("alice", "first"))
	if diff := cmp.Diff(ended, db.Scan(t, db.RefreshTokens)); diff != "" {
		t.Error(diff)
	}
}

func end(t testing.TB, s *store.Store, why session.EndReason, now time.Time) {
	t.Helper()
	if err := s.EndSession(t.Context(), "01-alice", "first", why, now); err != nil {
		t.Fatal(err)
	}
}

func TestEndSession_FirstEndStays(t *testing.T) {
	s, db := open(t)
	startSession(t, s, login("alice", "first"))
	want := db.Get(t, db.RefreshTokens, sessionKey("alice", "first"))
	db.Proxy.Reset()
	end(t, s, session.EndedByReuse, start.Add(time.Hour))
	end(t, s, session.EndedByLogout, start.Add(2*time.Hour))
	wantCounts(t, db, map[string]int{"UpdateItem": 2})
	want["ended_at"], want["ended_why"] = float64(start.Add(time.Hour).UnixMilli()), "reuse"
	// RT-16: what is ended does not stay for as long as it might have lived.
	want["expires_at"] = float64(start.Add(2*time.Hour + 24*time.Hour).Unix())
	if diff := cmp.Diff(want, db.Get(t, db.RefreshTokens, sessionKey("alice", "first"))); diff != "" {
		t.Error(diff)
	}
}

func TestEndSession_MissingStaysMissing(t *testing.T) {
	s, db := open(t)
	end(t, s, session.EndedByLogout, start)
	if got := db.Scan(t, db.RefreshTokens); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestRotateSession_ChangesTheTokenAlone(t *testing.T) {
	s, db := open(t)
	startSession(t, s, login("alice", "first"))
	before := db.Get(t, db.RefreshTokens, sessionKey("alice", "first"))
	db.Proxy.Reset()
	found, rotated, err := s.RotateSession(t.Context(), refresh("alice"))
	if !rotated || err != nil {
		t.Fatalf("got %v, %v", rotated, err)
	}
	want := *login("alice", "first")
	want.Generation, want.KeyID, want.RotatedAt = 2, "k2", start.Add(time.Minute)
	if diff := cmp.Diff(&want, found); diff != "" {
		t.Error(diff)
	}
	wantCounts(t, db, map[string]int{"UpdateItem": 1})
	before["generation"], before["key_id"], before["rotated_at"] = 2.0, "k2", float64(start.Add(time.Minute).UnixMilli())
	if diff := cmp.Diff(before, db.Get(t, db.RefreshTokens, sessionKey("alice", "first"))); diff != "" {
		t.Error(diff)
	}
}

func TestRotateSession_MissingIsNoOldSession(t *testing.T) {
	s, db := open(t)
	old, rotated, err := s.RotateSession(t.Context(), refresh("alice"))
	if old != nil || rotated || err != nil {
		t.Errorf("got %v, %v, %v", old, rotated, err)
	}
	if got := db.Scan(t, db.RefreshTokens); len(got) != 0 {
		t.Errorf("made %v", got)
	}
}

// RT-04, F-60, V2: many workers with one token; all but one see its successor.
func TestRotateSession_ParallelRotatesOnce(t *testing.T) {
	s, _ := open(t)
	startSession(t, s, login("alice", "first"))
	var rotations atomic.Int32
	var group sync.WaitGroup
	for i := range 100 {
		group.Go(func() {
			r := refresh("alice")
			r.Now = r.Now.Add(time.Duration(i) * time.Millisecond)
			old, rotated, err := s.RotateSession(t.Context(), r)
			switch {
			case err != nil:
				t.Error(err)
			case rotated:
				rotations.Add(1)
			case old == nil || old.Generation != 2 || r.Judge(old) != session.Repeat:
				t.Errorf("old session %+v", old)
			}
		})
	}
	group.Wait()
	if rotations.Load() != 1 {
		t.Errorf("%d rotations", rotations.Load())
	}
}

// RT-05, F-61: whichever comes first, an ended session never rotates again.
func TestRotateSession_NeverAfterTheEnd(t *testing.T) {
	s, db := open(t)
	for round := range 20 {
		name := strconv.Itoa(round)
		startSession(t, s, login(name, "first"))
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				if _, _, err := s.RotateSession(t.Context(), refresh(name)); err != nil {
					t.Error(err)
				}
			})
		}
		group.Go(func() {
			if err := s.EndSession(t.Context(), "01-"+name, "first", session.EndedByReuse, start.Add(time.Minute)); err != nil {
				t.Error(err)
			}
		})
		group.Wait()
		later := refresh(name)
		later.Presented = int64(db.Get(t, db.RefreshTokens, sessionKey(name, "first"))["generation"].(float64))
		later.Now = later.Now.Add(time.Hour)
		if old, rotated, err := s.RotateSession(t.Context(), later); rotated || err != nil || later.Judge(old) != session.Refused {
			t.Errorf("after the end: %+v, %v, %v", old, rotated, err)
		}
	}
}

// RT-07, F-23: a rotation of our own whose answer was lost is no theft.
func TestRotateSession_OwnLostAnswerIsJudgedARepeat(t *testing.T) {
	s, db := open(t)
	startSession(t, s, login("alice", "first"))
	db.Proxy.On("UpdateItem", 1, storetest.AnswerLost())
	r := refresh("alice")
	found, rotated, err := s.RotateSession(t.Context(), r)
	if rotated || err != nil || r.Judge(found) != session.Repeat || found.Generation != 2 || found.KeyID != "k2" {
		t.Errorf("got %+v, %v, %v", found, rotated, err)
	}
	wantCounts(t, db, map[string]int{"PutItem": 1, "UpdateItem": 2})
}

// F-28, RT-10: time to live decides nothing, early or late.
func TestSession_TimeToLiveDecidesNothing(t *testing.T) {
	s, db := open(t)
	startSession(t, s, login("alice", "first"))
	db.Set(t, db.RefreshTokens, sessionKey("alice", "first"), storetest.Item{"expires_at": 1})
	if _, rotated, err := s.RotateSession(t.Context(), refresh("alice")); !rotated || err != nil {
		t.Errorf("got %v, %v", rotated, err)
	}
	ids := []string{}
	for _, one := range list(t, s, "01-alice") {
		ids = append(ids, one.ID)
	}
	if !slices.Equal(ids, []string{"first"}) {
		t.Errorf("got %v", ids)
	}
}
