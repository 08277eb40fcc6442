package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/session"
	"daemun/shared/store/storetest"
)

// ended wants the last login's session ended for the reason.
func (w *world) ended(why session.EndReason) {
	w.t.Helper()
	s := w.session()
	if s["ended_why"] != string(why) || s["ended_at"] == nil {
		w.t.Errorf("session %v, want it ended by %q", s, why)
	}
}

// alive wants the last login's session alive in the generation.
func (w *world) alive(generation float64) {
	w.t.Helper()
	s := w.session()
	if s["ended_at"] != nil || s["generation"] != generation {
		w.t.Errorf("session %v, want it alive in generation %v", s, generation)
	}
}

// rotated refreshes when the window has passed, so that the session rotates.
func (w *world) rotated(refreshToken string) string {
	w.t.Helper()
	w.Wait(lambdatest.Rule.Grace)
	next := w.refreshed(refreshToken).RefreshToken
	if next == refreshToken {
		w.t.Fatal("the session did not rotate")
	}
	return next
}

// RT-02, F-45, F-80: however often it is repeated, there is one successor.
func TestRefresh_SecondUseWithinGraceReturnsSameToken(t *testing.T) {
	w := start(t)
	first := w.refreshed(w.login.RefreshToken)
	w.DB.Proxy.Reset()
	again := w.refreshed(w.login.RefreshToken)
	w.requests(map[string]int{"GetItem": 1, "UpdateItem": 1})
	if again.RefreshToken != first.RefreshToken {
		t.Errorf("successor %q, then %q", first.RefreshToken, again.RefreshToken)
	}
	if again.AccessToken == first.AccessToken {
		t.Error("the access token is not fresh")
	}
	w.speaksForLogin(again.AccessToken)
	w.alive(2)
}

// One rotation a window, measured from the stored rotation.
func TestRefresh_CurrentTokenRotatesOnceTheWindowHasPassed(t *testing.T) {
	w := start(t)
	second := w.refreshed(w.login.RefreshToken).RefreshToken
	w.Wait(lambdatest.Rule.Grace - time.Millisecond)
	if got := w.refreshed(second).RefreshToken; got != second {
		t.Error("rotated twice within a window")
	}
	w.alive(2)
	w.Wait(time.Millisecond)
	if got := w.refreshed(second).RefreshToken; got == second {
		t.Error("did not rotate when the window had passed")
	}
	w.alive(3)
}

// RT-01, F-81: the parent is good for the window and the clocks' skew, not a
// millisecond more.
func TestRefresh_ParentIsReuseOnceWindowAndSkewHavePassed(t *testing.T) {
	w := start(t)
	second := w.refreshed(w.login.RefreshToken).RefreshToken
	w.Wait(lambdatest.Rule.Grace + session.ClockSkew - time.Millisecond)
	if got := w.refreshed(w.login.RefreshToken).RefreshToken; got != second {
		t.Error("the parent got another successor")
	}
	w.Wait(time.Millisecond)
	w.refused(w.login.RefreshToken)
	w.ended(session.EndedByReuse)
	w.refused(second)
}

// F-50, F-51: an instance whose clock is behind sees a rotation in its future.
func TestRefresh_NegativeAgeIsYoung(t *testing.T) {
	w := start(t)
	second := w.refreshed(w.login.RefreshToken).RefreshToken
	w.Wait(-session.ClockSkew)
	if got := w.refreshed(w.login.RefreshToken).RefreshToken; got != second {
		t.Error("the parent got another successor")
	}
	if got := w.refreshed(second).RefreshToken; got != second {
		t.Error("the current token rotated")
	}
	w.alive(2)
}

// RT-01, RT-03, V3, LG-02: a grandparent is theft although its grandchild is new.
func TestRefresh_GrandparentEndsTheFamily(t *testing.T) {
	w := start(t)
	phone := w.login
	first := w.again().RefreshToken
	second := w.rotated(first)
	third := w.rotated(second)
	w.DB.Proxy.Reset()

	w.refused(first)
	w.requests(map[string]int{"GetItem": 1, "UpdateItem": 2})
	log := w.Log.Last(t)
	if log["level"] != "WARN" || log["event"] != "refresh_token_reused" || log["code"] != "invalid_grant" ||
		log["user_id"] != w.login.User.ID || log["session_id"] != w.login.SessionID {
		t.Errorf("log %v, want the reuse to stand out with user and session", log)
	}
	w.ended(session.EndedByReuse)
	for _, dead := range []string{first, second, third} {
		w.refused(dead)
	}
	w.Wait(time.Hour)
	w.refused(third)
	w.ended(session.EndedByReuse)

	w.login = phone // another device of the same person
	w.refreshed(phone.RefreshToken)
	w.alive(2)
}

// A token of a generation that was never handed out can only come from a copy of
// the keys.
func TestRefresh_FutureGenerationEndsTheFamily(t *testing.T) {
	w := start(t)
	w.Wait(time.Minute)
	second := w.refreshed(w.login.RefreshToken).RefreshToken
	w.DB.Set(t, w.DB.RefreshTokens, sessionKey(w.login), storetest.Item{"generation": 1})
	w.refused(second)
	w.ended(session.EndedByReuse)
}

// RT-10: rotation does not extend the absolute cap.
func TestRefresh_RotationEveryMinuteEndsAtTheCap(t *testing.T) {
	w := start(t)
	w.Env["ACCESS_TOKEN_SECONDS"], w.Env["REFRESH_IDLE_SECONDS"], w.Env["REFRESH_ABSOLUTE_SECONDS"] = "100", "200", "600"
	w.h = w.Build(build)
	current := w.login.RefreshToken
	for range 9 {
		w.Wait(time.Minute)
		got := w.refreshed(current)
		if got.RefreshToken == current || got.ExpiresIn != 100 {
			t.Fatalf("answer %+v, want a new refresh token and 100 s", got)
		}
		current = got.RefreshToken
	}
	w.Wait(time.Minute - time.Millisecond)
	current = w.refreshed(current).RefreshToken
	w.Wait(time.Millisecond)
	w.refused(current)
	w.alive(11)
}

// RT-10, RT-12, ST-08, F-28: the code judges age; time to live is no judge.
func TestRefresh_AgeIsJudgedByTheItemsTimes(t *testing.T) {
	rule := lambdatest.Rule
	for name, c := range map[string]struct {
		created, rotated time.Duration // ago; rotated 0: never
		expires          time.Duration // from now
		alive            bool
	}{
		"cap reached, cleaner far":      {rule.Absolute, time.Hour, time.Hour, false},
		"cap not reached, cleaner late": {rule.Absolute - time.Millisecond, time.Hour, -time.Hour, true},
		"idle, cleaner far":             {2 * rule.Idle, rule.Idle, time.Hour, false},
		"not idle, cleaner late":        {2 * rule.Idle, rule.Idle - time.Millisecond, -time.Hour, true},
		"idle since the login":          {rule.Idle, 0, time.Hour, false},
		"not idle since the login":      {rule.Idle - time.Millisecond, 0, -time.Hour, true},
		"over the cap within a window":  {rule.Absolute, time.Second, time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			aged := storetest.Item{"created_at": w.Now().Add(-c.created).UnixMilli(), "expires_at": w.Now().Add(c.expires).Unix()}
			if c.rotated > 0 {
				aged["rotated_at"] = w.Now().Add(-c.rotated).UnixMilli()
			}
			w.DB.Set(t, w.DB.RefreshTokens, sessionKey(w.login), aged)
			if c.alive {
				w.refreshed(w.login.RefreshToken)
				w.alive(2)
				return
			}
			w.refused(w.login.RefreshToken)
			w.requests(map[string]int{"GetItem": 1, "UpdateItem": 1})
			w.alive(1) // refused, and left to the cleaner
		})
	}
}

// RT-15, ASVS 7.4.2: ended for good, also if the user comes back.
func TestRefresh_SessionEndsWithItsUser(t *testing.T) {
	for name, remove := range map[string]func(*world, storetest.Item){
		"disabled": func(w *world, key storetest.Item) {
			w.DB.Set(w.t, w.DB.Users, key, storetest.Item{"disabled": true})
		},
		"deleted": func(w *world, key storetest.Item) { w.DB.Delete(w.t, w.DB.Users, key) },
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			remove(w, storetest.Item{"pk": "USER#" + w.login.User.ID, "sk": "USER"})
			w.refused(w.login.RefreshToken)
			w.requests(map[string]int{"GetItem": 1, "UpdateItem": 1})
			w.ended(session.EndedByUserGone)
			w.DB.Put(t, w.DB.Users, storetest.Item{
				"pk": "USER#" + w.login.User.ID, "sk": "USER", "created_at": w.Now().UnixMilli(),
				"disabled": false, "profile_complete": true, "email_verified": false,
			})
			w.refused(w.login.RefreshToken)
		})
	}
}

// RT-12: from outside all refusals are one.
func TestRefresh_RefusalsAreIndistinguishable(t *testing.T) {
	w := start(t)
	var refusals []lambdatest.Answer
	refuse := func(refreshToken string) {
		t.Helper()
		refusals = append(refusals, w.refused(refreshToken), w.invoke("cookie", refreshToken))
	}
	refuse("garbage")
	refuse(w.login.RefreshToken + "x")
	old := w.login.RefreshToken
	w.rotated(w.rotated(old))
	refuse(old) // reused
	refuse(old) // ended
	w.again()
	w.DB.Delete(t, w.DB.RefreshTokens, sessionKey(w.login))
	refuse(w.login.RefreshToken) // missing
	w.again()
	w.Wait(lambdatest.Rule.Idle)
	refuse(w.login.RefreshToken) // idle
	w.DB.Set(t, w.DB.Users, storetest.Item{"pk": "USER#" + w.login.User.ID, "sk": "USER"}, storetest.Item{"disabled": true})
	refuse(w.login.RefreshToken) // user disabled
	refusals = append(refusals, w.invoke("none", ""))
	for i, a := range refusals {
		if diff := cmp.Diff(refusals[0], a); diff != "" {
			t.Errorf("refusal %d (-first +this):\n%s", i, diff)
		}
	}
}

// F-31: an item that this code cannot have written is our fault, and no theft.
func TestRefresh_CorruptSessionIsInternal(t *testing.T) {
	w := start(t)
	w.DB.Remove(t, w.DB.RefreshTokens, sessionKey(w.login), "key_id")
	w.DB.Set(t, w.DB.RefreshTokens, sessionKey(w.login), storetest.Item{"generation": 5})
	if a := w.invoke("json", w.login.RefreshToken); a.Outcome() != "500 internal" {
		t.Errorf("answer %s, want 500 internal", a.Outcome())
	}
	if got := w.Log.Last(t)["level"]; got != "ERROR" {
		t.Errorf("logged at %v, want ERROR", got)
	}
	w.alive(5)
}
