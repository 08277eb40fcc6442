package daemun_test

import (
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
			"dynamodb:Query !GetAtt RefreshTokensTable.Arn",
			"dynamodb:UpdateItem !GetAtt RefreshTokensTable.Arn",
			"kms:Sign !Ref SigningKmsKeyArns, if SignsWithKms",
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
		"RegisterFunction": {
			"dynamodb:GetItem !GetAtt OneTimeTable.Arn",
			"dynamodb:GetItem !GetAtt UsersTable.Arn",
			"dynamodb:PutItem !GetAtt OneTimeTable.Arn",
			"dynamodb:PutItem !GetAtt RefreshTokensTable.Arn",
			"dynamodb:PutItem !GetAtt UsersTable.Arn",
			"kms:Sign !Ref SigningKmsKeyArns, if SignsWithKms",
			"ssm:GetParametersByPath /daemun/${Stage}/keys/refresh",
			"ssm:GetParametersByPath /daemun/${Stage}/keys/signing",
		},
		"RefreshFunction": {
			"dynamodb:GetItem !GetAtt UsersTable.Arn",
			"dynamodb:UpdateItem !GetAtt RefreshTokensTable.Arn",
			"kms:Sign !Ref SigningKmsKeyArns, if SignsWithKms",
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
			"dynamodb:Query !GetAtt RefreshTokensTable.Arn",
			"dynamodb:UpdateItem !GetAtt RefreshTokensTable.Arn",
			"dynamodb:UpdateItem !GetAtt UsersTable.Arn",
			"ssm:GetParametersByPath /daemun/${Stage}/keys/verification",
		},
		"KeysFunction": {
			"ssm:GetParametersByPath /daemun/${Stage}/keys/verification",
		},
		"AuthorizerFunction": {
			"ssm:GetParametersByPath /daemun/${Stage}/keys/verification",
		},
		"AuthorizerSessionFunction": {
			"dynamodb:GetItem !GetAtt RefreshTokensTable.Arn",
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
			if !strings.HasPrefix(action, "logs:") && action != "kms:Sign" { // the key itself names its ARN
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
