package daemun_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
)

// provokedBy is a test for each code that makes a function answer with it.
var provokedBy = map[fault.Code]struct{ file, test string }{
	fault.InvalidRequest:         {"functions/login-url/request_test.go", "TestLogin_ReturnToStaysOnAllowedOrigins"},
	fault.InvalidState:           {"functions/callback/state_test.go", "TestState_OfAnotherBrowser"},
	fault.LoginExpired:           {"functions/callback/state_test.go", "TestState_TooOld"},
	fault.AccessDenied:           {"functions/callback/response_test.go", "TestResponse_ProviderErrors"},
	fault.InvalidGrant:           {"functions/refresh/request_test.go", "TestRefresh_BodyIsHeldToItsForm"},
	fault.InvalidToken:           {"functions/account/handler_test.go", "TestAccount_GoldenEvents"},
	fault.OriginNotAllowed:       {"functions/refresh/request_test.go", "TestRefresh_CookieObeysTheOriginRule"},
	fault.AccountDisabled:        {"functions/callback/login_test.go", "TestCallback_DisabledOrGoneUser"},
	fault.NotFound:               {"functions/refresh/request_test.go", "TestRefresh_MethodsOtherThanPOSTAreNotThere"},
	fault.UnknownProvider:        {"functions/login-url/request_test.go", "TestLogin_UnknownProvider"},
	fault.RegistrationNotEnabled: {"functions/register/handler_test.go", "TestRegister_NotEnabled"},
	fault.AlreadyRegistered:      {"functions/register/handler_test.go", "TestRegister_OnlyOnce"},
	fault.ValidationFailed:       {"functions/account/profile_test.go", "TestProfile_IsChanged"},
	fault.MethodNotAllowed:       {"functions/callback/response_test.go", "TestResponse_PrefetchAndHeadConsumeNothing"},
	fault.PayloadTooLarge:        {"functions/refresh/request_test.go", "TestRefresh_BodyIsHeldToItsForm"},
	fault.UnsupportedMediaType:   {"functions/refresh/request_test.go", "TestRefresh_BodyIsHeldToItsForm"},
	fault.Internal:               {"functions/refresh/rotation_test.go", "TestRefresh_CorruptSessionIsInternal"},
	fault.BadProviderResponse:    {"functions/callback/provider_fault_test.go", "TestProviderFault"},
	fault.ProviderUnavailable:    {"functions/callback/provider_fault_test.go", "TestProviderFault_ConnectionRefused"},
	fault.ProviderMisconfigured:  {"functions/callback/provider_fault_test.go", "TestProviderFault"},
	fault.TemporarilyUnavailable: {"functions/account/handler_test.go", "TestMe_FaultOfTheDatabaseIsOurs"},
	fault.NotConfigured:          {"functions/login-url/config_test.go", "TestBuild_WithoutPublicURLEveryEventHasAnAnswer"},
	fault.ProviderTimeout:        {"functions/callback/provider_fault_test.go", "TestProviderFault_Silence"},
}

// Every code is provoked through a function; no code is only promised.
func TestCodes_EachIsProvokedByATest(t *testing.T) {
	codes := fault.Codes()
	slices.Sort(codes)
	if diff := cmp.Diff(codes, slices.Sorted(maps.Keys(provokedBy))); diff != "" {
		t.Errorf("codes without a test (-), tests without a code (+):\n%s", diff)
	}
	for code, by := range provokedBy {
		if source := sourceOf(t, by.file, by.test); source == "" {
			t.Errorf("%s: %s has no test %s", code, by.file, by.test)
		} else if !nameOf(code).MatchString(source) {
			t.Errorf("%s: %s does not name it", code, by.test)
		}
	}
}

// nameOf is how a test names a code: fault.InvalidGrant, or as clients see it
// behind a status, "401 invalid_grant".
func nameOf(code fault.Code) *regexp.Regexp {
	var constant strings.Builder
	for word := range strings.SplitSeq(string(code), "_") {
		constant.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return regexp.MustCompile(`\bfault\.` + constant.String() + `\b|"[45]\d\d ` + string(code) + `"`)
}

// sourceOf is the text of a function and of those that it calls in its file; ""
// if it is not there.
func sourceOf(t *testing.T, path, name string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	functions := map[string]string{}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
			functions[f.Name.Name] = string(text[f.Pos()-file.FileStart : f.End()-file.FileStart])
		}
	}
	source := functions[name]
	for called, its := range functions {
		if called != name && strings.Contains(functions[name], called+"(") {
			source += its
		}
	}
	return source
}
