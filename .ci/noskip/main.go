// Command noskip reads the output of `go test -json`, prints it for people,
// and fails when a test failed or was skipped, or when none ran: a skipped test
// looks green and proves nothing.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// event is a line of `go test -json`; see `go doc test2json`.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

// summary counts tests, subtests among them. A package that failed without a
// failed test (a build, a panic, a timeout) counts as one.
type summary struct{ passed, failed, skipped int }

func (s summary) ok() bool { return s.failed == 0 && s.skipped == 0 && s.passed > 0 }

func (s summary) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", s.passed, s.failed, s.skipped)
}

// reporter turns events into text and counts them.
type reporter struct {
	out  io.Writer
	sum  summary
	kept map[string]string // what a running test wrote, until its verdict
	bad  map[string]bool   // the packages with a failed test
	// contracts is what providers passed; printed after everything else.
	contracts matrix
}

// report prints what in says to out: a line for each package, and everything
// that a failed or skipped test or a failed package wrote.
func report(in io.Reader, out io.Writer) (summary, error) {
	r := &reporter{out: out, kept: map[string]string{}, bad: map[string]bool{}, contracts: matrix{}}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			r.line(line)
		}
		if err == io.EOF {
			r.contracts.print(out)
			return r.sum, nil
		}
		if err != nil {
			return r.sum, fmt.Errorf("read test output: %w", err)
		}
	}
}

func (r *reporter) line(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil {
		fmt.Fprintf(r.out, "%s", line)
		return
	}
	key := e.Package + " " + e.Test
	switch e.Action {
	case "build-output":
		fmt.Fprint(r.out, e.Output)
	case "output":
		r.kept[key] += e.Output
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.packageEnd(e, r.kept[key])
		} else {
			r.testEnd(e, r.kept[key])
		}
		delete(r.kept, key)
	}
}

func (r *reporter) testEnd(e event, text string) {
	switch e.Action {
	case "pass":
		r.sum.passed++
		r.contracts.add(e)
		return
	case "fail":
		r.sum.failed++
		r.bad[e.Package] = true
	case "skip":
		r.sum.skipped++
	}
	fmt.Fprint(r.out, text)
}

// packageEnd says nothing of a package without tests: go test calls it skipped,
// but nothing was.
func (r *reporter) packageEnd(e event, text string) {
	switch e.Action {
	case "skip":
		return
	case "fail":
		fmt.Fprint(r.out, text)
		if !r.bad[e.Package] {
			r.sum.failed++
		}
	}
	fmt.Fprintf(r.out, "%s\t%s\t%.1fs\n", e.Action, e.Package, e.Elapsed)
}

func main() {
	sum, err := report(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "noskip:", err)
		os.Exit(1)
	}
	fmt.Println(sum)
	if !sum.ok() {
		os.Exit(1)
	}
}
