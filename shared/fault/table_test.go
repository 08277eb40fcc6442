package fault_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os" //nolint:depguard // docs/errors.md is a file
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
)

// update writes docs/errors.md anew: go test ./shared/fault -update
var update = flag.Bool("update", false, "write docs/errors.md")

const page = "../../docs/errors.md"

// A code that is declared but not in the table would answer with status 0.
func TestCodes_HoldsEveryDeclaredCodeOnce(t *testing.T) {
	want := declared(t)
	slices.Sort(want)
	got := fault.Codes()
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("declared (-), in the table (+):\n%s", d)
	}
}

// declared reads the constants of type Code from the source.
func declared(t *testing.T) []fault.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "table.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []fault.Code
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "Code" {
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, fault.Code(value))
		return true
	})
	return codes
}

func TestCodes_EachIsFitForAClient(t *testing.T) {
	snake := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	seen := map[string]fault.Code{}
	for _, c := range fault.Codes() {
		if !snake.MatchString(string(c)) {
			t.Errorf("%s: not snake case", c)
		}
		if c.Status() < 400 || c.Status() > 599 {
			t.Errorf("%s: status %d", c, c.Status())
		}
		if m := c.Message(); !strings.HasSuffix(m, ".") || seen[m] != "" {
			t.Errorf("%s: message %q is no sentence, or also that of %q", c, m, seen[m])
		}
		seen[c.Message()] = c
	}
}

// A fault of ours is never a 4xx, and a 503 always says when to come back (V7).
func TestCodes_OnlyA503IsRetryableAndEachIs(t *testing.T) {
	for _, c := range fault.Codes() {
		if got, want := c.Retryable(), c.Status() == 503; got != want {
			t.Errorf("%s (%d): retryable %v", c, c.Status(), got)
		}
	}
}

func TestCodes_OrderedByStatusThenName(t *testing.T) {
	codes := fault.Codes()
	ordered := slices.IsSortedFunc(codes, func(a, b fault.Code) int {
		return strings.Compare(fmt.Sprint(a.Status(), a), fmt.Sprint(b.Status(), b))
	})
	if !ordered {
		t.Errorf("got %v", codes)
	}
}

// advice is what a client should do about each code.
var advice = map[fault.Code]string{
	fault.InvalidRequest:         "Mend the request; the same one fails again.",
	fault.InvalidState:           "Start the login again, in the same browser.",
	fault.LoginExpired:           "Start the login again.",
	fault.AccessDenied:           "Nothing: the person said no. Offer the login again.",
	fault.InvalidGrant:           "Forget the refresh token and ask the person to log in. No retry helps.",
	fault.InvalidToken:           "Refresh once and repeat the request; if it fails again, ask the person to log in. Where it is a register token that is refused, start the login again.",
	fault.OriginNotAllowed:       "Ask from a page that may: with cookies, one of `ALLOWED_ORIGINS` (empty: of `FRONT_URL`) or that of a client's return URL; for a login in JSON, one of the client's `allowed_origins`. Being among `CORS_ORIGINS` is not enough.",
	fault.AccountDisabled:        "Tell the person; only the operator can enable the account.",
	fault.NotFound:               "Check the path.",
	fault.UnknownProvider:        "Offer the providers that `GET /auth/providers` lists.",
	fault.RegistrationNotEnabled: "Nothing: whoever logs in has an account (`REGISTRATION`).",
	fault.MethodNotAllowed:       "Use the method that the route documents.",
	fault.AlreadyRegistered:      "Start the login again: the person has an account. The register token is spent.",
	fault.PayloadTooLarge:        "Send less.",
	fault.UnsupportedMediaType:   "Send `Content-Type: application/json`.",
	fault.ValidationFailed:       "Show each of `problems` at the field that its pointer names, and send the mended answers.",
	fault.Internal:               "Show the request id; the operator finds the cause in the log with it.",
	fault.BadProviderResponse:    "Start the login again later. Never send the same code again.",
	fault.ProviderUnavailable:    "Start the login again later. Never send the same code again.",
	fault.ProviderTimeout:        "Start the login again. Never send the same code again.",
	fault.ProviderMisconfigured:  "Offer another provider; the operator has to mend the settings of this one.",
	fault.TemporarilyUnavailable: "Repeat the same request after `Retry-After`, with the same tokens: nothing was revoked. A login that had come back from its provider starts again.",
	fault.NotConfigured:          "Nothing: the operator has to set what the log names.",
}

const preamble = `# Errors

<!-- Rendered from shared/fault by: go test ./shared/fault -update -->

Every failure is one of these codes. An API answer carries it in its body, with the status of the table:

` + "```json" + `
{"error": "invalid_grant", "error_description": "The refresh token is not valid. Log in again.", "request_id": "…"}
` + "```" + `

A browser that is on its way through a login is sent to ` + "`FRONT_URL`" + ` instead, with ` + "`?error=<code>&request_id=…`" + `. Codes are
stable: branch on them, not on the description, which is for people and may change. A retryable code comes with
` + "`Retry-After`" + ` in seconds; do not repeat a request that failed with another one.

` + "`validation_failed`" + ` comes with ` + "`\"problems\": [{\"pointer\": \"/nickname\", \"code\": \"too_long\"}]`" + `: a JSON pointer (RFC 6901) into the body that
was sent, and a code. All problems of a body are told at once. ` + "`invalid_request`" + ` comes with them too, where the body has
members that are not asked for.

| code | status | retryable | description | what the client should do |
|---|---|---|---|---|
`

func render(t *testing.T) string {
	var b strings.Builder
	b.WriteString(preamble)
	for _, c := range fault.Codes() {
		if advice[c] == "" {
			t.Errorf("no advice for %s", c)
		}
		retryable := "no"
		if c.Retryable() {
			retryable = fmt.Sprintf("after %.0f s", fault.New(c, nil).Wait().Seconds())
		}
		fmt.Fprintf(&b, "| `%s` | %d | %s | %s | %s |\n", c, c.Status(), retryable, c.Message(), advice[c])
	}
	return b.String()
}

func TestDocs_ErrorsPageIsFresh(t *testing.T) {
	want := render(t)
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Errorf("docs/errors.md is stale; write it with -update (-want +got):\n%s", d)
	}
}
