// Package daemun_test holds the tests of what is not Go: the template, and the
// packages that the Makefile builds from the functions.
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

// SE-04: each function may do exactly this, and write its own log.
func TestTemplate_EachFunctionMayDoExactlyWhatItDoes(t *testing.T) {
	want := map[string][]string{
		"LoginUrlFunction": {
			"ssm:GetParametersByPath /daemun/${Stage}/keys/transaction",
		},
		"CallbackFunction": {
			"dynamodb:GetItem !GetAtt UsersTable.Arn",
			"dynamodb:PutItem !GetAtt OneTimeTable.Arn",
			"dynamodb:PutItem !GetAtt RefreshTokensTable.Arn",
			"dynamodb:PutItem !GetAtt UsersTable.Arn",
			"ssm:GetParameter /daemun/${Stage}/apple/private-key",
			"ssm:GetParameter /daemun/${Stage}/github/client-secret",
			"ssm:GetParameter /daemun/${Stage}/google/client-secret",
			"ssm:GetParameter /daemun/${Stage}/kakao/client-secret",
			"ssm:GetParameter /daemun/${Stage}/line/client-secret",
			"ssm:GetParameter /daemun/${Stage}/naver/client-secret",
			"ssm:GetParameter /daemun/${Stage}/oidc/client-secret",
			"ssm:GetParametersByPath /daemun/${Stage}/keys/refresh",
			"ssm:GetParametersByPath /daemun/${Stage}/keys/signing",
			"ssm:GetParametersByPath /daemun/${Stage}/keys/transaction",
		},
		"RefreshFunction": {
			"dynamodb:GetItem !GetAtt UsersTable.Arn",
			"dynamodb:UpdateItem !GetAtt RefreshTokensTable.Arn",
			"ssm:GetParametersByPath /daemun/${Stage}/keys/refresh",
			"ssm:GetParametersByPath /daemun/${Stage}/keys/signing",
		},
		"LogoutFunction": {
			"dynamodb:Query !GetAtt RefreshTokensTable.Arn",
			"dynamodb:UpdateItem !GetAtt RefreshTokensTable.Arn",
			"ssm:GetParametersByPath /daemun/${Stage}/keys/refresh",
			"ssm:GetParametersByPath /daemun/${Stage}/keys/verification",
		},
		"AccountFunction": {
			"dynamodb:GetItem !GetAtt UsersTable.Arn",
			"ssm:GetParametersByPath /daemun/${Stage}/keys/verification",
		},
		"KeysFunction": {
			"ssm:GetParametersByPath /daemun/${Stage}/keys/verification",
		},
		"AuthorizerFunction": {
			"ssm:GetParametersByPath /daemun/${Stage}/keys/verification",
		},
	}
	template := loadTemplate(t)
	got := map[string][]string{}
	for id, f := range functions(template) {
		logs := "!GetAtt " + strings.TrimSuffix(id, "Function") + "Logs.Arn"
		all := grants(t, template, f)
		for _, action := range []string{"logs:CreateLogStream ", "logs:PutLogEvents "} {
			i := slices.Index(all, action+logs)
			if i < 0 {
				t.Errorf("%s may not %s%s", id, action, logs)
				continue
			}
			all = slices.Delete(all, i, i+1)
		}
		got[id] = all
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("grants (-want +got):\n%s", diff)
	}
}

// SE-04: nothing is granted by pattern, and nothing but by the policies above.
func TestTemplate_RolesHaveNoWildcardsAndNoManagedPolicies(t *testing.T) {
	template := loadTemplate(t)
	roles := resources(template, "AWS::IAM::Role")
	if len(roles) != len(functions(template)) {
		t.Errorf("%d roles for %d functions", len(roles), len(functions(template)))
	}
	for id, role := range roles {
		for _, s := range allStrings(role) {
			if strings.Contains(s, "*") || s == "ManagedPolicyArns" {
				t.Errorf("%s: %q", id, s)
			}
		}
	}
	for id, f := range functions(template) {
		if at(f, "Properties", "Policies") != nil {
			t.Errorf("%s: SAM ignores Policies beside a Role", id)
		}
	}
}

// A function that is told of a table or a parameter may use it, and one that
// may use it is told of it.
func TestTemplate_EnvironmentAndPoliciesAgree(t *testing.T) {
	template := loadTemplate(t)
	for id, f := range functions(template) {
		told := map[string]bool{}
		for _, v := range at(f, "Properties", "Environment", "Variables").(map[string]node) {
			for _, s := range allStrings(v) {
				if path, ok := strings.CutPrefix(s, "!Sub ssm:"); ok {
					told[strings.TrimSuffix(path, "/")] = true
				}
				if table, ok := strings.CutPrefix(s, "!Ref "); ok && strings.HasSuffix(table, "Table") {
					told["!GetAtt "+table+".Arn"] = true
				}
			}
		}
		may := map[string]bool{}
		for _, g := range grants(t, template, f) {
			action, resource, _ := strings.Cut(g, " ")
			if !strings.HasPrefix(action, "logs:") {
				may[resource] = true
			}
		}
		if diff := cmp.Diff(told, may); diff != "" {
			t.Errorf("%s is told of (-), may use (+):\n%s", id, diff)
		}
	}
}

// SE-01: what is secret is a reference, in the template and in samconfig.toml.
func TestTemplate_HoldsNoSecret(t *testing.T) {
	template := loadTemplate(t)
	for id, f := range functions(template) {
		for name, v := range at(f, "Properties", "Environment", "Variables").(map[string]node) {
			isSecret := strings.HasSuffix(name, "_KEYS") || strings.HasSuffix(name, "_SECRET") || strings.HasSuffix(name, "_PRIVATE_KEY")
			isReference := func(s string) bool { return strings.HasPrefix(s, "!Sub ssm:/daemun/${Stage}/") }
			if isSecret && !slices.ContainsFunc(allStrings(v), isReference) {
				t.Errorf("%s: %s is %v, not a reference", id, name, v)
			}
		}
	}
	secretName := regexp.MustCompile(`(?i)secret|password|private`)
	for name := range at(template, "Parameters").(map[string]node) {
		if secretName.MatchString(name) {
			t.Errorf("parameter %s: CloudFormation shows parameters to everybody who may look at the stack", name)
		}
	}
	// 32 characters with a digit: a key, a hash or an API key. Names have none.
	looksSecret := regexp.MustCompile(`[A-Za-z0-9+_-]*[0-9][A-Za-z0-9+_-]*`)
	for _, file := range []string{"template.yaml", "samconfig.toml", "Makefile"} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range looksSecret.FindAllString(string(content), -1) {
			if len(word) >= 32 {
				t.Errorf("%s: %q looks like a secret", file, word)
			}
		}
	}
}

// The hard limits; each function answers before its own.
func TestTemplate_EachFunctionHasItsTimeoutAndItsLog(t *testing.T) {
	want := map[string]string{
		"LoginUrlFunction": "3", "CallbackFunction": "10", "RefreshFunction": "5",
		"LogoutFunction": "5", "AccountFunction": "5", "KeysFunction": "3", "AuthorizerFunction": "3",
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
		"POST /auth/refresh":                    "RefreshFunction",
		"POST /auth/logout":                     "LogoutFunction",
		"GET /me":                               "AccountFunction",
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

// Other stacks name the authorizer by this export.
func TestTemplate_ExportsTheAuthorizer(t *testing.T) {
	template := loadTemplate(t)
	output := at(template, "Outputs", "AuthorizerArn")
	if text(output, "Value") != "!GetAtt AuthorizerFunction.Arn" || text(output, "Export", "Name") != "!Sub ${AWS::StackName}-AuthorizerArn" {
		t.Errorf("output AuthorizerArn: %v", output)
	}
	// Nothing is asked, and no cookie counts, unless the deployer says so.
	variables := at(template, "Resources", "AuthorizerFunction", "Properties", "Environment", "Variables")
	for variable, want := range map[string]string{"AUTHORIZER_DEMANDS": "", "AUTHORIZER_COOKIE": "false", "AUTHORIZER_HTTP_401": "false"} {
		parameter := strings.TrimPrefix(text(variables, variable), "!Ref ")
		if got, ok := at(template, "Parameters", parameter, "Default").(string); !ok || got != want {
			t.Errorf("%s is %q by default, want %q", variable, got, want)
		}
	}
}

// HD-03: cookies are credentials, so every origin is named.
func TestTemplate_CORSNamesItsOrigins(t *testing.T) {
	template := loadTemplate(t)
	cors := at(template, "Resources", "HttpApi", "Properties", "CorsConfiguration")
	want := map[string]node{
		"AllowCredentials": "true",
		"AllowOrigins":     "!Ref AllowedOrigins",
		"AllowMethods":     []node{"GET", "POST"},
		"AllowHeaders":     []node{"accept", "authorization", "content-type"},
		"ExposeHeaders":    []node{"retry-after"},
		"MaxAge":           "600",
	}
	if diff := cmp.Diff(node(want), cors); diff != "" {
		t.Errorf("CORS (-want +got):\n%s", diff)
	}
	origins := at(template, "Parameters", "AllowedOrigins")
	if text(origins, "Type") != "CommaDelimitedList" || strings.Contains(text(origins, "Default"), "*") {
		t.Errorf("AllowedOrigins: %v", origins)
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
