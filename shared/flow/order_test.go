package flow_test

import (
	"crypto/rand"
	"errors"
	"io"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/session"
	"daemun/shared/token"
	"daemun/shared/user"
)

func wantSteps(t *testing.T, s *stage, want ...string) {
	t.Helper()
	if d := cmp.Diff(want, s.steps); d != "" {
		t.Errorf("steps (-want +got):\n%s", d)
	}
}

func newRefresh(t testing.TB, s *stage) (*flow.Refresh, *keys) {
	t.Helper()
	k := newKeys(t)
	return &flow.Refresh{Users: s, Sessions: s, Issuer: k.issuer(), Now: s.Now}, k
}

// stored is the session current as it is in storage, last rotated some time before.
func stored(k *keys, generation int64, rotated time.Time) *session.Session {
	return &session.Session{
		UserID: userID, ID: "current", Generation: generation, KeyID: k.refresh.ActiveID(), CreatedAt: start.Add(-time.Hour), RotatedAt: rotated,
	}
}

// The clock is read after the user, and once: one instant serves the condition
// and the judgement of its refusal.
func TestRefresh_ReadsTheClockOnceAndAfterTheUser(t *testing.T) {
	for name, test := range map[string]struct {
		presented int64
		rotated   bool
		age       time.Duration // of the last rotation, when the clock is read
		want      error
		steps     []string
	}{
		"rotated":                 {7, true, 0, nil, []string{"find user", "clock", "rotate"}},
		"repeated":                {7, false, 11 * time.Second, nil, []string{"find user", "clock", "rotate"}},
		"repeated, at the edge":   {7, false, 12*time.Second - 1, nil, []string{"find user", "clock", "rotate"}},
		"reused, past the window": {7, false, 12 * time.Second, fault.New(fault.InvalidGrant, nil), []string{"find user", "clock", "rotate", "end current"}},
	} {
		s := &stage{now: start, user: &user.User{ID: userID}, rotated: test.rotated}
		r, k := newRefresh(t, s)
		read := start.Add(time.Second) // finding the user takes a second
		s.old = stored(k, 8, read.Add(-test.age))
		got, err := r.Refresh(t.Context(), k.token(t, test.presented))
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
		wantSteps(t, s, test.steps...)
		if !s.rotation.Now.Equal(read) {
			t.Errorf("%s: rotation at %v", name, s.rotation.Now)
		}
		if err == nil && (got.RefreshToken != k.token(t, 8) || !got.Changed) {
			t.Errorf("%s: not the current token", name)
		}
		if err != nil && (s.endedWhy != session.EndedByReuse || !s.endedAt.Equal(read)) {
			t.Errorf("%s: ended by %s at %v", name, s.endedWhy, s.endedAt)
		}
	}
}

// RT-05, V3: 401 may be said only when the end is written.
func TestRefresh_ReuseIsNotAnsweredBeforeTheEndIsWritten(t *testing.T) {
	s := &stage{now: start, user: &user.User{ID: userID}, fails: map[string]error{"end current": fault.New(fault.TemporarilyUnavailable, errDown)}}
	r, k := newRefresh(t, s)
	s.old = stored(k, 8, start.Add(-time.Minute))
	_, err := r.Refresh(t.Context(), k.token(t, 3))
	if fault.CodeOf(err) != fault.TemporarilyUnavailable || !errors.Is(err, errDown) {
		t.Errorf("got %v", err)
	}
	s.fails = nil
	_, err = r.Refresh(t.Context(), k.token(t, 3))
	var reuse *flow.ReuseError
	if fault.CodeOf(err) != fault.InvalidGrant || !errors.As(err, &reuse) || reuse.SessionID != "current" || reuse.UserID != userID {
		t.Errorf("got %v", err)
	}
}

// A user who is gone has no sessions; and nothing is rotated for them.
func TestRefresh_GoneUserIsRefusedOnlyWhenTheSessionIsEnded(t *testing.T) {
	for name, u := range map[string]*user.User{"gone": nil, "disabled": {ID: userID, Disabled: true}} {
		s := &stage{now: start, user: u, fails: map[string]error{"end current": fault.New(fault.TemporarilyUnavailable, errDown)}}
		r, k := newRefresh(t, s)
		if _, err := r.Refresh(t.Context(), k.token(t, 1)); fault.CodeOf(err) != fault.TemporarilyUnavailable {
			t.Errorf("%s, end fails: %v", name, err)
		}
		s.fails, s.steps = nil, nil
		if _, err := r.Refresh(t.Context(), k.token(t, 1)); fault.CodeOf(err) != fault.InvalidGrant {
			t.Errorf("%s: %v", name, err)
		}
		wantSteps(t, s, "find user", "clock", "end current")
		if s.endedWhy != session.EndedByUserGone {
			t.Errorf("%s: ended by %s", name, s.endedWhy)
		}
	}
}

// V4, RT-06: a fault of ours is no refusal, and ends nothing.
func TestRefresh_OwnFaultsEndNothing(t *testing.T) {
	for _, step := range []string{"find user", "rotate"} {
		s := &stage{now: start, user: &user.User{ID: userID}, fails: map[string]error{step: fault.New(fault.TemporarilyUnavailable, errDown)}}
		r, k := newRefresh(t, s)
		if _, err := r.Refresh(t.Context(), k.token(t, 1)); fault.CodeOf(err) != fault.TemporarilyUnavailable {
			t.Errorf("%s fails: %v", step, err)
		}
		if last := s.steps[len(s.steps)-1]; last != step {
			t.Errorf("%s fails: then %s", step, last)
		}
	}
}

// V4, F-76: where the signing key is far away, signing can fail. Then nothing was
// rotated, and the same token works when it is back, however late.
func TestRefresh_SignsBeforeItRotates(t *testing.T) {
	s := &stage{now: start, user: &user.User{ID: userID}, rotated: true}
	r, k := newRefresh(t, s)
	r.Issuer.Access.Rand = iotest.ErrReader(errDown) // the first thing that signing needs
	if _, err := r.Refresh(t.Context(), k.token(t, 1)); !errors.Is(err, errDown) {
		t.Errorf("got %v", err)
	}
	wantSteps(t, s, "find user", "clock")
}

func TestRefresh_ForgedTokenTouchesNothing(t *testing.T) {
	s := &stage{now: start}
	r, _ := newRefresh(t, s)
	_, others := newRefresh(t, s)
	for _, text := range []string{"", "r1.....", others.token(t, 1)} {
		if _, err := r.Refresh(t.Context(), text); fault.CodeOf(err) != fault.InvalidGrant {
			t.Errorf("%q: %v", text, err)
		}
	}
	wantSteps(t, s)
}

// The item names a key that this instance does not know: never another in its
// place, which would fork the session.
func TestRefresh_UnknownKeyOfTheItemIsAFaultOfOurs(t *testing.T) {
	s := &stage{now: start, user: &user.User{ID: userID}}
	r, k := newRefresh(t, s)
	s.old = stored(k, 8, start)
	s.old.KeyID = "newer"
	if got, err := r.Refresh(t.Context(), k.token(t, 7)); fault.CodeOf(err) != fault.TemporarilyUnavailable || got.RefreshToken != "" {
		t.Errorf("%v, %v", got.Changed, err)
	}
}

// complete ends a login that a Login of the same keys began.
func complete(t *testing.T, s *stage, random io.Reader) (flow.Completed, error) {
	t.Helper()
	k := newKeys(t)
	l := &flow.Login{Providers: s, ReturnTo: policy, Keys: k.transaction, Now: s.Now, Rand: rand.Reader}
	b, query, _ := begin(t, l)
	s.steps = nil
	issuer := k.issuer()
	issuer.Rand, issuer.Access.Rand = random, random
	c := &flow.Completion{
		Providers: s, Transactions: k.transaction, OneTime: s, Users: s, Sessions: s, SessionLimit: 2, Issuer: issuer, Now: s.Now, Rand: random,
	}
	return c.Complete(t.Context(), flow.Callback{Provider: "kakao", State: query.Get("state"), Code: "code", Transaction: b.Transaction})
}

// Nothing is asked of the provider before the state is claimed, and nothing
// written before the person is known.
func TestComplete_OrderOfANewUsersLogin(t *testing.T) {
	s := &stage{now: start}
	done, err := complete(t, s, rand.Reader)
	if err != nil || !done.NewUser {
		t.Fatalf("new %v, %v", done.NewUser, err)
	}
	wantSteps(t, s, "clock", "claim", "identify", "find identity", "clock", "sign up")
	if want := start.Add(token.TransactionLifetime); !s.claimedTo.Equal(want) {
		t.Errorf("claimed until %v, want %v", s.claimedTo, want)
	}
}

func TestComplete_StopsAtTheFirstFault(t *testing.T) {
	for _, step := range []string{"claim", "identify", "find identity", "sign up"} {
		s := &stage{now: start, fails: map[string]error{step: fault.New(fault.TemporarilyUnavailable, errDown)}}
		done, err := complete(t, s, rand.Reader)
		if fault.CodeOf(err) != fault.TemporarilyUnavailable || done.RefreshToken != "" {
			t.Errorf("%s fails: %v", step, err)
		}
		if spent := flow.IsSpent(err); spent != (step != "claim") {
			t.Errorf("%s fails: spent %v", step, spent)
		}
		if last := s.steps[len(s.steps)-1]; last != step {
			t.Errorf("%s fails: then %s", step, last)
		}
	}
}

// Without randomness there is no user, no session and no token.
func TestComplete_WithoutRandomnessNobodyEnters(t *testing.T) {
	for _, identity := range []string{"", userID} {
		for _, enough := range []int64{0, 9, 10, 31, 41} { // 10 of the user's id, 32 of the session's
			if identity != "" && enough >= 32 {
				continue
			}
			s := &stage{now: start, identity: identity}
			done, err := complete(t, s, io.MultiReader(io.LimitReader(rand.Reader, enough), iotest.ErrReader(errors.New("dry"))))
			if fault.CodeOf(err) != fault.Internal || done.RefreshToken != "" || done.AccessToken != "" {
				t.Errorf("%q after %d bytes: %v", identity, enough, err)
			}
			wantSteps(t, s, "clock", "claim", "identify", "find identity", "clock")
		}
	}
}

// LO-05: the current session goes last, so that who fails half-way is still
// logged in to try again. A session that cannot be read (F-31) ends, and is told
// of; one that can never be refreshed again is not asked for.
func TestEndAll_EndsTheCurrentSessionLast(t *testing.T) {
	s := &stage{
		now: start, corrupt: []string{"a"},
		sessions: []*session.Session{
			{UserID: userID, ID: "current", CreatedAt: start}, {UserID: userID, ID: "b", CreatedAt: start},
			{UserID: userID, ID: "over", CreatedAt: start.Add(-session.MaxIdle - time.Hour)},
		},
	}
	l := &flow.Logout{Sessions: s, Now: func() time.Time { return s.now }}
	who := token.Access{UserID: userID, SessionID: "current"}
	if corrupt, err := l.EndAll(t.Context(), who); err != nil || corrupt != 1 {
		t.Fatal(corrupt, err)
	}
	wantSteps(t, s, "list", "end a", "end b", "end current")

	s.steps, s.fails = nil, map[string]error{"end b": fault.New(fault.TemporarilyUnavailable, errDown)}
	if corrupt, err := l.EndAll(t.Context(), who); fault.CodeOf(err) != fault.TemporarilyUnavailable || corrupt != 1 {
		t.Errorf("got %d, %v", corrupt, err)
	}
	wantSteps(t, s, "list", "end a", "end b")
}

// LO-01, RFC 7009 §2.2: a token that is not ours ends nothing, and that is fine.
func TestEnd_TakesAnyGenerationAndIgnoresForgeries(t *testing.T) {
	s := &stage{now: start}
	k := newKeys(t)
	l := &flow.Logout{Sessions: s, Refresh: k.refresh, Now: func() time.Time { return s.now }}
	for _, forged := range []string{"", "r1.....", newKeys(t).token(t, 1)} {
		if u, id, err := l.End(t.Context(), forged); err != nil || u != "" || id != "" {
			t.Errorf("%q: %s, %s, %v", forged, u, id, err)
		}
	}
	wantSteps(t, s)
	for _, generation := range []int64{1, 99} {
		if u, id, err := l.End(t.Context(), k.token(t, generation)); err != nil || u != userID || id != "current" {
			t.Errorf("generation %d: %s, %s, %v", generation, u, id, err)
		}
	}
	wantSteps(t, s, "end current", "end current")
	s.fails = map[string]error{"end current": fault.New(fault.TemporarilyUnavailable, errDown)}
	if _, _, err := l.End(t.Context(), k.token(t, 1)); fault.CodeOf(err) != fault.TemporarilyUnavailable {
		t.Errorf("end fails: %v", err)
	}
}
