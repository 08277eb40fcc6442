package daemun_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each provider is offered by its client id, and its secret is asked for only
// then, by the one function that identifies people.
func TestTemplate_ProvidersHaveTheirParametersAndSecrets(t *testing.T) {
	template := loadTemplate(t)
	secrets := map[string]string{
		"Kakao": "KAKAO_CLIENT_SECRET kakao/client-secret", "Naver": "NAVER_CLIENT_SECRET naver/client-secret",
		"Google": "GOOGLE_CLIENT_SECRET google/client-secret", "Apple": "APPLE_PRIVATE_KEY apple/private-key",
		"Line": "LINE_CLIENT_SECRET line/client-secret", "Github": "GITHUB_CLIENT_SECRET github/client-secret",
	}
	for name, secret := range secrets {
		parameter, variable := name+"ClientId", strings.ToUpper(name)+"_CLIENT_ID"
		if value, ok := at(template, "Parameters", parameter, "Default").(string); !ok || value != "" {
			t.Errorf("%s is %q by default", parameter, value)
		}
		condition := node(map[string]node{"!Not": []node{map[string]node{"!Equals": []node{"!Ref " + parameter, ""}}}})
		if diff := cmp.Diff(condition, at(template, "Conditions", "Has"+name)); diff != "" {
			t.Errorf("condition Has%s (-want +got):\n%s", name, diff)
		}
		secretVariable, path, _ := strings.Cut(secret, " ")
		want := node(map[string]node{"!If": []node{"Has" + name, "!Sub ssm:/daemun/${Stage}/" + path, ""}})
		for id, f := range functions(template) {
			variables := at(f, "Properties", "Environment", "Variables")
			if identifies := id == "CallbackFunction"; identifies || id == "LoginUrlFunction" {
				if got := text(variables, variable); got != "!Ref "+parameter {
					t.Errorf("%s: %s is %q", id, variable, got)
				}
				if got := at(variables, secretVariable); identifies && !cmp.Equal(got, want) || !identifies && got != nil {
					t.Errorf("%s: %s is %v", id, secretVariable, got)
				}
			} else if at(variables, variable) != nil || at(variables, secretVariable) != nil {
				t.Errorf("%s is told of %s", id, name)
			}
		}
	}
}

// Lambda takes 4 KB of variables in all. What is only known at deployment counts
// with 64 bytes, numbers and switches with 8; there is to be a KB for Clients.
func TestTemplate_VariablesFit(t *testing.T) {
	template := loadTemplate(t)
	for id, f := range functions(template) {
		size := len("GOMAXPROCS1PUBLIC_URL") + 64
		for name, value := range at(f, "Properties", "Environment", "Variables").(map[string]node) {
			size += len(name)
			for _, s := range allStrings(value) {
				if rest, ok := strings.CutPrefix(s, "!Sub "); ok {
					size += len(rest)
				} else if name, ok := strings.CutPrefix(s, "!Ref "); ok {
					parameter := at(template, "Parameters", name)
					if text(parameter, "Type") == "Number" || at(parameter, "AllowedValues") != nil {
						size += 8
					} else {
						size += 64
					}
				}
			}
		}
		if size > 4096-1024 {
			t.Errorf("%s: %d bytes of variables", id, size)
		}
	}
}
