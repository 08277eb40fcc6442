package store_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"daemun/shared/fault"
	"daemun/shared/session"
	"daemun/shared/store"
	"daemun/shared/store/storetest"
	"daemun/shared/user"

	"github.com/google/go-cmp/cmp"
)

const once = "REGISTER#x"

// signUpOnce signs somebody up with the one mark of these tests.
func signUpOnce(ctx context.Context, s *store.Store, u *user.User, first *session.Session) (string, error) {
	return s.SignUp(ctx, u, first, start, once, start.Add(time.Minute))
}

func marker(id string) storetest.Item {
	return storetest.Item{"id": once, "user_id": id, "expires_at": float64(start.Add(time.Minute).Unix())}
}

func wantMarker(t testing.TB, db *storetest.DB, want ...storetest.Item) {
	t.Helper()
	if diff := cmp.Diff(want, db.Scan(t, db.OneTime)); diff != "" {
		t.Errorf("markers (-want +got):\n%s", diff)
	}
}

func TestSignUpOnce_LeavesAMarkInTheSameRequest(t *testing.T) {
	s, db := open(t)
	owner, err := signUpOnce(t.Context(), s, person("alice"), login("alice", "first"))
	if err != nil || owner != "01-alice" {
		t.Errorf("got %q, %v", owner, err)
	}
	wantCounts(t, db, map[string]int{"TransactWriteItems": 1})
	wantItems(t, db, 2, 1)
	wantMarker(t, db, marker("01-alice"))
}

// RG-03: of the same person, and, whatever brought the mark there, of another.
func TestSignUpOnce_TheSecondTimeWritesNothing(t *testing.T) {
	s, db := open(t)
	if _, err := signUpOnce(t.Context(), s, person("alice"), login("alice", "first")); err != nil {
		t.Fatal(err)
	}
	db.Proxy.Reset()
	u, first := rival("x")
	for _, second := range []struct {
		user  *user.User
		first *session.Session
	}{{u, first}, {person("bob"), login("bob", "first")}} {
		owner, err := signUpOnce(t.Context(), s, second.user, second.first)
		if err != nil || owner != "01-alice" {
			t.Errorf("%s: %q, %v", second.user.ID, owner, err)
		}
	}
	wantCounts(t, db, map[string]int{"TransactWriteItems": 2})
	wantItems(t, db, 2, 1)
	wantMarker(t, db, marker("01-alice"))
}

// RG-03: an account that came from somewhere else is nobody's second.
func TestSignUpOnce_KnownIdentityLeavesNoMark(t *testing.T) {
	s, db := open(t)
	signUp(t, s, "alice")
	u, first := rival("x")
	owner, err := signUpOnce(t.Context(), s, u, first)
	if err != nil || owner != "01-alice" {
		t.Errorf("got %q, %v", owner, err)
	}
	wantItems(t, db, 2, 1)
	wantMarker(t, db)
}

// A mark outlives the user: the token of a deleted account makes no new one.
func TestSignUpOnce_MarkOutlivesTheUser(t *testing.T) {
	s, db := open(t)
	if _, err := signUpOnce(t.Context(), s, person("alice"), login("alice", "first")); err != nil {
		t.Fatal(err)
	}
	db.Delete(t, db.Users, storetest.Item{"pk": "IDENTITY#kakao#alice", "sk": "IDENTITY"})
	db.Delete(t, db.Users, storetest.Item{"pk": "USER#01-alice", "sk": "USER"})
	u, first := rival("x")
	owner, err := signUpOnce(t.Context(), s, u, first)
	if err != nil || owner != "01-alice" {
		t.Errorf("got %q, %v", owner, err)
	}
	wantItems(t, db, 0, 1)
}

// RG-03, F-64: a hundred at once with one mark are one user; several rounds.
func TestSignUpOnce_ParallelMakesOneUser(t *testing.T) {
	for round := range 5 {
		s, db := open(t)
		owners := make([]string, 100)
		var group sync.WaitGroup
		for i := range owners {
			group.Go(func() {
				var err error
				u, first := rival(strconv.Itoa(i))
				if owners[i], err = signUpOnce(t.Context(), s, u, first); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		own := 0
		for i, owner := range owners {
			if owner != owners[0] || owner == "" {
				t.Fatalf("round %d: owners %q and %q", round, owner, owners[0])
			}
			if owner == "02-"+strconv.Itoa(i) {
				own++
			}
		}
		if own != 1 {
			t.Errorf("round %d: %d made the user", round, own)
		}
		wantItems(t, db, 2, 1)
		wantMarker(t, db, marker(owners[0]))
	}
}

// F-26: each reason for which the transaction can be canceled, and what it
// means, when the database does not tell the items. "applied" is the state after
// a first try of our own whose answer was lost, "other" that after another's.
func TestSignUpOnce_EachReason(t *testing.T) {
	const none, failed, conflict, throttled = "None", "ConditionalCheckFailed", "TransactionConflict", "ThrottlingError"
	for _, c := range []struct {
		name    string
		before  string
		reasons []string
		owner   string
		calls   map[string]int
		code    fault.Code
	}{
		{"identity of our own", "applied", []string{failed, failed, failed, failed}, "01-alice", map[string]int{"TransactWriteItems": 1, "GetItem": 1}, ""},
		{"identity of another", "other", []string{failed, none, none, failed}, "02-x", map[string]int{"TransactWriteItems": 1, "GetItem": 1}, ""},
		{"identity only", "other", []string{failed, none, none, none}, "02-x", map[string]int{"TransactWriteItems": 1, "GetItem": 1}, ""},
		{"identity, marker busy", "other", []string{failed, none, none, conflict}, "02-x", map[string]int{"TransactWriteItems": 1, "GetItem": 1}, ""},
		{"marker of our own, identity busy", "applied", []string{conflict, failed, failed, failed}, "01-alice", map[string]int{"TransactWriteItems": 1, "GetItem": 1}, ""},
		{"marker of another, identity busy", "other", []string{conflict, none, none, failed}, "02-x", map[string]int{"TransactWriteItems": 1, "GetItem": 1}, ""},
		{"marker only", "other", []string{none, none, none, failed}, "02-x", map[string]int{"TransactWriteItems": 1, "GetItem": 1}, ""},
		{"marker that went away", "nothing", []string{none, none, none, failed}, "", map[string]int{"TransactWriteItems": 1, "GetItem": 1}, fault.TemporarilyUnavailable},
		{"all busy, nothing there", "nothing", []string{conflict, conflict, conflict, conflict}, "01-alice", map[string]int{"TransactWriteItems": 2}, ""},
		{"all busy, ours there", "applied", []string{conflict, none, none, conflict}, "01-alice", map[string]int{"TransactWriteItems": 2}, ""},
		{"all busy, another's there", "other", []string{conflict, none, none, conflict}, "02-x", map[string]int{"TransactWriteItems": 2}, ""},
		{"marker throttled", "nothing", []string{none, none, none, throttled}, "01-alice", map[string]int{"TransactWriteItems": 2}, ""},
		{"user id taken", "nothing", []string{none, failed, none, none}, "", map[string]int{"TransactWriteItems": 1}, fault.Internal},
		{"session id taken", "nothing", []string{none, none, failed, none}, "", map[string]int{"TransactWriteItems": 1}, fault.Internal},
		{"marker not valid", "nothing", []string{none, none, none, "ValidationError"}, "", map[string]int{"TransactWriteItems": 1}, fault.Internal},
	} {
		s, db := open(t)
		earlier, first := rival("x")
		if c.before == "applied" {
			earlier, first = person("alice"), login("alice", "first")
		}
		if c.before != "nothing" {
			if _, err := signUpOnce(t.Context(), s, earlier, first); err != nil {
				t.Fatal(err)
			}
		}
		before := everything(t, db)
		db.Proxy.Reset()
		db.Proxy.On("TransactWriteItems", 1, storetest.Canceled(c.reasons...))
		owner, err := signUpOnce(t.Context(), s, person("alice"), login("alice", "first"))
		if owner != c.owner || fault.CodeOf(err) != c.code {
			t.Errorf("%s: %q, %v", c.name, owner, err)
		}
		wantCounts(t, db, c.calls)
		if c.before != "nothing" || c.code != "" {
			if diff := cmp.Diff(before, everything(t, db), anyOrder); diff != "" {
				t.Errorf("%s: changed:\n%s", c.name, diff)
			}
		}
	}
}

// F-23, F-29, F-30: an answer of our own that was lost, met again in each way in
// which the engine and the SDK can have us meet it.
func TestSignUpOnce_RecognisesItsOwnFirstTry(t *testing.T) {
	for name, second := range map[string]storetest.Fault{
		"its idempotency token": nil,
		"in progress":           storetest.Error("TransactionInProgressException"),
		"token of other bytes":  storetest.Error("IdempotentParameterMismatchException"),
		"conflict":              storetest.Canceled("TransactionConflict", "None", "None", "None"),
		"throttled":             storetest.Error("ThrottlingException"),
	} {
		s, db := open(t)
		db.Proxy.On("TransactWriteItems", 1, storetest.AnswerLost())
		if second != nil {
			db.Proxy.On("TransactWriteItems", 2, second)
		}
		owner, err := signUpOnce(t.Context(), s, person("alice"), login("alice", "first"))
		if err != nil || owner != "01-alice" {
			t.Errorf("%s: %q, %v", name, owner, err)
		}
		wantItems(t, db, 2, 1)
		wantMarker(t, db, marker("01-alice"))
	}
}

// F-31.
func TestSignUpOnce_CorruptMarkIsAnAlarm(t *testing.T) {
	s, db := open(t)
	db.Put(t, db.OneTime, storetest.Item{"id": once})
	owner, err := signUpOnce(t.Context(), s, person("alice"), login("alice", "first"))
	if owner != "" {
		t.Errorf("owner %q", owner)
	}
	wantCode(t, err, fault.Internal)
}
