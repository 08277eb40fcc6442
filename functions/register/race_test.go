package main

import (
	"fmt"
	"sync"
	"testing"

	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/provider/providertest"
	"daemun/shared/store/storetest"
)

// together sends all events at once, and again those that find us busy, as on a
// machine that is: Retry-After says so. busy is how many that were.
func (w *world) together(events [][]byte) (answers []lambdatest.Answer, busy int) {
	w.t.Helper()
	answers = make([]lambdatest.Answer, len(events))
	var group sync.WaitGroup
	for i, event := range events {
		group.Go(func() { answers[i] = lambdatest.Invoke(w.t, w.handler, event) })
	}
	group.Wait()
	for i, event := range events {
		if answers[i].StatusCode == 503 {
			busy++
		}
		for n := 0; n < 10 && answers[i].StatusCode == 503; n++ {
			answers[i] = lambdatest.Invoke(w.t, w.handler, event)
		}
	}
	return answers, busy
}

// one expects one account: made for one of those who asked, and told to nobody
// else. Who was told that we are busy may have made it.
func (w *world) one(answers []lambdatest.Answer, busy int, clientName string) {
	w.t.Helper()
	w.stored(1)
	winner, told := w.User(w.userIDs()[0]), 0
	for i, a := range answers {
		if a.StatusCode != 200 {
			w.refused(a, "409 already_registered")
			continue
		}
		told++
		got := w.registered(a, clientName)
		want := fmt.Sprintf(`"토끼%d"`, i)
		if nickname := string(winner.Answers.Fields["nickname"]); got.User.ID != winner.ID || string(got.User.Fields["nickname"]) != want || nickname != want {
			w.t.Errorf("told of user %s, %s; stored %s, %s", got.User.ID, want, winner.ID, nickname)
		}
	}
	if told > 1 || told == 0 && busy == 0 {
		w.t.Errorf("%d were told that they made the user", told)
	}
}

// RG-03, F-45, F-64, V1: a hundred registrations with one token and as many
// nicknames are one user. The first two meet at the database, in every run.
func TestRace_OneTokenIsOneUser(t *testing.T) {
	w := open(t)
	registerToken := w.newcomer(lambdatest.Person(), "")
	events := make([][]byte, 100)
	for i := range events {
		events[i] = w.event("cookie", registerToken, nickname(fmt.Sprint("토끼", i)))
	}
	w.meet()
	answers, busy := w.together(events)
	w.one(answers, busy, "")
}

// meet has the first transaction wait for the second.
func (w *world) meet() {
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

// F-63, CB-07: so are the tokens of many logins of one person.
func TestRace_ManyTokensOfOnePersonAreOneUser(t *testing.T) {
	w := open(t)
	events := make([][]byte, 20)
	for i := range events {
		events[i] = w.event("bearer", w.newcomer(lambdatest.Person(), lambdatest.Shop), nickname(fmt.Sprint("토끼", i)))
	}
	w.meet()
	answers, busy := w.together(events)
	w.one(answers, busy, lambdatest.Shop)
}

// F-63: several persons at once do not mix.
func TestRace_PersonsDoNotMix(t *testing.T) {
	w := open(t)
	var events [][]byte
	persons := providertest.Persons()
	for _, p := range persons {
		registerToken := w.newcomer(p, "")
		for range 5 {
			events = append(events, w.event("cookie", registerToken))
		}
	}
	answers, _ := w.together(events)
	for i, a := range answers {
		if a.StatusCode != 200 {
			w.refused(a, "409 already_registered")
			continue
		}
		if got, want := w.registered(a, "").User.Profile.Nickname, persons[i/5].Nickname; got != want {
			t.Errorf("%s became %s", want, got)
		}
	}
	w.stored(len(persons))
}
