package github

import (
	"regexp"
	"testing"

	"github.com/go-json-experiment/json"
)

// IN-04: whatever the API answers, it is a refusal or a sound subject, and no
// address is verified that is not there.
func FuzzPerson(f *testing.F) {
	for _, seed := range [][2]string{{`{"id":1}`, `[]`}, {`{"id":9223372036854775808}`, `null`}, {`{"id":1e3}`, `[{}]`}, {`{"id":"1"}`, `[]`},
		{`{"id":7,"login":"l","name":null,"avatar_url":"https://a/b"}`, `[{"email":"a@b","primary":true,"verified":true}]`}} {
		f.Add([]byte(seed[0]), []byte(seed[1]))
	}
	subject := regexp.MustCompile(`^[1-9][0-9]{0,18}$`)
	f.Fuzz(func(t *testing.T, body, list []byte) {
		var m me
		var emails []email
		if json.Unmarshal(body, &m) != nil || json.Unmarshal(list, &emails) != nil {
			return
		}
		p, err := m.person(emails)
		if err == nil && (p.Identity.Provider != "github" || !subject.MatchString(p.Identity.Subject) || p.Profile.EmailVerified && p.Profile.Email == "") {
			t.Errorf("%q %q is %v", body, list, p)
		}
	})
}
