package racetest

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// F-60, RT-04, V2: a hundred refreshes of one token at once all get its one
// successor, and one rotation is stored.
func TestRefresh_ParallelRefreshesGetOneSuccessor(t *testing.T) {
	const parallelRefreshes = 100
	w, n, began := newWorld(t), rounds(10, 1000), time.Now()
	f := w.newFamily(t)
	first := f.generation(t)
	var answers tally
	for round := range n {
		var got [parallelRefreshes]refreshed
		parallel(len(got), func(i int) { got[i] = w.refresh(t, f.token) })
		for _, g := range got {
			answers.add(g.status)
			if g.token != got[0].token || g.token == f.token {
				t.Fatalf("round %d: two successors, or none; answers so far: %s", round, &answers)
			}
		}
		f.token = got[0].token
		if g := f.generation(t); g != first+round+1 {
			t.Fatalf("round %d: generation %d is stored, want %d", round, g, first+round+1)
		}
		f.age(t, past)
	}
	if answers.of(http.StatusOK) != n*parallelRefreshes {
		t.Errorf("answers: %s", &answers)
	}
	if running := w.Processes("RefreshFunction"); running < processes {
		t.Errorf("%d processes of refresh", running)
	}
	measured(t, "%d x %d refreshes of one token: %s, %d rotations (%.0f s)",
		parallelRefreshes, n, &answers, f.generation(t)-first, time.Since(began).Seconds())
}

// F-61, LO-05, V3: from the answer to a logout on, whether of this session, of all,
// or by its name, no refresh goes well, and no token is alive, those handed out
// meanwhile included.
func TestRefresh_CannotOutrunALogout(t *testing.T) {
	w, n, began := newWorld(t), rounds(10, 300), time.Now()
	s := w.newScene(t)
	var answers tally
	var handedOut int
	for round := range n {
		s.reset(t, false)
		ending := s.endings(t)[[...]string{logout, logoutOfAll, endSession}[round%3]]
		tokens := w.refreshDuring(t, s.token, &answers, ending, round*5%100)
		s.wantOver(t, tokens...)
		handedOut += len(tokens) - 1
	}
	measured(t, "50 clients refreshing x %d logouts: %s, none of the 200 begun after the logout's 204; %d successors handed out, 0 alive (%.0f s)",
		n, &answers, handedOut, time.Since(began).Seconds())
}

// refreshDuring has fifty clients refresh, three times each, and a logout come when
// that many of them were answered. It returns every token that they held.
func (w *world) refreshDuring(t *testing.T, token string, answers *tally, ending *http.Request, after int) []string {
	t.Helper()
	const clients, times = 50, 3
	var loggedOut atomic.Bool
	var held sync.Map
	held.Store(token, true)
	answered := make(chan struct{}, clients*times)
	parallel(clients+1, func(i int) {
		if i == clients {
			for range after {
				<-answered
			}
			if a := do(t, ending); a.status != http.StatusNoContent {
				t.Errorf("logout answered %d: %s", a.status, a.body)
			}
			loggedOut.Store(true)
			return
		}
		mine := token
		for range times {
			late := loggedOut.Load()
			got := w.refresh(t, mine)
			answers.add(got.status)
			answered <- struct{}{}
			switch {
			case got.status == http.StatusOK && late:
				t.Error("a refresh after the logout went well")
			case got.status == http.StatusOK:
				mine = got.token
				held.Store(mine, true)
			case got.status != http.StatusUnauthorized:
				t.Errorf("refresh answered %d", got.status)
			}
		}
	})
	var tokens []string
	held.Range(func(token, _ any) bool {
		tokens = append(tokens, token.(string))
		return true
	})
	return tokens
}

// F-66, RT-01: devices of one person, each with a family of its own, do nothing to
// each other, nor does the theft from one.
func TestRefresh_DevicesDoNotTouchEachOther(t *testing.T) {
	w, n, began := newWorld(t), rounds(100, 2000), time.Now()
	phone, laptop := w.newFamily(t), w.newFamily(t)
	if phone.key["user_id"] != laptop.key["user_id"] {
		t.Fatal("two persons")
	}
	stolen := phone.token
	parallel(2, func(i int) {
		f := [...]*family{phone, laptop}[i]
		for range n {
			f.advance(t)
		}
	})
	for _, f := range []*family{phone, laptop} {
		if g := f.generation(t); g != n+1 {
			t.Errorf("generation %d after %d rotations", g, n)
		}
	}
	if got := w.refresh(t, stolen); got.status != http.StatusUnauthorized {
		t.Errorf("a stolen token: refresh answered %d", got.status)
	}
	phone.wantOver(t, stolen, phone.token)
	laptop.advance(t)
	measured(t, "2 devices x %d refreshes at once: %d x 200, %d rotations each; a theft ended its own family only (%.0f s)",
		n, 2*n, n, time.Since(began).Seconds())
}
