package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/store/storetest"
)

// requests expects what was asked of the database since the last look.
func (w *world) requests(what string, want map[string]int) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.DB.Proxy.Counts()); diff != "" {
		w.t.Errorf("%s: requests (-want +got):\n%s", what, diff)
	}
	w.DB.Proxy.Reset()
}

func TestBudget_RequestsOfALogin(t *testing.T) {
	w := open(t)
	first, again := w.begin(person(1)), w.begin(person(1))
	w.loggedIn(w.finish(first), lambdatest.FrontURL)
	w.requests("new user", map[string]int{"PutItem": 1, "GetItem": 1, "TransactWriteItems": 1})
	w.loggedIn(w.finish(again), lambdatest.FrontURL)
	w.requests("known user", map[string]int{"PutItem": 2, "GetItem": 2, "Query": 1})
	w.refused(w.finish(again), fault.InvalidState)
	w.requests("used state", map[string]int{"PutItem": 1})
	w.refused(w.finish(w.begin(person(1)), cookies()), fault.InvalidState)
	w.requests("no transaction", map[string]int{})
	w.refused(w.finish(w.begin(person(1)), providerName("naver")), fault.UnknownProvider)
	w.requests("unknown provider", map[string]int{})
}

// The loser of a first login's race makes six requests; the winner, who comes in
// between, three.
func TestBudget_LoserOfTheRace(t *testing.T) {
	w := open(t)
	winner := ""
	loser := w.begin(person(1))
	w.DB.Proxy.Hook(func(c storetest.Call, at storetest.Point) {
		if c.Operation == "TransactWriteItems" && c.N == 1 && at == storetest.BeforeForward {
			winner = w.LogIn(person(1)).User.ID
		}
	})
	if got := w.loggedIn(w.finish(loser), lambdatest.FrontURL); got != winner || winner == "" {
		t.Errorf("the loser is user %q, the winner %q", got, winner)
	}
	w.requests("both", map[string]int{"PutItem": 1 + 2, "GetItem": 1 + 2, "Query": 0 + 1, "TransactWriteItems": 1 + 1})
	w.stored(1, 2)
}

// A known user's login is four requests deep: the user is read while the
// session is written. Here each of the two waits for the other; one that waited
// in vain would be made again.
func TestBudget_UserIsReadWhileTheSessionIsWritten(t *testing.T) {
	w := open(t)
	w.logIn(person(1))
	w.DB.Proxy.Reset()
	met := map[string]chan struct{}{"GetItem": make(chan struct{}), "PutItem": make(chan struct{})}
	w.DB.Proxy.Hook(func(c storetest.Call, at storetest.Point) {
		if c.N != 2 || at != storetest.BeforeForward {
			return
		}
		close(met[c.Operation])
		for _, other := range met {
			select {
			case <-other:
			case <-time.After(2 * time.Second):
			}
		}
	})
	w.logIn(person(1))
	w.requests("known user", map[string]int{"PutItem": 2, "GetItem": 2, "Query": 1})
}
