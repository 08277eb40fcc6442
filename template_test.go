// Package daemun_test holds the tests of what is in no package: the template, the
// packages that the Makefile builds from the functions, and the table of tests
// that provoke each code.
package daemun_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The hard limits; each function answers before its own.
func TestTemplate_EachFunctionHasItsTimeoutAndItsLog(t *testing.T) {
	want := map[string]string{
		"LoginUrlFunction": "3", "CallbackFunction": "10", "RefreshFunction": "5",
		"RegisterFunction": "5", "LogoutFunction": "5", "AccountFunction": "5", "KeysFunction": "3", "AuthorizerFunction": "3",
		"AuthorizerSessionFunction": "3",
	}
	template := loadTemplate(t)
	got := map[string]string{}
	for id, f := range functions(template) {
		got[id] = text(f, "Properties", "Timeout")
		logs := strings.TrimSuffix(id, "Function") + "Logs"
		if g := text(f, "Properties", "LoggingConfig", "LogGroup"); g != "!Ref "+logs {
			t.Errorf("%s logs to %q", id, g)
		}
		if text(f, "Metadata", "BuildMethod") != "makefile" {
			t.Errorf("%s: another build method would drop our flags", id)
		}
		if _, err := os.Stat(folderOf(id) + "/main.go"); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("timeouts (-want +got):\n%s", diff)
	}
	for id, g := range resources(template, "AWS::Logs::LogGroup") {
		if text(g, "Properties", "RetentionInDays") == "" {
			t.Errorf("%s keeps logs for ever", id)
		}
	}
	if at(template, "Globals", "Function", "MemorySize") == nil {
		t.Error("no MemorySize")
	}
	// RL-02
	if at(template, "Globals", "Function", "ReservedConcurrentExecutions") == nil {
		t.Error("no reserved concurrency")
	}
}

// The HTTP contract: these routes and no others.
func TestTemplate_Routes(t *testing.T) {
	want := map[string]string{
		"GET /auth/providers":                   "LoginUrlFunction",
		"GET /auth/{provider}/login":            "LoginUrlFunction",
		"GET /auth/{provider}/login-url":        "LoginUrlFunction",
		"GET /auth/{provider}/callback":         "CallbackFunction",
		"POST /auth/{provider}/callback":        "CallbackFunction",
		"POST /auth/{provider}/token":           "CallbackFunction",
		"GET /auth/register":                    "RegisterFunction",
		"POST /auth/register":                   "RegisterFunction",
		"POST /auth/refresh":                    "RefreshFunction",
		"POST /auth/logout":                     "LogoutFunction",
		"GET /me":                               "AccountFunction",
		"GET /me/sessions":                      "AccountFunction",
		"DELETE /me/sessions/{id}":              "AccountFunction",
		"PATCH /me":                             "AccountFunction",
		"GET /me/form":                          "AccountFunction",
		"GET /.well-known/jwks.json":            "KeysFunction",
		"GET /.well-known/openid-configuration": "KeysFunction",
	}
	template := loadTemplate(t)
	got := map[string]string{}
	for id, f := range functions(template) {
		events, _ := at(f, "Properties", "Events").(map[string]node) // the authorizer has none
		for name, e := range events {
			if text(e, "Type") != "HttpApi" || text(e, "Properties", "ApiId") != "!Ref HttpApi" {
				t.Errorf("%s: event %s is no route of HttpApi", id, name)
			}
			got[text(e, "Properties", "Method")+" "+text(e, "Properties", "Path")] = id
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
	// RL-01. SAM takes any key here and API Gateway refuses an unknown route only at deployment.
	for route := range at(template, "Resources", "HttpApi", "Properties", "RouteSettings").(map[string]node) {
		if got[route] == "" {
			t.Errorf("throttle of %q, which is no route", route)
		}
	}
	if text(template, "Resources", "HttpApi", "Properties", "DefaultRouteSettings", "ThrottlingRateLimit") == "" {
		t.Error("routes are not throttled")
	}
}

// Other stacks name the authorizers by these exports.
func TestTemplate_ExportsTheAuthorizers(t *testing.T) {
	template := loadTemplate(t)
	for _, id := range []string{"AuthorizerFunction", "AuthorizerSessionFunction"} {
		name := strings.TrimSuffix(id, "Function") + "Arn"
		output := at(template, "Outputs", name)
		if text(output, "Value") != "!GetAtt "+id+".Arn" || text(output, "Export", "Name") != "!Sub ${AWS::StackName}-"+name {
			t.Errorf("output %s: %v", name, output)
		}
		// Nothing is asked, and no cookie counts, unless the deployer says so.
		variables := at(template, "Resources", id, "Properties", "Environment", "Variables")
		for variable, want := range map[string]string{"AUTHORIZER_DEMANDS": "", "AUTHORIZER_COOKIE": "false", "AUTHORIZER_HTTP_401": "false"} {
			parameter := strings.TrimPrefix(text(variables, variable), "!Ref ")
			if got, ok := at(template, "Parameters", parameter, "Default").(string); !ok || got != want {
				t.Errorf("%s of %s is %q by default, want %q", variable, id, got, want)
			}
		}
	}
}

// Who may change between the authorizers changes nothing else.
func TestTemplate_AuthorizersAreToldTheSame(t *testing.T) {
	template := loadTemplate(t)
	plain := at(template, "Resources", "AuthorizerFunction", "Properties", "Environment", "Variables").(map[string]node)
	reading := at(template, "Resources", "AuthorizerSessionFunction", "Properties", "Environment", "Variables").(map[string]node)
	for variable, value := range plain {
		if diff := cmp.Diff(value, reading[variable]); diff != "" {
			t.Errorf("%s (-AuthorizerFunction +AuthorizerSessionFunction):\n%s", variable, diff)
		}
	}
}

// HD-03: cookies are credentials, so every origin is named.
func TestTemplate_CORSNamesItsOrigins(t *testing.T) {
	template := loadTemplate(t)
	cors := at(template, "Resources", "HttpApi", "Properties", "CorsConfiguration")
	want := map[string]node{
		"AllowCredentials": "true",
		"AllowOrigins":     "!Ref CorsOrigins",
		"AllowMethods":     []node{"GET", "POST", "PATCH", "DELETE"},
		"AllowHeaders":     []node{"accept", "authorization", "content-type"},
		"ExposeHeaders":    []node{"retry-after"},
		"MaxAge":           "600",
	}
	if diff := cmp.Diff(node(want), cors); diff != "" {
		t.Errorf("CORS (-want +got):\n%s", diff)
	}
	for parameter, value := range map[string]string{"CorsOrigins": "http://localhost:3000", "AllowedOrigins": ""} {
		origins := at(template, "Parameters", parameter)
		if text(origins, "Type") != "CommaDelimitedList" || at(origins, "Default") != value {
			t.Errorf("%s: %v", parameter, origins)
		}
		pattern := regexp.MustCompile(text(origins, "AllowedPattern")) // of each origin
		for _, bad := range []string{"*", "https://*.example.com", "https://*", "https://app.example.com/", "app.example.com", "null"} {
			if pattern.MatchString(bad) {
				t.Errorf("%s may be %s", parameter, bad)
			}
		}
		if !pattern.MatchString("https://app.example.com:8443") || !pattern.MatchString(value) {
			t.Errorf("%s: %s", parameter, pattern)
		}
	}
}

// The example has no cookies: whose pages may call it is CORS alone, and called as
// it is in our template, so that one variable of make run is for both.
func TestTemplate_ExampleHasOurCORS(t *testing.T) {
	example := loadYAML(t, "examples/orders-api/template.yaml")
	if got := at(example, "Globals", "HttpApi", "CorsConfiguration", "AllowOrigins"); got != "!Ref CorsOrigins" {
		t.Errorf("AllowOrigins is %v", got)
	}
	if got := at(example, "Parameters", "CorsOrigins", "Type"); got != "CommaDelimitedList" {
		t.Errorf("CorsOrigins is a %v", got)
	}
}

// RT-13: what CORS lets read is one thing, and what may use cookies another. The
// function that compares them is told of both.
func TestTemplate_CookiesAndCORSHaveListsOfTheirOwn(t *testing.T) {
	template := loadTemplate(t)
	joined := func(parameter string) node {
		return map[string]node{"!Join": []node{",", "!Ref " + parameter}}
	}
	for id, f := range functions(template) {
		variables := at(f, "Properties", "Environment", "Variables")
		if origins := at(variables, "ALLOWED_ORIGINS"); origins != nil && !cmp.Equal(origins, joined("AllowedOrigins")) {
			t.Errorf("%s: ALLOWED_ORIGINS is %v", id, origins)
		}
		var want node
		if id == "LoginUrlFunction" {
			want = joined("CorsOrigins")
		}
		if got := at(variables, "CORS_ORIGINS"); !cmp.Equal(got, want) {
			t.Errorf("%s: CORS_ORIGINS is %v, want %v", id, got, want)
		}
	}
}

// ST-13: a callback's address holds the code and the state.
func TestTemplate_AccessLogHoldsNoAddress(t *testing.T) {
	format := text(loadTemplate(t), "Resources", "HttpApi", "Properties", "AccessLogSettings", "Format")
	got := regexp.MustCompile(`\$context\.[A-Za-z.]+`).FindAllString(format, -1)
	want := []string{
		"$context.requestId", "$context.requestTimeEpoch", "$context.identity.sourceIp", "$context.routeKey", "$context.status",
		"$context.responseLatency", "$context.integrationStatus", "$context.integrationErrorMessage",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("access log (-want +got):\n%s", diff)
	}
	if n := strings.Count(format, "$"); n != len(want) {
		t.Errorf("%d variables in the access log, %d of them known", n, len(want))
	}
}

func TestTemplate_Tables(t *testing.T) {
	template := loadTemplate(t)
	tables := resources(template, "AWS::DynamoDB::Table")
	ids := slices.Sorted(maps.Keys(tables))
	if diff := cmp.Diff([]string{"OneTimeTable", "RefreshTokensTable", "UsersTable"}, ids); diff != "" {
		t.Fatalf("tables (-want +got):\n%s", diff)
	}
	for id, table := range tables {
		p := at(table, "Properties")
		if text(p, "BillingMode") != "PAY_PER_REQUEST" || text(p, "SSESpecification", "SSEEnabled") != "true" {
			t.Errorf("%s: billing %q, encryption %q", id, text(p, "BillingMode"), text(p, "SSESpecification", "SSEEnabled"))
		}
		if id == "UsersTable" {
			continue
		}
		if text(p, "TimeToLiveSpecification", "AttributeName") != "expires_at" || text(p, "TimeToLiveSpecification", "Enabled") != "true" {
			t.Errorf("%s: what is over is never removed", id)
		}
	}
	users := tables["UsersTable"]
	if text(users, "DeletionPolicy") != "Retain" || text(users, "UpdateReplacePolicy") != "Retain" {
		t.Error("UsersTable goes with the stack")
	}
	if text(users, "Properties", "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled") != "true" {
		t.Error("UsersTable cannot be restored")
	}
}
