package historytest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"pgregory.net/rapid"

	"daemun/shared/store/storetest"
)

// harm is what happens to the requests that one operation makes of the database.
type harm struct {
	kind  string
	fault string // of faults; empty: none
	first int    // of the operation's requests, from 1, that it meets
	times int    // how many it meets; 0: all from there on
}

// The kinds of harm.
const (
	none   = "none"
	passes = "passes"            // what the operation is to get over
	stays  = "stays"             // what it cannot get over
	leaves = "leaves"            // the caller goes away when a request is done and not answered
	late   = "leaves, late call" // the caller goes away, and a request arrives at some later time
)

// faults are those of the database. Their names are a list, so that what is drawn
// is the same in each run.
var (
	faults = map[string]storetest.Fault{
		"throttled":             storetest.Error("ThrottlingException"),
		"over capacity":         storetest.Error("ProvisionedThroughputExceededException"),
		"internal server error": storetest.Error("InternalServerError"),
		"unavailable":           storetest.Error("ServiceUnavailable"),
		"request lost":          storetest.RequestLost(),
		"answer lost":           storetest.AnswerLost(),
	}
	faultNames = []string{"throttled", "over capacity", "internal server error", "unavailable", "request lost", "answer lost"}
)

func drawHarm(t *rapid.T) harm {
	h := harm{
		kind:  rapid.SampledFrom([]string{passes, passes, stays, leaves, late, late}).Draw(t, "kind"),
		first: rapid.SampledFrom([]int{1, 2, 2, 2, 3, 3, 4, 5}).Draw(t, "first"),
		times: 1,
	}
	switch h.kind {
	case passes:
		h.times = rapid.IntRange(1, 2).Draw(t, "times")
		h.fault = rapid.SampledFrom(faultNames).Draw(t, "fault")
	case stays:
		h.times = 0
		h.fault = rapid.SampledFrom(faultNames).Draw(t, "fault")
	}
	return h
}

// strike is a harm at work on one operation.
type strike struct {
	harm
	cancel           context.CancelFunc
	began            time.Time
	release, arrived chan struct{} // of the late call
	once             sync.Once

	mu     sync.Mutex
	seen   int            // requests
	met    int            // by the harm
	target storetest.Call // the last one that it met
}

// strike runs the operation with the harm.
func (w *world) strike(h harm, operation func(context.Context)) *strike {
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	s := &strike{harm: h, cancel: cancel, began: time.Now(), release: make(chan struct{}), arrived: make(chan struct{})}
	w.db.Proxy.Reset()
	if h.kind != none {
		w.db.Proxy.Choose(s.choose)
		w.db.Proxy.Hook(s.hook)
	}
	defer w.db.Proxy.Reset()
	operation(ctx)
	return s
}

func (s *strike) choose(c storetest.Call) storetest.Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen++
	if s.seen < s.first || s.times > 0 && s.seen >= s.first+s.times {
		return nil
	}
	s.met++
	s.target = c
	if s.kind == leaves {
		return storetest.AnswerHangs()
	}
	return faults[s.fault]
}

func (s *strike) hook(c storetest.Call, at storetest.Point) {
	s.mu.Lock()
	isTarget := c.Operation == s.target.Operation && c.N == s.target.N
	s.mu.Unlock()
	switch {
	case !isTarget:
	case s.kind == late && at == storetest.BeforeForward:
		s.cancel()
		<-s.release
	case s.kind == late:
		close(s.arrived)
	case s.kind == leaves && at == storetest.AfterForward:
		s.cancel()
	}
}

// arrive lets the late call arrive, if there is one, and returns when the database
// has done it.
func (s *strike) arrive() {
	if s.kind == late && s.happened() {
		s.once.Do(func() { close(s.release) })
		<-s.arrived
	}
}

// happened reports whether the operation made a request that the harm met.
func (s *strike) happened() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.met > 0
}

// mayFail reports whether nobody may know what came of the operation. On a machine
// that is so busy that the database's time limits end requests, that is no harm
// of ours.
func (s *strike) mayFail() bool {
	const busy = 500 * time.Millisecond
	return s.kind != passes && s.happened() || time.Since(s.began) > busy
}

func (h harm) String() string {
	return fmt.Sprintf("%s %s from request %d on", h.kind, h.fault, h.first)
}
