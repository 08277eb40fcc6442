package flow_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/session"
	"daemun/shared/user"
)

// vault keeps sessions in memory, in the order in which they were written. Its
// steps are atomic because the test lets one login at a time take one.
type vault struct {
	sessions []*session.Session
	endedBy  map[string]*actor // by session
}

func (v *vault) find(id string) (at int) {
	return slices.IndexFunc(v.sessions, func(s *session.Session) bool { return s.ID == id })
}

func (v *vault) live() (ids []string) {
	for _, s := range v.sessions {
		if s.EndedAt.IsZero() {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// actor is one login on its way: each of its steps at the vault waits for its
// turn.
type actor struct {
	*stage // the rest of storage and the provider; its clock is the actor's own
	vault  *vault
	waits  chan struct{} // it has come to a step, or to its end
	turn   chan struct{}

	seen  int // how many sessions were written when it looked first; -1 before
	done  flow.Completed
	err   error
	ended bool
}

func (a *actor) await() {
	a.waits <- struct{}{}
	<-a.turn
}

func (a *actor) StartSession(_ context.Context, s *session.Session, _ time.Time) error {
	a.await()
	stored := *s
	stored.CreatedAt = s.CreatedAt.Truncate(time.Millisecond)
	a.vault.sessions = append(a.vault.sessions, &stored)
	return nil
}

func (a *actor) ListSessionTimes(context.Context, string) (found []*session.Session, err error) {
	a.await()
	if a.seen < 0 {
		a.seen = len(a.vault.sessions)
	}
	for _, s := range a.vault.sessions {
		if s.EndedAt.IsZero() {
			found = append(found, s)
		}
	}
	return found, nil
}

func (a *actor) EndSession(_ context.Context, _, id string, why session.EndReason, now time.Time) error {
	a.await()
	if s := a.vault.sessions[a.vault.find(id)]; s.EndedAt.IsZero() {
		s.EndedAt, s.EndedWhy = now, why
		a.vault.endedBy[id] = a
	}
	return nil
}

// begin starts the login, up to its first step at the vault.
func (a *actor) begin(t testing.TB, k *keys, limit int) {
	t.Helper()
	l := &flow.Login{Providers: a.stage, ReturnTo: policy, Keys: k.transaction, Now: a.Now, Rand: rand.Reader}
	b, err := l.Begin(t.Context(), "kakao", "")
	if err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(b.AuthorizeURL)
	if err != nil {
		t.Fatal(err)
	}
	c := &flow.Completion{
		Providers: a.stage, Transactions: k.transaction, OneTime: a.stage, Users: a.stage, Sessions: a,
		SessionLimit: limit, Issuer: k.issuer(), Now: a.Now, Rand: rand.Reader,
	}
	go func() {
		a.done, a.err = c.Complete(t.Context(), flow.Callback{
			Provider: "kakao", State: target.Query().Get("state"), Code: "code", Transaction: b.Transaction,
		})
		a.ended = true
		a.waits <- struct{}{}
	}()
	<-a.waits
}

// step lets the login take its next step.
func (a *actor) step() {
	a.turn <- struct{}{}
	<-a.waits
}

// RT-16: whatever the order of their steps, and whatever their clocks say, once
// all logins are answered exactly as many sessions live as may, fewer only where
// people log out meanwhile; each of them is somebody's; and no login ends its own
// session, unless so many others began meanwhile.
func TestLimit_IsExactInAnyOrderOfSteps(t *testing.T) {
	k := newKeys(t)
	rapid.Check(t, func(r *rapid.T) {
		limit, logins := rapid.IntRange(1, 4).Draw(r, "limit"), rapid.IntRange(1, 7).Draw(r, "logins")
		v := &vault{endedBy: map[string]*actor{}}
		owned := v.fill(r)
		logouts, rarely := 0, rapid.SampledFrom([]int{8, 1000}).Draw(r, "logouts")
		total := len(owned) + logins
		waiting := beginAll(t, r, v, k, limit, logins)
		for len(waiting) > 0 {
			if live := v.live(); len(live) > 0 && rapid.IntRange(1, rarely).Draw(r, "log out") == 1 {
				logouts++
				v.sessions[v.find(rapid.SampledFrom(live).Draw(r, "who"))].EndedAt = start
			}
			at := rapid.IntRange(0, len(waiting)-1).Draw(r, "next")
			a := waiting[at]
			a.step()
			if !a.ended {
				continue
			}
			waiting = slices.Delete(waiting, at, at+1)
			if a.err != nil {
				r.Fatal(a.err)
			}
			if others := len(v.sessions) - a.seen - 1; v.endedBy[a.done.SessionID] == a && others < limit {
				r.Fatalf("a login ended its own session, though only %d others began after it looked", others)
			}
			owned = append(owned, a.done.SessionID)
		}
		live := v.live()
		if most := min(limit, total); len(live) > most || len(live) < most && logouts == 0 {
			r.Fatalf("%d sessions live, want %d", len(live), most)
		}
		for _, id := range live {
			if !slices.Contains(owned, id) {
				r.Fatal("a session lives of which nobody has a token")
			}
		}
	})
}

// fill makes sessions that were there before.
func (v *vault) fill(r *rapid.T) (ids []string) {
	for i := range rapid.IntRange(0, 20).Draw(r, "before") {
		at := start.Add(time.Duration(rapid.IntRange(-3, 3).Draw(r, "age")) * time.Second)
		ids = append(ids, fmt.Sprintf("before %d", i))
		v.sessions = append(v.sessions, &session.Session{UserID: userID, ID: ids[i], Generation: 1, CreatedAt: at})
	}
	return ids
}

// beginAll starts so many logins, each at an instance whose clock is a little off.
func beginAll(t *testing.T, r *rapid.T, v *vault, k *keys, limit, logins int) (waiting []*actor) {
	for range logins {
		skew := time.Duration(rapid.IntRange(-2000, 2000).Draw(r, "skew")) * time.Millisecond
		skew += time.Duration(rapid.SampledFrom([]int{0, 1, 400, 999}).Draw(r, "finer than it is stored")) * time.Microsecond
		waiting = append(waiting, newActor(t, v, k, limit, skew))
	}
	return waiting
}

// newActor starts a login.
func newActor(t *testing.T, v *vault, k *keys, limit int, skew time.Duration) *actor {
	t.Helper()
	a := &actor{
		stage: &stage{now: start.Add(skew), user: &user.User{ID: userID}, identity: userID},
		vault: v, waits: make(chan struct{}), turn: make(chan struct{}), seen: -1,
	}
	a.begin(t, k, limit)
	return a
}

// limited is a login of a known user at this stage.
func limited(t *testing.T, s *stage) (flow.Completed, error) {
	t.Helper()
	s.now, s.identity, s.user = start, userID, &user.User{ID: userID}
	return complete(t, s, rand.Reader)
}

// Room is made when the session is written and the user is known to be fit, and
// before there are tokens.
func TestLimit_OldestGoFirst(t *testing.T) {
	at := func(id string, ago time.Duration) *session.Session {
		return &session.Session{UserID: userID, ID: id, CreatedAt: start.Add(-ago)}
	}
	s := &stage{sessions: []*session.Session{at("b", time.Hour), at("a", 2*time.Hour), at("new", 0), at("idle", 30*24*time.Hour), at("c", time.Minute)}}
	if _, err := limited(t, s); err != nil {
		t.Fatal(err)
	}
	steps := s.steps[len(s.steps)-3:]
	if want := []string{"list times", "end a", "end b"}; !slices.Equal(steps, want) || s.endedWhy != session.EndedByLimit {
		t.Errorf("steps %v, want %v at the end; ended by %s", s.steps, want, s.endedWhy)
	}
}

// A clock is finer than a stored time: the newest session may be of the same
// millisecond, and come after the new one by its id.
func TestLimit_NewSessionStaysWithinTheMillisecond(t *testing.T) {
	k, v := newKeys(t), &vault{endedBy: map[string]*actor{}}
	v.sessions = []*session.Session{{UserID: userID, ID: "~", Generation: 1, CreatedAt: start}} // after every id
	// What the flow does before takes three seconds of the stage's clock.
	a := newActor(t, v, k, 1, 400*time.Microsecond-3*time.Second)
	for !a.ended {
		a.step()
	}
	if live := v.live(); a.err != nil || !slices.Equal(live, []string{a.done.SessionID}) {
		t.Errorf("live are %v, logged in is %s; %v", live, a.done.SessionID, a.err)
	}
}

// V4, V7: what cannot be known or done is not taken for done: there are no
// tokens, nobody makes room, and the session that nobody gets ends.
func TestLimit_FaultIsNoLogin(t *testing.T) {
	for _, step := range []string{"find user", "start session", "list times", "end a"} {
		s := &stage{
			fails:    map[string]error{step: fault.New(fault.TemporarilyUnavailable, errDown)},
			sessions: []*session.Session{{ID: "a", CreatedAt: start.Add(-2)}, {ID: "b", CreatedAt: start.Add(-1)}, {ID: "c", CreatedAt: start}},
		}
		done, err := limited(t, s)
		if fault.CodeOf(err) != fault.TemporarilyUnavailable || done.RefreshToken != "" || done.AccessToken != "" {
			t.Errorf("%s fails: %v", step, err)
		}
		s.wantGivenUp(t, step+" fails", 1)
	}
}

// wantGivenUp wants that the last steps end so many new sessions.
func (s *stage) wantGivenUp(t *testing.T, name string, sessions int) {
	t.Helper()
	for _, step := range s.steps[len(s.steps)-sessions:] {
		if id, ok := strings.CutPrefix(step, "end "); !ok || len(id) != 43 {
			t.Errorf("%s: steps %v", name, s.steps)
		}
	}
	if s.endedWhy != session.EndedByFault {
		t.Errorf("%s: ended by %q", name, s.endedWhy)
	}
}

// V4: a login that cannot begin anew gives up both sessions.
func TestLimit_FaultOfBeginningAnewEndsBoth(t *testing.T) {
	later := start.Add(time.Hour)
	s := &stage{sessions: []*session.Session{{ID: "b", CreatedAt: later}, {ID: "c", CreatedAt: later}}}
	s.startsFail = 2
	if _, err := limited(t, s); fault.CodeOf(err) != fault.TemporarilyUnavailable {
		t.Errorf("got %v", err)
	}
	s.wantGivenUp(t, "beginning anew fails", 2)
}

// V4: so does one whose tokens cannot be signed.
func TestLimit_FaultOfSigningEndsTheSession(t *testing.T) {
	s := &stage{now: start, identity: userID, user: &user.User{ID: userID}}
	dry := io.MultiReader(io.LimitReader(rand.Reader, 32), iotest.ErrReader(errDown))
	if _, err := complete(t, s, dry); !errors.Is(err, errDown) {
		t.Errorf("got %v", err)
	}
	s.wantGivenUp(t, "signing fails", 1)
}

// A user who may not enter pushes nobody out.
func TestLimit_UnfitUserEndsOnlyTheNewSession(t *testing.T) {
	s := &stage{now: start, identity: userID, user: &user.User{ID: userID, Disabled: true}}
	if _, err := complete(t, s, rand.Reader); fault.CodeOf(err) != fault.AccountDisabled {
		t.Errorf("got %v", err)
	}
	if slices.Contains(s.steps, "list times") || s.endedWhy != session.EndedByUserGone {
		t.Errorf("steps %v, ended by %s", s.steps, s.endedWhy)
	}
}
