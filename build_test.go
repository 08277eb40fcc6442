package daemun_test

import (
	"archive/zip"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Modules that functions link, by what they are for. Each is a decision: a
// longer cold start, and more to trust.
var (
	everywhere = []string{
		"daemun",
		"github.com/aws/aws-lambda-go",
		"github.com/caarlos0/env/v11",
		"github.com/go-json-experiment/json",
		"github.com/golang-jwt/jwt/v5",
		"github.com/oklog/ulid/v2",
	}
	// flows is what package flow brings along: its contract with providers. Only a
	// login uses it.
	flows = []string{"golang.org/x/oauth2"}
	// parameters reads keys and client secrets.
	parameters = []string{
		"github.com/aws/aws-sdk-go-v2",
		"github.com/aws/smithy-go",
	}
	tables = []string{
		"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue",
		"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression",
		"github.com/aws/aws-sdk-go-v2/service/dynamodb",
		"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams", // by attributevalue
		"github.com/aws/aws-sdk-go-v2/service/internal/accept-encoding",
		"github.com/aws/aws-sdk-go-v2/service/internal/endpoint-discovery",
		"github.com/aws/aws-sdk-go-v2/internal/configsources",
		"github.com/aws/aws-sdk-go-v2/internal/endpoints/v2",
	}
	// forms judges texts: whether they are in the normal form NFC.
	forms = []string{"golang.org/x/text"}
)

// modulesOf is what each function links, and no more.
var modulesOf = map[string][]string{
	"LoginUrlFunction":   slices.Concat(everywhere, flows, parameters),
	"CallbackFunction":   slices.Concat(everywhere, flows, parameters, tables),
	"RegisterFunction":   slices.Concat(everywhere, flows, parameters, tables, forms),
	"RefreshFunction":    slices.Concat(everywhere, flows, parameters, tables),
	"LogoutFunction":     slices.Concat(everywhere, flows, parameters, tables),
	"AccountFunction":    slices.Concat(everywhere, flows, parameters, tables, forms),
	"KeysFunction":       slices.Concat(everywhere, flows, parameters),
	"AuthorizerFunction": slices.Concat(everywhere, parameters),
	// What the plain authorizer does not link, this one pays for.
	"AuthorizerSessionFunction": slices.Concat(everywhere, parameters, tables),
}

// tags are those of the Makefile.
const tags = "lambda.norpc,nethttpomithttp2"

// output runs a command in the root of the repository.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, args...)
	var stderr strings.Builder
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", command, err, out, stderr.String())
	}
	return string(out)
}

func TestFunctions_LinkOnlyTheModulesAllowed(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	if err != nil || !strings.Contains(string(makefile), "-tags "+tags+" ") {
		t.Fatalf("the Makefile builds with other tags than %s (%v)", tags, err)
	}
	ids := slices.Sorted(maps.Keys(functions(loadTemplate(t))))
	if diff := cmp.Diff(ids, slices.Sorted(maps.Keys(modulesOf))); diff != "" {
		t.Fatalf("functions of the template (-), with a list (+):\n%s", diff)
	}
	for _, id := range ids {
		t.Run(id, func(t *testing.T) {
			linked := map[string]bool{}
			const format = "{{.ImportPath}}\t{{with .Module}}{{.Path}}{{end}}"
			for line := range strings.Lines(output(t, "go", "list", "-deps", "-tags", tags, "-f", format, "./"+folderOf(id))) {
				pkg, module, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
				if module != "" {
					linked[module] = true
				}
				if pkg == "testing" || module == "daemun" && (strings.HasSuffix(pkg, "test") || strings.HasPrefix(pkg, "daemun/local")) {
					t.Errorf("links %s, which is for tests", pkg)
				}
			}
			allowed := slices.Sorted(slices.Values(modulesOf[id]))
			if diff := cmp.Diff(allowed, slices.Sorted(maps.Keys(linked))); diff != "" {
				t.Errorf("modules allowed (-), linked (+):\n%s", diff)
			}
		})
	}
}

// Lambda loads a package at each cold start. The whole goes through the
// Makefile, as SAM calls it.
func TestFunctions_PackagesAreSmall(t *testing.T) {
	const limit = 4 << 20
	for _, arch := range []string{"arm64", "amd64"} {
		for id := range functions(loadTemplate(t)) {
			t.Run(arch+"/"+id, func(t *testing.T) {
				dir := t.TempDir()
				output(t, "make", "build-"+id, "ARTIFACTS_DIR="+dir, "ARCH="+arch)
				size := zippedSize(t, filepath.Join(dir, "bootstrap"))
				t.Logf("%s %-18s %.2f MB zipped", arch, id, float64(size)/(1<<20))
				if size > limit {
					t.Errorf("%d bytes zipped, more than %d", size, limit)
				}
			})
		}
	}
}

// count is a writer that only counts.
type count int64

func (c *count) Write(p []byte) (int, error) {
	*c += count(len(p))
	return len(p), nil
}

func zippedSize(t *testing.T, path string) int64 {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var size count
	archive := zip.NewWriter(&size)
	entry, err := archive.Create(filepath.Base(path))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(entry, file); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return int64(size)
}
