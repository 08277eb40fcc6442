package crashtest

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"

	"daemun/local/crashtest/invariant"
)

// workers run crashes at the same time, each in a world of its own: they wait
// more than they work.
const workers = 4

// run is one run of an operation: crashed, or not if the crash is nil, and with a
// fault, or none, when the client tries again.
type run struct {
	operation operation
	crash     *crash
	fault     *plannedFault
	want      []string // outcomes of the client's tries after the crash
}

func (r run) String() string {
	text := r.operation.name
	if r.crash != nil {
		text += ": " + r.crash.String()
	}
	if r.fault != nil {
		text += "; then " + r.fault.String()
	}
	return text
}

// result is what a run showed.
type result struct {
	run
	outcomes []string // of the client's tries after the crash; or of the one try
	calls    []call   // which these tries made
	met      bool     // the fault its call; else the tries did not make it
}

// busy is what clients see of a fault of ours.
const busy = "temporarily_unavailable"

// tries is how often a client sends a request or begins anew.
const tries = 6

// do does a run with a person of its own, in empty tables, and looks at the
// tables before, between and after.
func (w *world) do(r run, person int64) result {
	w.t.Helper()
	test := w.t
	defer func() { w.t = test }()
	w.t = inRun{test, r.String()}
	o := r.operation
	w.wipe()
	w.ready(o.function)
	c := w.newClient(person)
	o.prepare(c)
	before := w.tables(r, invariant.Tables{})
	if r.crash != nil {
		w.tap.watch(r.crash)
		first := o.send(c)
		if _, happened := w.tap.seen(); !happened || first.outcome() != "lost" && first.outcome() != "500" {
			w.t.Errorf("the crash happened: %v; the client saw %s", happened, first.outcome())
		}
		before = w.tables(r, before)
	}
	w.ready(o.function)
	w.db.Proxy.Reset()
	r.fault.program(w.db.Proxy)
	w.tap.watch(nil)
	outcomes := r.recover(c)
	calls, _ := w.tap.seen()
	got := result{r, outcomes, calls, r.fault != nil && w.db.Proxy.Counts()[r.fault.at.name] >= r.fault.at.n}
	w.db.Proxy.Reset()
	if !got.isForeseen() {
		w.t.Errorf("the client saw %q, want %q", outcomes, r.want)
	}
	after := w.tables(r, before)
	o.check(c)
	w.tables(r, after)
	return got
}

// isForeseen reports whether the client saw what the run wants it to. A fault that
// outlasts the SDK's attempts is seen, as ours; any other is not seen.
func (r result) isForeseen() bool {
	if r.met && r.fault.times >= attempts {
		return slices.Contains(r.outcomes, busy)
	}
	return slices.Equal(r.want, r.outcomes)
}

// recover is what a client does after a failure: it sends the same request again,
// and begins anew where it is told to.
func (r run) recover(c *client) []string {
	c.w.t.Helper()
	o := r.operation
	var outcomes []string
	for range tries {
		outcome := o.send(c).outcome()
		outcomes = append(outcomes, outcome)
		switch {
		case outcome == o.success:
			return outcomes
		case slices.Contains(o.spent, outcome):
			o.anew(c)
		case outcome == busy:
		default:
			c.w.t.Errorf("the client saw %q", outcomes)
			return outcomes
		}
	}
	c.w.t.Errorf("the client gave up after %q", outcomes)
	return outcomes
}

// tables reads the tables and reports what is wrong with them.
func (w *world) tables(r run, before invariant.Tables) invariant.Tables {
	w.t.Helper()
	var reasons []string
	for _, why := range r.operation.ends {
		reasons = append(reasons, string(why))
	}
	now := invariant.Read(w.t, w.db)
	for _, problem := range slices.Concat(now.Problems(), now.ProblemsSince(before, reasons...)) {
		w.t.Errorf("%s", problem)
	}
	return now
}

// runAll does the runs, in some order, and returns their results in theirs.
func runAll(t *testing.T, worlds []*world, runs []run) []result {
	t.Helper()
	results := make([]result, len(runs))
	var group sync.WaitGroup
	for n, w := range worlds {
		group.Go(func() {
			for i := n; i < len(runs); i += len(worlds) {
				results[i] = w.do(runs[i], int64(1+2*i)) // and the next number for a stranger
			}
		})
	}
	group.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return results
}

// points are all crashes of an operation that makes these calls.
func points(calls []call) []crash {
	var all []crash
	for _, this := range calls {
		all = append(all, crash{this, beforeSend}, crash{this, answerLost}, crash{this, afterAnswer})
	}
	if len(calls) == 0 {
		all = append(all, crash{point: atEnd})
	}
	return append(all, crash{point: responseLost})
}

// F-40: V1 to V6, V8, V9 and V10 hold after a crash at every point of every call,
// and after every such crash together with every fault of the database that the
// client's next tries can meet (F-20 to F-26). Of those, every 61st is run,
// unless DAEMUN_LONG=1.
func TestCrash_ClientRecoversAtEveryPoint(t *testing.T) {
	stride := 61
	if os.Getenv("DAEMUN_LONG") == "1" {
		stride = 1
	}
	worlds := make([]*world, workers)
	for i := range worlds {
		worlds[i] = newWorld(t, 1)
	}
	var undisturbed, crashed []run
	for _, o := range operations() {
		undisturbed = append(undisturbed, run{operation: o, want: []string{o.success}})
	}
	for _, r := range runAll(t, worlds, undisturbed) {
		for _, c := range points(r.calls) {
			crashed = append(crashed, crashedRun(r.operation, c))
		}
	}
	singles := runAll(t, worlds, crashed)
	t.Log(table(singles))
	doubles := everyFault(singles)
	var sample []run
	for i := 0; i < len(doubles); i += stride {
		sample = append(sample, doubles[i])
	}
	results := runAll(t, worlds, sample)
	t.Log(summary(results, len(doubles)))
	for _, r := range results {
		switch {
		case r.met:
		case r.operation.parallel:
			t.Logf("not met: %s", r.run)
		default:
			t.Errorf("%s: the client's tries did not make that call", r.run)
		}
	}
}

// crashedRun wants the client's first try after the crash to succeed, unless the
// crash has spent what it tries with: then the second.
func crashedRun(o operation, c crash) run {
	r := run{operation: o, crash: &c, want: []string{o.success}}
	if len(o.spent) > 0 && o.isSpent(c) {
		r.want = []string{o.spent[0], o.success}
	}
	return r
}

func table(results []result) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d crashes, after all of which V1 to V6 and V8 to V10 held:\n", len(results))
	columns := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(columns, "operation\tcall\tkilled\tthe client's next tries\tcalls")
	for _, r := range results {
		of := r.crash.call.String()
		if r.crash.call == (call{}) {
			of = "-"
		}
		fmt.Fprintf(columns, "%s\t%s\t%s\t%s\t%d\n", r.operation.name, of, r.crash.point, strings.Join(r.outcomes, ", "), len(r.calls))
	}
	_ = columns.Flush() // into a string
	return text.String()
}
