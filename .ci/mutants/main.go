// Command mutants breaks one rule of the code at a time and says which tests
// find it. A mutant that no test finds fails the run: then a rule stands in the
// code that nothing holds there.
//
// It changes no file: `go test -overlay` puts the broken one in its place.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
)

// A mutant is a rule that is broken: in the file, the text from, which is there
// once, becomes to. One of the tests has to fail.
type mutant struct {
	rule     string // that it breaks
	file     string
	from, to string
	tests    []string // go test's arguments for them; the first is the package
}

// broken is the file's text with the rule broken.
func (m mutant) broken() ([]byte, error) {
	text, err := os.ReadFile(m.file)
	if err != nil {
		return nil, err
	}
	if n := bytes.Count(text, []byte(m.from)); n != 1 {
		return nil, fmt.Errorf("%s has %q %d times, want once", m.file, m.from, n)
	}
	return bytes.Replace(text, []byte(m.from), []byte(m.to), 1), nil
}

// Why a mutant lives on. That tests hang says nothing of the rule.
var (
	errSurvived = errors.New("SURVIVED")
	errTimedOut = errors.New("TIMED OUT")
)

// kill runs the tests and returns those that fail.
func (m mutant) kill(ctx context.Context, folder string) (tests []string, err error) {
	text, err := m.broken()
	if err != nil {
		return nil, err
	}
	overlay, err := writeOverlay(folder, m.file, text)
	if err != nil {
		return nil, err
	}
	switch tests, err = runTests(ctx, m.tests, "-overlay", overlay); {
	case err != nil:
		return nil, err
	case len(tests) == 0:
		return nil, errSurvived
	}
	return tests, nil
}

// runTests returns the tests that fail.
func runTests(ctx context.Context, tests []string, flags ...string) (failing []string, err error) {
	command := exec.CommandContext(ctx, "go", slices.Concat([]string{"test", "-json", "-count=1"}, flags, tests)...)
	output, err := command.Output()
	switch failing = failed(output); {
	case err == nil:
		return nil, nil
	case isTimeout(output):
		return nil, errTimedOut
	case len(failing) == 0:
		return nil, fmt.Errorf("no test ran: %w\n%s", err, output)
	}
	return failing, nil
}

// isTimeout says whether tests were stopped by the time limit of `go test`, which
// tells of them as failed.
func isTimeout(output []byte) bool {
	return bytes.Contains(output, []byte(`"panic: test timed out after `))
}

// testUnbroken wants that all tests pass while no rule is broken: else what fails
// later would say nothing.
func testUnbroken(ctx context.Context) error {
	var passed []string
	for _, m := range mutants {
		name := strings.Join(m.tests, " ")
		if slices.Contains(passed, name) {
			continue
		}
		failing, err := runTests(ctx, m.tests)
		if err == nil && len(failing) > 0 {
			err = errors.New(shorten(failing))
		}
		if err != nil {
			return fmt.Errorf("%s, while no rule is broken: %w", name, err)
		}
		passed = append(passed, name)
	}
	return nil
}

// writeOverlay writes the broken file, and the overlay that names it.
func writeOverlay(folder, file string, text []byte) (string, error) {
	replaced, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	broken := filepath.Join(folder, "broken.go")
	if err := os.WriteFile(broken, text, 0o600); err != nil {
		return "", err
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {replaced: broken}})
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "overlay.json")
	return path, os.WriteFile(path, overlay, 0o600)
}

// failed are the tests that failed in an output of `go test -json`, each once,
// whichever of its parts failed.
func failed(output []byte) (tests []string) {
	for line := range bytes.Lines(output) {
		var event struct{ Action, Test string }
		if json.Unmarshal(line, &event) != nil || event.Action != "fail" || event.Test == "" {
			continue
		}
		if test, _, _ := strings.Cut(event.Test, "/"); !slices.Contains(tests, test) {
			tests = append(tests, test)
		}
	}
	return tests
}

// shorten names the first tests, and counts the others.
func shorten(tests []string) string {
	const named = 2
	if len(tests) <= named {
		return strings.Join(tests, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(tests[:named], ", "), len(tests)-named)
}

func run(ctx context.Context) error {
	if err := testUnbroken(ctx); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	defer func() { _ = table.Flush() }()
	alive := 0
	for _, m := range mutants {
		tests, err := m.kill(ctx, folder)
		found := shorten(tests)
		switch {
		case errors.Is(err, errSurvived), errors.Is(err, errTimedOut):
			alive++
			found = err.Error()
		case err != nil:
			return fmt.Errorf("%s: %w", m.rule, err)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", m.rule, filepath.Base(m.tests[0]), found)
	}
	fmt.Fprintf(table, "%d of %d mutants killed\n", len(mutants)-alive, len(mutants))
	if alive > 0 {
		return fmt.Errorf("%d mutants survived", alive)
	}
	return nil
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}
