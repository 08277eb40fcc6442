package engine

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"daemun/local/child"

	"github.com/go-json-experiment/json"
)

const dynoxidePackage = "@dynoxide/linux-x64"

// findDynoxide installs the pinned engine when it is not there, which needs npm and the network once.
func findDynoxide(ctx context.Context) (launcher, error) {
	dir, err := sourceDir()
	if err != nil {
		return nil, fmt.Errorf("dynoxide: %w", err)
	}
	if err := install(ctx, dir); err != nil {
		return nil, fmt.Errorf("dynoxide: %w", err)
	}
	binary := filepath.Join(dir, "node_modules", dynoxidePackage, "dynoxide")
	return func(ctx context.Context, port int, data string) (*child.Process, error) {
		return launchDynoxide(ctx, binary, port, data)
	}, nil
}

// sourceDir finds this package's folder from the working directory, which is inside the repository for `go test`
// and `go run` alike.
func sourceDir() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		source := filepath.Join(dir, "local", "engine")
		if _, err := os.Stat(filepath.Join(source, "package-lock.json")); err == nil {
			return source, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%s is not inside Daemun's repository", start)
		}
	}
}

// install runs `npm ci` unless the pinned version is there. The lock keeps tests of several packages, which run at
// the same time, from removing one another's node_modules.
func install(ctx context.Context, dir string) error {
	lock, err := os.Open(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return err
	}
	defer lock.Close() // which unlocks
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	present, err := installed(dir)
	if err != nil || present {
		return err
	}
	npm := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
	npm.Dir = dir
	if output, err := npm.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, trim(output))
	}
	return nil
}

func installed(dir string) (bool, error) {
	var pinned struct {
		Dependencies map[string]string `json:"dependencies"`
	}
	if err := readJSON(filepath.Join(dir, "package.json"), &pinned); err != nil {
		return false, err
	}
	var there struct {
		Version string `json:"version"`
	}
	err := readJSON(filepath.Join(dir, "node_modules", dynoxidePackage, "package.json"), &there)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil && there.Version == pinned.Dependencies[dynoxidePackage], err
}

func readJSON(path string, into any) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// launchDynoxide waits for the line that says that this process has the port: an answer on the port could come from
// the engine of another test.
func launchDynoxide(ctx context.Context, binary string, port int, dir string) (*child.Process, error) {
	args := []string{"serve", "--host", "127.0.0.1", "--port", strconv.Itoa(port)}
	if dir != "" {
		args = append(args, "--db-path", filepath.Join(dir, "dynamodb.sqlite"))
	}
	command := exec.Command(binary, args...)
	command.Env = []string{"PATH=" + os.Getenv("PATH")}
	reader, writer := io.Pipe()
	command.Stdout, command.Stderr = writer, writer
	process, err := child.Start(command)
	if err != nil {
		return nil, err
	}
	listening := make(chan string, 1)
	go watch(reader, listening)
	go func() {
		<-process.Done()
		writer.Close()
	}()
	select {
	case said := <-listening:
		if said == "" {
			return process, nil
		}
		process.Kill()
		if strings.Contains(said, "already in use") {
			return nil, errPortTaken
		}
		return nil, fmt.Errorf("it ended: %s", said)
	case <-ctx.Done():
		process.Kill()
		return nil, ctx.Err()
	}
}

// watch sends "" once the engine listens, or what it said when it ended before; and it reads on, so that the engine
// never waits for a reader.
func watch(output io.Reader, listening chan<- string) {
	var said []byte
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "listening on") {
			listening <- ""
			break
		}
		said = append(append(said, lines.Bytes()...), '\n')
	}
	_, _ = io.Copy(io.Discard, output)
	select {
	case listening <- trim(said):
	default:
	}
}
