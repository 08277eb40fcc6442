package main

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/provider/providertest"
	"daemun/shared/store/storetest"
)

// A user who is gone or disabled changes nothing.
func TestProfile_OfAUserWhoIsGoneOrDisabled(t *testing.T) {
	w := &world{World: lambdatest.New(t), t: t} // whose tables are not in order at the end
	w.login = w.LogInDeferred(lambdatest.Person())
	w.h = w.Build(build)
	w.DB.Set(t, w.DB.Users, w.userKey(), storetest.Item{"disabled": true})
	w.refused(w.patch(`{"nickname":"바다토끼"}`))
	w.DB.Delete(t, w.DB.Users, w.userKey())
	w.refused(w.patch(`{"nickname":"바다토끼"}`))
	if got := w.DB.Get(t, w.DB.Users, w.userKey()); len(got) > 0 {
		t.Errorf("the user came back as %v", got)
	}
}

// F-20…F-23, V7: a fault once is invisible; one that stays is ours, and leaves the
// answers as they were, or as they are to be.
func TestProfile_FaultOfTheDatabaseIsOurs(t *testing.T) {
	for name, f := range map[string]storetest.Fault{
		"F-20 throttled":    storetest.Error("ThrottlingException"),
		"F-21 500":          storetest.Error("InternalServerError"),
		"F-22 request lost": storetest.RequestLost(),
		"F-23 answer lost":  storetest.AnswerLost(),
	} {
		for _, operation := range []string{"GetItem", "UpdateItem"} {
			w := deferred(t)
			w.DB.Proxy.On(operation, 1, f)
			w.patched(w.patch(`{"nickname":"바다토끼"}`))
			w.DB.Proxy.Reset()
			w.DB.Proxy.On(operation, 0, f)
			if a := w.patch(`{"nickname":"산토끼"}`); a.Outcome() != "503 temporarily_unavailable" || a.Headers["Retry-After"] != "1" {
				t.Errorf("%s of %s: %s", name, operation, a.Outcome())
			}
			w.DB.Proxy.Reset()
			if got := w.patched(w.patch(`{"position":"backend"}`)); len(got.Fields) != 2 {
				t.Errorf("%s of %s: %v", name, operation, got.Fields)
			}
		}
	}
}

// V1: patches of different members at once are all there in the end; of one
// member, one of them is.
func TestProfile_ParallelPatchesLoseNothing(t *testing.T) {
	w := deferred(t)
	bodies := []string{`{"position":"backend"}`, `{"birth_date":"1990-01-02"}`, `{"terms_of_service":true}`}
	for i := range 3 {
		bodies = append(bodies, fmt.Sprintf(`{"nickname":"토끼%d"}`, i))
	}
	outcomes := make([]lambdatest.Answer, len(bodies))
	var group sync.WaitGroup
	for i, body := range bodies {
		group.Go(func() { outcomes[i] = w.patch(body) })
	}
	group.Wait()
	for i, a := range outcomes {
		for n := 0; n < 10 && a.StatusCode == 503; n++ { // as Retry-After says
			a = w.patch(bodies[i])
		}
		if a.StatusCode != 200 {
			t.Errorf("%s: %s", bodies[i], a.Outcome())
		}
	}
	if got := w.User(w.login.User.ID); len(got.Answers.Fields) != 3 || len(got.Answers.Consents) != 1 || !got.ProfileComplete {
		t.Errorf("stored %+v", got)
	}
}

// LG-02: who changed their profile, and not what they said.
func TestProfile_ChangeIsLogged(t *testing.T) {
	w := deferred(t)
	w.login = w.LogInDeferred(providertest.Persons()[1])
	w.patched(w.patch(`{"nickname":"바다토끼"}`))
	w.patch(`{"nickname":"plantedplantedplantedplanted","planted":1}`)
	if strings.Contains(w.Log.String(), "planted") {
		t.Errorf("the log holds what was sent: %s", w.Log.String())
	}
	w.patch(`{"nickname":"산토끼"}`)
	got := w.Log.Last(t)
	if got["event"] != "profile_changed" || got["profile_complete"] != false || got["user_id"] != w.login.User.ID || got["session_id"] != w.login.SessionID {
		t.Errorf("logged %v", got)
	}
}
