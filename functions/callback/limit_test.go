package main

import (
	"context"
	"sync"
	"testing"
	"time"

	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/store/storetest"
)

// limited is a world in which a user may have so many live sessions.
func limited(t testing.TB, limit string) *world {
	t.Helper()
	return open(t, "SESSION_LIMIT", limit)
}

// enter logs the person in and returns the refresh token.
func (w *world) enter() string {
	w.t.Helper()
	a := w.finish(w.begin(person(1)))
	w.loggedIn(a, lambdatest.FrontURL)
	return w.refreshToken(a)
}

func (w *world) refreshToken(a lambdatest.Answer) string {
	w.t.Helper()
	return w.cookie(a, "__Host-daemun-rt", "Path=/; Max-Age=604800; HttpOnly; Secure; SameSite=Strict")
}

// refresh returns the next refresh token.
func (w *world) refresh(token string) (next string, err error) {
	refresh := flow.Refresh{Users: w.Store(), Sessions: w.Store(), Issuer: w.Issuer(), Now: w.Now}
	done, err := refresh.Refresh(context.Background(), token)
	return done.RefreshToken, err
}

// lives reports whether the token's session does.
func (w *world) lives(token string) bool {
	w.t.Helper()
	_, err := w.refresh(token)
	if err != nil && fault.CodeOf(err) != fault.InvalidGrant {
		w.t.Error(err)
	}
	return err == nil
}

// ended reports whether the token's session is marked so. Unlike lives it changes nothing.
func (w *world) ended(token string) bool {
	w.t.Helper()
	return w.DB.Get(w.t, w.DB.RefreshTokens, w.sessionKey(token))["ended_at"] != nil
}

func (w *world) sessionKey(token string) storetest.Item {
	w.t.Helper()
	parsed, err := w.Keys.Refresh.Parse(token)
	w.must(err)
	return storetest.Item{"user_id": parsed.UserID, "session_id": parsed.SessionID}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// live counts the sessions that are not ended.
func (w *world) live() (n int) {
	w.t.Helper()
	for _, s := range w.DB.Scan(w.t, w.DB.RefreshTokens) {
		if s["ended_at"] == nil {
			n++
		}
	}
	return n
}

// RT-16: the login beyond the limit ends the oldest session, at one more request.
func TestLimit_OldestSessionMakesRoom(t *testing.T) {
	w := limited(t, "3")
	var tokens []string
	for range 4 {
		w.DB.Proxy.Reset()
		w.Wait(time.Minute)
		tokens = append(tokens, w.enter())
	}
	w.requests("the fourth login", map[string]int{"PutItem": 2, "GetItem": 2, "Query": 1, "UpdateItem": 1})
	if got := w.DB.Get(t, w.DB.RefreshTokens, w.sessionKey(tokens[0]))["ended_why"]; got != "session_limit" {
		t.Errorf("the oldest was ended by %v", got)
	}
	for i, token := range tokens {
		if w.lives(token) != (i > 0) {
			t.Errorf("session %d lives: %v", i, i == 0)
		}
	}
}

// The limit is 50 unless it is set, and nobody can set it away.
func TestLimit_IsConfigured(t *testing.T) {
	w := open(t)
	first := w.enter()
	for range 49 {
		w.enter()
	}
	if !w.lives(first) || w.live() != 50 {
		t.Errorf("%d live", w.live())
	}
	w.Wait(time.Second)
	w.enter()
	if w.live() != 50 {
		t.Errorf("%d live after one more", w.live())
	}
	for _, limit := range []string{"0", "-1", "1001"} {
		w.RefusesToBuild(t, builder(), map[string]string{"SESSION_LIMIT": limit}, "SESSION_LIMIT")
	}
	w.RefusesToBuild(t, builder(), map[string]string{"SESSION_LIMIT": "many"}, "Limit")
}

// ST-08: what is ended, idle or over its time takes no room, whatever the cleaner
// has left.
func TestLimit_CountsLiveSessionsOnly(t *testing.T) {
	w := limited(t, "2")
	oldest, ended, idle, capped := w.enter(), w.enter(), "", ""
	at := func(ago time.Duration) int64 { return w.Now().Add(-ago).UnixMilli() }
	w.DB.Set(t, w.DB.RefreshTokens, w.sessionKey(ended), storetest.Item{"ended_at": at(0)})
	idle = w.enter()
	w.DB.Set(t, w.DB.RefreshTokens, w.sessionKey(idle), storetest.Item{"created_at": at(lambdatest.Rule.Idle)})
	capped = w.enter()
	w.DB.Set(t, w.DB.RefreshTokens, w.sessionKey(capped), storetest.Item{"created_at": at(lambdatest.Rule.Absolute), "rotated_at": at(0)})
	w.DB.Proxy.Reset()
	w.enter()
	w.requests("login", map[string]int{"PutItem": 2, "GetItem": 2, "Query": 1})
	if !w.lives(oldest) {
		t.Error("a dead session took a place")
	}
}

// Clocks of other instances are ahead: by them the new session is the oldest. It
// is the newest all the same, and the next login agrees.
func TestLimit_NewSessionStaysWhateverOtherClocksSay(t *testing.T) {
	for _, ahead := range []time.Duration{time.Millisecond, 2 * time.Second, 24 * time.Hour} {
		w := limited(t, "2")
		first, second := w.enter(), w.enter()
		w.DB.Set(t, w.DB.RefreshTokens, w.sessionKey(first), storetest.Item{"created_at": w.Now().Add(ahead + time.Minute).UnixMilli()})
		w.DB.Set(t, w.DB.RefreshTokens, w.sessionKey(second), storetest.Item{"created_at": w.Now().Add(ahead + 2*time.Minute).UnixMilli()})
		w.DB.Proxy.Reset()
		third := w.enter()
		// One more session, and the ends of the one that nobody got and of the oldest.
		w.requests("login", map[string]int{"PutItem": 3, "GetItem": 2, "Query": 2, "UpdateItem": 2})
		if w.lives(first) || !w.lives(second) || !w.lives(third) {
			t.Errorf("%v ahead: the new session is not the newest", ahead)
		}
		fourth := w.enter()
		if w.lives(second) || !w.lives(third) || !w.lives(fourth) || w.live() != 2 {
			t.Errorf("%v ahead: %d live after the next login", ahead, w.live())
		}
	}
}

// RT-16, F-63: sixty logins at once; when all are answered, exactly five sessions
// live. The second time, all have written before one of them counts.
func TestLimit_IsExactUnderParallelLogins(t *testing.T) {
	const logins, limit = 60, 5
	for _, together := range []bool{false, true} {
		w := limited(t, "5")
		w.enter()
		w.DB.Proxy.Reset()
		if together {
			w.meetAt("Query", logins)
		}
		users := w.logInTogether(logins)
		t.Logf("%d parallel logins, limit %d: %d sessions live, %v", logins, limit, w.live(), w.DB.Proxy.Counts())
		if got := w.live(); got != limit || len(users) != 1 {
			t.Errorf("%d sessions live, want %d; users %v", got, limit, users)
		}
	}
}

// meetAt has the first requests of the operation wait until they are so many.
func (w *world) meetAt(operation string, many int) {
	met := make(chan struct{})
	w.DB.Proxy.Hook(func(c storetest.Call, at storetest.Point) {
		if c.Operation != operation || at != storetest.BeforeForward || c.N > many {
			return
		}
		if c.N == many {
			close(met)
		}
		<-met
	})
}

// RT-05, LO-05: a session that is ended for the limit does not live on by a
// refresh that was in flight: once the login is answered, none of its tokens is
// good, whatever order their requests came in.
func TestLimit_EndedSessionOutlivesNoLogin(t *testing.T) {
	for range 20 {
		w := limited(t, "1")
		first := w.enter()
		tokens := []string{first}
		w.Wait(time.Minute)
		event := w.event("login", w.begin(person(1)))
		w.DB.Proxy.Reset()
		var mu sync.Mutex
		var group sync.WaitGroup
		for range 6 {
			group.Go(func() {
				next, err := w.refresh(first)
				if err == nil {
					mu.Lock()
					tokens = append(tokens, next)
					mu.Unlock()
				}
			})
		}
		group.Go(func() { w.loggedIn(lambdatest.Invoke(t, w.handler, event), lambdatest.FrontURL) })
		group.Wait()
		for _, token := range tokens {
			if w.lives(token) {
				t.Fatal("a token of the ended session is good")
			}
		}
		if w.live() != 1 {
			t.Fatalf("%d live", w.live())
		}
	}
}

// F-20…F-23, V4, V7: what cannot be read, counted or ended is no login: 503, and
// nobody is pushed out for it, then or by the next one: it leaves no session
// behind. What passes is invisible.
func TestLimit_FaultOfTheDatabase(t *testing.T) {
	const attempts = 3
	for operation, first := range map[string]int{"GetItem": 2, "Query": 1, "UpdateItem": 1} { // that of the user is the second GetItem
		for name, f := range map[string]storetest.Fault{
			"F-20 throttled": storetest.Error("ThrottlingException"), "F-21 500": storetest.Error("InternalServerError"),
			"F-22 request lost": storetest.RequestLost(), "F-23 answer lost": storetest.AnswerLost(),
		} {
			w := limited(t, "2")
			oldest, other := w.enter(), w.enter()
			w.Wait(time.Minute)
			b := w.begin(person(1))
			w.DB.Proxy.Reset()
			for i := range attempts {
				w.DB.Proxy.On(operation, first+i, f)
			}
			w.refusedJSON(w.finish(b, asJSON()), fault.TemporarilyUnavailable)
			w.DB.Proxy.Reset()
			// An end that was written, though its answer was lost, is one.
			if ended := name == "F-23 answer lost" && operation == "UpdateItem"; w.ended(oldest) != ended || w.ended(other) {
				t.Errorf("%s of %s: another session ended", name, operation)
			}
			w.Wait(time.Minute)
			w.DB.Proxy.Reset()
			w.DB.Proxy.On(operation, first, f)
			next := w.enter()
			if w.live() != 2 || !w.lives(other) || !w.lives(next) {
				t.Errorf("%s of %s once: %d live, another device ended: %v", name, operation, w.live(), w.ended(other))
			}
		}
	}
}

// F-31: a session that cannot be read bars nobody's login, and takes no place.
func TestLimit_CorruptSessionBarsNobody(t *testing.T) {
	w := limited(t, "1")
	broken := w.enter()
	w.DB.Remove(t, w.DB.RefreshTokens, w.sessionKey(broken), "created_at")
	next := w.enter()
	if !w.lives(next) {
		t.Error("the new session ended")
	}
}

// F-27: the newest sessions count, however late other reads see them.
func TestLimit_CountsConsistently(t *testing.T) {
	w := limited(t, "2")
	w.DB.Proxy.ServeStale(t)
	for range 5 {
		w.Wait(time.Second)
		w.enter()
	}
	if w.live() != 2 {
		t.Errorf("%d live", w.live())
	}
}
