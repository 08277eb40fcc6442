package historytest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"daemun/shared/flow"
	"daemun/shared/session"
	"daemun/shared/store/storetest"
	"daemun/shared/token"
)

// person is somebody who logs in.
type person struct {
	number   int64
	userID   string // empty until somebody was told
	disabled bool
}

// held is a family to its clients.
type held struct {
	owner   *person
	id      string
	tokens  []string  // by generation, from 1; empty: never handed out
	rotated time.Time // the true time of the last rotation
}

func (h *held) key() string { return h.owner.userID + "/" + h.id }

func (h *held) who() token.Access { return token.Access{UserID: h.owner.userID, SessionID: h.id} }

// generations are those of which a client has the token.
func (h *held) generations() (handedOut []int64) {
	for n, text := range h.tokens {
		if text != "" {
			handedOut = append(handedOut, int64(n+1))
		}
	}
	return handedOut
}

// machine is one run: what clients were told, and what the tables showed last.
type machine struct {
	*world
	people   []*person
	held     []*held
	families map[string]family // by user and session
	next     harm              // of the next operation
	pending  []*pending
	strikes  []*strike // of all operations
	strays   bool      // a request may be on its way of which nobody knows
	did      *tally
}

// TestMachine_KeepsEveryPromise: at most one token of a family is good, and no
// generation comes back (V2); what has ended stays so (V3); a family ends by
// theft, logout, the limit or its user only (V4); what was answered is there for
// every instance, and what was not can be tried again (V6).
//
// RT-01 to RT-03, RT-05 to RT-07, RT-10, RT-15, RT-16, LO-05, F-20 to F-23, F-50,
// F-51, F-66, F-81.
func TestMachine_KeepsEveryPromise(t *testing.T) {
	const workers = 4 // most of the time each waits: for a pause between two attempts
	var all [workers]tally
	t.Run("at once", func(t *testing.T) {
		for n := range workers {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				rapid.Check(t, func(r *rapid.T) { w.run(r, &all[n]) })
			})
		}
	})
	var sum tally
	for n := range all {
		sum.add(&all[n])
	}
	t.Log(sum.String())
}

// run is one run of the machine.
func (w *world) run(t *rapid.T, did *tally) {
	w.restart()
	w.limit = 2
	m := &machine{world: w, did: did, next: harm{kind: none}}
	defer m.clear()
	for range rapid.IntRange(1, 2).Draw(t, "people") {
		m.people = append(m.people, &person{number: w.newPerson()})
	}
	for _, i := range w.instances {
		i.drift(t)
	}
	m.logIn(t)
	did.runs++
	t.Repeat(map[string]func(*rapid.T){
		"log in":               m.logIn,
		"refresh":              m.refresh,
		"refresh again":        m.refresh,
		"refresh much later":   m.later,
		"refresh later":        m.later,
		"refresh, another tab": m.tab,
		"replay":               m.replay,
		"replay under a fault": func(t *rapid.T) { m.next = drawHarm(t); m.replay(t) },
		"end":                  m.end,
		"disable or enable":    m.disable,
		"age":                  m.age,
		"age a bit":            m.ageABit,
		"drift":                func(t *rapid.T) { m.instance(t).drift(t) },
		"fault":                func(t *rapid.T) { m.next = drawHarm(t) },
		"fault again":          func(t *rapid.T) { m.next = drawHarm(t) },
		"late call arrives":    m.arrive,
		"":                     func(*rapid.T) { did.steps++ },
	})
	m.finish(t)
}

// drift sets the instance's clock, to within a second of the truth: F-50. It may
// go back: F-51.
func (i *instance) drift(t *rapid.T) {
	i.skew = time.Duration(rapid.IntRange(-1000, 1000).Draw(t, "skew")) * time.Millisecond
}

func (m *machine) instance(t *rapid.T) *instance {
	return m.instances[rapid.IntRange(0, len(m.instances)-1).Draw(t, "instance")]
}

func (m *machine) someone(t *rapid.T) *person { return rapid.SampledFrom(m.people).Draw(t, "person") }

// family draws one of which clients have tokens, more often a living one.
func (m *machine) family(t *rapid.T) *held {
	var living []*held
	for _, h := range m.held {
		if m.families[h.key()].ended == "" {
			living = append(living, h)
		}
	}
	if len(m.held) == 0 {
		t.Skip("nobody has a token")
	}
	choose := living
	if len(living) == 0 || rapid.IntRange(0, 9).Draw(t, "any") == 0 {
		choose = m.held
	}
	return choose[rapid.IntRange(0, len(choose)-1).Draw(t, "family")]
}

func (m *machine) refresh(t *rapid.T) {
	h := m.family(t)
	m.present(t, h, h.generations()[len(h.generations())-1])
}

// later is what a client mostly does: it refreshes when the window is over.
func (m *machine) later(t *rapid.T) {
	m.pass(time.Duration(rapid.IntRange(10, 900).Draw(t, "seconds")) * time.Second)
	m.refresh(t)
}

func (m *machine) tab(t *rapid.T) {
	h := m.family(t)
	known := h.generations()
	m.present(t, h, known[max(0, len(known)-2)])
}

func (m *machine) replay(t *rapid.T) {
	h := m.family(t)
	m.present(t, h, rapid.SampledFrom(h.generations()).Draw(t, "generation"))
}

// present is a refresh.
func (m *machine) present(t *rapid.T, h *held, generation int64) {
	i, before := m.instance(t), m.families[h.key()]
	var got flow.Refreshed
	var now time.Time
	var err error
	s := m.perform(refresh, func(ctx context.Context) { got, now, err = i.refresh(ctx, h.tokens[generation-1]) })
	next, want := before.refresh(generation, milliseconds(now))
	switch {
	case now.IsZero(): // it did not come so far
		next, want = before, answer{outcome: unknown}
	case h.owner.disabled:
		next, want = before.end(session.EndedByUserGone), answer{outcome: refused}
	}
	is := answer{outcome: outcomeOf(err)}
	if is.outcome == done {
		is.generation = m.handOut(t, h, generation, got.RefreshToken)
	}
	m.settle(t, s, changes{h.key(): {was: before, next: next}}, is, want)
	if m.families[h.key()].generation > before.generation {
		h.rotated = m.clock()
	}
	age := m.clock().Sub(h.rotated)
	if next.ended != before.ended && next.ended == session.EndedByReuse && generation == before.generation-1 && age < rule.Grace {
		t.Fatalf("V4, F-50: the parent is no theft %v after the rotation", age)
	}
}

// handOut takes the token that a refresh answered with, and returns its
// generation.
func (m *machine) handOut(t *rapid.T, h *held, presented int64, text string) int64 {
	of, err := m.instances[0].keys.Parse(text)
	if err != nil || of.SessionID != h.id || of.UserID != h.owner.userID {
		t.Fatalf("a token of %+v: %v", of, err)
	}
	if of.Generation != presented && of.Generation != presented+1 {
		t.Fatalf("V2: the token of generation %d answered one of %d", of.Generation, presented)
	}
	for int64(len(h.tokens)) < of.Generation {
		h.tokens = append(h.tokens, "")
	}
	if at := &h.tokens[of.Generation-1]; *at != "" && *at != text {
		t.Fatalf("V2: two tokens of generation %d", of.Generation)
	} else {
		*at = text
	}
	return of.Generation
}

// end ends a family, or all of its user's.
func (m *machine) end(t *rapid.T) {
	[]func(*rapid.T){m.logOut, m.logOutOfAll, m.endSession}[rapid.IntRange(0, 2).Draw(t, "how")](t)
}

func (m *machine) logOut(t *rapid.T) {
	h, i := m.family(t), m.instance(t)
	generation := rapid.SampledFrom(h.generations()).Draw(t, "generation")
	var err error
	s := m.perform(logOut, func(ctx context.Context) { _, err = i.logOut(ctx, h.tokens[generation-1]) })
	m.settleEnd(t, s, err, h.key())
}

// logOutOfAll ends the sessions too of which nobody has a token: logins whose
// answer was lost.
func (m *machine) logOutOfAll(t *rapid.T) {
	h, i := m.family(t), m.instance(t)
	var keys []string
	for key := range m.families {
		if userOf(key) == h.owner.userID {
			keys = append(keys, key)
		}
	}
	var err error
	s := m.perform("log out of all", func(ctx context.Context) { _, err = i.logOutOfAll(ctx, h.who()) })
	m.settleEnd(t, s, err, keys...)
}

func (m *machine) endSession(t *rapid.T) {
	h, i := m.family(t), m.instance(t)
	other := rapid.SampledFrom(m.held).Filter(func(o *held) bool { return o.owner == h.owner }).Draw(t, "ended")
	var err error
	s := m.perform("end a session", func(ctx context.Context) { _, err = i.endSession(ctx, h.who(), other.id) })
	m.settleEnd(t, s, err, other.key())
}

func (m *machine) settleEnd(t *rapid.T, s *strike, err error, keys ...string) {
	want := changes{}
	for _, key := range keys {
		f := m.families[key]
		want[key] = change{f, f.end(session.EndedByLogout), !f.isLive(m.clock().Add(-2 * time.Second).UnixMilli())}
	}
	m.settle(t, s, want, answer{outcome: outcomeOf(err)}, answer{outcome: done})
}

func (m *machine) disable(t *rapid.T) {
	p := m.someone(t)
	if p.userID == "" || !p.disabled && rapid.IntRange(0, 2).Draw(t, "spared") > 0 {
		return
	}
	p.disabled = !p.disabled
	m.db.Set(m.t, m.db.Users, storetest.Item{"pk": "USER#" + p.userID, "sk": "USER"}, storetest.Item{"disabled": p.disabled})
}

// age lets time pass, to the edges of every limit.
func (m *machine) age(t *rapid.T) {
	const window, skewed = 10 * time.Second, 12 * time.Second
	edge := rapid.SampledFrom([]time.Duration{
		window, window, window, skewed, skewed, time.Minute, time.Minute, rule.Absolute / 15, rule.Idle,
	}).Draw(t, "edge")
	m.pass(edge + time.Duration(rapid.SampledFrom([]int{0, 0, -1, 1, -1000, 1000}).Draw(t, "off"))*time.Millisecond)
}

func (m *machine) ageABit(t *rapid.T) {
	m.pass(time.Duration(rapid.IntRange(1, 12_000).Draw(t, "milliseconds")) * time.Millisecond)
}
