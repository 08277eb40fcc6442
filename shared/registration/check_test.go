package registration_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/registration"
	"daemun/shared/user"
)

var now = time.Date(2026, 11, 22, 3, 4, 5, 0, time.UTC)

// everything is a form with a member of each kind.
func everything(t testing.TB) *registration.Form {
	t.Helper()
	return must(t, read(t, "testdata/everything.json"))
}

func must(t testing.TB, schema []byte) *registration.Form {
	t.Helper()
	form, err := registration.New(schema)
	if err != nil {
		t.Fatal(err)
	}
	return form
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// check is what a form says of answers: the fault's code, and every problem as
// "pointer code", those of what is missing too.
func check(f *registration.Form, answers string, now time.Time) (code fault.Code, problems []string) {
	_, missing, err := f.Check(jsontext.Value(answers), now)
	var failure *fault.Error
	if errors.As(err, &failure) {
		code, missing = failure.Code, append(missing, failure.Problems...)
	}
	for _, p := range missing {
		problems = append(problems, p.Pointer+" "+p.Code)
	}
	return code, problems
}

// with are complete answers and one member more.
func with(name, value string) string {
	all := map[string]jsontext.Value{"terms": jsontext.Value("true"), "nickname": jsontext.Value(`"길동"`)}
	all[name] = jsontext.Value(value)
	b, err := json.Marshal(all, json.Deterministic(true))
	if err != nil {
		panic(err)
	}
	return string(b)
}

// RG-02: nothing but the form's members, by their exact names. What a body says of
// who somebody is, what they may do or when they came is refused.
func TestCheck_RefusesUnknownMembers(t *testing.T) {
	form := everything(t)
	for _, name := range []string{
		"id", "userId", "sub", "provider", "providerId", "oauthId", "oauth_id", "email", "emailVerified", "role", "roles",
		"isAdmin", "status", "createdAt", "ttl", "pk", "sk", "picture", "profile_image_url", "__proto__", "constructor",
		"Nickname", "NICKNAME", "nickName", "Terms", "TERMS",
	} {
		code, problems := check(form, with(name, `"admin"`), now)
		if code != fault.InvalidRequest || !slices.Equal(problems, []string{"/" + name + " unknown_field"}) {
			t.Errorf("%s: %s %v", name, code, problems)
		}
	}
	for _, name := range []string{"ſub", "role\u200b", "a/b", "a~b", "", "<script>", "nickname ", "\x00", strings.Repeat("n", 65), "role\n"} {
		code, problems := check(form, with(name, `"admin"`), now)
		if code != fault.InvalidRequest || !slices.Equal(problems, []string{" unknown_field"}) {
			t.Errorf("%q is repeated, or let through: %s %q", name, code, problems)
		}
	}
}

// RG-07, CB-12.
func TestCheck_RefusesWhatIsNoStrictJSON(t *testing.T) {
	form := everything(t)
	for name, body := range map[string]string{
		"nothing":            ``,
		"blank":              ` `,
		"null":               `null`,
		"list":               `[]`,
		"text":               `"a"`,
		"number":             `1`,
		"trailing text":      `{} x`,
		"two documents":      `{}{}`,
		"trailing comma":     `{"nickname":"ab",}`,
		"cut off":            `{"nickname":"ab"`,
		"BOM":                "\ufeff{}",
		"comment":            `{/**/}`,
		"single quotes":      `{'nickname':'ab'}`,
		"NaN":                `{"years":NaN}`,
		"leading zero":       `{"years":01}`,
		"duplicate":          `{"nickname":"ab","nickname":"cd"}`,
		"escaped duplicate":  `{"nickname":"ab","n\u0069ckname":"cd"}`,
		"nested duplicate":   `{"motto":{"a":1,"a":2}}`,
		"invalid UTF-8":      "{\"nickname\":\"a\xff\"}",
		"overlong UTF-8":     "{\"nickname\":\"a\xc0\x80\"}",
		"surrogate in UTF-8": "{\"nickname\":\"a\xed\xa0\x80\"}",
		"lone surrogate":     `{"nickname":"a\ud800"}`,
		"surrogates swapped": `{"nickname":"\udc00\ud800"}`,
		"control":            "{\"nickname\":\"a\x00\"}",
		"newline":            "{\"nickname\":\"a\n\"}",
		"open 10 000 deep":   strings.Repeat("[", 10_000),
		"10 001 deep":        `{"motto":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `}`,
		"objects deep":       strings.Repeat(`{"motto":`, 10_001) + `1` + strings.Repeat(`}`, 10_001),
	} {
		checked, _, err := form.Check(jsontext.Value(body), now)
		var failure *fault.Error
		if !errors.As(err, &failure) || failure.Code != fault.InvalidRequest || failure.Problems != nil || checked.Fields != nil {
			t.Errorf("%s: %v, %v", name, checked, err)
		}
	}
}

func TestCheck_TakesEscapedTextForWhatItMeans(t *testing.T) {
	code, problems := check(everything(t), `{"\u0074erms":true,"nickname":"\ud83d\ude00\uac00","motto":"\u0022\/"}`, now)
	if code != "" || problems != nil {
		t.Errorf("%s %v", code, problems)
	}
}

// All at once, always in one order, whatever the order in the body.
func TestCheck_TellsEverythingSorted(t *testing.T) {
	want := []string{
		"/nickname required", "/terms required",
		" unknown_field", "/interests/0 not_allowed", "/interests/2 wrong_type", "/motto too_long", "/roles unknown_field", "/years too_large",
	}
	for range 20 {
		code, problems := check(everything(t),
			`{"years":99,"roles":[],"motto":"`+strings.Repeat("a", 101)+`","<b>":1,"<i>":2,"interests":["z","a",0]}`, now)
		if diff := cmp.Diff(want, problems); diff != "" || code != fault.InvalidRequest {
			t.Fatalf("%s\n%s", code, diff)
		}
	}
}

func TestCheck_TellsNoMoreThan32Problems(t *testing.T) {
	var body strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&body, `,"m%03d":1`, i)
	}
	_, problems := check(everything(t), `{`+body.String()[1:]+`,"terms":true,"nickname":"ab"}`, now)
	if len(problems) != 32 || problems[0] != "/m000 unknown_field" || problems[31] != "/m031 unknown_field" {
		t.Errorf("%d: %v", len(problems), problems)
	}
}

// A part of the answers can be judged by itself: what is missing is no error.
func TestCheck_TellsWhatIsMissingApart(t *testing.T) {
	form := everything(t)
	for _, test := range []struct {
		answers string
		missing []fault.Problem
		code    fault.Code
	}{
		{`{}`, []fault.Problem{{Pointer: "/nickname", Code: "required"}, {Pointer: "/terms", Code: "required"}}, ""},
		{`{"terms":true}`, []fault.Problem{{Pointer: "/nickname", Code: "required"}}, ""},
		{`{"terms":false}`, []fault.Problem{{Pointer: "/nickname", Code: "required"}}, fault.ValidationFailed},
		{`{"terms":null,"nickname":null}`, nil, fault.ValidationFailed},
		{`{"terms":true,"nickname":"ab"}`, nil, ""},
	} {
		_, missing, err := form.Check(jsontext.Value(test.answers), now)
		if diff := cmp.Diff(test.missing, missing); diff != "" || fault.CodeOf(err) != test.code {
			t.Errorf("%s: %v\n%s", test.answers, err, diff)
		}
	}
}

// The version is the form's and the time is ours, whatever a client says.
func TestCheck_RecordsConsentsWithVersionAndTime(t *testing.T) {
	checked, _, err := everything(t).Check(jsontext.Value(`{"terms":true,"marketing":false,"nickname":"ab","newsletter":true}`), now)
	if err != nil {
		t.Fatal(err)
	}
	want := user.Answers{
		Fields: user.Fields{"nickname": jsontext.Value(`"ab"`), "newsletter": jsontext.Value(`true`)},
		Consents: user.Consents{
			"terms":     {Accepted: true, Version: "2026-11-01", At: now},
			"marketing": {Accepted: false, Version: "7", At: now},
		},
	}
	if diff := cmp.Diff(want, checked); diff != "" {
		t.Error(diff)
	}
}

func TestAsks_TellsConsentsByTheirVersion(t *testing.T) {
	form, err := registration.Load("profile")
	if err != nil {
		t.Fatal(err)
	}
	for name, asked := range map[string]bool{"nickname": true, "terms_of_service": true, "marketing": true, "role": false, "": false} {
		version, got := form.Asks(name)
		if isConsent := name == "terms_of_service" || name == "marketing"; got != asked || (version != "") != isConsent {
			t.Errorf("%q: %q, %v", name, version, got)
		}
	}
}

// LG-01: errors go to the log, and answers are somebody's.
func TestCheck_RepeatsNoValue(t *testing.T) {
	for _, answers := range []string{
		`{"nickname":"canary\u202e","position":"canary","interests":["canary"],"phone":"canary"}`,
		`{"nickname":"canary","nickname":"canary"}`,
		`{"<canary>":1}`,
		`{"nickname":"canary`,
	} {
		_, missing, err := everything(t).Check(jsontext.Value(answers), now)
		if err == nil || strings.Contains(fmt.Sprintf("%v %+v %+v", err, err, missing), "canary") {
			t.Errorf("%s: %+v", answers, err)
		}
	}
}
