package store_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"

	"daemun/shared/fault"
	"daemun/shared/store/storetest"
	"daemun/shared/user"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
)

func aliceKey() storetest.Item { return storetest.Item{"pk": "USER#01-alice", "sk": "USER"} }

// The rest of the user is left alone: also what this code does not know.
func TestReplaceAnswers_ChangesNothingElse(t *testing.T) {
	s, db := open(t)
	signUp(t, s, "alice")
	db.Set(t, db.Users, aliceKey(), storetest.Item{"added_later": "x"})
	want := db.Get(t, db.Users, aliceKey())
	for revision, next := range []user.Answers{answered("bob"), {}, answered("é"), answered("é")} {
		old, err := s.FindUser(t.Context(), "01-alice")
		if err != nil {
			t.Fatal(err)
		}
		complete := revision%2 == 0
		got, replaced, err := s.ReplaceAnswers(t.Context(), old, next, complete)
		if err != nil || !replaced {
			t.Fatalf("%v, %v", replaced, err)
		}
		expected := person("alice")
		expected.Answers, expected.ProfileComplete, expected.Revision = next, complete, int64(revision+1)
		if diff := cmp.Diff(expected, got); diff != "" {
			t.Errorf("user (-want +got):\n%s", diff)
		}
		want["revision"], want["profile_complete"] = float64(revision+1), complete
		delete(want, "answers")
		if text, _ := next.Text(); text != "" {
			want["answers"] = text
		}
		if diff := cmp.Diff(want, db.Get(t, db.Users, aliceKey())); diff != "" {
			t.Errorf("item (-want +got):\n%s", diff)
		}
	}
}

func TestReplaceAnswers_OfAnotherRevisionShowsTheUser(t *testing.T) {
	s, db := open(t)
	signUp(t, s, "alice")
	if _, _, err := s.ReplaceAnswers(t.Context(), person("alice"), answered("first"), true); err != nil {
		t.Fatal(err)
	}
	before := everything(t, db)
	for _, revision := range []int64{0, 2, -1} {
		old := person("alice")
		old.Revision = revision
		got, replaced, err := s.ReplaceAnswers(t.Context(), old, answered("second"), false)
		if err != nil || replaced || got.Revision != 1 || !cmp.Equal(got.Answers, answered("first")) {
			t.Errorf("revision %d: %+v, %v, %v", revision, got, replaced, err)
		}
	}
	if diff := cmp.Diff(before, everything(t, db), anyOrder); diff != "" {
		t.Errorf("changed:\n%s", diff)
	}
}

// A user who is gone does not come back by answering.
func TestReplaceAnswers_GoneOrDisabledUserIsLeftAlone(t *testing.T) {
	s, db := open(t)
	if u, replaced, err := s.ReplaceAnswers(t.Context(), person("alice"), answered("x"), true); u != nil || replaced || err != nil {
		t.Errorf("gone: %v, %v, %v", u, replaced, err)
	}
	wantItems(t, db, 0, 0)
	signUp(t, s, "alice")
	db.Set(t, db.Users, aliceKey(), storetest.Item{"disabled": true})
	u, replaced, err := s.ReplaceAnswers(t.Context(), person("alice"), answered("x"), true)
	if err != nil || replaced || !u.Disabled || u.Revision != 0 {
		t.Errorf("disabled: %+v, %v, %v", u, replaced, err)
	}
}

// Of many who read one revision, one writes.
func TestReplaceAnswers_ParallelWritesOnce(t *testing.T) {
	s, db := open(t)
	signUp(t, s, "alice")
	var group sync.WaitGroup
	won := make([]bool, 30)
	for i := range won {
		group.Go(func() {
			_, replaced, err := s.ReplaceAnswers(t.Context(), person("alice"), answered(strconv.Itoa(i)), true)
			if err != nil {
				t.Error(err)
			}
			won[i] = replaced
		})
	}
	group.Wait()
	winner := -1
	for i, w := range won {
		if w && winner >= 0 {
			t.Errorf("%d and %d both wrote", winner, i)
		}
		if w {
			winner = i
		}
	}
	text, _ := answered(strconv.Itoa(winner)).Text()
	if got := db.Get(t, db.Users, aliceKey()); got["answers"] != text || got["revision"] != float64(1) {
		t.Errorf("stored %v, %v; want %s", got["answers"], got["revision"], text)
	}
}

// An operator may spell the text in another way.
func TestReplaceAnswers_TakesAnySpellingForTheAnswers(t *testing.T) {
	s, db := open(t)
	signUp(t, s, "alice")
	db.Set(t, db.Users, aliceKey(), storetest.Item{"answers": `{ "fields": {"nickname": "\u0061"} }`})
	old, err := s.FindUser(t.Context(), "01-alice")
	if err != nil {
		t.Fatal(err)
	}
	if _, replaced, err := s.ReplaceAnswers(t.Context(), old, answered("b"), true); err != nil || !replaced {
		t.Errorf("%v, %v", replaced, err)
	}
}

func TestReplaceAnswers_WhatCannotBeWrittenIsOurMistake(t *testing.T) {
	s, db := open(t)
	broken := user.Answers{Fields: user.Fields{"a": jsontext.Value(`{`)}}
	_, _, err := s.ReplaceAnswers(t.Context(), person("alice"), broken, true)
	wantCode(t, err, fault.Internal)
	u := person("alice")
	u.Answers = broken
	_, err = s.SignUp(t.Context(), u, login("alice", "first"), start, "", start)
	wantCode(t, err, fault.Internal)
	wantCounts(t, db, map[string]int{})
}

// F-31: answers that nobody can read are no answers, and are not quoted.
func TestFindUser_MalformedAnswersAreAnAlarm(t *testing.T) {
	s, db := open(t)
	signUp(t, s, "alice")
	db.Set(t, db.Users, aliceKey(), storetest.Item{"answers": `{"fields":{"` + canary + `"`})
	_, err := s.FindUser(t.Context(), "01-alice")
	wantCode(t, err, fault.Internal)
	if strings.Contains(err.Error(), canary) {
		t.Errorf("says %v", err)
	}
}
