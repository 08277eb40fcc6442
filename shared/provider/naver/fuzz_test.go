package naver

import (
	"testing"

	"github.com/go-json-experiment/json"
)

// IN-04: whatever the user API answers, it is a refusal or a sound subject.
func FuzzPerson(f *testing.F) {
	for _, seed := range []string{`{"resultcode":"00","response":{"id":"a"}}`, `{"resultcode":"024"}`, `{"resultcode":"00","response":{"id":""}}`,
		`{"resultcode":"00","response":{"id":"a","email":"a@b","nickname":"n","profile_image":"https://a/b"}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var m me
		if json.Unmarshal(body, &m) != nil {
			return
		}
		p, err := m.person()
		if err == nil && (p.Identity.Provider != "naver" || p.Identity.Subject != m.Response.ID || m.ResultCode != "00" || p.Profile.EmailVerified) {
			t.Errorf("%q is %v", body, p)
		}
	})
}
