package child_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"daemun/local/child"
)

// TestMain is a child, or a parent with a child, when a test starts it as one.
func TestMain(m *testing.M) {
	switch os.Getenv("TEST_CHILD") {
	case "":
		os.Exit(m.Run())
	case "exit":
		os.Exit(5)
	case "wait":
		_, _ = os.Stdout.WriteString("started\n")
		select {}
	case "parent":
		if _, err := child.Start(self("wait", os.Stdout)); err != nil {
			os.Exit(1)
		}
		select {}
	}
}

func self(mode string, output io.Writer) *exec.Cmd {
	path, err := os.Executable()
	if err != nil {
		panic(err)
	}
	command := exec.Command(path)
	command.Env = []string{"TEST_CHILD=" + mode}
	command.Stdout = output
	return command
}

func start(t *testing.T, mode string) (*child.Process, *bufio.Reader) {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	process, err := child.Start(self(mode, writer))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(process.Kill)
	return process, bufio.NewReader(reader)
}

func TestErr_SaysHowTheProgramEnded(t *testing.T) {
	process, _ := start(t, "exit")
	if err := process.Err(); err == nil || err.Error() != "exit status 5" {
		t.Errorf("got %v", err)
	}
	process.Kill()
	process.Stop(time.Minute)
}

func TestStop_EndsTheProgram(t *testing.T) {
	process, output := start(t, "wait")
	if line, err := output.ReadString('\n'); line != "started\n" {
		t.Fatalf("%q, %v", line, err)
	}
	process.Stop(time.Minute)
	if err := process.Err(); err == nil || err.Error() != "signal: terminated" {
		t.Errorf("got %v", err)
	}
}

func TestStart_ReportsMissingProgram(t *testing.T) {
	if _, err := child.Start(exec.Command("/nonexistent")); err == nil {
		t.Error("no error")
	}
}
