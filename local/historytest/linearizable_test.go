package historytest

import (
	"testing"
	"time"

	"daemun/local/crashtest/invariant"
	"daemun/shared/store/storetest"
)

// clients is how many work at the same time.
const clients = 10

// F-20 to F-24, F-50, F-61, F-62, F-80, RT-01 to RT-07, V2 to V4, V6: ten clients
// refresh, replay and log out of one family after the other, while some of the
// database's requests go wrong and some clients go away. Whatever comes of it,
// there is an order in which it could have come of one operation at a time.
func TestHistories_OfFamiliesAreLinearizable(t *testing.T) {
	each := rounds(6, 50)
	sum := inWorlds(t, rounds(20, 1000), func(w *world, seed int, sum *figures) {
		h := w.play(t, seed, each, &sum.faults)
		w.lookInto(t, h, sum)
		h.wantExplained(t, modelOfFamilies(), seed)
		sum.histories++
		sum.outcomes.addAll(h.outcomes)
	})
	t.Logf("%d histories of %d clients with %d operations each, all linearizable: %v; faults: %v; %d families, ended: %v",
		sum.histories, clients, each, sum.outcomes, sum.faults, sum.families, sum.ended)
}

// inWorlds runs n histories, some at the same time: mostly they wait for pauses
// between two attempts. Each world has one at a time.
func inWorlds(t *testing.T, n int, run func(w *world, seed int, sum *figures)) figures {
	t.Helper()
	var worlds [6]*world
	for i := range worlds {
		worlds[i] = newWorld(t)
	}
	var all [len(worlds)]figures
	parallel(len(worlds), func(i int) {
		for seed := i; seed < n; seed += len(worlds) {
			run(worlds[i], seed, &all[i])
		}
	})
	var sum figures
	for i, f := range all {
		for _, problem := range invariant.Read(t, worlds[i].db).Problems() {
			t.Error(problem)
		}
		sum.histories, sum.families = sum.histories+f.histories, sum.families+f.families
		sum.outcomes.addAll(f.outcomes)
		sum.faults.addAll(f.faults)
		sum.ended.addAll(f.ended)
	}
	return sum
}

// figures are what histories were about, for the log.
type figures struct {
	histories, families     int
	outcomes, faults, ended count
}

// play has the clients leave a history.
func (w *world) play(t *testing.T, seed, each int, harm *count) *history {
	t.Helper()
	h, setting := newHistory(), chance(seed, clients)
	j := &jar{world: w, h: h, person: w.newPerson()}
	for _, i := range w.instances {
		i.skew = time.Duration(setting.IntN(2001)-1000) * time.Millisecond
	}
	m := &mishaps{random: chance(seed, clients+1), counts: harm}
	w.db.Proxy.Choose(m.choose)
	w.db.Proxy.Hook(h.hook)
	defer w.db.Proxy.Reset()
	w.tick = time.Millisecond // no two operations at an instance have the same time
	parallel(clients, func(n int) {
		c := &client{jar: j, number: n, random: chance(seed, n)}
		c.work(t, each)
	})
	return h
}

// lookInto adds to the history what the table shows of each family when all is
// over.
func (w *world) lookInto(t *testing.T, h *history, sum *figures) {
	t.Helper()
	for of := range h.texts {
		if of.Generation > 1 {
			continue
		}
		sum.families++
		item := w.db.Get(t, w.db.RefreshTokens, storetest.Item{"user_id": of.UserID, "session_id": of.SessionID})
		f := stored(item)
		if f.ended != "" {
			sum.ended.add(string(f.ended), 1)
		}
		h.record(clients, func() (any, result) {
			return call{session: of.SessionID, operation: look}, answer{outcome: done, seen: f}
		})
	}
}
