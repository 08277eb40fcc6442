package flow_test

import (
	"context"
	"strconv"
	"sync"
	"testing"

	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/store/storetest"
)

// RG-03, F-64: a hundred registrations with one token and as many nicknames are
// one user, of whom one was told; several rounds. Who is told that we are busy,
// as on a machine that is, asks again, as Retry-After says; then it may be that
// the account was made at the first time, and nobody was told.
func TestRegister_ParallelMakesOneUser(t *testing.T) {
	for range 3 {
		w := open(t, flow.Required)
		proof := w.registering("")
		answers, busy := together(t, 100, func(i int) (flow.Completed, error) { return w.register(proof, strconv.Itoa(i)) })
		w.stored(1, 1, 1)
		winner, told := w.user(w.userIDs()[0]), 0
		for i, a := range answers {
			if a.err != nil {
				wantCode(t, a.err, fault.AlreadyRegistered)
				continue
			}
			told++
			if got := string(winner.Answers.Fields["nickname"]); a.done.User.ID != winner.ID || got != strconv.Quote(strconv.Itoa(i)) {
				t.Errorf("told of user %s, %d; stored %s, %s", a.done.User.ID, i, winner.ID, got)
			}
		}
		if told > 1 || told == 0 && busy == 0 {
			t.Errorf("%d were told that they made the user", told)
		}
	}
}

// RG-03, F-45: so do the tokens of many logins of one person.
func TestRegister_ParallelTokensOfOnePersonMakeOneUser(t *testing.T) {
	w := open(t, flow.Required)
	proofs := make([]flow.RegisterProof, 10)
	for i := range proofs {
		proofs[i] = w.registering("")
	}
	answers, busy := together(t, len(proofs), func(i int) (flow.Completed, error) { return w.register(proofs[i], "a") })
	told := 0
	for _, a := range answers {
		if a.err == nil {
			told++
		} else {
			wantCode(t, a.err, fault.AlreadyRegistered)
		}
	}
	if told > 1 || told == 0 && busy == 0 {
		t.Errorf("%d were told that they made the user", told)
	}
	w.stored(1, 1, 1)
}

// outcome is what one of many gets.
type outcome[T any] struct {
	done T
	err  error
}

// together does all at once. Who finds us busy, as on a machine that is, does it
// again, one after the other; busy is how many that were.
func together[T any](t testing.TB, many int, do func(i int) (T, error)) (outcomes []outcome[T], busy int) {
	t.Helper()
	outcomes = make([]outcome[T], many)
	var group sync.WaitGroup
	for i := range outcomes {
		group.Go(func() { outcomes[i].done, outcomes[i].err = do(i) })
	}
	group.Wait()
	for i := range outcomes {
		if fault.CodeOf(outcomes[i].err) == fault.TemporarilyUnavailable {
			busy++
		}
		for n := 0; n < 10 && fault.CodeOf(outcomes[i].err) == fault.TemporarilyUnavailable; n++ {
			outcomes[i].done, outcomes[i].err = do(i)
		}
	}
	return outcomes, busy
}

// F-20…F-23, F-26, F-29, F-30: once or twice is invisible, and leaves what no
// fault would have left.
func TestRegister_FaultThatPassesIsInvisible(t *testing.T) {
	for name, f := range map[string]storetest.Fault{
		"F-20 capacity":     storetest.Error("ProvisionedThroughputExceededException"),
		"F-20 throttled":    storetest.Error("ThrottlingException"),
		"F-21 500":          storetest.Error("InternalServerError"),
		"F-22 request lost": storetest.RequestLost(),
		"F-23 answer lost":  storetest.AnswerLost(),
		"F-26 conflict":     storetest.Canceled("None", "TransactionConflict", "None", "None"),
		"F-26 throttled":    storetest.Canceled("None", "None", "None", "ThrottlingError"),
		"F-29 in progress":  storetest.Error("TransactionInProgressException"),
	} {
		for times := range 2 {
			w := open(t, flow.Required)
			proof := w.registering("")
			w.db.Proxy.Reset()
			for n := range times + 1 {
				w.db.Proxy.On("TransactWriteItems", n+1, f)
			}
			done, err := w.register(proof, "a")
			if err != nil || !done.NewUser {
				t.Errorf("%s: %v", name, err)
			}
			w.stored(1, 1, 1)
		}
	}
	w := open(t, flow.Required)
	proof := w.registering("")
	w.db.Proxy.Reset()
	w.db.Proxy.On("TransactWriteItems", 1, storetest.AnswerLost())
	w.db.Proxy.On("TransactWriteItems", 2, storetest.Error("IdempotentParameterMismatchException")) // F-30
	if _, err := w.register(proof, "a"); err != nil {
		t.Error(err)
	}
	w.stored(1, 1, 1)
}

// F-40, RG-10, V4, V6: a fault that stays is ours, and the same token converges
// afterwards: on the account, or on the answer that there is one, and then the
// next login finds it.
func TestRegister_FaultThatStaysConverges(t *testing.T) {
	for name, c := range map[string]struct {
		fault storetest.Fault
		after fault.Code
	}{
		"F-20 throttled":    {storetest.Error("ThrottlingException"), ""},
		"F-22 request lost": {storetest.RequestLost(), ""},
		"F-23 answer lost":  {storetest.AnswerLost(), fault.AlreadyRegistered},
		"F-32 denied":       {storetest.Error("AccessDeniedException"), ""},
		"F-26 conflict":     {storetest.Canceled("None", "None", "None", "TransactionConflict"), ""},
	} {
		w := open(t, flow.Required)
		proof := w.registering("")
		w.db.Proxy.On("TransactWriteItems", 0, c.fault)
		done, err := w.register(proof, "a")
		wantCode(t, err, fault.TemporarilyUnavailable)
		if done.AccessToken != "" || done.RefreshToken != "" {
			t.Errorf("%s: tokens", name)
		}
		w.db.Proxy.Reset()
		_, err = w.register(proof, "a")
		wantCode(t, err, c.after)
		w.stored(1, 1, 1)
		w.loggedIn()
		w.stored(1, 2, 1)
	}
}

// F-40, RG-10: the process ends on its way to the one write, or when it is done.
func TestRegister_CrashAtTheWriteConverges(t *testing.T) {
	for _, point := range []storetest.Point{storetest.BeforeForward, storetest.AfterForward} {
		w := open(t, flow.Required)
		proof := w.registering("")
		ctx, crash := context.WithCancel(t.Context())
		w.db.Proxy.Hook(func(c storetest.Call, at storetest.Point) {
			if c.Operation == "TransactWriteItems" && at == point {
				crash()
			}
		})
		_, _ = w.registration.Register(ctx, request(proof, "a")) // nobody learns what it returns
		if ctx.Err() == nil {
			t.Error("there was no such write")
		}
		crash()
		w.db.Proxy.Reset()
		// What was on its way may be done before this, or come too late.
		if _, err := w.register(proof, "b"); err != nil || point == storetest.AfterForward {
			wantCode(t, err, fault.AlreadyRegistered)
		}
		w.stored(1, 1, 1)
		w.loggedIn()
		w.stored(1, 2, 1)
	}
	w := open(t, flow.Required)
	proof := w.registering("")
	ctx, crash := context.WithCancel(t.Context())
	crash() // before anything is sent
	if _, err := w.registration.Register(ctx, request(proof, "a")); err == nil {
		t.Error("it did not crash")
	}
	w.stored(0, 0, 0)
	if _, err := w.register(proof, "b"); err != nil {
		t.Error(err)
	}
	w.stored(1, 1, 1)
}
