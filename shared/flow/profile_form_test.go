package flow_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/store/storetest"
	"daemun/shared/user"
)

// A newer form stands in nobody's way: it judges what a patch names, and a
// profile that was complete is so.
func TestPatch_OfAnOlderFormsAnswers(t *testing.T) {
	w, who := deferred(t)
	w.patched(who, `{"nickname":"a","terms":true,"marketing":true,"langs":["ko"]}`)
	w.profiles.Form = questions{version: "2", also: []string{"city"}, not: "nickname"}
	u := w.patched(who, `{"marketing":false}`)
	if got := documentOf(t, u); got != `{"langs":["ko"],"marketing":false,"nickname":"a","terms":true}` || !u.ProfileComplete {
		t.Errorf("%s, complete %v", got, u.ProfileComplete)
	}
	_, err := w.patch(who, `{"nickname":"b"}`)
	wantProblems(t, err, fault.InvalidRequest, fault.Problem{Pointer: "/nickname", Code: "unknown_field"})
	_, err = w.patch(who, `{"city":null}`) // asked since, and not given
	wantProblems(t, err, fault.ValidationFailed, fault.Problem{Pointer: "/city", Code: "required"})

	// Who was not complete answers the newer form.
	w.provider.person.Identity.Subject = "2"
	done := w.loggedIn()
	w.profiles.Form = questions{version: "1"}
	who = w.access(done.AccessToken)
	w.patched(who, `{"nickname":"a"}`)
	w.profiles.Form = questions{version: "2", also: []string{"city"}}
	if u := w.patched(who, `{"terms":true}`); u.ProfileComplete {
		t.Error("complete without the city")
	}
	if u := w.patched(who, `{"city":"b"}`); !u.ProfileComplete {
		t.Error("not complete with the city")
	}
}

// What a form would refuse by now completes no profile: a consent to a text that
// is another one since, an answer that will not do any more.
func TestPatch_AnswersToAnOlderFormCompleteNothing(t *testing.T) {
	for name, c := range map[string]struct {
		before string
		form   questions
		patch  string
		then   string // makes it complete
	}{
		"consent to another version": {`{"terms":true}`, questions{version: "2"}, `{"nickname":"a"}`, `{"terms":true}`},
		"field that will not do":     {`{"nickname":"abc"}`, questions{version: "1", longest: 2}, `{"terms":true}`, `{"nickname":"ab"}`},
		"optional one that will not": {`{"city":"abc"}`, questions{version: "1", longest: 2}, `{"nickname":"a","terms":true}`, `{"city":null}`},
		"the patch itself is good":   {`{"city":"abc","terms":true}`, questions{version: "2", longest: 2}, `{"nickname":"a"}`, `{"city":"a","terms":true}`},
	} {
		w, who := deferred(t)
		w.patched(who, c.before)
		w.profiles.Form = c.form
		if u := w.patched(who, c.patch); u.ProfileComplete {
			t.Errorf("%s: complete with %s", name, documentOf(t, u))
		}
		if u := w.patched(who, c.then); !u.ProfileComplete {
			t.Errorf("%s: not complete with %s", name, documentOf(t, u))
		}
	}
}

// Answers that nobody asks for any more, and a consent that is not required and
// was to another version, keep no profile from being complete.
func TestPatch_AnswersThatAreNotAskedForHinderNothing(t *testing.T) {
	for _, c := range []struct{ before, not string }{
		{`{"city":"a"}`, "city"}, {`{"marketing":true}`, "marketing"}, {`{"marketing":true}`, ""},
	} {
		w, who := deferred(t)
		w.patched(who, c.before)
		w.profiles.Form = questions{version: "2", not: c.not}
		if u := w.patched(who, `{"nickname":"a","terms":true}`); !u.ProfileComplete {
			t.Errorf("%s and %q: not complete with %s", c.before, c.not, documentOf(t, u))
		}
	}
}

// A consent can be withdrawn, and an answer taken away, also after the question
// is gone.
func TestPatch_RemovesWhatIsAskedNoMore(t *testing.T) {
	w, who := deferred(t)
	w.patched(who, `{"nickname":"a","terms":true,"marketing":true,"city":"b"}`)
	w.now = start.Add(time.Minute)
	w.profiles.Form = questions{version: "2", not: "marketing"}
	want := user.Consent{Version: "1", At: w.now}
	for range 2 { // the second changes nothing, not the time either
		if diff := cmp.Diff(want, w.patched(who, `{"marketing":null}`).Answers.Consents["marketing"]); diff != "" {
			t.Errorf("consent (-want +got):\n%s", diff)
		}
		w.now = w.now.Add(time.Minute)
	}
	_, err := w.patch(who, `{"marketing":true}`)
	wantProblems(t, err, fault.InvalidRequest, fault.Problem{Pointer: "/marketing", Code: "unknown_field"})

	w.profiles.Form = questions{version: "2", not: "city"}
	w.db.Proxy.Reset()
	w.db.Proxy.On("UpdateItem", 1, storetest.AnswerLost())
	if got := documentOf(t, w.patched(who, `{"city":null}`)); got != `{"marketing":false,"nickname":"a","terms":true}` {
		t.Errorf("left %s", got)
	}
	_, err = w.patch(who, `{"city":null}`) // neither asked nor there
	wantProblems(t, err, fault.InvalidRequest, fault.Problem{Pointer: "/city", Code: "unknown_field"})
}

// A form that asks less makes complete who has all of it, at the next patch.
func TestPatch_NothingNewCanComplete(t *testing.T) {
	w, who := deferred(t)
	w.profiles.Form = questions{version: "1", also: []string{"city"}}
	w.patched(who, `{"nickname":"a","terms":true}`)
	w.profiles.Form = questions{version: "1"}
	if u := w.patched(who, `{}`); !u.ProfileComplete || u.Revision != 2 {
		t.Errorf("%+v", u)
	}
}
