package store_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"daemun/shared/fault"
	"daemun/shared/session"
	"daemun/shared/store"
	"daemun/shared/store/storetest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// operation is a method of Store, the request that it makes, and what it must
// return after signUp of alice, whether or not it had to repeat the request.
type operation struct {
	name    string
	request string
	do      func(context.Context, *store.Store) error
}

var operations = []operation{
	{"Claim", "PutItem", func(ctx context.Context, s *store.Store) error {
		first, err := s.Claim(ctx, "a", start)
		return want(err, first)
	}},
	{"FindIdentity", "GetItem", func(ctx context.Context, s *store.Store) error {
		owner, err := s.FindIdentity(ctx, person("alice").Identities[0])
		return want(err, owner == "01-alice")
	}},
	{"FindUser", "GetItem", func(ctx context.Context, s *store.Store) error {
		u, err := s.FindUser(ctx, "01-alice")
		return want(err, cmp.Equal(u, person("alice")))
	}},
	{"FindSession", "GetItem", func(ctx context.Context, s *store.Store) error {
		found, err := s.FindSession(ctx, "01-alice", "first")
		return want(err, cmp.Equal(found, login("alice", "first")))
	}},
	{"SignUp", "TransactWriteItems", func(ctx context.Context, s *store.Store) error {
		owner, err := s.SignUp(ctx, person("bob"), login("bob", "first"), start, "", start)
		return want(err, owner == "01-bob")
	}},
	{"SignUp once", "TransactWriteItems", func(ctx context.Context, s *store.Store) error {
		owner, err := s.SignUp(ctx, person("bob"), login("bob", "first"), start, "REGISTER#b", start)
		return want(err, owner == "01-bob")
	}},
	{"ReplaceAnswers", "UpdateItem", func(ctx context.Context, s *store.Store) error {
		u, replaced, err := s.ReplaceAnswers(ctx, person("alice"), answered("bob"), true)
		return want(err, u != nil && cmp.Equal(u.Answers, answered("bob")) && (replaced || u.Revision == 1))
	}},
	{"StartSession", "PutItem", func(ctx context.Context, s *store.Store) error {
		return s.StartSession(ctx, login("alice", "second"), start)
	}},
	{"RotateSession", "UpdateItem", func(ctx context.Context, s *store.Store) error {
		r := refresh("alice")
		old, rotated, err := s.RotateSession(ctx, r)
		return want(err, rotated || r.Judge(old) == session.Repeat)
	}},
	{"EndSession", "UpdateItem", func(ctx context.Context, s *store.Store) error {
		return s.EndSession(ctx, "01-alice", "first", session.EndedByLogout, start)
	}},
	{"ListSessions", "Query", func(ctx context.Context, s *store.Store) error {
		sessions, corrupt, err := s.ListSessions(ctx, "01-alice")
		return want(err, len(sessions) == 1 && len(corrupt) == 0)
	}},
	{"ListSessionTimes", "Query", func(ctx context.Context, s *store.Store) error {
		sessions, err := s.ListSessionTimes(ctx, "01-alice")
		return want(err, len(sessions) == 1)
	}},
}

var errWrong = errors.New("the answer is wrong")

func want(err error, right bool) error {
	if err == nil && !right {
		return errWrong
	}
	return err
}

// everything is the content of all tables.
func everything(t testing.TB, db *storetest.DB) map[string][]storetest.Item {
	t.Helper()
	return map[string][]storetest.Item{
		"users": db.Scan(t, db.Users), "sessions": db.Scan(t, db.RefreshTokens), "once": db.Scan(t, db.OneTime),
	}
}

var anyOrder = cmpopts.SortSlices(func(a, b storetest.Item) bool { return fmt.Sprint(a) < fmt.Sprint(b) })

// each runs test for every operation, on a database where alice is signed up.
// All run at once: they wait much and work little.
func each(t *testing.T, test func(*testing.T, operation, *store.Store, *storetest.DB)) {
	var group sync.WaitGroup
	for _, op := range operations {
		group.Go(func() {
			t.Run(op.name, func(t *testing.T) {
				s, db := open(t)
				signUp(t, s, "alice")
				db.Proxy.Reset()
				test(t, op, s, db)
			})
		})
	}
	group.Wait()
}

// Budgets: without faults an operation is one request.
func TestStore_OperationIsOneRequest(t *testing.T) {
	each(t, func(t *testing.T, op operation, s *store.Store, db *storetest.DB) {
		if err := op.do(t.Context(), s); err != nil {
			t.Error(err)
		}
		wantCounts(t, db, map[string]int{op.request: 1})
	})
}

// F-20, F-21, F-22, F-23, F-29: once or twice is invisible, and leaves what no
// fault would have left.
func TestStore_FaultThatPassesIsInvisible(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault storetest.Fault
	}{
		{"F-20 capacity", storetest.Error("ProvisionedThroughputExceededException")},
		{"F-20 throttled", storetest.Error("ThrottlingException")},
		{"F-20 limit", storetest.Error("RequestLimitExceeded")},
		{"F-21 internal", storetest.Error("InternalServerError")},
		{"F-21 unavailable", storetest.Error("ServiceUnavailable")},
		{"F-21 bad gateway", storetest.Answer(http.StatusBadGateway, "<html>")},
		{"F-22 request lost", storetest.RequestLost()},
		{"F-23 answer lost", storetest.AnswerLost()},
		{"F-29 in progress", storetest.Error("TransactionInProgressException")},
		{"conflict with a transaction", storetest.Error("TransactionConflictException")},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, op operation, s *store.Store, db *storetest.DB) {
				db.Proxy.On(op.request, 1, c.fault)
				db.Proxy.On(op.request, 2, c.fault)
				if err := op.do(t.Context(), s); err != nil {
					t.Error(err)
				}
				wantCounts(t, db, map[string]int{op.request: 3})
				wantAsWithoutFault(t, op, db)
			})
		})
	}
}

func wantAsWithoutFault(t *testing.T, op operation, db *storetest.DB) {
	t.Helper()
	s, calm := open(t)
	signUp(t, s, "alice")
	if err := op.do(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	random := cmpopts.IgnoreMapEntries(func(name string, _ any) bool { return name == "attempt" })
	if diff := cmp.Diff(everything(t, calm), everything(t, db), anyOrder, random); diff != "" {
		t.Errorf("(-without fault +with):\n%s", diff)
	}
}

// F-23: the variant in which the answer never comes.
func TestStore_AnswerThatNeverComesIsInvisible(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, op operation, s *store.Store, db *storetest.DB) {
		db.Proxy.On(op.request, 1, storetest.AnswerHangs())
		if err := op.do(t.Context(), s); err != nil {
			t.Error(err)
		}
		wantCounts(t, db, map[string]int{op.request: 2})
		wantAsWithoutFault(t, op, db)
	})
}

// F-24, F-23: the limits leave room for a slow answer, and for another attempt
// after one that never came.
func TestStore_LimitsLeaveRoom(t *testing.T) {
	for _, c := range []struct {
		name    string
		fault   storetest.Fault
		rotated bool // by the first attempt
	}{
		{"slow", storetest.Slow(400 * time.Millisecond), true},
		{"never", storetest.AnswerHangs(), false},
	} {
		patient, db := open(t)
		signUp(t, patient, "alice")
		db.Proxy.On("UpdateItem", 1, c.fault)
		r := refresh("alice")
		found, rotated, err := store.New(db.Config()).RotateSession(t.Context(), r)
		if err != nil || rotated != c.rotated || found.Generation != 2 {
			t.Errorf("%s: %+v, %v, %v", c.name, found, rotated, err)
		}
	}
}

// F-20, F-21, F-22, F-32, RT-06: a fault that stays changes nothing, and is ours.
func TestStore_FaultThatStaysIsOurs(t *testing.T) {
	for _, c := range []struct {
		name          string
		fault         storetest.Fault
		calls         int
		want          fault.Code
		misconfigured bool
	}{
		{"F-20 capacity", storetest.Error("ProvisionedThroughputExceededException"), 3, fault.TemporarilyUnavailable, false},
		{"F-20 throttled", storetest.Error("ThrottlingException"), 3, fault.TemporarilyUnavailable, false},
		{"F-21 internal", storetest.Error("InternalServerError"), 3, fault.TemporarilyUnavailable, false},
		{"F-21 unavailable", storetest.Answer(http.StatusServiceUnavailable, "upstream"), 3, fault.TemporarilyUnavailable, false},
		{"F-22 request lost", storetest.RequestLost(), 3, fault.TemporarilyUnavailable, false},
		{"F-32 denied", storetest.Error("AccessDeniedException"), 1, fault.TemporarilyUnavailable, true},
		{"F-32 no table", storetest.Error("ResourceNotFoundException"), 1, fault.TemporarilyUnavailable, true},
		{"F-32 bad key", storetest.Error("UnrecognizedClientException"), 1, fault.TemporarilyUnavailable, true},
		{"our mistake", storetest.Error("ValidationException"), 1, fault.Internal, false},
		{"unknown error", storetest.Error("BrandNewException"), 1, fault.TemporarilyUnavailable, false},
		{"redirect", storetest.Answer(http.StatusFound, ""), 1, fault.TemporarilyUnavailable, false},
		{"no JSON", storetest.Answer(http.StatusOK, "<html>"), 1, fault.TemporarilyUnavailable, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, op operation, s *store.Store, db *storetest.DB) {
				before := everything(t, db)
				db.Proxy.On(op.request, 0, c.fault)
				err := op.do(t.Context(), s)
				wantCode(t, err, c.want)
				if got := errors.Is(err, store.ErrMisconfigured); got != c.misconfigured {
					t.Errorf("misconfigured: %v (%v)", got, err)
				}
				wantCounts(t, db, map[string]int{op.request: c.calls})
				if diff := cmp.Diff(before, everything(t, db), anyOrder); diff != "" {
					t.Errorf("changed (-before +after):\n%s", diff)
				}
			})
		})
	}
}

// F-24, V7: 5 s for each call is a fault, within the soft deadline of 4 s, and
// the same call converges when the database is back.
func TestStore_EndsBeforeTheSoftDeadline(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, op operation, patient *store.Store, db *storetest.DB) {
		db.Proxy.On(op.request, 0, storetest.Slow(5*time.Second))
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		wantCode(t, op.do(ctx, store.New(db.Config())), fault.TemporarilyUnavailable)
		if ctx.Err() != nil {
			t.Error("it took longer than the soft deadline")
		}
		db.Proxy.Reset()
		// A claim of which nobody was told stays: its login starts anew.
		if err := op.do(t.Context(), patient); err != nil && op.name != "Claim" {
			t.Errorf("afterwards: %v", err)
		}
		wantAsWithoutFault(t, op, db)
	})
}

// F-27: what was written is seen at once, by every operation that reads.
func TestStore_StaleReadsChangeNothing(t *testing.T) {
	for _, op := range operations {
		s, db := open(t)
		db.Proxy.ServeStale(t)
		signUp(t, s, "alice")
		if err := op.do(t.Context(), s); err != nil {
			t.Errorf("%s: %v", op.name, err)
		}
		wantAsWithoutFault(t, op, db)
	}
}
