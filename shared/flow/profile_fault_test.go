package flow_test

import (
	"strconv"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"daemun/shared/fault"
	"daemun/shared/store/storetest"
	"daemun/shared/token"
	"daemun/shared/user"
)

// Who is gone or disabled is refused as if the token had expired: also if they
// go while the patch is on its way.
func TestPatch_GoneOrDisabledUser(t *testing.T) {
	key := func(who token.Access) storetest.Item { return storetest.Item{"pk": "USER#" + who.UserID, "sk": "USER"} }
	disable := func(w *world, who token.Access) {
		w.db.Set(w.t, w.db.Users, key(who), storetest.Item{"disabled": true})
	}
	remove := func(w *world, who token.Access) { w.db.Delete(w.t, w.db.Users, key(who)) }
	for name, leave := range map[string]func(*world, token.Access){"disabled": disable, "gone": remove} {
		for _, operation := range []string{"GetItem", "UpdateItem"} {
			w, who := deferred(t)
			w.db.Proxy.Hook(func(c storetest.Call, at storetest.Point) {
				if c.Operation == operation && at == storetest.BeforeForward {
					leave(w, who)
				}
			})
			_, err := w.patch(who, `{"city":"a"}`)
			wantCode(t, err, fault.InvalidToken)
			if got := w.db.Get(t, w.db.Users, key(who)); (got == nil) != (name == "gone") || got["answers"] != nil {
				t.Errorf("%s at %s: %v", name, operation, got)
			}
		}
	}
}

// Patches of different answers at once are all written; who is told that we are
// busy asks again.
func TestPatch_ParallelPatchesDoNotUndoEachOther(t *testing.T) {
	w, who := deferred(t)
	patches := []string{`{"city":"a"}`, `{"langs":["ko"]}`, `{"marketing":true}`, `{"nickname":"n"}`, `{"terms":true}`}
	outcomes, _ := together(t, 2*len(patches), func(i int) (*user.User, error) { return w.patch(who, patches[i%len(patches)]) })
	for i, o := range outcomes {
		if o.err != nil {
			t.Errorf("%s: %v", patches[i%len(patches)], o.err)
		}
	}
	u := w.user(who.UserID)
	if got := documentOf(t, u); got != `{"city":"a","langs":["ko"],"marketing":true,"nickname":"n","terms":true}` || !u.ProfileComplete {
		t.Errorf("%s, complete %v", got, u.ProfileComplete)
	}
	if u.Revision != int64(len(patches)) {
		t.Errorf("revision %d: not one write for each answer", u.Revision)
	}
}

// overtake writes a patch of somebody else before each of the first writes.
func (w *world) overtake(who token.Access, times int, patch func(n int) string) {
	others := w.profiles
	rest := times
	w.db.Proxy.Hook(func(c storetest.Call, at storetest.Point) {
		if c.Operation != "UpdateItem" || at != storetest.BeforeForward || rest <= 0 {
			return
		}
		rest-- // before the patch, whose own write comes here too
		saved := rest
		rest = 0
		if _, err := others.Patch(w.t.Context(), who, jsontext.Value(patch(times-saved))); err != nil {
			w.t.Error(err)
		}
		rest = saved
	})
}

// A patch that is overtaken is applied to what the other left, at most five times.
func TestPatch_OvertakenIsTriedAgain(t *testing.T) {
	for _, c := range []struct {
		times int
		code  fault.Code
	}{{1, ""}, {4, ""}, {5, fault.TemporarilyUnavailable}} {
		w, who := deferred(t)
		w.overtake(who, c.times, func(n int) string { return `{"city":"` + strconv.Itoa(n) + `"}` })
		u, err := w.patch(who, `{"nickname":"a"}`)
		wantCode(t, err, c.code)
		want := `{"city":"` + strconv.Itoa(c.times) + `"}`
		if c.code == "" {
			want = `{"city":"` + strconv.Itoa(c.times) + `","nickname":"a"}`
			if got := documentOf(t, u); got != want {
				t.Errorf("answered %s", got)
			}
			w.db.Proxy.Hook(nil)
			w.requests(map[string]int{"GetItem": 1 + c.times, "UpdateItem": 2*c.times + 1}) // one read of its own
		}
		w.db.Proxy.Hook(nil)
		if got := documentOf(t, w.user(who.UserID)); got != want {
			t.Errorf("stored %s, want %s", got, want)
		}
	}
}

// A patch that would have been fine is refused where another completed the
// profile meanwhile.
func TestPatch_OvertakenByTheLastAnswer(t *testing.T) {
	w, who := deferred(t)
	w.patched(who, `{"nickname":"a"}`)
	w.overtake(who, 1, func(int) string { return `{"terms":true}` })
	_, err := w.patch(who, `{"nickname":null}`)
	wantProblems(t, err, fault.ValidationFailed, fault.Problem{Pointer: "/nickname", Code: "required"})
	if u := w.user(who.UserID); !u.ProfileComplete || documentOf(t, u) != `{"nickname":"a","terms":true}` {
		t.Errorf("%+v", u)
	}
}

// F-20…F-23: a fault that passes is invisible; an own write is recognised, and
// not made twice.
func TestPatch_FaultThatPassesIsInvisible(t *testing.T) {
	for name, f := range map[string]storetest.Fault{
		"F-20 throttled":    storetest.Error("ThrottlingException"),
		"F-21 500":          storetest.Error("InternalServerError"),
		"F-22 request lost": storetest.RequestLost(),
		"F-23 answer lost":  storetest.AnswerLost(),
		"conflict":          storetest.Error("TransactionConflictException"),
	} {
		for _, operation := range []string{"GetItem", "UpdateItem"} {
			w, who := deferred(t)
			w.db.Proxy.On(operation, 1, f)
			w.db.Proxy.On(operation, 2, f)
			u := w.patched(who, `{"nickname":"a","terms":true,"marketing":false}`)
			if !u.ProfileComplete || u.Revision != 1 || !u.Answers.Consents["marketing"].At.Equal(start) {
				t.Errorf("%s, %s: %+v", name, operation, u)
			}
		}
	}
}

// F-20…F-23, V4: a fault that stays is ours, and the same patch converges.
func TestPatch_FaultThatStaysConverges(t *testing.T) {
	for name, f := range map[string]storetest.Fault{
		"F-20 throttled":    storetest.Error("ThrottlingException"),
		"F-22 request lost": storetest.RequestLost(),
		"F-23 answer lost":  storetest.AnswerLost(),
		"F-32 denied":       storetest.Error("AccessDeniedException"),
	} {
		for _, operation := range []string{"GetItem", "UpdateItem"} {
			w, who := deferred(t)
			w.db.Proxy.On(operation, 0, f)
			_, err := w.patch(who, `{"nickname":"a","terms":true}`)
			wantCode(t, err, fault.TemporarilyUnavailable)
			w.db.Proxy.Reset()
			if u := w.patched(who, `{"nickname":"a","terms":true}`); !u.ProfileComplete || u.Revision != 1 {
				t.Errorf("%s, %s: %+v", name, operation, u)
			}
		}
	}
}
