package local_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"daemun/local"

	"github.com/google/go-cmp/cmp"
)

func TestStart_FurtherTemplateHasAnAPIOfItsOwn(t *testing.T) {
	system := start(t, func(o *local.Options) { o.Templates = append(o.Templates, "testdata/further.yaml") })

	if len(system.APIs) != 2 || system.APIs[0].URL != system.URL || !strings.HasPrefix(system.APIs[1].URL, "http://127.0.0.1:") {
		t.Fatalf("APIs: %v", system.APIs)
	}
	if got := environment(t, system.APIs[1].URL, "PUBLIC_URL"); got["PUBLIC_URL"] != system.URL {
		t.Errorf("got %v", got)
	}
	if response, _ := get(t, system.APIs[1].URL+"/"); response.StatusCode != http.StatusNotFound {
		t.Errorf("status %d where there is no demo", response.StatusCode)
	}
}

// AZ-02, AZ-03: the further template asks the function of the first, whose export it imports, and each API has a port.
func TestStart_FurtherTemplateIsGuardedByAFunctionOfTheFirst(t *testing.T) {
	system := start(t, func(o *local.Options) { o.Templates = append(o.Templates, "testdata/guarded.yaml") })

	var names []string
	for _, api := range system.APIs {
		names = append(names, api.LogicalID)
	}
	if diff := cmp.Diff([]string{"ServerlessHttpApi", "GuardedApi", "GuardedRest"}, names); diff != "" {
		t.Fatal(diff)
	}
	for i := range names[1:] {
		if response, body := get(t, system.APIs[i+1].URL+"/"); response.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s without a token: %d %s", names[i+1], response.StatusCode, body)
		}
	}
	response, body := get(t, system.APIs[1].URL+"/", "Authorization", "in")
	if response.StatusCode != http.StatusOK || !strings.Contains(body, "AWS_LAMBDA_FUNCTION_NAME") {
		t.Errorf("%d %s", response.StatusCode, body)
	}
	if response, body := get(t, system.APIs[1].URL+"/", "Authorization", "Unauthorized"); response.StatusCode != http.StatusUnauthorized {
		t.Errorf("the function's error Unauthorized: %d %s", response.StatusCode, body)
	}
	if response, body := get(t, system.APIs[1].URL+"/", "Authorization", "fail"); response.StatusCode != http.StatusInternalServerError {
		t.Errorf("another error of the function: %d %s", response.StatusCode, body)
	}
	if !strings.HasSuffix(system.APIs[2].URL, "/v1") {
		t.Errorf("%s has no stage", system.APIs[2].URL)
	}
}

func TestStart_APIsTakeConsecutivePorts(t *testing.T) {
	port, taken := freePortBeforeATakenOne(t)
	_, err := local.Start(t.Context(), local.Options{
		Templates: []string{"testdata/echo.yaml", "testdata/guarded.yaml"}, BuildDir: build(t, "EchoFunction", "GuardedFunction"),
		EnvFile: os.DevNull, Port: port,
	})
	if err == nil || !strings.Contains(err.Error(), taken) {
		t.Errorf("got %v, want that %s is taken", err, taken)
	}
}

func freePortBeforeATakenOne(t *testing.T) (port int, taken string) {
	t.Helper()
	for {
		first, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port = first.Addr().(*net.TCPAddr).Port
		second, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port+1))
		first.Close()
		if err == nil {
			t.Cleanup(func() { second.Close() })
			return port, second.Addr().String()
		}
	}
}

func TestStart_SigningAlgorithmIsOfTheKeysThatAreMade(t *testing.T) {
	kind := func(o *local.Options) { o.SigningAlgorithm = "RS256" }
	if got := environment(t, start(t, kind).URL, "VERIFICATION_KEYS")["VERIFICATION_KEYS"]; !strings.Contains(got, `"alg":"RS256"`) {
		t.Errorf("keys %s", got)
	}
	dir := t.TempDir()
	start(t, func(o *local.Options) { o.DataDir = dir }).Close()
	_, err := local.Start(t.Context(), local.Options{
		Templates: []string{"testdata/echo.yaml"}, BuildDir: build(t, "EchoFunction"), EnvFile: os.DevNull, DataDir: dir, SigningAlgorithm: "RS256",
	})
	if err == nil || !strings.Contains(err.Error(), "keys.json holds an ES256 key, not RS256: remove it for new keys") {
		t.Errorf("kept keys of another kind: %v", err)
	}
}
