package main

import (
	"context"
	"sync"
	"testing"

	"daemun/shared/fault"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/provider/providertest"
	"daemun/shared/store/storetest"
)

// step is a request that a callback makes to the database: the n-th of its
// operation, in the login of a known user or of a new one.
type step struct {
	name      string
	operation string
	n         int
	known     bool
}

func steps() []step {
	return []step{
		{"claim the state", "PutItem", 1, false},
		{"find the identity", "GetItem", 1, false},
		{"sign up", "TransactWriteItems", 1, false},
		{"find the user", "GetItem", 2, true},
		{"start the session", "PutItem", 2, true},
		{"count the sessions", "Query", 1, true},
	}
}

// eachStep runs test for every step, each in a world of its own, at once: they
// wait much and work little.
func eachStep(t *testing.T, test func(*world, step)) {
	var group sync.WaitGroup
	for _, s := range steps() {
		w := open(t)
		group.Go(func() { test(w, s) })
	}
	group.Wait()
}

// fail programs the step's request, and the next ones of its operation.
func (w *world) fail(s step, times int, f storetest.Fault) {
	w.DB.Proxy.Reset()
	for i := range times {
		w.DB.Proxy.On(s.operation, s.n+i, f)
	}
}

const always = 20 // more often than anything is tried

// F-20, F-21, F-22, F-23: a fault once or twice is invisible, and leaves what no
// fault would have left.
func TestDatabaseFault_ThatPassesIsInvisible(t *testing.T) {
	faults := map[string]storetest.Fault{
		"F-20 capacity":     storetest.Error("ProvisionedThroughputExceededException"),
		"F-20 throttled":    storetest.Error("ThrottlingException"),
		"F-21 500":          storetest.Error("InternalServerError"),
		"F-22 request lost": storetest.RequestLost(),
		"F-23 answer lost":  storetest.AnswerLost(),
	}
	eachStep(t, func(w *world, s step) {
		users, sessions := 0, 0
		for name, f := range faults {
			for _, times := range []int{1, 2} {
				users, sessions = users+1, sessions+1
				p, known := person(int64(users)), ""
				if s.known {
					known = w.logIn(p)
					sessions++
				}
				w.fail(s, times, f)
				got := w.loggedIn(w.finish(w.begin(p)), lambdatest.FrontURL)
				if known != "" && got != known {
					w.t.Errorf("%s, %s %d times: user %s became %s", s.name, name, times, known, got)
				}
				if got := w.DB.Proxy.Counts()[s.operation]; got < s.n+times {
					w.t.Errorf("%s, %s %d times: %d requests", s.name, name, times, got)
				}
				w.stored(users, sessions)
			}
		}
	})
}

// F-20…F-23, F-32, CB-08, V4, V6, V7: a fault that stays is ours: 503, no token,
// the code is not sent again, and no half of anything is stored. What can be
// repeated can, and the next login makes everything good.
func TestDatabaseFault_ThatStays(t *testing.T) {
	faults := map[string]storetest.Fault{
		"F-20 throttled":    storetest.Error("ThrottlingException"),
		"F-21 500":          storetest.Error("InternalServerError"),
		"F-22 request lost": storetest.RequestLost(),
		"F-23 answer lost":  storetest.AnswerLost(),
		"F-32 denied":       storetest.Error("AccessDeniedException"),
		"F-32 no table":     storetest.Error("ResourceNotFoundException"),
	}
	eachStep(t, func(w *world, s step) {
		next := int64(0)
		for name, f := range faults {
			next++
			p, known := person(next), ""
			if s.known {
				known = w.logIn(p)
			}
			b := w.begin(p)
			w.fail(s, always, f)
			a := w.finish(b, asJSON())
			w.refusedJSON(a, fault.TemporarilyUnavailable)
			if kept := len(a.Cookies) == 0; kept != (s.name == "claim the state") {
				w.t.Errorf("%s, %s: cookies %q; want the transaction to go when it is spent, and not before", s.name, name, a.Cookies)
			}
			w.DB.Proxy.Reset()
			w.repeat(s, b, name != "F-23 answer lost")
			again := w.logIn(p)
			if known != "" && again != known {
				w.t.Errorf("%s, %s: user %s became %s", s.name, name, known, again)
			}
			if got := w.userIDs(); len(got) != int(next) {
				w.t.Errorf("%s, %s: %d users of %d persons", s.name, name, len(got), next)
			}
		}
	})
}

// repeat sends the same callback again, as Retry-After says. Before the state
// was claimed that is a login; after it the state is used.
func (w *world) repeat(s step, b lambdatest.Begun, unclaimed bool) {
	w.t.Helper()
	if s.name == "claim the state" && unclaimed {
		w.loggedIn(w.finish(b), lambdatest.FrontURL)
		return
	}
	hits := w.Kakao.Hits(providertest.Token)
	w.refused(w.finish(b), fault.InvalidState)
	if w.Kakao.Hits(providertest.Token) != hits {
		w.t.Errorf("%s: the code is exchanged for a used state", s.name)
	}
}

// A browser is sent to the front end, then too.
func TestDatabaseFault_BrowserGoesToTheFrontEnd(t *testing.T) {
	eachStep(t, func(w *world, s step) {
		if s.known {
			w.logIn(person(1))
		}
		w.fail(s, always, storetest.Error("AccessDeniedException"))
		w.refused(w.finish(w.begin(person(1))), fault.TemporarilyUnavailable)
		if got := w.DB.Proxy.Counts()[s.operation]; got != s.n { // F-32: not tried again
			w.t.Errorf("%s: %d requests, want %d", s.name, got, s.n)
		}
	})
}

// CB-08, F-40: the function ends at once when a write is done, or on its way.
// The next login of the person makes one user, with nothing left in halves.
func TestDatabaseFault_CrashAtEachWrite(t *testing.T) {
	for _, s := range steps() {
		if s.operation == "GetItem" {
			continue
		}
		for _, point := range []storetest.Point{storetest.BeforeForward, storetest.AfterForward} {
			w := open(t)
			known := ""
			if s.known {
				known = w.logIn(person(1))
			}
			w.DB.Proxy.Reset()
			ctx, crash := context.WithCancel(t.Context())
			w.DB.Proxy.Hook(func(c storetest.Call, at storetest.Point) {
				if c.Operation == s.operation && c.N == s.n && at == point {
					crash()
				}
			})
			b := w.begin(person(1))
			lambdatest.InvokeContext(ctx, t, w.handler, w.event("login", b))
			if ctx.Err() == nil {
				t.Errorf("%s: there was no such write", s.name)
			}
			w.DB.Proxy.Reset()
			if again := w.logIn(person(1)); known != "" && again != known {
				t.Errorf("%s: user %s became %s", s.name, known, again)
			}
			if got := w.userIDs(); len(got) != 1 {
				t.Errorf("%s: users %v of one person", s.name, got)
			}
			crash()
		}
	}
}

// F-34: a database that is down when the process starts is no reason not to.
func TestDatabaseFault_DownAtStart(t *testing.T) {
	w := open(t)
	w.DB.Proxy.On("GetItem", 0, storetest.Error("InternalServerError"))
	w.DB.Proxy.On("PutItem", 0, storetest.RequestLost())
	w.handler = w.Build(builder())
	b := w.begin(person(1))
	w.refused(w.finish(b), fault.TemporarilyUnavailable)
	w.DB.Proxy.Reset()
	w.loggedIn(w.finish(b), lambdatest.FrontURL)
}

// F-27: stale reads, the worst that DynamoDB allows, decide nothing.
func TestDatabaseFault_StaleReads(t *testing.T) {
	w := open(t)
	w.DB.Proxy.ServeStale(t)
	first := w.logIn(person(1))
	if again := w.logIn(person(1)); again != first {
		t.Errorf("user %s became %s", first, again)
	}
	b := w.begin(person(1))
	w.loggedIn(w.finish(b), lambdatest.FrontURL)
	w.refused(w.finish(b), fault.InvalidState)
}

// F-31: an item that we cannot have written ends in an alarm, not in a login.
func TestDatabaseFault_CorruptItem(t *testing.T) {
	w := open(t)
	id := w.logIn(person(1))
	key := storetest.Item{"pk": "USER#" + id, "sk": "USER"}
	w.DB.Set(t, w.DB.Users, key, storetest.Item{"disabled": "no"})
	w.refusedJSON(w.finish(w.begin(person(1)), asJSON()), fault.Internal)
	w.DB.Set(t, w.DB.Users, key, storetest.Item{"disabled": false})
	w.logIn(person(1))
}
