package store_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"daemun/shared/fault"
	"daemun/shared/store"
	"daemun/shared/store/storetest"
)

func claim(t testing.TB, s *store.Store, id string) bool {
	t.Helper()
	first, err := s.Claim(t.Context(), id, start)
	if err != nil {
		t.Fatal(err)
	}
	return first
}

// ST-03.
func TestClaim_OnlyTheFirstOfAnIDIsFirst(t *testing.T) {
	s, db := open(t)
	if !claim(t, s, "a") || claim(t, s, "a") || !claim(t, s, "b") {
		t.Error("want first, not first, first")
	}
	wantCounts(t, db, map[string]int{"PutItem": 3})
}

// ST-03, F-65.
func TestClaim_ParallelHasOneFirst(t *testing.T) {
	s, _ := open(t)
	var firsts atomic.Int32
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			first, err := s.Claim(t.Context(), "a", start)
			if err != nil {
				t.Error(err)
			}
			if first {
				firsts.Add(1)
			}
		})
	}
	group.Wait()
	if firsts.Load() != 1 {
		t.Errorf("%d were first", firsts.Load())
	}
}

// V10: time to live is in seconds, and never before the time that was asked for.
func TestClaim_MarkLastsUntilExpires(t *testing.T) {
	s, db := open(t)
	if _, err := s.Claim(t.Context(), "a", start.Add(time.Nanosecond)); err != nil {
		t.Fatal(err)
	}
	got := db.Get(t, db.OneTime, storetest.Item{"id": "a"})["expires_at"]
	if want := float64(start.Unix() + 1); got != want {
		t.Errorf("expires_at %v, want %v", got, want)
	}
}

// F-28: a mark that time to live has not removed yet still counts.
func TestClaim_ExpiredMarkCounts(t *testing.T) {
	s, db := open(t)
	claim(t, s, "a")
	db.Set(t, db.OneTime, storetest.Item{"id": "a"}, storetest.Item{"expires_at": 1})
	if claim(t, s, "a") {
		t.Error("first again")
	}
}

// F-31: whoever made the mark, it was not this call.
func TestClaim_CorruptMarkIsAnothers(t *testing.T) {
	s, db := open(t)
	db.Put(t, db.OneTime, storetest.Item{"id": "a"})
	db.Put(t, db.OneTime, storetest.Item{"id": "b", "attempt": 7})
	if claim(t, s, "a") || claim(t, s, "b") {
		t.Error("first")
	}
}

func TestClaim_NeedsRandomness(t *testing.T) {
	db := storetest.New(t)
	config := db.Config()
	config.Random = iotest.ErrReader(errors.New("dry"))
	first, err := store.New(config).Claim(t.Context(), "a", start)
	if first {
		t.Error("first")
	}
	wantCode(t, err, fault.Internal)
	wantCounts(t, db, map[string]int{})
}
