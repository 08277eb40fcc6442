package engine

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"

	"daemun/local/child"
)

const dockerImage = "amazon/dynamodb-local:3.3.1"

// findDocker asks whether a Docker daemon runs; the image is fetched by the first launch.
func findDocker(ctx context.Context) (launcher, error) {
	if output, err := exec.CommandContext(ctx, "docker", "info").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("docker: %w: %s", err, trim(output))
	}
	return launchDocker, nil
}

// launchDocker cannot tell whose port it is; when Docker finds it taken, the container ends and the start fails.
func launchDocker(_ context.Context, port int, dir string) (*child.Process, error) {
	args := []string{"run", "--rm", "--init", "--publish", fmt.Sprintf("127.0.0.1:%d:8000", port)}
	storage := []string{"-inMemory"}
	if dir != "" {
		absolute, err := filepath.Abs(dir)
		if err != nil {
			return nil, err
		}
		args = append(args, "--user", "root", "--volume", absolute+":/data")
		storage = []string{"-dbPath", "/data"}
	}
	args = append(args, dockerImage, "-jar", "DynamoDBLocal.jar", "-sharedDb")
	return child.Start(exec.Command("docker", append(args, storage...)...))
}
