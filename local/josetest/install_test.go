package josetest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// node installs the pinned npm packages beside this package, once.
func node(t *testing.T) string {
	t.Helper()
	pinned, unlock := lock(t, "package-lock.json")
	defer unlock()
	mark := filepath.Join("node_modules", "installed-"+pinned)
	if missing(t, mark) {
		run(t, exec.CommandContext(t.Context(), "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"))
		must(t, os.WriteFile(mark, nil, 0o644))
	}
	return "node"
}

// python installs pinned PyPI packages in an environment of their own under
// .tools, once, and returns its interpreter.
func python(t *testing.T, requirements string) string {
	t.Helper()
	pinned, unlock := lock(t, requirements)
	defer unlock()
	dir, err := filepath.Abs(filepath.Join("..", "..", ".tools", "venv-"+pinned))
	must(t, err)
	mark := filepath.Join(dir, "installed")
	interpreter := filepath.Join(dir, "bin", "python")
	if missing(t, mark) {
		run(t, exec.CommandContext(t.Context(), "python3", "-m", "venv", "--clear", dir))
		run(t, exec.CommandContext(t.Context(), interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", requirements))
		must(t, os.WriteFile(mark, nil, 0o644))
	}
	return interpreter
}

// lock keeps other processes from installing the same, and names what the file
// pins.
func lock(t *testing.T, name string) (pinned string, unlock func()) {
	t.Helper()
	file, err := os.Open(name)
	must(t, err)
	must(t, syscall.Flock(int(file.Fd()), syscall.LOCK_EX)) // until the file is closed
	content, err := os.ReadFile(name)
	must(t, err)
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:6]), func() { file.Close() }
}

func missing(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err != nil
}

func run(t *testing.T, command *exec.Cmd) {
	t.Helper()
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, output)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
