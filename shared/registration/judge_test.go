package registration_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/registration"
)

// judged are values of each member, and what is wrong with them.
var judged = []struct{ member, value, problem string }{
	{"motto", `""`, ""},
	{"motto", `"서울 사람"`, ""},
	{"motto", `"` + strings.Repeat("가", 100) + `"`, ""},
	{"motto", `"` + strings.Repeat("가", 101) + `"`, "/motto too_long"},
	{"motto", `"` + strings.Repeat("👩‍👩‍👧‍👦", 14) + `"`, ""}, // 98 code points
	{"motto", `"` + strings.Repeat("👩‍👩‍👧‍👦", 15) + `"`, "/motto too_long"},
	{"motto", `1`, "/motto wrong_type"},
	{"motto", `null`, "/motto wrong_type"},
	{"motto", `["a"]`, "/motto wrong_type"},
	{"motto", `{"a":"b"}`, "/motto wrong_type"},
	{"motto", `true`, "/motto wrong_type"},
	{"motto", `"a\u0000"`, "/motto bad_text"},

	{"nickname", `"가"`, "/nickname too_short"},
	{"nickname", `""`, "/nickname too_short"},
	{"nickname", `"` + strings.Repeat("a", 21) + `"`, "/nickname too_long"},
	{"nickname", `"` + strings.Repeat("가", 20) + `"`, ""},
	{"nickname", `"` + strings.Repeat("😀", 15) + `"`, ""},
	{"nickname", `"` + strings.Repeat("😀", 15) + `ab"`, "/nickname too_long"}, // 62 bytes
	{"nickname", `"` + strings.Repeat("a", 65_536) + `"`, "/nickname too_long"},
	{"nickname", `"a\u202eb"`, "/nickname bad_nickname"},
	{"nickname", `null`, "/nickname wrong_type"},

	{"phone", `"010-1234-5678"`, ""},
	{"phone", `"010 1234 5678"`, "/phone bad_format"},
	{"phone", `""`, "/phone too_short"},

	{"joined", `"2024-02-29"`, ""},
	{"joined", `"9999-12-31"`, ""},
	{"joined", `"2023-02-29"`, "/joined bad_format"},
	{"joined", `"2024-2-9"`, "/joined bad_format"},
	{"joined", `"2024-02-29T00:00:00Z"`, "/joined bad_format"},
	{"joined", `" 2024-02-29"`, "/joined bad_format"},
	{"joined", `"２０２４-02-29"`, "/joined bad_format"},
	{"joined", `20240229`, "/joined wrong_type"},
	{"birth_date", `"2000-01-01"`, ""},
	{"birth_date", `"2020-01-01"`, "/birth_date too_young"},
	{"birth_date", `"2200-01-01"`, "/birth_date too_young"},
	{"birth_date", `"yesterday"`, "/birth_date bad_format"},

	{"position", `"dev"`, ""},
	{"position", `"Dev"`, "/position not_allowed"},
	{"position", `""`, "/position not_allowed"},
	{"position", `0`, "/position wrong_type"},

	{"interests", `["c","a"]`, ""},
	{"interests", `[]`, "/interests too_few"},
	{"interests", `["a","b","c","d"]`, "/interests too_many"},
	{"interests", `["a","z"]`, "/interests/1 not_allowed"},
	{"interests", `["a","a"]`, "/interests/1 duplicate_item"},
	{"interests", `["a",1]`, "/interests/1 wrong_type"},
	{"interests", `["a",["b"]]`, "/interests/1 wrong_type"},
	{"interests", `"a"`, "/interests wrong_type"},
	{"interests", `{"0":"a"}`, "/interests wrong_type"},

	{"years", `0`, ""},
	{"years", `60`, ""},
	{"years", `61`, "/years too_large"},
	{"years", `-1`, "/years too_small"},
	{"years", `1.5`, "/years wrong_type"},
	{"years", `1.0`, "/years wrong_type"},
	{"years", `1e1`, "/years wrong_type"},
	{"years", `1e999999999`, "/years wrong_type"},
	{"years", `-0`, "/years wrong_type"},
	{"years", `"1"`, "/years wrong_type"},
	{"years", `99999999999999999999999999`, "/years too_large"},
	{"balance", `9007199254740991`, ""},
	{"balance", `-9007199254740991`, ""},
	{"balance", `9007199254740992`, "/balance too_large"},
	{"balance", `9007199254740993`, "/balance too_large"},
	{"balance", `-99999999999999999999999999`, "/balance too_small"},

	{"newsletter", `false`, ""},
	{"newsletter", `"true"`, "/newsletter wrong_type"},
	{"newsletter", `1`, "/newsletter wrong_type"},
	{"newsletter", `null`, "/newsletter wrong_type"},

	{"terms", `true`, ""},
	{"terms", `false`, "/terms consent_required"},
	{"terms", `"yes"`, "/terms wrong_type"},
	{"terms", `null`, "/terms wrong_type"},
	{"terms", `{"accepted":true,"version":"0","at":"2000-01-01T00:00:00Z"}`, "/terms wrong_type"},
	{"marketing", `true`, ""},
	{"marketing", `false`, ""},
	{"marketing", `1`, "/marketing wrong_type"},
}

func TestCheck_JudgesEachMember(t *testing.T) {
	form := everything(t)
	for _, test := range judged {
		code, problems := check(form, with(test.member, test.value), now)
		got := strings.Join(problems, ", ")
		if got != test.problem || (code == fault.ValidationFailed) != (test.problem != "") {
			t.Errorf("%s: %.60s: %q %q, want %q", test.member, test.value, code, got, test.problem)
		}
	}
}

// RG-05: whatever is accepted is kept byte for byte.
func TestCheck_KeepsWhatWasWritten(t *testing.T) {
	form := everything(t)
	for _, test := range judged {
		if test.problem != "" {
			continue
		}
		checked, missing, err := form.Check(jsontext.Value(with(test.member, test.value)), now)
		if err != nil || missing != nil {
			t.Errorf("%s: %v, %v", test.member, missing, err)
		}
		got := string(checked.Fields[test.member])
		if consent, ok := checked.Consents[test.member]; ok {
			got = fmt.Sprint(consent.Accepted)
		}
		if got != test.value {
			t.Errorf("%s: %s became %s", test.member, test.value, got)
		}
	}
}

func TestCheck_ShowsEveryCode(t *testing.T) {
	want := []string{
		registration.CodeUnknownField, registration.CodeRequired, registration.CodeWrongType, registration.CodeTooShort,
		registration.CodeTooLong, registration.CodeTooSmall, registration.CodeTooLarge, registration.CodeTooFew,
		registration.CodeTooMany, registration.CodeDuplicateItem, registration.CodeNotAllowed, registration.CodeBadFormat,
		registration.CodeBadText, registration.CodeBadNickname, registration.CodeTooYoung, registration.CodeConsentRequired,
	}
	slices.Sort(want)
	shown := map[string]bool{}
	note := func(problems []string) {
		for _, p := range problems {
			_, code, _ := strings.Cut(p, " ")
			shown[code] = true
		}
	}
	form := everything(t)
	for _, test := range judged {
		_, problems := check(form, with(test.member, test.value), now)
		note(problems)
	}
	_, problems := check(form, `{"roles":[]}`, now)
	note(problems)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(shown))); diff != "" {
		t.Error(diff)
	}
}
