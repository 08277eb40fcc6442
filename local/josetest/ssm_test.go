package josetest

import (
	"fmt"
	"strings"
	"testing"

	"daemun/shared/config/ssm"
)

// Parameter Store is asked without its SDK: a stand-in that nobody here wrote
// understands it. What is encrypted comes in the clear, and a key set from more
// than one page.
func TestParameterStore_AnswersOurOwnRequests(t *testing.T) {
	m := startMoto(t)
	for name, value := range map[string]string{
		"SSM_ENDPOINT": m.url, "AWS_REGION": region, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key", "AWS_SESSION_TOKEN": "",
	} {
		t.Setenv(name, value)
	}
	put := func(name, value string) {
		body := fmt.Sprintf(`{"Name":%q,"Value":%q,"Type":"SecureString"}`, name, value)
		m.call(t, "ssm", "application/x-amz-json-1.1", "AmazonSSM.PutParameter", body)
	}
	put("/daemun/dev/kakao/client-secret", "s3cret, 비밀")
	var keys []string
	for i := range 12 {
		keys = append(keys, fmt.Sprintf(`{"kid":"%02d"}`, i))
		put(fmt.Sprintf("/daemun/dev/keys/signing/%02d", i), keys[i])
	}
	for reference, want := range map[string]string{
		"/daemun/dev/kakao/client-secret": "s3cret, 비밀",
		"/daemun/dev/naver/client-secret": "",
		"/daemun/dev/keys/signing/":       `{"keys":[` + strings.Join(keys, ",") + `]}`,
		"/daemun/dev/keys/refresh/":       `{"keys":[]}`,
	} {
		if got, err := new(ssm.Resolver).Resolve(t.Context(), reference); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", reference, got, err, want)
		}
	}
}
