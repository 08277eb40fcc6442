package historytest

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"daemun/shared/flow"
	"daemun/shared/store/storetest"
	"daemun/shared/token"
)

// chance is seeded: what it decides is the same in each run. Who comes first is
// not.
func chance(seed, stream int) *rand.Rand { return rand.New(rand.NewPCG(uint64(seed), uint64(stream))) }

// jar is what clients that share a family know of it.
type jar struct {
	*world
	h       *history
	person  int64
	ongoing sync.RWMutex // read: by operations. Much time passes only between them.

	mu     sync.Mutex
	newest token.Refresh   // of which somebody has the token
	dead   []token.Refresh // one of each family that somebody knows to be over
}

// rare is how many operations there are for one that ends the family: the shorter
// a family's history is, the fewer orders there are to look through.
const rare = 60

// client is one of those who use the jar.
type client struct {
	*jar
	number int
	random *rand.Rand
}

// mishaps are what happens to some of the database's requests.
type mishaps struct {
	random *rand.Rand
	counts *count
}

func (m *mishaps) choose(storetest.Call) storetest.Fault {
	if m.random.IntN(20) > 0 {
		return nil
	}
	if m.random.IntN(4) == 0 {
		m.counts.add("slow", 1)
		return storetest.Slow(time.Duration(m.random.IntN(5)) * time.Millisecond)
	}
	name := faultNames[m.random.IntN(len(faultNames))]
	m.counts.add(name, 1)
	return faults[name]
}

// work is n operations.
func (c *client) work(t *testing.T, n int) {
	for range n {
		c.wait()
		c.ongoing.RLock()
		c.operate(t.Context())
		c.ongoing.RUnlock()
	}
}

// wait lets time pass: a little at any moment, and much, up to the edges of the
// window, while no operation is under way. An operation is shorter than the
// window: the database's time limits are.
func (c *client) wait() {
	c.pass(time.Duration(c.random.IntN(10)) * time.Millisecond)
	if c.random.IntN(8) > 0 {
		return
	}
	edges := []time.Duration{time.Second, rule.Grace - 2*time.Second, rule.Grace, rule.Grace + time.Second, rule.Grace + 2*time.Second, time.Minute}
	c.ongoing.Lock()
	defer c.ongoing.Unlock()
	c.pass(edges[c.random.IntN(len(edges))])
}

// operate is one operation.
func (c *client) operate(ctx context.Context) {
	ctx, cancel := mayLeave(ctx, c.random, 5*time.Millisecond)
	defer cancel()
	i := c.instances[c.random.IntN(len(c.instances))]
	of := c.choose()
	switch {
	case of.Generation == 0:
		c.begin(context.WithoutCancel(ctx), i)
	case c.random.IntN(rare) == 0:
		c.logOut(ctx, i, of)
	default:
		c.refresh(ctx, i, of)
	}
}

// choose is the token to present; none if there is no family.
func (c *client) choose() token.Refresh {
	c.mu.Lock()
	defer c.mu.Unlock()
	of := c.newest
	switch {
	case of.Generation == 0:
	case len(c.dead) > 0 && c.random.IntN(20) == 0:
		return c.dead[c.random.IntN(len(c.dead))]
	case of.Generation > 2 && c.random.IntN(rare) == 0: // a thief
		of.Generation = 1 + c.random.Int64N(of.Generation-2)
	case of.Generation > 1 && c.random.IntN(25) == 0: // a tab that is behind
		of.Generation--
	}
	return of
}

// begin logs in, if nobody else did.
func (c *client) begin(ctx context.Context, i *instance) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.newest.Generation > 0 {
		return
	}
	c.h.record(c.number, func() (any, result) {
		for {
			done, now, err := i.logIn(ctx, c.person)
			if outcomeOf(err) == unknown {
				continue
			}
			if err == nil {
				c.newest = c.h.handedOut(i, done.RefreshToken)
			}
			return call{session: done.SessionID, operation: logIn, now: milliseconds(now)}, answer{outcome: outcomeOf(err), generation: 1}
		}
	})
}

func (c *client) logOut(ctx context.Context, i *instance, of token.Refresh) {
	c.h.record(c.number, func() (any, result) {
		now, err := i.logOut(ctx, c.h.text(of))
		if err == nil {
			c.over(of)
		}
		return call{of.SessionID, logOut, of.Generation, milliseconds(now)}, answer{outcome: outcomeOf(err)}
	})
}

func (c *client) refresh(ctx context.Context, i *instance, of token.Refresh) {
	c.h.record(c.number, func() (any, result) {
		var got flow.Refreshed
		got, now, err := i.refresh(ctx, c.h.text(of))
		is := answer{outcome: outcomeOf(err)}
		switch is.outcome {
		case done:
			next := c.h.handedOut(i, got.RefreshToken)
			is.generation = next.Generation
			c.learn(next)
		case refused:
			c.over(of)
		}
		return call{of.SessionID, refresh, of.Generation, milliseconds(now)}, is
	})
}

// learn puts a token into the jar.
func (c *client) learn(of token.Refresh) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if of.SessionID == c.newest.SessionID && of.Generation > c.newest.Generation {
		c.newest = of
	}
}

// over takes a family out of the jar that a client knows to be over.
func (c *client) over(of token.Refresh) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if of.SessionID == c.newest.SessionID {
		c.dead = append(c.dead, c.newest)
		c.newest = token.Refresh{}
	}
}

func (h *history) text(of token.Refresh) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.texts[of]
}

// mayLeave is the context of a client that goes away sometimes, and then at any
// moment within the time.
func mayLeave(ctx context.Context, random *rand.Rand, within time.Duration) (context.Context, context.CancelFunc) {
	if random.IntN(20) > 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Duration(random.Int64N(int64(within))))
}

// parallel runs f n times at once.
func parallel(n int, f func(i int)) {
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { f(i) })
	}
	group.Wait()
}
