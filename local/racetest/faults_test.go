package racetest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"daemun/shared/store/storetest"
)

// injector does harm to a share of the database's requests. Its counts may be
// read when the last request has passed.
type injector struct {
	random *rand.Rand
	share  float64
	faults map[string]storetest.Fault
	counts map[string]int
}

func newInjector(share float64, faults map[string]storetest.Fault) *injector {
	return &injector{chance(0), share, faults, map[string]int{}}
}

func (i *injector) choose(storetest.Call) storetest.Fault {
	if i.random.Float64() >= i.share {
		return nil
	}
	names := slices.Sorted(maps.Keys(i.faults))
	name := names[i.random.IntN(len(names))]
	i.counts[name]++
	return i.faults[name]
}

func (i *injector) String() string {
	var total int
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(i.counts)) {
		total += i.counts[name]
		parts = append(parts, fmt.Sprintf("%d %s", i.counts[name], name))
	}
	return fmt.Sprintf("%d faults: %s", total, strings.Join(parts, ", "))
}

// outage is a database that does nothing, or does but a part.
func outage(share float64) *injector {
	return newInjector(share, map[string]storetest.Fault{
		"internal errors": storetest.Error("InternalServerError"),
		"unavailable":     storetest.Error("ServiceUnavailable"),
		"throttled":       storetest.Error("ThrottlingException"),
		"requests lost":   storetest.RequestLost(),
	})
}

// mishaps are what happens to a few requests every day.
func mishaps() *injector {
	return newInjector(0.05, map[string]storetest.Fault{
		"internal errors":      storetest.Error("InternalServerError"),
		"unavailable":          storetest.Error("ServiceUnavailable"),
		"throttled":            storetest.Error("ThrottlingException"),
		"throughput exceeded":  storetest.Error("ProvisionedThroughputExceededException"),
		"requests lost":        storetest.RequestLost(),
		"answers lost":         storetest.AnswerLost(),
		"answers never coming": storetest.AnswerHangs(),
		"slow by 50 ms":        storetest.Slow(50 * time.Millisecond),
		"slow by 400 ms":       storetest.Slow(400 * time.Millisecond),
	})
}

// F-34, RT-06, V4, V7: the table is down for a while, under load, first in part and
// then altogether. Refreshes answer 503 and when to come back, and afterwards every
// family is alive.
func TestFaults_OutageEndsNoFamily(t *testing.T) {
	const families = 20
	w, n, began := newWorld(t), rounds(60, 2000), time.Now()
	all := w.newFamilies(t, families)
	statuses, stop := make(chan int), make(chan struct{})
	go func() {
		defer close(statuses)
		parallel(families, func(i int) { all[i].refreshUntil(t, stop, statuses) })
	}()
	var before, partly, during, after tally
	await := func(answers *tally, status int) {
		for answers.of(status) < n && !t.Failed() {
			answers.add(<-statuses)
		}
	}
	await(&before, http.StatusOK)
	w.db.Proxy.Choose(outage(0.6).choose)
	await(&partly, http.StatusServiceUnavailable)
	w.db.Proxy.Choose(outage(1).choose)
	await(&during, http.StatusServiceUnavailable)
	w.db.Proxy.Choose(nil)
	await(&after, http.StatusOK)
	close(stop)
	for status := range statuses {
		after.add(status)
	}
	for _, f := range all {
		f.age(t, past)
		f.advance(t)
	}
	measured(t, "%d families refreshing, the table goes away and comes back: before: %s; while three of five requests fail: %s; while all do: %s; then: %s; %d families alive (%.0f s)",
		families, &before, &partly, &during, &after, families, time.Since(began).Seconds())
}

func (w *world) newFamilies(t *testing.T, n int) []*family {
	t.Helper()
	var all []*family
	for range n {
		f := w.newFamily(t)
		f.advance(t)
		all = append(all, f)
	}
	return all
}

// refreshUntil refreshes again and again, the same token after a 503.
func (f *family) refreshUntil(t *testing.T, stop <-chan struct{}, statuses chan<- int) {
	t.Helper()
	for {
		got := f.w.refresh(t, f.token)
		switch {
		case got.status == http.StatusOK:
			f.token = got.token
			f.age(t, past)
		case got.status != http.StatusServiceUnavailable || got.retryAfter == "":
			t.Errorf("refresh answered %d, Retry-After %q", got.status, got.retryAfter)
		}
		select {
		case statuses <- got.status:
		case <-stop:
			return
		}
	}
}

// patient is a client that comes back after a 503, and after an answer that it
// did not get, all within the window.
type patient struct {
	*family
	random                             *rand.Rand
	answered, atOnce, gaveUp, notHeard int
}

// RT-06, RT-07, F-20 to F-24, V2, V4: one of twenty requests of the database goes
// wrong, and one of twenty answers does not reach the client.
func TestFaults_RefreshSurvivesRandomOnes(t *testing.T) {
	const clients = 16
	w, each, began := newWorld(t), rounds(1024, 32_000)/clients, time.Now()
	harm := mishaps()
	var all []*patient
	for i, f := range w.newFamilies(t, clients) {
		all = append(all, &patient{family: f, random: chance(i + 1)})
	}
	w.db.Proxy.Choose(harm.choose)
	var answers tally
	parallel(clients, func(i int) {
		for range each {
			all[i].refresh(t, &answers)
		}
	})
	w.db.Proxy.Choose(nil)
	var sum patient
	for _, p := range all {
		if g := p.generation(t); g != 2+p.answered {
			t.Errorf("generation %d is stored after %d refreshes", g, p.answered)
		}
		p.age(t, past)
		p.advance(t)
		sum.answered, sum.atOnce = sum.answered+p.answered, sum.atOnce+p.atOnce
		sum.gaveUp, sum.notHeard = sum.gaveUp+p.gaveUp, sum.notHeard+p.notHeard
	}
	total := clients * each
	if sum.answered*1000 < total*999 {
		t.Errorf("%d of %d refreshes went well, want 99.9 %%", sum.answered, total)
	}
	measured(t, "%d refreshes under %s; %d answers did not reach the client: %.3f %% answered 200 and heard (%.3f %% answered 200 at the first try), %s in all; 0 of %d families lost (%.0f s)",
		total, harm, sum.notHeard, 100*float64(sum.answered)/float64(total), 100*float64(sum.atOnce)/float64(total), &answers, clients, time.Since(began).Seconds())
}

// refresh is one of a client, with all tries that it makes of it.
func (p *patient) refresh(t *testing.T, answers *tally) {
	t.Helper()
	const tries = 4
	var promised string // in an answer that did not reach the client
	for try := range tries {
		got := p.w.refresh(t, p.token)
		answers.add(got.status)
		switch {
		case got.status != http.StatusOK:
			if got.status != http.StatusServiceUnavailable || got.retryAfter == "" {
				t.Errorf("refresh answered %d, Retry-After %q", got.status, got.retryAfter)
			}
			continue
		case got.token == p.token || promised != "" && got.token != promised:
			t.Error("two successors of one token, or none")
		}
		if try == 0 {
			p.atOnce++
		}
		if p.random.IntN(20) == 0 && try < tries-1 {
			p.notHeard++
			promised = got.token
			continue
		}
		p.answered++
		p.token = got.token
		p.age(t, past)
		return
	}
	p.gaveUp++
}
