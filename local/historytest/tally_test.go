package historytest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"daemun/shared/session"
)

// count says how often there was what.
type count map[string]int

func (c *count) add(what string, n int) {
	if *c == nil {
		*c = count{}
	}
	(*c)[what] += n
}

func (c *count) addAll(other count) {
	for what, n := range other {
		c.add(what, n)
	}
}

// String is such as "4 (1 lost, 3 throttled)".
func (c count) String() string {
	var all int
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(c)) {
		all += c[what]
		parts = append(parts, fmt.Sprintf("%d %s", c[what], what))
	}
	return fmt.Sprintf("%d (%s)", all, strings.Join(parts, ", "))
}

// tally is what a test did, for its log.
type tally struct {
	runs, steps                        int
	operations, outcomes, harms, ended count
}

func (t *tally) operation(name string, s *strike) {
	t.operations.add(name, 1)
	if s.kind != none && s.happened() {
		t.harms.add(strings.TrimSpace(s.kind+" "+s.fault), 1)
	}
}

func (t *tally) outcome(o outcome) { t.outcomes.add(string(o), 1) }

func (t *tally) end(why session.EndReason) { t.ended.add(string(why), 1) }

func (t *tally) add(other *tally) {
	t.runs, t.steps = t.runs+other.runs, t.steps+other.steps
	for sum, counts := range map[*count]count{
		&t.operations: other.operations, &t.outcomes: other.outcomes, &t.harms: other.harms, &t.ended: other.ended,
	} {
		sum.addAll(counts)
	}
}

func (t *tally) String() string {
	return fmt.Sprintf("%d runs, %d steps; operations: %v; outcomes: %v; harm done to: %v; families ended: %v",
		t.runs, t.steps, t.operations, t.outcomes, t.harms, t.ended)
}
