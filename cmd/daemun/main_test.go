package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"
)

// TestMain is the command itself, and the function that it runs, when a test starts it as one.
func TestMain(m *testing.M) {
	switch {
	case os.Getenv("AWS_LAMBDA_RUNTIME_API") != "":
		lambda.Start(func(context.Context) (string, error) { return "hello", nil })
	case os.Getenv("TEST_COMMAND") != "":
		main()
	default:
		os.Exit(m.Run())
	}
}

func command(t *testing.T, arguments ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	build := t.TempDir()
	if err := os.Mkdir(filepath.Join(build, "FurtherFunction"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(build, "FurtherFunction", "bootstrap")); err != nil {
		t.Fatal(err)
	}
	arguments = append([]string{"local", "--port", "0", "--env-file", os.DevNull, "--build-dir", build}, arguments...)
	command := exec.CommandContext(t.Context(), self, arguments...)
	command.Env = append(os.Environ(), "TEST_COMMAND=1")
	command.Stderr = t.Output()
	return command
}

func TestLocal_SaysWhenItIsReadyAndStopsWhenInterrupted(t *testing.T) {
	daemun := command(t, "--template", "../../local/testdata/further.yaml")
	output, err := daemun.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := daemun.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(output)
	line, err := lines.ReadString('\n')
	url, ready := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if !ready {
		t.Fatalf("%q, %v", line, err)
	}
	response, err := http.Get(url + "/environment")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); string(body) != "hello" {
		t.Errorf("%q, %v", body, err)
	}

	if err := daemun.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}

	if rest, err := io.ReadAll(lines); len(rest) > 0 || err != nil {
		t.Errorf("%q, %v", rest, err)
	}
	if err := daemun.Wait(); err != nil {
		t.Error(err)
	}
}

func TestLocal_ReportsWhyItDoesNotStart(t *testing.T) {
	daemun := command(t, "--template", "absent.yaml")
	var said strings.Builder
	daemun.Stderr = &said

	err := daemun.Run()

	if err == nil || !strings.Contains(said.String(), "absent.yaml: no such file") {
		t.Errorf("%v: %s", err, said.String())
	}
}
