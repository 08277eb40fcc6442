package main

import (
	"go/parser"
	"go/token"
	"testing"
)

// The table keeps up with the code: each rule is still where it says, and what
// is left when it is broken is Go.
func TestMutants_BreakWhatIsThere(t *testing.T) {
	t.Chdir("../..")
	for _, m := range mutants {
		text, err := m.broken()
		if err != nil {
			t.Errorf("%s: %v", m.rule, err)
			continue
		}
		if _, err := parser.ParseFile(token.NewFileSet(), m.file, text, 0); err != nil {
			t.Errorf("%s: %v", m.rule, err)
		}
	}
}

func TestFailed_NamesEachTestOnceAndNoPackage(t *testing.T) {
	output := `{"Action":"output","Package":"daemun/shared/session","Output":"noise"}
not JSON
{"Action":"fail","Package":"daemun/shared/session","Test":"TestJudge_Edges/cap"}
{"Action":"fail","Package":"daemun/shared/session","Test":"TestJudge_Edges"}
{"Action":"fail","Package":"daemun/shared/session","Test":"TestRemaining"}
{"Action":"fail","Package":"daemun/shared/session"}
`
	if got := shorten(failed([]byte(output))); got != "TestJudge_Edges, TestRemaining" {
		t.Errorf("got %q", got)
	}
	if got := failed([]byte(`{"Action":"fail","Package":"daemun/shared/session"}`)); got != nil {
		t.Errorf("a package that failed to build found nothing, got %q", got)
	}
}

// A test that hangs is told of as failed too.
func TestIsTimeout_TellsHangingFromFailing(t *testing.T) {
	hung := `{"Action":"output","Package":"daemun/shared/flow","Test":"TestLimit","Output":"panic: test timed out after 10m0s\n"}
{"Action":"fail","Package":"daemun/shared/flow","Test":"TestLimit"}
`
	if !isTimeout([]byte(hung)) {
		t.Error("a test that hung was taken for one that failed")
	}
	if isTimeout([]byte(`{"Action":"output","Output":"--- FAIL: TestLimit\n"}`)) {
		t.Error("a test that failed was taken for one that hung")
	}
}
