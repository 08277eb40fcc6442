package local_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"daemun/local"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
)

// TestMain is also the binary of the functions in testdata.
func TestMain(m *testing.M) {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") == "" {
		os.Exit(m.Run())
	}
	lambda.Start(echo)
}

// echo answers with its environment, or as an authorizer by what the token says.
func echo(_ context.Context, event struct {
	RouteKey       string   `json:"routeKey"`
	IdentitySource []string `json:"identitySource"`
}) (any, error) {
	switch {
	case len(event.IdentitySource) == 0:
	case event.IdentitySource[0] == "in":
		return map[string]any{"isAuthorized": true}, nil
	default:
		return nil, errors.New(event.IdentitySource[0])
	}
	if event.RouteKey == "POST /fail" {
		return nil, errors.New("no")
	}
	environment := map[string]string{}
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		environment[name] = value
	}
	return environment, nil
}

// build puts the test's own binary where functions are expected.
func build(t *testing.T, functions ...string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, function := range functions {
		if err := os.Mkdir(filepath.Join(dir, function), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(self, filepath.Join(dir, function, "bootstrap")); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func start(t *testing.T, change func(*local.Options)) *local.System {
	t.Helper()
	options := local.Options{
		Templates: []string{"testdata/echo.yaml"},
		BuildDir:  build(t, "EchoFunction", "FurtherFunction", "GuardedFunction"),
		EnvFile:   os.DevNull,
		StackName: strings.ReplaceAll(t.Name(), "/", "-"),
		Logs:      t.Output(),
	}
	if change != nil {
		change(&options)
	}
	system, err := local.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(system.Close)
	return system
}

func get(t *testing.T, url string, header ...string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

// environment is what the function at base sees of the given variables.
func environment(t *testing.T, base string, names ...string) map[string]string {
	t.Helper()
	_, body := get(t, base+"/environment")
	var all map[string]string
	if err := json.Unmarshal([]byte(body), &all); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	seen := map[string]string{}
	for _, name := range names {
		if value, ok := all[name]; ok {
			seen[name] = value
		}
	}
	return seen
}

func TestStart_FunctionsLearnOfTheSystem(t *testing.T) {
	system := start(t, nil)

	got := environment(t, system.URL, "PUBLIC_URL", "FRONT_URL", "ALLOWED_ORIGINS", "CORS_ORIGINS", "INSECURE_COOKIES", "KAKAO_AUTH_URL",
		"DYNAMODB_ENDPOINT", "THINGS_TABLE", "KEPT", "INSECURE_PROVIDERS", "KAKAO_TOKEN_URL")

	want := map[string]string{
		"PUBLIC_URL":        system.URL,
		"FRONT_URL":         system.URL,
		"ALLOWED_ORIGINS":   system.URL,
		"CORS_ORIGINS":      system.URL,
		"INSECURE_COOKIES":  "true",
		"KAKAO_AUTH_URL":    system.Lookalike.Environment(system.LookalikeURL)["KAKAO_AUTH_URL"],
		"DYNAMODB_ENDPOINT": system.Engine,
		"THINGS_TABLE":      system.Tables["ThingsTable"],
		"KEPT":              "as the template says",
		// INSECURE_PROVIDERS and KAKAO_TOKEN_URL are not among the template's variables.
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestStart_VariablesOfFileProcessAndOptionsWinInThisOrder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "env")
	content := "# comment\n\nKEPT=file\nexport FRONT_URL = 'http://localhost:5173/app'\nKAKAO_AUTH_URL=\"file\"\n"
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	system := start(t, func(o *local.Options) {
		o.EnvFile = file
		o.Environ = []string{"KEPT=process", "KAKAO_AUTH_URL=process", "FRONT_URL="}
		o.Environment = map[string]string{"KEPT": "options"}
	})

	got := environment(t, system.URL, "KEPT", "FRONT_URL", "KAKAO_AUTH_URL", "ALLOWED_ORIGINS")

	want := map[string]string{
		"KEPT": "options", "KAKAO_AUTH_URL": "process", "FRONT_URL": "http://localhost:5173/app", "ALLOWED_ORIGINS": "http://localhost:5173",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	response, _ := get(t, system.URL+"/environment", "Origin", "http://localhost:5173")
	if allowed := response.Header.Get("Access-Control-Allow-Origin"); allowed != "http://localhost:5173" {
		t.Errorf("CORS allows %q", allowed)
	}
}

// HD-03: the gateway answers those of CORS_ORIGINS, whoever else may use cookies.
func TestStart_CORSHasAListOfItsOwn(t *testing.T) {
	system := start(t, func(o *local.Options) {
		o.Environment = map[string]string{"ALLOWED_ORIGINS": "https://front.example", "CORS_ORIGINS": "https://front.example,https://spa.example"}
	})

	for origin, want := range map[string]string{
		"https://front.example": "https://front.example", "https://spa.example": "https://spa.example", system.URL: "",
	} {
		response, _ := get(t, system.URL+"/environment", "Origin", origin)
		if got := response.Header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("CORS allows %q to %s", got, origin)
		}
	}
	got := environment(t, system.URL, "ALLOWED_ORIGINS", "CORS_ORIGINS")
	want := map[string]string{"ALLOWED_ORIGINS": "https://front.example", "CORS_ORIGINS": "https://front.example,https://spa.example"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestStart_RealClientIDTakesTheLookalikesPlace(t *testing.T) {
	system := start(t, func(o *local.Options) { o.Environ = []string{"KAKAO_CLIENT_ID=real"} })

	got := environment(t, system.URL, "KAKAO_CLIENT_ID", "KAKAO_CLIENT_SECRET", "KAKAO_AUTH_URL")

	want := map[string]string{"KAKAO_CLIENT_ID": "real", "KAKAO_CLIENT_SECRET": "", "KAKAO_AUTH_URL": ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestStart_DemoAnswersWhereTheAPIDoesNot(t *testing.T) {
	system := start(t, nil)

	response, body := get(t, system.URL+"/")

	if response.StatusCode != http.StatusOK || !strings.Contains(body, "<html") {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}

func TestStart_FailureOfAFunctionIsInternalServerError(t *testing.T) {
	system := start(t, nil)

	response, err := http.Post(system.URL+"/fail", "application/json", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()

	if response.StatusCode != http.StatusInternalServerError {
		t.Errorf("status %d", response.StatusCode)
	}
}

func TestStart_DataDirKeepsKeys(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	keep := func(o *local.Options) { o.DataDir = dir }
	first := start(t, keep)
	before := environment(t, first.URL, "REFRESH_KEYS")
	first.Close()

	after := environment(t, start(t, keep).URL, "REFRESH_KEYS")

	if diff := cmp.Diff(before, after); diff != "" || !strings.HasPrefix(before["REFRESH_KEYS"], `{"keys":[`) {
		t.Errorf("%v %s", before, diff)
	}
	info, err := os.Stat(filepath.Join(dir, "keys.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if fresh := environment(t, start(t, nil).URL, "REFRESH_KEYS"); cmp.Equal(before, fresh) {
		t.Error("two systems have the same keys")
	}
}

func TestStart_MinimumProcessesRunFromTheStart(t *testing.T) {
	system := start(t, func(o *local.Options) { o.Minimum = map[string]int{"EchoFunction": 12} })

	if n := system.Processes("EchoFunction"); n != 12 {
		t.Errorf("%d processes", n)
	}
}

func TestStart_SaysWhatIsMissing(t *testing.T) {
	tests := map[string]func(*local.Options){
		"function EchoFunction is not built (make build)":    func(o *local.Options) { o.BuildDir = "testdata" },
		"open testdata/absent.yaml":                          func(o *local.Options) { o.Templates = []string{"testdata/absent.yaml"} },
		"open testdata/absent.env":                           func(o *local.Options) { o.EnvFile = "testdata/absent.env" },
		"local_test.go:1: not NAME=VALUE":                    func(o *local.Options) { o.EnvFile = "local_test.go" },
		"a second export":                                    func(o *local.Options) { o.Templates = []string{"testdata/echo.yaml", "testdata/echo.yaml"} },
		"a second function FurtherFunction":                  func(o *local.Options) { o.Templates = []string{"testdata/further.yaml", "testdata/further.yaml"} },
		`no template before this one exports "missing-Echo"`: func(o *local.Options) { o.Templates = []string{"testdata/guarded.yaml"} },
		"authorizer Gate of GuardedApi: there is no function arn:elsewhere": func(o *local.Options) {
			o.Templates = []string{"testdata/elsewhere.yaml"}
		},
	}
	for want, change := range tests {
		options := local.Options{
			Templates: []string{"testdata/echo.yaml"}, BuildDir: build(t, "EchoFunction", "FurtherFunction"), EnvFile: os.DevNull, StackName: "missing",
		}
		change(&options)
		if system, err := local.Start(t.Context(), options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
			if system != nil {
				system.Close()
			}
		}
	}
}

func TestClose_FreesThePortAndEndsTheProcesses(t *testing.T) {
	system := start(t, func(o *local.Options) { o.Minimum = map[string]int{"EchoFunction": 1} })
	system.Close()

	var port int
	if _, err := fmt.Sscanf(system.URL, "http://localhost:%d", &port); err != nil {
		t.Fatal(err)
	}
	if n := system.Processes("EchoFunction"); n != 0 {
		t.Errorf("%d processes", n)
	}
	again := start(t, func(o *local.Options) { o.Port = port })
	if again.URL != system.URL {
		t.Errorf("%s, before %s", again.URL, system.URL)
	}
}
