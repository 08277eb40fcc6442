package child_test

import (
	"io"
	"testing"
)

func TestStart_ChildDiesWithItsKilledParent(t *testing.T) {
	parent, output := start(t, "parent")
	if line, err := output.ReadString('\n'); line != "started\n" {
		t.Fatalf("%q, %v", line, err)
	}

	parent.Kill()

	// The grandchild holds the other end of the pipe until it dies.
	if rest, err := io.ReadAll(output); err != nil || len(rest) > 0 {
		t.Errorf("%q, %v", rest, err)
	}
}
