package racetest

import (
	"os"
	"testing"
)

// long: race as often as the promises say; otherwise a shorter cut of the same
// tests runs.
var long = os.Getenv("DAEMUN_LONG") == "1"

// rounds is how often a race is run.
func rounds(short, all int) int {
	if long {
		return all
	}
	return short
}

// measured tells what a test counted, if it found what it wants.
func measured(t *testing.T, format string, args ...any) {
	t.Helper()
	if !t.Failed() {
		t.Logf(format, args...)
	}
}
