package racetest

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"
)

// The tabs of a browser wake up within the spread, and the network takes its time
// for each of them. This is the one place where a test waits for time to pass: it
// is what the bursts are made of.
const (
	spread         = 300 * time.Millisecond
	minimumLatency = 10 * time.Millisecond
	maximumLatency = 80 * time.Millisecond
)

// jar is the cookies of a browser.
type jar struct {
	mu      sync.Mutex
	cookies map[string]*http.Cookie
}

func (j *jar) list() []*http.Cookie {
	j.mu.Lock()
	defer j.mu.Unlock()
	var all []*http.Cookie
	for _, c := range j.cookies {
		all = append(all, c)
	}
	return all
}

// take does what an answer says, in the order in which answers come.
func (j *jar) take(cookies []*http.Cookie) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range cookies {
		if c.MaxAge < 0 {
			delete(j.cookies, c.Name)
		} else {
			j.cookies[c.Name] = c
		}
	}
}

// browser is a jar and the family that its cookies are of.
type browser struct {
	jar
	*family
}

func (w *world) newBrowser(t *testing.T) *browser {
	t.Helper()
	b := &browser{jar: jar{cookies: map[string]*http.Cookie{}}}
	b.take(w.logIn(t))
	b.family = w.familyOf(t, b.list())
	return b
}

// refresh is a tab's. The cookies are those of the moment at which it leaves.
func (b *browser) refresh(t *testing.T, way, back time.Duration) int {
	t.Helper()
	request := newRequest(t, http.MethodPost, b.w.URL+"/auth/refresh", "", b.list()...)
	time.Sleep(way)
	a := do(t, request)
	time.Sleep(back)
	b.take(a.cookies)
	return a.status
}

// burst has the tabs refresh.
func (b *browser) burst(t *testing.T, random *rand.Rand, tabs int, answers *tally) {
	t.Helper()
	type delays struct{ start, way, back time.Duration }
	var plan []delays
	for range tabs {
		latency := minimumLatency + time.Duration(random.Int64N(int64(maximumLatency-minimumLatency)))
		way := time.Duration(random.Int64N(int64(latency)))
		plan = append(plan, delays{time.Duration(random.Int64N(int64(spread))), way, latency - way})
	}
	parallel(tabs, func(i int) {
		time.Sleep(plan[i].start)
		answers.add(b.refresh(t, plan[i].way, plan[i].back))
	})
}

// wantRotations wants so many since the login at least: without them nothing was
// put to the test.
func (b *browser) wantRotations(t *testing.T, least int) {
	t.Helper()
	if got := b.generation(t) - 1; got < least {
		t.Errorf("the family was rotated %d times, want %d at least", got, least)
	}
}

// RT-14: a tab asked before the end of a window and is answered after another tab
// has rotated. Its answer does not put the old cookie back.
func TestTabs_LateAnswerPutsNoOldTokenBack(t *testing.T) {
	w := newWorld(t)
	b := w.newBrowser(t)
	b.refresh(t, 0, 0)
	late := send(t, http.MethodPost, w.URL+"/auth/refresh", b.list()...)
	b.age(t, past)
	b.refresh(t, 0, 0)
	b.take(late.cookies)
	b.age(t, past)
	if status := b.refresh(t, 0, 0); status != http.StatusOK {
		t.Errorf("the browser was logged out: refresh answered %d", status)
	}
	b.wantRotations(t, 3)
}

// A browser's tabs share their cookies, and log each other out neither by
// refreshing at once nor by answers that come late. In every other burst the
// window ends while it lasts: the first tabs get the current token again, and the
// others rotate. After each burst the browser is away for longer than the window:
// if its jar then held an old token, its next refresh would be taken for a theft.
func TestTabs_BurstsLogNobodyOut(t *testing.T) {
	w := newWorld(t)
	for _, tabs := range []int{2, 4, 8} {
		t.Run(fmt.Sprint(tabs), func(t *testing.T) {
			const browsers = 20
			each, began := rounds(60, 1000)/browsers, time.Now()
			var answers, later tally
			parallel(browsers, func(i int) {
				b, random := w.newBrowser(t), chance(i)
				b.refresh(t, 0, 0)
				for n := range each {
					age := past
					if n%2 == 1 {
						age = grace - time.Duration(random.Int64N(int64(spread+maximumLatency)))
					}
					b.age(t, age)
					b.burst(t, random, tabs, &answers)
					b.age(t, past)
					later.add(b.refresh(t, 0, 0))
				}
				// The first, the later ones, and one in each burst after a window.
				b.wantRotations(t, 1+each+(each+1)/2)
			})
			bursts := browsers * each
			if answers.of(http.StatusOK) != bursts*tabs || later.of(http.StatusOK) != bursts {
				t.Error("somebody was logged out")
			}
			measured(t, "%d tabs x %d bursts over %v, half of them across the end of a window: %s; later: %s (%.0f s)",
				tabs, bursts, spread, &answers, &later, time.Since(began).Seconds())
		})
	}
}
