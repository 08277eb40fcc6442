package flow_test

import (
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/token"
	"daemun/shared/user"
)

// deferred is a world with one user, who has answered nothing yet.
func deferred(t testing.TB) (*world, token.Access) {
	t.Helper()
	w := open(t, flow.Deferred)
	done := w.loggedIn()
	who := w.access(done.AccessToken)
	if !done.NewUser || done.User.ProfileComplete || who.ProfileComplete {
		t.Fatalf("%+v, %+v", done.User, who)
	}
	w.db.Proxy.Reset()
	return w, who
}

func (w *world) patch(who token.Access, patch string) (*user.User, error) {
	w.t.Helper()
	return w.profiles.Patch(w.t.Context(), who, jsontext.Value(patch))
}

// patched is a patch that goes well, and leaves the user who is answered.
func (w *world) patched(who token.Access, patch string) *user.User {
	w.t.Helper()
	u, err := w.patch(who, patch)
	if err != nil {
		w.t.Fatalf("%s: %v", patch, err)
	}
	if diff := cmp.Diff(u, w.user(who.UserID)); diff != "" {
		w.t.Errorf("%s: answered (-), stored (+):\n%s", patch, diff)
	}
	return u
}

func documentOf(t testing.TB, u *user.User) string {
	t.Helper()
	d, err := u.Answers.Document()
	if err != nil {
		t.Fatal(err)
	}
	return string(d)
}

// Step by step; the next refresh says that the profile is complete.
func TestPatch_CompletesADeferredProfile(t *testing.T) {
	w := open(t, flow.Deferred)
	done := w.loggedIn()
	who := w.access(done.AccessToken)
	w.db.Proxy.Reset()
	for _, step := range []struct {
		patch, document string
		complete        bool
	}{
		{`{"city":"서울"}`, `{"city":"서울"}`, false},
		{`{"nickname":"a","city":null}`, `{"nickname":"a"}`, false},
		{`{"nickname":null}`, `{}`, false}, // nothing is promised yet
		{`{"nickname":"앨리스"}`, `{"nickname":"앨리스"}`, false},
		{`{"terms":true}`, `{"nickname":"앨리스","terms":true}`, true},
		{`{"city":"서울","marketing":true}`, `{"city":"서울","marketing":true,"nickname":"앨리스","terms":true}`, true},
	} {
		u, err := w.patch(who, step.patch)
		if err != nil {
			t.Fatal(err)
		}
		w.requests(map[string]int{"GetItem": 1, "UpdateItem": 1})
		if got := documentOf(t, u); got != step.document || u.ProfileComplete != step.complete {
			t.Errorf("after %s: %s, complete %v", step.patch, got, u.ProfileComplete)
		}
		refreshed, err := w.refresh.Refresh(t.Context(), done.RefreshToken)
		if err != nil || w.access(refreshed.AccessToken).ProfileComplete != step.complete {
			t.Errorf("after %s: the refresh says otherwise (%v)", step.patch, err)
		}
		w.db.Proxy.Reset()
	}
}

// RFC 7396, for the flat answers of a form: also twice is once, without a write.
func TestPatch_IsAMergePatch(t *testing.T) {
	for _, c := range []struct{ before, patch, after string }{
		{`{"city":"a"}`, `{"city":"b"}`, `{"city":"b"}`},
		{`{"city":"a"}`, `{"nickname":"b"}`, `{"city":"a","nickname":"b"}`},
		{`{"city":"a"}`, `{"city":null}`, `{}`},
		{`{"city":"a","nickname":"b"}`, `{"city":null}`, `{"nickname":"b"}`},
		{`{"langs":["ko","en"]}`, `{"langs":["en"]}`, `{"langs":["en"]}`},
		{`{"langs":["ko"]}`, `{"langs":[null]}`, `{"langs":[null]}`},
		{`{"city":"a"}`, `{}`, `{"city":"a"}`},
		{`{}`, `{"city":null}`, `{}`},
		{`{}`, `{"marketing":null}`, `{}`},
		{`{"marketing":true}`, `{"marketing":null}`, `{"marketing":false}`},
		{`{"marketing":true}`, `{"marketing":false}`, `{"marketing":false}`},
		{`{}`, ` { "city" : "\u0061\/" } `, `{"city":"a/"}`},
	} {
		w, who := deferred(t)
		w.patched(who, c.before)
		if got := documentOf(t, w.patched(who, c.patch)); got != c.after {
			t.Errorf("%s and %s: %s, want %s", c.before, c.patch, got, c.after)
		}
		w.db.Proxy.Reset()
		if got, err := w.patch(who, c.patch); err != nil || documentOf(t, got) != c.after {
			t.Errorf("%s twice: %v", c.patch, err)
		}
		w.requests(map[string]int{"GetItem": 1})
	}
}

func TestPatch_RefusedChangesNothing(t *testing.T) {
	w, who := deferred(t)
	w.patched(who, `{"nickname":"a","terms":true,"marketing":true}`)
	before := w.user(who.UserID)
	problem := func(pointer, code string) fault.Problem { return fault.Problem{Pointer: pointer, Code: code} }
	for _, c := range []struct {
		patch string
		code  fault.Code
		want  []fault.Problem
	}{
		{`{"nickname":""}`, fault.ValidationFailed, []fault.Problem{problem("/nickname", "too_long")}},
		{`{"nickname":null}`, fault.ValidationFailed, []fault.Problem{problem("/nickname", "required")}},
		{`{"nickname":null,"city":""}`, fault.ValidationFailed, []fault.Problem{problem("/city", "too_long"), problem("/nickname", "required")}},
		{`{"terms":false}`, fault.ValidationFailed, []fault.Problem{problem("/terms", "consent_required")}},
		{`{"terms":null,"marketing":false}`, fault.ValidationFailed, []fault.Problem{problem("/terms", "consent_required")}},
		{`{"terms":1,"city":{"a":null}}`, fault.ValidationFailed, []fault.Problem{problem("/city", "too_long"), problem("/terms", "consent_required")}},
		// RG-02.
		{`{"roles":["admin"]}`, fault.InvalidRequest, []fault.Problem{problem("/roles", "unknown_field")}},
		{`{"roles":null}`, fault.InvalidRequest, []fault.Problem{problem("/roles", "unknown_field")}},
		{`{"city":null,"roles":null}`, fault.InvalidRequest, []fault.Problem{problem("/roles", "unknown_field")}},
		{`{"city":"b","profile_complete":true}`, fault.InvalidRequest, []fault.Problem{problem("/profile_complete", "unknown_field")}},
		{`{"Nickname":"b"}`, fault.InvalidRequest, []fault.Problem{problem("/Nickname", "unknown_field")}},

		{``, fault.InvalidRequest, nil},
		{`null`, fault.InvalidRequest, nil},
		{`[]`, fault.InvalidRequest, nil},
		{`"a"`, fault.InvalidRequest, nil},
		{`{"city":"a"} {}`, fault.InvalidRequest, nil},
		{`{"city":"a","city":"b"}`, fault.InvalidRequest, nil},
		{`{"city":{"a":1,"a":2}}`, fault.InvalidRequest, nil},
		{`{"city":"\ud800"}`, fault.InvalidRequest, nil},
		{"{\"city\":\"\xff\"}", fault.InvalidRequest, nil},
		{`{"city":` + strings.Repeat(`[`, 10_001), fault.InvalidRequest, nil}, // RG-07
	} {
		u, err := w.patch(who, c.patch)
		wantProblems(t, err, c.code, c.want...)
		if u != nil {
			t.Errorf("%.40s: answers %v", c.patch, u.Answers)
		}
	}
	if diff := cmp.Diff(before, w.user(who.UserID)); diff != "" {
		t.Errorf("changed:\n%s", diff)
	}
}

// Of a member that is missing and gets a value that will not do, only that is
// told.
func TestPatch_WrongValueOfAMemberThatIsMissing(t *testing.T) {
	w := open(t, flow.Automatic)
	who := w.access(w.loggedIn().AccessToken)
	for patch, code := range map[string]string{`{"nickname":"` + strings.Repeat("a", 21) + `"}`: "too_long", `{"nickname":null}`: "required"} {
		_, err := w.patch(who, patch)
		wantProblems(t, err, fault.ValidationFailed, fault.Problem{Pointer: "/nickname", Code: code})
	}
}

// Each yes and no is kept with what it was said to, and when; what was said
// before and not said anew stays as it was.
func TestPatch_RecordsConsents(t *testing.T) {
	w, who := deferred(t)
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	for minute, step := range []struct {
		version, patch string
		want           user.Consent // to marketing
	}{
		{"1", `{"marketing":true}`, user.Consent{Accepted: true, Version: "1", At: at(0)}},
		{"1", `{"marketing":true,"city":"a"}`, user.Consent{Accepted: true, Version: "1", At: at(0)}},
		{"2", `{"city":"b"}`, user.Consent{Accepted: true, Version: "1", At: at(0)}},
		{"2", `{"marketing":true}`, user.Consent{Accepted: true, Version: "2", At: at(3)}},
		{"2", `{"marketing":false}`, user.Consent{Accepted: false, Version: "2", At: at(4)}},
		{"2", `{"marketing":null}`, user.Consent{Accepted: false, Version: "2", At: at(4)}},
		{"2", `{"marketing":true}`, user.Consent{Accepted: true, Version: "2", At: at(6)}},
		{"2", `{"marketing":null}`, user.Consent{Accepted: false, Version: "2", At: at(7)}},
	} {
		w.now, w.profiles.Form = at(minute), questions{version: step.version}
		if diff := cmp.Diff(step.want, w.patched(who, step.patch).Answers.Consents["marketing"]); diff != "" {
			t.Errorf("%d, %s (-want +got):\n%s", minute, step.patch, diff)
		}
	}
}

// RG-05: whatever a form lets through comes back byte for byte.
func TestPatch_TextsComeBackByteEqual(t *testing.T) {
	w, who := deferred(t)
	for _, nickname := range []string{
		"가", "\u1100\u1161", "👨\u200d👩\u200d👧\u200d👦", "\u202eevil", "a\u200bb", "\x00", "<b>&amp;", `"\/'`, "\u2028", "Ω", "\u2126", "null", "-0", "1e400",
	} {
		patch, err := json.Marshal(map[string]any{"langs": []string{nickname}})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		if err := json.Unmarshal(w.patched(who, string(patch)).Answers.Fields["langs"], &got); err != nil || len(got) != 1 || got[0] != nickname {
			t.Errorf("%+q became %+q, %v", nickname, got, err)
		}
	}
}
