package kakao

import (
	"regexp"
	"testing"

	"github.com/go-json-experiment/json"
)

// IN-04: whatever the user API answers, it is a refusal or a sound subject.
func FuzzPerson(f *testing.F) {
	for _, seed := range []string{`{"id":1}`, `{"id":9223372036854775808}`, `{"id":1e3,"kakao_account":{}}`, `{"id":"1"}`, `{"id":null}`,
		`{"id":7,"kakao_account":{"email":"a@b","is_email_valid":true,"is_email_verified":true,"profile":{"nickname":"n","profile_image_url":"https://a/b"}}}`} {
		f.Add([]byte(seed))
	}
	subject := regexp.MustCompile(`^[1-9][0-9]{0,18}$`)
	f.Fuzz(func(t *testing.T, body []byte) {
		var m me
		if json.Unmarshal(body, &m) != nil {
			return
		}
		p, err := m.person()
		if err == nil && (p.Identity.Provider != "kakao" || !subject.MatchString(p.Identity.Subject)) {
			t.Errorf("%q is %v", body, p.Identity)
		}
	})
}
