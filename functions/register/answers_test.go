package main

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/lambdahttp/lambdatest"
)

// problems are what an answer tells, as "pointer code".
func problems(a lambdatest.Answer) []string {
	var list []string
	for _, p := range a.Problems {
		list = append(list, p.Pointer+" "+p.Code)
	}
	return list
}

// Everything that is wrong is told at once, in order, by pointers into what the
// client sent and codes that stay.
func TestAnswers_EveryProblemIsTold(t *testing.T) {
	w := open(t)
	registerToken := w.newcomer(lambdatest.Person(), "")
	for _, c := range []struct {
		body, want string
		problems   []string
	}{
		{`{}`, bad, []string{"/birth_date required", "/nickname required", "/position required", "/terms_of_service required"}},
		{`{"nickname":"","position":"king","birth_date":"2026-01-01","terms_of_service":false,"address":7}`, bad, []string{
			"/address wrong_type", "/birth_date too_young", "/nickname too_short", "/position not_allowed", "/terms_of_service consent_required",
		}},
		{`{"nickname":"바다토끼","position":null,"birth_date":"1990-02-30","terms_of_service":"yes","shoe_size":42}`, malformed, []string{
			"/birth_date bad_format", "/position wrong_type", "/shoe_size unknown_field", "/terms_of_service wrong_type",
		}},
		{`{"Nickname":"바다토끼","position":"backend","birth_date":"1990-01-02","terms_of_service":true}`, malformed, []string{
			"/Nickname unknown_field", "/nickname required",
		}},
		{`{"<script>":1}`, malformed, []string{
			" unknown_field", "/birth_date required", "/nickname required", "/position required", "/terms_of_service required",
		}},
	} {
		a := w.send("cookie", registerToken, body(c.body))
		w.refused(a, c.want)
		if diff := cmp.Diff(c.problems, problems(a)); diff != "" {
			t.Errorf("%s: problems (-want +got):\n%s", c.body, diff)
		}
	}
	w.requests(map[string]int{})
	w.stored(0)
}

// RG-02: nobody becomes another, or more, by a member of the body.
func TestAnswers_OverrideNothing(t *testing.T) {
	w := open(t)
	registerToken := w.newcomer(lambdatest.Person(), "")
	for _, name := range []string{
		"id", "ID", "userId", "user_id", "sub", "Sub", "ſub", "providerId", "provider_id", "oauthId", "Provider", "OAUTH_ID", "email", "Email",
		"emailVerified", "email_verified", "role", "roles", "isAdmin", "status", "disabled", "createdAt", "created_at", "ttl", "expires_at", "pk", "sk",
		"picture", "picture_url", "profile_image_url", "profile", "profile_complete", "fields", "consents", "answers", "__proto__", "", "nickname ",
	} {
		quoted, err := json.Marshal(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range []string{`"admin"`, `["admin"]`, `{"$eq":true}`, `true`, `"https://169.254.169.254/"`, `"javascript:alert(1)"`} { // RG-09
			a := w.send("cookie", registerToken, answers(`"nickname":"바다토끼",`+string(quoted)+`:`+value+`,`))
			w.refused(a, malformed)
		}
	}
	w.requests(map[string]int{})
	w.stored(0)
}

// RG-05: a nickname by the form's rule in code points and bytes, stored and shown
// byte by byte.
func TestAnswers_Nicknames(t *testing.T) {
	for _, name := range []string{
		"바다토끼", "👨‍👩‍👧‍👦 가족", "O'Brien; DROP TABLE", "日本の兎", "nul", "undefined", "../../etc", "가나다라마바사아자차카타파하가나다라마바", "${jndi:ldap}",
	} {
		w := open(t)
		a := w.send("cookie", w.newcomer(lambdatest.Person(), ""), nickname(name))
		if a.StatusCode != 200 {
			t.Errorf("%q: %s %v", name, a.Outcome(), problems(a))
			continue
		}
		got := w.registered(a, "")
		for _, text := range []string{string(got.User.Fields["nickname"]), string(w.User(got.User.ID).Answers.Fields["nickname"])} {
			var shown string
			if err := json.Unmarshal([]byte(text), &shown); err != nil || shown != name {
				t.Errorf("%q became %s (%v)", name, text, err)
			}
		}
	}
	w := open(t)
	registerToken := w.newcomer(lambdatest.Person(), "")
	for name, want := range map[string]string{
		`"a"`: bad, `" ab"`: bad, `"a\u0000b"`: bad, `"a\nb"`: bad, `"\u202egnirts"`: bad, `"a\u200bb"`: bad, `"e\u0301e\u0301"`: bad, `"` + strings.Repeat("가", 21) + `"`: bad,
		`"` + strings.Repeat("👨‍👩‍👧‍👦", 3) + `"`: bad, `7`: bad, `["ab"]`: bad, `{"a":"b"}`: bad,
		`"\ud800ab"`: malformed, "\"ab\xff\"": malformed, `"` + strings.Repeat("a", 64<<10) + `"`: "413 payload_too_large",
	} {
		a := w.send("cookie", registerToken, raw(`{"nickname":`+name+`,"position":"backend","birth_date":"1990-01-02","terms_of_service":true}`))
		w.refused(a, want)
	}
	w.requests(map[string]int{})
	w.stored(0)
}

// raw is a body of any bytes, as the gateway sends those that are no text.
func raw(text string) change {
	return func(e *events.APIGatewayV2HTTPRequest) {
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(text)), true
	}
}

// RG-06, RG-07, IN-01: what is too large or too deep is refused as that.
func TestAnswers_SizeAndDepth(t *testing.T) {
	w := open(t)
	registerToken := w.newcomer(lambdatest.Person(), "")
	good := `{"nickname":"바다토끼","position":"backend","birth_date":"1990-01-02","terms_of_service":true}`
	full := good + strings.Repeat(" ", 16<<10-len(good))
	for name, c := range map[string]struct {
		change change
		want   string
	}{
		"16 KB and one":         {body(full + " "), "413 payload_too_large"},
		"16 KB and one, base64": {raw(full + " "), "413 payload_too_large"},
		"6 MB":                  {body(strings.Repeat("x", 6<<20)), "413 payload_too_large"},
		"16 KB of no JSON":      {body(strings.Repeat("x", 16<<10)), malformed},
		"depth of 10 000":       {body(strings.Repeat("[", 10_001)), malformed},
		"depth in a member":     {body(`{"nickname":` + strings.Repeat("[", 8000) + strings.Repeat("]", 8000) + `}`), bad},
		"16 KB of members":      {body("{" + strings.TrimSuffix(members(900), ",") + "}"), malformed},
	} {
		a := w.send("cookie", registerToken, c.change)
		w.refused(a, c.want)
		if len(a.Body) > 4096 {
			t.Errorf("%s: an answer of %d bytes", name, len(a.Body))
		}
	}
	w.stored(0)
	w.registered(w.send("cookie", registerToken, body(full)), "")
}

// members are so many of them, which nobody asked for.
func members(many int) string {
	var text strings.Builder
	for i := range many {
		fmt.Fprintf(&text, `"unknown_%d":%d,`, i, i)
	}
	return text.String()
}
