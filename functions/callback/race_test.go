package main

import (
	"net/http"
	"sync"
	"testing"

	"daemun/shared/fault"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/provider/providertest"
	"daemun/shared/store/storetest"
)

// together sends all events at once and returns the answers, in order.
func (w *world) together(events [][]byte) []lambdatest.Answer {
	answers := make([]lambdatest.Answer, len(events))
	start := make(chan struct{})
	var group sync.WaitGroup
	for i, event := range events {
		group.Go(func() {
			<-start
			answers[i] = lambdatest.Invoke(w.t, w.handler, event)
		})
	}
	close(start)
	group.Wait()
	return answers
}

// ST-03, F-45, F-65: fifty callbacks with one state at once are one exchange and
// one login.
func TestRace_OneStateIsOneLogin(t *testing.T) {
	w := open(t)
	event := w.event("login", w.begin(person(1)))
	events := make([][]byte, 50)
	for i := range events {
		events[i] = event
	}
	logins := 0
	for _, a := range w.together(events) {
		switch a.Failure() {
		case "":
			w.loggedIn(a, lambdatest.FrontURL)
			logins++
		case fault.TemporarilyUnavailable: // a machine that is too slow for fifty
			w.noToken(a)
		default:
			w.refused(a, fault.InvalidState)
		}
	}
	if logins != 1 || w.Kakao.Hits(providertest.Token) != 1 {
		t.Errorf("%d logins, %d exchanges; want 1 and 1", logins, w.Kakao.Hits(providertest.Token))
	}
	w.stored(1, 1)
}

// CB-07, F-63: a hundred first logins of one person at once, none of which is
// told who that is before all have asked, are one user.
func TestRace_FirstLoginsAreOneUser(t *testing.T) {
	const logins = 100
	w := open(t)
	w.meetAtUserinfo(logins)
	w.meetAtSignUp()
	users := w.logInTogether(logins)
	if len(users) != 1 {
		t.Errorf("one person is the users %v", users)
	}
	if got := w.userIDs(); len(got) != 1 {
		t.Errorf("users %v, want one", got)
	}
}

// logInTogether has so many logins of one person at once, until all are in, and
// counts them by user. Who is told that we are busy, as on a machine that is, logs
// in again, as people do.
func (w *world) logInTogether(logins int) (users map[string]int) {
	w.t.Helper()
	users = map[string]int{}
	busy := logins
	for round := 0; busy > 0; round++ {
		if round == 10 {
			w.t.Fatalf("%d of %d logins found us busy ten times", busy, logins)
		}
		events := make([][]byte, busy)
		for i := range events {
			events[i] = w.event("login", w.begin(person(1)))
		}
		busy = 0
		for _, a := range w.together(events) {
			switch a.Failure() {
			case fault.TemporarilyUnavailable, fault.ProviderTimeout:
				busy++
			default:
				users[w.loggedIn(a, lambdatest.FrontURL)]++
			}
		}
	}
	return users
}

// meetAtSignUp has the first sign-up wait for the second: nobody finds an
// identity before, so there is a race in every run.
func (w *world) meetAtSignUp() {
	met := make(chan struct{})
	w.DB.Proxy.Hook(func(c storetest.Call, at storetest.Point) {
		if c.Operation != "TransactWriteItems" || at != storetest.BeforeForward {
			return
		}
		if c.N == 2 {
			close(met)
		}
		<-met
	})
}

// meetAtUserinfo has the first requests to the userinfo endpoint wait until they
// are so many.
func (w *world) meetAtUserinfo(many int) {
	var mu sync.Mutex
	met := make(chan struct{})
	w.Kakao.Always(providertest.Userinfo, func(rw http.ResponseWriter, r *http.Request, honest http.Handler) {
		mu.Lock()
		if many--; many == 0 {
			close(met)
		}
		mu.Unlock()
		select {
		case <-met:
		case <-r.Context().Done():
		}
		honest.ServeHTTP(rw, r)
	})
}

// F-63: several persons at once do not mix.
func TestRace_PersonsDoNotMix(t *testing.T) {
	w := open(t)
	var events [][]byte
	for i := range 40 {
		events = append(events, w.event("login", w.begin(person(int64(i%10+1)))))
	}
	users := map[string]int{}
	owner := map[int]string{}
	for i, a := range w.together(events) {
		id := w.loggedIn(a, lambdatest.FrontURL)
		users[id]++
		if known, ok := owner[i%10]; ok && known != id {
			t.Errorf("person %d is the users %s and %s", i%10, known, id)
		}
		owner[i%10] = id
	}
	if len(users) != 10 {
		t.Errorf("ten persons are %d users", len(users))
	}
	w.stored(10, 40)
}
