// Package authtest asks authorizers as API Gateway does. AZ-07: what an emulator
// makes of a verdict proves nothing.
package authtest

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/go-json-experiment/json"
)

// The verdicts, as the gateway understands them.
const (
	Allow        = "allow"
	Deny         = "deny"
	Unauthorized = "Unauthorized" // 401, never kept
	Failed       = "failed"       // 500, never kept
)

// failure is the text of the one error that is not Unauthorized.
const failure = "the session cannot be read"

// answer is what may be in an answer, and no more.
type answer struct {
	IsAuthorized   *bool  `json:"isAuthorized"`
	PrincipalID    string `json:"principalId"`
	PolicyDocument struct {
		Version   string
		Statement []struct {
			Action   []string
			Effect   string
			Resource []string
		}
	} `json:"policyDocument"`
	Context map[string]string `json:"context"`
}

// Ask is the verdict on an event and, where it is a policy, the resource that it
// speaks of. It fails the test where the gateway would not understand the answer,
// and where the context is not the four strings of ours with an allow, or any
// with something else.
func Ask(t testing.TB, h lambda.Handler, event []byte) (verdict, resource string) {
	t.Helper()
	out, err := h.Invoke(t.Context(), event)
	switch {
	case err != nil && out == nil && err.Error() == Unauthorized:
		return Unauthorized, ""
	case err != nil && out == nil && err.Error() == failure:
		return Failed, ""
	case err != nil:
		t.Fatalf("answer %s with error %q", out, err)
	}
	var a answer
	if err := json.Unmarshal(out, &a, json.RejectUnknownMembers(true)); err != nil {
		t.Fatalf("answer %s: %v", out, err)
	}
	verdict = Deny
	switch statements := a.PolicyDocument.Statement; {
	case a.IsAuthorized != nil && a.PrincipalID == "" && len(statements) == 0:
		if *a.IsAuthorized {
			verdict = Allow
		}
	case a.IsAuthorized == nil && a.PrincipalID != "" && len(statements) == 1 && len(statements[0].Resource) == 1:
		verdict, resource = strings.ToLower(statements[0].Effect), statements[0].Resource[0]
	default:
		t.Fatalf("answer %s", out)
	}
	var want []string
	if verdict == Allow {
		want = []string{"profile_complete", "roles", "session_id", "user_id"}
	}
	if !slices.Equal(slices.Sorted(maps.Keys(a.Context)), want) {
		t.Fatalf("answer %s has another context than %q", out, want)
	}
	return verdict, resource
}
