package crashtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"daemun/shared/store/storetest"
)

// databaseFault is a fault that some calls can meet. After so many times it has
// passed.
type databaseFault struct {
	name  string
	times int
	fault storetest.Fault
	meets func(operation string) bool
}

// plannedFault is a fault that begins at a call.
type plannedFault struct {
	databaseFault
	at call
}

func (p *plannedFault) String() string { return fmt.Sprintf("%s at %s", p.name, p.at) }

// program has the proxy do it. The repeats of a call are the next of its name.
func (p *plannedFault) program(proxy *storetest.Proxy) {
	if p == nil {
		return
	}
	for i := range p.times {
		proxy.On(p.at.name, p.at.n+i, p.fault)
	}
}

// attempts is how often the SDK sends a request.
const attempts = 3

// databaseFaults are F-20 to F-26. What happens at every attempt the client sees. A genuine failure of a condition (F-25) is
// what follows a lost answer: the repeat meets its own write.
func databaseFaults() []databaseFault {
	all := func(string) bool { return true }
	transaction := func(operation string) bool { return operation == "TransactWriteItems" }
	write := func(operation string) bool { return operation == "PutItem" || operation == "UpdateItem" }
	return []databaseFault{
		{"F-20 throttled", 1, storetest.Error("ThrottlingException"), all},
		{"F-20 over capacity, thrice", attempts, storetest.Error("ProvisionedThroughputExceededException"), all},
		{"F-21 500", 1, storetest.Error("InternalServerError"), all},
		{"F-21 503, thrice", attempts, storetest.Error("ServiceUnavailable"), all},
		{"F-22 request lost", 1, storetest.RequestLost(), all},
		{"F-23/F-25 answer lost", 1, storetest.AnswerLost(), all},
		{"F-23/F-25 answer lost, thrice", attempts, storetest.AnswerLost(), all},
		{"F-23 answer hangs", 1, storetest.AnswerHangs(), all},
		{"F-24 400 ms", 1, storetest.Slow(400 * time.Millisecond), all},
		{"F-26 conflict", 1, storetest.Canceled("None", "TransactionConflict", "None"), transaction},
		{"F-26 throttled", 1, storetest.Canceled("ThrottlingError", "None", "None"), transaction},
		{"F-26 conflict", 1, storetest.Error("TransactionConflictException"), write},
	}
}

// everyFault is each of the runs once more with each fault at each call that the
// client's tries made to the database.
func everyFault(crashed []result) []run {
	var all []run
	for _, r := range crashed {
		for _, at := range r.calls {
			for _, f := range databaseFaults() {
				if at.ofDatabase() && f.meets(at.name) {
					all = append(all, run{r.operation, r.crash, &plannedFault{f, at}, r.outcomes})
				}
			}
		}
	}
	return all
}

// summary counts the runs by fault, and those in which the client saw it.
func summary(results []result, of int) string {
	runs, seen := map[string]int{}, map[string]int{}
	for _, r := range results {
		if !r.met {
			continue
		}
		runs[r.fault.name]++
		if slices.Contains(r.outcomes, busy) {
			seen[r.fault.name]++
		}
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%d of %d crashes with a fault on the next tries, after all of which V1 to V6 and V8 to V10 held:\n", len(results), of)
	columns := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(columns, "fault\truns\tseen by the client, as 503")
	for _, name := range slices.Sorted(maps.Keys(runs)) {
		fmt.Fprintf(columns, "%s\t%d\t%d\n", name, runs[name], seen[name])
	}
	_ = columns.Flush() // into a string
	return text.String()
}
