package historytest

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/anishathalye/porcupine"

	"daemun/shared/store/storetest"
	"daemun/shared/token"
)

// history is what clients did at the same time, and what came of it.
type history struct {
	ticks      atomic.Int64 // orders calls and returns
	mu         sync.Mutex
	operations []porcupine.Operation
	outcomes   count
	writes     map[string]int           // that came to the engine, and how often
	texts      map[token.Refresh]string // of the tokens that were handed out
	problems   []string
}

func newHistory() *history {
	return &history{texts: map[token.Refresh]string{}, writes: map[string]int{}}
}

// record does an operation of a client's. What nobody knows the outcome of may
// happen at any time after its call, unless it came to nothing for certain.
//
// A refusal may be the answer to a second try: the first one was applied, its
// answer lost, and before the second somebody else ended the family. So beside a
// refused operation whose call was repeated stands one that may have happened.
func (h *history) record(client int, do func() (input any, output result)) {
	const ticks = 2
	called := h.ticks.Add(ticks)
	input, output := do()
	returned := h.ticks.Add(ticks)
	o := porcupine.Operation{ClientId: client, Input: input, Call: called, Output: output, Return: returned}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.outcomes.add(string(output.of()), 1)
	c, _ := input.(call)
	switch {
	case output == result(answer{outcome: unknown}) && c.now == 0:
		return // it did not even ask for the time
	case output.of() == unknown:
		o.Return = math.MaxInt64
	case output.of() == refused && h.wasRepeated(c):
		first := o
		first.Call, first.Output = called-1, answer{outcome: unknown}
		h.operations = append(h.operations, first)
	}
	h.operations = append(h.operations, o)
}

// hook notes the writes that the engine does.
func (h *history) hook(c storetest.Call, at storetest.Point) {
	if at == storetest.BeforeForward && c.Operation == "UpdateItem" {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.writes[string(c.Body)]++
	}
}

// wasRepeated reports whether a write of the operation came twice, byte for byte.
// The session and the time tell whose it is.
func (h *history) wasRepeated(c call) bool {
	for body, times := range h.writes {
		if times > 1 && strings.Contains(body, c.session) && strings.Contains(body, fmt.Sprintf(`"%d"`, c.now)) {
			return true
		}
	}
	return false
}

// handedOut takes a token that a client was given. There is one for each
// generation of a family, whichever instance makes it: V2.
func (h *history) handedOut(i *instance, text string) token.Refresh {
	of, err := i.keys.Parse(text)
	h.mu.Lock()
	defer h.mu.Unlock()
	before, again := h.texts[of]
	switch {
	case err != nil:
		h.problems = append(h.problems, fmt.Sprintf("a token that is not ours: %v", err))
	case again && before != text:
		h.problems = append(h.problems, fmt.Sprintf("V2: two tokens of generation %d", of.Generation))
	}
	h.texts[of] = text
	return of
}

// result is what came of an operation.
type result interface{ of() outcome }

func (a answer) of() outcome { return a.outcome }

// modelOfFamilies is the model of sessions for the checker: one history for each, and
// of what nobody knows both, that it happened and that it did not.
func modelOfFamilies() porcupine.Model {
	model := porcupine.NondeterministicModel{
		Partition: func(all []porcupine.Operation) [][]porcupine.Operation {
			return split(all, func(o porcupine.Operation) string { return o.Input.(call).session })
		},
		Init: func() []any { return []any{family{}} },
		Step: func(state, input, output any) []any {
			c, is := input.(call), output.(answer)
			next, want := state.(family).after(c)
			switch {
			case is == want:
				return []any{next}
			case is != answer{outcome: unknown}:
				return nil
			}
			return []any{state, next}
		},
		DescribeOperation: func(input, output any) string {
			c, is := input.(call), output.(answer)
			text := fmt.Sprintf("%s %d at %d: %s %d", c.operation, c.generation, c.now, is.outcome, is.generation)
			if c.operation == look {
				text += fmt.Sprintf(" %+v", is.seen)
			}
			return text
		},
	}
	return model.ToModel()
}

// split puts the operations of one subject together.
func split(all []porcupine.Operation, subject func(porcupine.Operation) string) [][]porcupine.Operation {
	of := map[string][]porcupine.Operation{}
	for _, o := range all {
		of[subject(o)] = append(of[subject(o)], o)
	}
	var parts [][]porcupine.Operation
	for _, part := range of {
		parts = append(parts, part)
	}
	return parts
}

// explain looks for an order of the operations that the model allows: "" if there
// is one. Where there is none it says how near it came, and then lists all, those
// marked that it could not place.
func explain(model porcupine.Model, all []porcupine.Operation) string {
	if porcupine.CheckOperations(model, all) {
		return ""
	}
	var text strings.Builder
	for _, part := range model.Partition(all) {
		if result, info := porcupine.CheckOperationsVerbose(model, part, 0); result != porcupine.Ok {
			describe(&text, model, part, info.PartialLinearizationsOperations()[0])
		}
	}
	return text.String()
}

// describe tells of operations of which only these partial orders are allowed.
func describe(text *strings.Builder, model porcupine.Model, all []porcupine.Operation, partial [][]porcupine.Operation) {
	longest := slices.MaxFunc(append(partial, nil), func(a, b []porcupine.Operation) int { return cmp.Compare(len(a), len(b)) })
	slices.SortFunc(all, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	var first string
	var lines strings.Builder
	for _, o := range all {
		line := fmt.Sprintf("%d..%d client %d: %s", o.Call, o.Return, o.ClientId, model.DescribeOperation(o.Input, o.Output))
		mark := "  "
		if !slices.ContainsFunc(longest, func(placed porcupine.Operation) bool { return placed.Call == o.Call }) {
			first, mark = cmp.Or(first, line), "! "
		}
		fmt.Fprintf(&lines, "%s%s\n", mark, line)
	}
	fmt.Fprintf(text, "no order of %d operations is allowed; the longest leaves out %s\n%s", len(all), first, &lines)
}

// wantExplained wants the history to be one that the model allows.
func (h *history) wantExplained(t *testing.T, model porcupine.Model, seed int) {
	t.Helper()
	for _, problem := range h.problems {
		t.Errorf("history %d: %s", seed, problem)
	}
	if problem := explain(model, h.operations); problem != "" {
		t.Errorf("history %d: %s", seed, problem)
	}
}
