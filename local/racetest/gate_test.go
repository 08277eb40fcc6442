package racetest

import (
	"testing"
	"time"

	"daemun/shared/store/storetest"
)

// gate lets the requests of the database through one at a time.
type gate struct {
	arrived chan chan struct{} // who waits for a turn; closing what was sent gives it
	opened  chan struct{}      // closed: nobody waits any more
}

func newGate() *gate { return &gate{arrived: make(chan chan struct{}), opened: make(chan struct{})} }

func (g *gate) hook(_ storetest.Call, at storetest.Point) {
	if at != storetest.BeforeForward {
		return
	}
	turn := make(chan struct{})
	select {
	case g.arrived <- turn:
	case <-g.opened:
		return
	}
	select {
	case <-turn:
	case <-g.opened:
	}
}

// runner is an actor that is held at the gate.
type runner struct {
	*actor
	turn  chan struct{} // nil: the actor is done
	turns int           // it had
	done  chan struct{}
}

// next lists who may run next. Of those who would do the same and did nothing yet,
// it is the first one's turn: who of them is who makes no difference.
func next(held []*runner) []*runner {
	var may []*runner
	fresh := map[string]bool{}
	for _, r := range held {
		if r.turn == nil || r.turns == 0 && fresh[r.name] {
			continue
		}
		fresh[r.name] = fresh[r.name] || r.turns == 0
		may = append(may, r)
	}
	return may
}

// await returns when the runner, who alone runs, is held again or done.
func (g *gate) await(r *runner) {
	select {
	case r.turn = <-g.arrived:
	case <-r.done:
		r.turn = nil
	}
}

// patience is shorter than the time after which a function takes a request of the
// database for lost and sends it again: then it would be unclear who runs.
const patience = 500 * time.Millisecond

// inOrder has the actors run by turns, from one request of the database to the
// next, as the tree chooses. It returns the order, which is void if it took too
// long.
func (s *scene) inOrder(t *testing.T, actors []*actor, choices *tree) (order []string, void bool) {
	t.Helper()
	g, began := newGate(), time.Now()
	s.w.db.Proxy.Hook(g.hook)
	defer s.w.db.Proxy.Hook(nil)
	defer close(g.opened)
	var held []*runner
	for _, a := range actors {
		r := &runner{actor: a, done: make(chan struct{})}
		go func() {
			defer close(r.done)
			s.perform(t, a)
		}()
		g.await(r)
		held = append(held, r)
	}
	for may := next(held); len(may) > 0; may = next(held) {
		r := may[choices.choose(len(may))]
		order = append(order, r.name)
		r.late.Store(s.ended.Load())
		r.turns++
		close(r.turn)
		g.await(r)
	}
	return order, choices.astray || time.Since(began) > patience
}

// tree is all ways to choose in turn, walked depth first.
type tree struct {
	path   []branch
	depth  int
	astray bool // the same choices led elsewhere
}

type branch struct{ taken, of int }

// choose takes one of n.
func (c *tree) choose(n int) int {
	if c.depth == len(c.path) {
		c.path = append(c.path, branch{of: n})
	}
	b := c.path[c.depth]
	c.depth++
	if b.of != n {
		c.astray = true
		return 0
	}
	return b.taken
}

// next goes on to the next way, and reports whether there is one.
func (c *tree) next() bool {
	for len(c.path) > 0 {
		last := &c.path[len(c.path)-1]
		if last.taken++; last.taken < last.of {
			c.again(len(c.path))
			return true
		}
		c.path = c.path[:len(c.path)-1]
	}
	return false
}

// again goes back to the root, and keeps the choices down to the depth.
func (c *tree) again(depth int) { c.path, c.depth, c.astray = c.path[:depth], 0, false }
