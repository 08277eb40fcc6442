package main

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/flow"
	"daemun/shared/gate"
	"daemun/shared/lambdahttp"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/registration"
	"daemun/shared/token"
)

// deferred is a person whose profile is not complete, in front of the function.
func deferred(t *testing.T) *world {
	t.Helper()
	w := &world{World: lambdatest.New(t), t: t}
	w.StopClock()
	w.login = w.LogInDeferred(lambdatest.Person())
	w.h = w.Build(build)
	w.Canary("바다토끼", "1990-01-02")
	t.Cleanup(w.CheckTables)
	w.DB.Proxy.Reset()
	return w
}

// patch sends a body by bearer.
func (w *world) patch(body string) lambdatest.Answer {
	w.t.Helper()
	return lambdatest.Invoke(w.t, w.h, lambdatest.With(w.t, w.event("profile/patch", w.login.AccessToken), func(e *events.APIGatewayV2HTTPRequest) { e.Body = body }))
}

// patched expects the user after a patch, and that GET says the same.
func (w *world) patched(a lambdatest.Answer) lambdahttp.UserJSON {
	w.t.Helper()
	var got lambdahttp.UserJSON
	if a.StatusCode != 200 || json.Unmarshal([]byte(a.Body), &got, json.RejectUnknownMembers(true)) != nil {
		w.t.Fatalf("answer %s, %s", a.Outcome(), a.Body)
	}
	var read lambdahttp.UserJSON
	if err := json.Unmarshal([]byte(w.me(w.login.AccessToken).Body), &read); err != nil {
		w.t.Fatal(err)
	}
	if diff := cmp.Diff(read, got); diff != "" {
		w.t.Errorf("GET (-) and PATCH (+) differ:\n%s", diff)
	}
	return got
}

// problems are what an answer tells, as "pointer code".
func problems(a lambdatest.Answer) []string {
	var list []string
	for _, p := range a.Problems {
		list = append(list, p.Pointer+" "+p.Code)
	}
	return list
}

// RG-06, RT-13, AZ-01: every golden event has its answer here. A refusal writes
// nothing.
func TestProfile_GoldenEvents(t *testing.T) {
	const malformed, mediaType = "400 invalid_request", "415 unsupported_media_type"
	want := map[string]string{
		"patch": "200", "patch-json": "200", "patch-cookie": "200", "patch-cookie-same-origin": "200",
		"patch-cookie-foreign-origin": "403 origin_not_allowed", "patch-cookie-unmarked": "403 origin_not_allowed",
		"patch-anonymous": "401 invalid_token", "patch-form": mediaType, "patch-text": mediaType,
		"patch-list": malformed, "patch-no-body": malformed, "patch-duplicate-member": malformed, "patch-unknown-member": malformed,
		"patch-bad-answer": "422 validation_failed",
		"form":             "200", "form-cookie": "200", "form-anonymous": "401 invalid_token",
	}
	names := lambdatest.EventNames(t, "account/profile")
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(slices.Values(names))); diff != "" {
		t.Fatalf("events (-tested +there):\n%s", diff)
	}
	for _, name := range names {
		w := deferred(t)
		if got := lambdatest.Invoke(t, w.h, w.event("profile/"+name, w.login.AccessToken)).Outcome(); got != want[name] {
			t.Errorf("%s: %s, want %s", name, got, want[name])
		}
		writes := w.DB.Proxy.Counts()["UpdateItem"]
		if patched := want[name] == "200" && strings.HasPrefix(name, "patch"); patched != (writes == 1) || writes > 1 {
			t.Errorf("%s: %d writes", name, writes)
		}
	}
}

// A profile is filled in step by step. From the last step on it is complete: in
// the table at once, in tokens from the next refresh on, and there the gate sees
// it that demands it.
func TestProfile_IsCompletedStepByStep(t *testing.T) {
	w := deferred(t)
	demand := gate.Demand{ProfileComplete: true}
	for i, step := range []string{
		`{"nickname":"바다토끼","marketing":true}`, `{"position":"backend"}`, `{"birth_date":"1990-01-02"}`, `{"terms_of_service":true}`,
	} {
		w.Wait(time.Second)
		w.DB.Proxy.Reset()
		a := w.patch(step)
		w.requests(map[string]int{"GetItem": 1, "UpdateItem": 1})
		if got := w.patched(a); got.ProfileComplete != (i == 3) {
			t.Errorf("%s: profile_complete %v", step, got.ProfileComplete)
		}
	}
	stored := w.User(w.login.User.ID)
	if got := stored.Answers.Fields["nickname"]; string(got) != `"바다토끼"` || len(stored.Answers.Fields) != 3 || !stored.ProfileComplete {
		t.Errorf("stored %+v", stored)
	}
	terms, marketing := stored.Answers.Consents["terms_of_service"], stored.Answers.Consents["marketing"]
	if terms.Version != "2026-11-01" || !terms.Accepted || terms.At.Sub(marketing.At) != 3*time.Second {
		t.Errorf("consents %+v, %+v", terms, marketing)
	}
	if demand.Met(w.verify(w.login.AccessToken)) {
		t.Error("the access token was complete from the start")
	}
	refresh := flow.Refresh{Users: w.Store(), Sessions: w.Store(), Issuer: w.Issuer(), Now: w.Now}
	fresh, err := refresh.Refresh(t.Context(), w.login.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	if !demand.Met(w.verify(fresh.AccessToken)) {
		t.Error("the access token after the refresh is not complete")
	}
}

func (w *world) verify(accessToken string) token.Access {
	w.t.Helper()
	verifier := token.AccessVerifier{Issuer: lambdatest.PublicURL, Audience: lambdatest.PublicURL, Keys: w.Keys.Verification}
	who, err := verifier.Verify(accessToken, w.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return who
}

// Consents are withdrawn, and answers taken away, but for those that a complete
// profile needs. What changes nothing writes nothing.
func TestProfile_IsChanged(t *testing.T) {
	w := deferred(t)
	w.patched(w.patch(`{"nickname":"바다토끼","position":"backend","birth_date":"1990-01-02","terms_of_service":true,"address":"서울","marketing":true}`))
	for _, c := range []struct{ patch, outcome, problem string }{
		{`{"address":null,"marketing":null}`, "200", ""},
		{`{"nickname":"👨‍👩‍👧‍👦"}`, "200", ""},
		{`{"nickname":null}`, "422 validation_failed", "/nickname required"},
		{`{"terms_of_service":false}`, "422 validation_failed", "/terms_of_service consent_required"},
		{`{"terms_of_service":null}`, "422 validation_failed", "/terms_of_service consent_required"},
		{`{"position":"king"}`, "422 validation_failed", "/position not_allowed"},
	} {
		a := w.patch(c.patch)
		if a.Outcome() != c.outcome || c.problem != "" && !cmp.Equal(problems(a), []string{c.problem}) {
			t.Errorf("%s: %s %v", c.patch, a.Outcome(), problems(a))
		}
	}
	w.DB.Proxy.Reset()
	got := w.patched(w.patch(`{"nickname":"👨‍👩‍👧‍👦","marketing":false}`))
	w.requests(map[string]int{"GetItem": 2}) // with the GET
	if _, there := got.Fields["address"]; there || got.Consents["marketing"].Accepted || string(got.Fields["nickname"]) != `"👨‍👩‍👧‍👦"` || !got.ProfileComplete {
		t.Errorf("%+v", got)
	}
}

// RG-02: of the user, a patch changes the form's members alone.
func TestProfile_OtherMembersAreRefused(t *testing.T) {
	w := deferred(t)
	before := w.DB.Get(t, w.DB.Users, w.userKey())
	for _, name := range []string{
		"id", "user_id", "sub", "roles", "role", "isAdmin", "profile_complete", "email", "email_verified", "identities", "provider", "oauth_id", "disabled",
		"created_at", "revision", "pk", "sk", "fields", "consents", "answers", "profile", "picture_url", "Nickname", "__proto__",
	} {
		for _, value := range []string{`true`, `"x"`, `["admin"]`, `{"a":1}`} {
			if a := w.patch(`{"nickname":"바다토끼","` + name + `":` + value + `}`); a.Outcome() != "400 invalid_request" || !strings.Contains(a.Body, "unknown_field") {
				t.Errorf("%s %s: %s", name, value, a.Body)
			}
		}
	}
	for _, body := range []string{`[]`, `null`, `"x"`, `1`, `{`, `{}x`, `{"nickname":"\ud800"}`, strings.Repeat("[", 10_001)} {
		if a := w.patch(body); a.Outcome() != "400 invalid_request" {
			t.Errorf("%.20s: %s", body, a.Outcome())
		}
	}
	if a := w.patch(`{"nickname":"` + strings.Repeat("a", 16<<10) + `"}`); a.Outcome() != "413 payload_too_large" {
		t.Errorf("%s", a.Outcome())
	}
	if diff := cmp.Diff(before, w.DB.Get(t, w.DB.Users, w.userKey())); diff != "" {
		t.Errorf("the user changed:\n%s", diff)
	}
}

// The form is told as it was written, to who is logged in.
func TestProfile_FormIsTold(t *testing.T) {
	w := deferred(t)
	form, err := registration.Load("profile")
	if err != nil {
		t.Fatal(err)
	}
	want := form.Schema()
	if err := want.Compact(); err != nil {
		t.Fatal(err)
	}
	a := lambdatest.Invoke(t, w.h, w.event("profile/form", w.login.AccessToken))
	var got struct {
		Schema jsontext.Value `json:"schema"`
	}
	if err := json.Unmarshal([]byte(a.Body), &got, json.RejectUnknownMembers(true)); err != nil || string(got.Schema) != string(want) {
		t.Errorf("%s, %v", a.Body, err)
	}
	w.requests(map[string]int{})
}

// Whom an earlier policy left unfinished finishes under any other, and takes back
// a consent.
func TestProfile_IsOpenUnderEveryPolicy(t *testing.T) {
	for _, policy := range []string{"", "automatic", "required", "deferred"} {
		w := deferred(t)
		w.Env["REGISTRATION"] = policy
		w.h = w.Build(build)
		if a := lambdatest.Invoke(t, w.h, w.event("profile/form", w.login.AccessToken)); a.StatusCode != 200 {
			t.Errorf("%q: form: %s", policy, a.Outcome())
		}
		all := `{"nickname":"바다토끼","position":"backend","birth_date":"1990-01-02","terms_of_service":true,"marketing":true}`
		if got := w.patched(w.patch(all)); !got.ProfileComplete {
			t.Errorf("%q: the profile is incomplete", policy)
		}
		if got := w.patched(w.patch(`{"marketing":false}`)); got.Consents["marketing"].Accepted {
			t.Errorf("%q: the consent was not withdrawn", policy)
		}
	}
}

func TestBuild_RefusesBadForms(t *testing.T) {
	w := lambdatest.New(t)
	w.RefusesToBuild(t, build, map[string]string{"REGISTRATION_FORM": "x", "PUBLIC_URL": ""},
		"there is no registration form", "PUBLIC_URL")
}
