package racetest

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// race is who meets whom. The family of a young one was rotated just now.
type race struct {
	young  bool
	actors []string
}

func (r race) String() string {
	age := "aged: "
	if r.young {
		age = "young: "
	}
	return age + strings.Join(r.actors, ", ")
}

// Those with few orders are first: the shorter cut has them.
func races() []race {
	return []race{
		{false, []string{replay, refresh}},
		{true, []string{replay, refresh}},
		{false, []string{stale, refresh}},
		{false, []string{replay, owner}},
		{false, []string{replay, refresh, logout}},
		{true, []string{refresh, refresh, tab}}, // no theft: nobody loses anything
		{false, []string{replay, refresh, refresh}},

		{false, []string{refresh, refresh, refresh}},
		{true, []string{replay, refresh, tab}},
		{false, []string{replay, owner, logout}},
		{false, []string{replay, replay, refresh}},
		{false, []string{replay, stale, refresh}},
		{false, []string{replay, owner, refresh}},
		{false, []string{replay, owner, endSession}},
		{false, []string{replay, owner, logoutOfAll}},
		{false, []string{replay, refresh, refresh, logout}},
		{true, []string{replay, refresh, tab, logout}},
		{false, []string{replay, replay, refresh, logout}},
	}
}

// RT-05, F-62, V2, V3, V4: whatever the order in which the database sees the
// requests of a replay, refreshes, tabs and a logout. The orders are not sampled.
func TestReplay_NothingSurvivesItInAnyOrder(t *testing.T) {
	var w *world
	var started time.Time
	all, began := 0, time.Now()
	selected := races()[:rounds(7, len(races()))]
	for _, r := range selected {
		// Functions that are a quarter of an hour old read their keys anew and open a
		// connection: a request of the database that is none of the race.
		if w == nil || time.Since(started) > 5*time.Minute {
			w, started = newWorld(t), time.Now()
		}
		t.Run(r.String(), func(t *testing.T) {
			orders, voids := w.everyOrder(t, r)
			t.Logf("%v: %d orders, and %d begun anew because a request waited too long", r, orders, voids)
			all += orders
		})
	}
	measured(t, "every order of the database's requests in %d races: %d orders, 0 tokens alive after a theft's 401 or a logout's 204, 0 families lost without (%.0f s)",
		len(selected), all, time.Since(began).Seconds())
}

func (w *world) everyOrder(t *testing.T, r race) (orders, voids int) {
	t.Helper()
	s, choices := w.newScene(t), &tree{}
	for more := true; more && !t.Failed(); {
		s.reset(t, r.young)
		known, actors := len(choices.path), newActors(r.actors)
		order, void := s.inOrder(t, actors, choices)
		s.judge(t, actors, order, void)
		if void {
			if voids++; voids > 50 {
				t.Fatal("this machine is too slow to keep an order")
			}
			// A request that came twice may still be on its way to that family.
			s.remove(t)
			s = w.newScene(t)
			choices.again(known)
			continue
		}
		orders++
		more = choices.next()
	}
	s.remove(t)
	return orders, voids
}

// RT-05, F-62: the same actors, more of them, and nobody holds them.
func TestReplay_NothingSurvivesItInFreeRaces(t *testing.T) {
	const scenes = 4
	w, each, began := newWorld(t), rounds(60, 1000)/scenes, time.Now()
	var answers tally
	parallel(scenes, func(i int) {
		s, random := w.newScene(t), chance(i)
		for range each {
			r := freeRace(random)
			s.reset(t, r.young)
			actors := newActors(r.actors)
			parallel(len(actors), func(i int) { s.perform(t, actors[i]) })
			for _, a := range actors {
				for _, got := range a.got {
					answers.add(got.status)
				}
			}
			s.judge(t, actors, []string{r.String()}, false)
		}
	})
	measured(t, "%d free races of thefts, refreshes, tabs and logouts: %s; 0 tokens alive after a theft's 401 or a logout's 204, 0 families lost without (%.0f s)",
		scenes*each, &answers, time.Since(began).Seconds())
}

// freeRace is of two to six actors. In one of eight, nobody ends the family.
func freeRace(random *rand.Rand) race {
	r := race{young: random.IntN(2) == 0}
	honest, thefts := []string{refresh, refresh, owner}, []string{replay, stale}
	if r.young {
		honest, thefts = append(honest, tab), thefts[:1]
	}
	for range 1 + random.IntN(4) {
		r.actors = append(r.actors, honest[random.IntN(len(honest))])
	}
	if random.IntN(8) > 0 {
		r.actors = append(r.actors, thefts[random.IntN(len(thefts))])
		if random.IntN(4) == 0 {
			r.actors = append(r.actors, [...]string{logout, endSession}[random.IntN(2)])
		}
	} else {
		r.actors = append(r.actors, refresh)
	}
	random.Shuffle(len(r.actors), func(i, j int) { r.actors[i], r.actors[j] = r.actors[j], r.actors[i] })
	return r
}
