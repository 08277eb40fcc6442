package crashtest

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// call is a request of a function to the database or to the provider, such as
// the second GetItem since the tap began to watch.
type call struct {
	name string
	n    int
}

func (c call) String() string { return c.name + " " + strconv.Itoa(c.n) }

// ofDatabase tells an operation of DynamoDB from an endpoint of the provider.
func (c call) ofDatabase() bool { return c.name != tokenCall && c.name != userinfoCall }

// The names of the calls to the provider.
const (
	tokenCall    = "token"
	userinfoCall = "userinfo"
)

// point is a moment of an invocation at which its process is killed.
type point int

// The moments of a call, and those of the answer.
const (
	beforeSend   point = iota // the call has left the process and comes nowhere
	answerLost                // the call is done, and its answer is not delivered
	afterAnswer               // the answer is delivered; whatever the process does next does not come about
	atEnd                     // the response is made and does not leave
	responseLost              // the response is lost on its way to the client, and the process lives
)

func (p point) String() string {
	return [...]string{"before send", "answer lost", "after answer", "at the end", "response lost"}[p]
}

// crash is a point of a call. The last two points have none.
type crash struct {
	call  call
	point point
}

func (c crash) String() string {
	if c.call == (call{}) {
		return c.point.String()
	}
	return c.call.String() + ", " + c.point.String()
}

// tap stands between the functions and all that they call. It sees every call,
// knows which process it comes from, and kills that process at the planned crash.
type tap struct {
	kill func(instance string) // returns when the process is dead

	mu       sync.Mutex
	busy     map[string]int // invocations under way, by instance
	dead     map[string]bool
	strays   []string // calls of processes that had nothing to do: V9
	watching bool
	calls    []call // since watch
	planned  *crash // nil: none, or it has happened
	answered bool   // the planned crash's call has its answer
	await    int    // so many more invocations
	then     func() // is done then
}

func newTap(kill func(instance string)) *tap {
	return &tap{kill: kill, busy: map[string]int{}, dead: map[string]bool{}}
}

// watch begins to note calls, and plans a crash if it is not nil.
func (t *tap) watch(planned *crash) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.watching, t.calls, t.planned, t.answered = true, nil, planned, false
}

// seen ends a watch. It returns the calls, and whether the planned crash
// happened.
func (t *tap) seen() (calls []call, happened bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	happened = t.planned == nil
	t.watching, t.planned = false, nil
	return t.calls, happened
}

// begin and end enclose an invocation, or the start of a process.
func (t *tap) begin(instance string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy[instance]++
	if t.await--; t.await == 0 {
		t.then()
	}
}

// whenBusy does something once so many further invocations have begun.
func (t *tap) whenBusy(invocations int, then func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.await, t.then = invocations, then
}

// end reports whether the process was killed, be it at this moment.
func (t *tap) end(instance string) (killed bool) {
	t.mu.Lock()
	t.busy[instance]--
	dies := t.take(func(c crash) bool { return c.point == atEnd || t.answered })
	killed = dies || t.dead[instance]
	t.dead[instance] = killed
	t.mu.Unlock()
	if killed {
		t.kill(instance) // or wait for who is killing it
	}
	return killed
}

// loses reports whether the response that is about to leave is to be lost.
func (t *tap) loses() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.take(func(c crash) bool { return c.point == responseLost })
}

// take reports whether the crash is planned for this moment; it happens once.
// t.mu is held.
func (t *tap) take(isNow func(crash) bool) bool {
	if t.planned == nil || !isNow(*t.planned) {
		return false
	}
	t.planned = nil
	return true
}

// wrap puts the tap before a service. name finds the call's name, "" if it is
// none. The path begins with the instance, as its environment says.
func (t *tap) wrap(name func(*http.Request) string, service http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		instance := r.PathValue("instance")
		switch at := t.enter(instance, name(r)); at {
		case nowhere:
			service.ServeHTTP(w, r)
			return
		case answerLost:
			service.ServeHTTP(httptest.NewRecorder(), r)
		case afterAnswer:
			t.deliver(w, r, service)
			return
		}
		t.kill(instance)
		panic(http.ErrAbortHandler)
	})
}

// nowhere is no point: the call passes.
const nowhere point = -1

// enter notes a call and says at which point of it the process is killed. A call
// that a killed process had sent does not arrive: it is killed again.
func (t *tap) enter(instance, name string) point {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dead[instance] {
		return beforeSend
	}
	if t.busy[instance] == 0 {
		t.strays = append(t.strays, name)
	}
	if !t.watching {
		return nowhere
	}
	this := call{name, 1}
	for slices.Contains(t.calls, this) {
		this.n++
	}
	t.calls = append(t.calls, this)
	if t.planned == nil {
		return nowhere
	}
	at := t.planned.point
	switch {
	case t.answered:
		at = beforeSend // this is what the process does next
	case t.planned.call != this:
		return nowhere
	case at == afterAnswer:
		return afterAnswer // and the crash is still to come
	}
	t.planned, t.dead[instance] = nil, true
	return at
}

// deliver answers a call after which the process is killed.
func (t *tap) deliver(w http.ResponseWriter, r *http.Request, service http.Handler) {
	answer := httptest.NewRecorder()
	service.ServeHTTP(answer, r)
	t.mu.Lock()
	t.answered = true
	t.mu.Unlock()
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = answer.Body.WriteTo(w) // fails when the process is gone
}

func databaseCall(r *http.Request) string {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	return operation
}
