package main

import (
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/flow"
	"daemun/shared/lambdahttp"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/provider/providertest"
	"daemun/shared/session"
	"daemun/shared/store/storetest"
)

// again logs the person in once more, some time later, and returns that login:
// w.login stays who asks.
func (w *world) again(later time.Duration) flow.Completed {
	w.t.Helper()
	w.Wait(later)
	return w.LogIn(lambdatest.Person())
}

// sessions asks by bearer.
func (w *world) sessions() lambdatest.Answer {
	w.t.Helper()
	return lambdatest.Invoke(w.t, w.h, w.event("sessions", w.login.AccessToken))
}

// listed is what an answer lists.
func (w *world) listed(a lambdatest.Answer) []lambdahttp.SessionJSON {
	w.t.Helper()
	if a.StatusCode != 200 || len(a.Cookies) > 0 {
		w.t.Fatalf("answer %s, cookies %v", a.Outcome(), a.Cookies)
	}
	var got lambdahttp.SessionsJSON
	if err := json.Unmarshal([]byte(a.Body), &got, json.RejectUnknownMembers(true)); err != nil {
		w.t.Fatal(err)
	}
	return got.Sessions
}

// wantListed wants the sessions of these logins, in this order.
func (w *world) wantListed(logins ...flow.Completed) {
	w.t.Helper()
	var want, got []string
	for _, l := range logins {
		want = append(want, l.SessionID)
	}
	for _, s := range w.listed(w.sessions()) {
		got = append(got, s.ID)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("sessions (-want +got):\n%s", diff)
	}
}

func (w *world) refresh(login flow.Completed) error {
	w.t.Helper()
	refresh := flow.Refresh{Users: w.Store(), Sessions: w.Store(), Issuer: w.Issuer(), Now: w.Now}
	_, err := refresh.Refresh(w.t.Context(), login.RefreshToken)
	return err
}

// A person recognises their devices, and sees no more of them than that.
func TestSessions_TellWhatAPersonNeedsToRecogniseThem(t *testing.T) {
	const (
		chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
		evil   = `<script>alert("` + providertest.Marker + `")</script>`
	)
	w := start(t)
	laptop, phone := w.login, w.again(time.Minute)
	w.DB.Set(t, w.DB.RefreshTokens, sessionKey(laptop), storetest.Item{"user_agent": chrome, "source_ip": "203.0.113.77"})
	w.DB.Set(t, w.DB.RefreshTokens, sessionKey(phone), storetest.Item{"user_agent": evil, "source_ip": "2001:db8:1:2:3::4", "client": lambdatest.Shop})
	w.Wait(time.Minute)
	if err := w.refresh(laptop); err != nil {
		t.Fatal(err)
	}
	a := w.sessions()
	second := func(d time.Duration) time.Time { return w.Now().Add(d).UTC().Truncate(time.Second) }
	want := []lambdahttp.SessionJSON{
		{
			ID: laptop.SessionID, Current: true, Client: "web", Device: "Chrome on Windows", Network: "203.0.113.0/24",
			CreatedAt: second(-2 * time.Minute), LastUsedAt: second(0),
		},
		{
			ID: phone.SessionID, Client: lambdatest.Shop, Device: "unknown", Network: "2001:db8::/32",
			CreatedAt: second(-time.Minute), LastUsedAt: second(-time.Minute),
		},
	}
	if diff := cmp.Diff(want, w.listed(a)); diff != "" {
		t.Errorf("sessions (-want +got):\n%s", diff)
	}
	for _, hidden := range []string{"203.0.113.77", "2001:db8:1", "Mozilla", "script", "generation", "key_id"} {
		if strings.Contains(a.Body, hidden) {
			t.Errorf("the answer shows %q", hidden)
		}
	}
	if want := `"last_used_at":"` + second(0).Format("2006-01-02T15:04:05Z") + `"`; !strings.Contains(a.Body, want) {
		t.Errorf("%s is not in %s", want, a.Body)
	}
}

// The last used comes first; nobody else's is there.
func TestSessions_LastUsedFirst(t *testing.T) {
	w := start(t)
	first := w.login
	w.LogIn(providertest.Persons()[1])
	second, third := w.again(time.Minute), w.again(time.Minute)
	w.wantListed(third, second, first)
	w.Wait(time.Minute)
	if err := w.refresh(second); err != nil {
		t.Fatal(err)
	}
	w.wantListed(second, third, first)
}

// ST-08, F-28: live is what could be refreshed now, judged here. Time to live
// decides nothing, early or late.
func TestSessions_OnlyLiveOnesAreListed(t *testing.T) {
	w := start(t)
	ended, idle, capped, early := w.again(time.Second), w.again(time.Second), w.again(time.Second), w.again(time.Second)
	at := func(ago time.Duration) int64 { return w.Now().Add(-ago).UnixMilli() }
	long := w.Now().Add(time.Hour).Unix()
	for login, change := range map[*flow.Completed]storetest.Item{
		&ended:  {"ended_at": at(0), "expires_at": long},
		&idle:   {"created_at": at(30 * 24 * time.Hour), "rotated_at": at(lambdatest.Rule.Idle), "expires_at": long},
		&capped: {"created_at": at(lambdatest.Rule.Absolute), "rotated_at": at(time.Minute), "expires_at": long},
		&early:  {"expires_at": 1},
	} {
		w.DB.Set(t, w.DB.RefreshTokens, sessionKey(*login), change)
		if live := w.refresh(*login) == nil; live != (login == &early) {
			t.Errorf("session of %v: live %v", change, live)
		}
	}
	w.wantListed(early, w.login)
	w.DB.Set(t, w.DB.RefreshTokens, sessionKey(idle), storetest.Item{"rotated_at": at(lambdatest.Rule.Idle - time.Millisecond)})
	w.wantListed(early, w.login, idle)
}

// The rule is the configured one.
func TestSessions_LifetimesAreTheConfiguredOnes(t *testing.T) {
	w := start(t)
	w.Env["REFRESH_IDLE_SECONDS"] = "1000"
	w.h = w.Build(build)
	idle := w.login
	w.login = w.again(1000 * time.Second)
	w.wantListed(w.login)
	w.RefusesToBuild(t, build, map[string]string{"REFRESH_IDLE_SECONDS": "1"}, "REFRESH_IDLE_SECONDS")
	if idle.SessionID == w.login.SessionID {
		t.Error("one session")
	}
}

// RT-15: who is gone or disabled sees nothing, and cannot refresh.
func TestSessions_UserWhoIsGoneOrDisabledIsRefused(t *testing.T) {
	w := start(t)
	w.DB.Set(t, w.DB.Users, w.userKey(), storetest.Item{"disabled": true})
	w.refused(w.sessions())
	w.DB.Set(t, w.DB.Users, w.userKey(), storetest.Item{"disabled": false})
	w.wantListed(w.login)
	w.DB.Delete(t, w.DB.Users, w.userKey())
	w.refused(w.sessions())
	if err := w.refresh(w.login); err == nil || w.session(w.login)["ended_why"] != string(session.EndedByUserGone) {
		t.Errorf("refresh: %v, session %v", err, w.session(w.login))
	}
}

// Whoever logged out sees no more of the others by the access token that is left.
func TestSessions_AccessTokenOfAnEndedSessionIsRefused(t *testing.T) {
	w := start(t)
	other := w.again(time.Second)
	if a := w.end(w.login.SessionID); a.Outcome() != "204" {
		t.Fatalf("answer %s", a.Outcome())
	}
	w.refused(w.sessions())
	w.login = other
	w.wantListed(other)
}

// F-31: one item that cannot be read hides no other, and is an alarm. Nor is who
// asks from such a session logged out by it.
func TestSessions_CorruptSessionIsAnAlarm(t *testing.T) {
	w := start(t)
	broken := w.again(time.Second)
	w.DB.Remove(t, w.DB.RefreshTokens, sessionKey(broken), "created_at")
	w.wantListed(w.login)
	if got := w.Log.Last(t); got["level"] != "ERROR" || got["corrupt_sessions"] != 1.0 || got["status"] != 200.0 {
		t.Errorf("logged %v", got)
	}
	first := w.login
	w.login = broken
	w.wantListed(first)
	if a := w.end(broken.SessionID); a.Outcome() != "204" || w.session(broken)["ended_why"] != "logout" {
		t.Errorf("answer %s, session %v", a.Outcome(), w.session(broken))
	}
	w.login = first
	w.wantListed(first)
	if got := w.Log.Last(t); got["level"] != "INFO" {
		t.Errorf("logged %v", got)
	}
}

// F-20, F-22, F-32, V7: a fault of either read is ours.
func TestSessions_FaultOfTheDatabaseIsOurs(t *testing.T) {
	w := start(t)
	for _, operation := range []string{"GetItem", "Query"} {
		for name, f := range map[string]storetest.Fault{
			"throttled":    storetest.Error("ThrottlingException"),
			"request lost": storetest.RequestLost(),
			"not allowed":  storetest.Error("AccessDeniedException"),
		} {
			w.DB.Proxy.Reset()
			w.DB.Proxy.On(operation, 0, f)
			w.busy(operation+" "+name, w.sessions())
		}
		w.DB.Proxy.Reset()
		w.DB.Proxy.On(operation, 1, storetest.Error("ThrottlingException"))
		w.wantListed(w.login)
	}
}

// F-27: the newest session and the newest end are seen.
func TestSessions_AreReadConsistently(t *testing.T) {
	w := start(t)
	w.DB.Proxy.ServeStale(t)
	newest := w.again(time.Second)
	w.wantListed(newest, w.login)
	w.end(newest.SessionID)
	w.wantListed(w.login)
}

// busy wants the answer to a fault of ours.
func (w *world) busy(what string, a lambdatest.Answer) {
	w.t.Helper()
	if a.Outcome() != "503 temporarily_unavailable" || a.Headers["Retry-After"] != "1" || len(a.Cookies) > 0 {
		w.t.Errorf("%s: answer %s, Retry-After %q, cookies %v", what, a.Outcome(), a.Headers["Retry-After"], a.Cookies)
	}
}
