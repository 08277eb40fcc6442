package crashtest

import (
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"daemun/shared/store/storetest"
)

// createdBy finds, in what Go prints of a process that gets SIGQUIT, who started
// each of its goroutines but the main one.
var createdBy = regexp.MustCompile(`(?m)^[\w-]+: created by (\S+)`)

// maxConnections is generous: two idle ones to the database and one to the
// Runtime API are kept, and others may be about to end.
const maxConnections = 10

// V9: when a function has nothing to do, nothing but its connections and Go's own
// housekeeping is left of what it did before, be it that calls succeeded, hung or
// were lost.
func TestLeftovers_NothingOutlivesItsInvocation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	for _, f := range []storetest.Fault{nil, storetest.AnswerHangs(), storetest.AnswerLost()} {
		w.wipe()
		waiting := w.prepareAll(operations())
		w.db.Proxy.Reset()
		for n := 1; f != nil && n <= 3; n++ {
			w.db.Proxy.On("GetItem", n, f)
			w.db.Proxy.On("UpdateItem", n, f)
		}
		sendAll(waiting)
		w.db.Proxy.Reset()
	}
	for function, i := range w.current {
		before := len(w.history.logged())
		w.signal(i, syscall.SIGQUIT)
		for i.Processes() > 0 {
			runtime.Gosched()
		}
		connections := 0
		for _, by := range createdBy.FindAllStringSubmatch(w.history.logged()[before:], -1) {
			switch {
			case by[1] == "net/http.(*Transport).dialConn":
				connections++
			case !strings.HasPrefix(by[1], "runtime."):
				t.Errorf("%s: a goroutine of %s is left", function, by[1])
			}
		}
		connections /= 2 // one goroutine reads and one writes
		if connections < 1 || connections > maxConnections {
			t.Errorf("%s: %d connections, want 1 to %d", function, connections, maxConnections)
		}
	}
}
