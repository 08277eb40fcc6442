package historytest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"daemun/shared/session"
	"daemun/shared/store"
	"daemun/shared/store/storetest"
	"daemun/shared/token"
	"daemun/shared/user"
)

// blind rotates whatever is presented, whenever.
type blind struct {
	*store.Store
	w *world
}

func (b blind) RotateSession(ctx context.Context, r session.Rotation) (*session.Session, bool, error) {
	key := storetest.Item{"user_id": r.UserID, "session_id": r.SessionID}
	b.w.db.Set(b.w.t, b.w.db.RefreshTokens, key, storetest.Item{
		"generation": r.Presented + 1, "key_id": r.KeyID, "rotated_at": r.Now.UnixMilli(),
	})
	s, err := b.FindSession(ctx, r.UserID, r.SessionID)
	return s, true, err
}

// timid ends a session only if it did not rotate meanwhile.
type timid struct {
	*store.Store
	meanwhile func()
}

func (b timid) EndSession(ctx context.Context, userID, sessionID string, why session.EndReason, now time.Time) error {
	before, err := b.FindSession(ctx, userID, sessionID)
	if err != nil {
		return err
	}
	b.meanwhile()
	after, err := b.FindSession(ctx, userID, sessionID)
	if err != nil || after.Generation != before.Generation {
		return err
	}
	return b.Store.EndSession(ctx, userID, sessionID, why, now)
}

// nervous takes a failure of the database for a theft.
type nervous struct{ *store.Store }

func (b nervous) RotateSession(ctx context.Context, r session.Rotation) (*session.Session, bool, error) {
	s, rotated, err := b.Store.RotateSession(ctx, r)
	if err != nil {
		_ = b.EndSession(ctx, r.UserID, r.SessionID, session.EndedByReuse, r.Now)
	}
	return s, rotated, err
}

// forgetful has each instance make every token with its own key.
type forgetful struct{ *store.Store }

func (b forgetful) RotateSession(ctx context.Context, r session.Rotation) (*session.Session, bool, error) {
	s, rotated, err := b.Store.RotateSession(ctx, r)
	if s != nil {
		s.KeyID = r.KeyID
	}
	return s, rotated, err
}

// overwriting signs up a person whom another login signs up meanwhile.
type overwriting struct {
	*store.Store
	w         *world
	meanwhile func()
}

func (b overwriting) SignUp(
	ctx context.Context, u *user.User, s *session.Session, expires time.Time, once string, onceExpires time.Time,
) (string, error) {
	b.meanwhile()
	b.w.db.Delete(b.w.t, b.w.db.Users, storetest.Item{"pk": "IDENTITY#kakao#" + u.Identities[0].Subject, "sk": "IDENTITY"})
	return b.Store.SignUp(ctx, u, s, expires, once, onceExpires)
}

// scene is a history that is played by hand: one client, and another that comes in
// between.
type scene struct {
	*client
	ctx     context.Context
	session token.Refresh
}

func newScene(t *testing.T, w *world) *scene {
	s := &scene{ctx: t.Context(), client: &client{jar: &jar{world: w, h: newHistory(), person: w.newPerson()}}}
	s.begin(s.ctx, w.instances[1])
	s.session = s.newest
	return s
}

// of is the token of the generation.
func (s *scene) of(generation int64) token.Refresh {
	of := s.session
	of.Generation = generation
	return of
}

func (s *scene) refreshAt(i int, generation int64) {
	s.refresh(s.ctx, s.instances[i], s.of(generation))
}

// The checker finds what is wrong: each of these scenes has an explanation, but
// not with a store that breaks the rule.
func TestHistories_OfBrokenStoresAreNotLinearizable(t *testing.T) {
	for name, test := range map[string]struct {
		breaks func(s *scene, i *instance, db *store.Store)
		play   func(s *scene)
	}{
		"a rotation without its condition": {
			func(s *scene, i *instance, db *store.Store) { i.sessions = blind{db, s.world} },
			func(s *scene) {
				s.refreshAt(0, 1)
				s.pass(rule.Grace)
				s.refreshAt(0, 2)
				s.refreshAt(0, 1)
			},
		},
		"a rotation within the window": {
			func(s *scene, i *instance, db *store.Store) { i.sessions = blind{db, s.world} },
			func(s *scene) {
				s.refreshAt(0, 1)
				s.refreshAt(0, 2)
			},
		},
		"an end that depends on the generation": {
			func(s *scene, i *instance, db *store.Store) {
				i.sessions = timid{db, func() { s.refreshAt(1, 1) }}
			},
			func(s *scene) {
				s.logOut(s.ctx, s.instances[0], s.of(1))
				s.refreshAt(1, 2)
			},
		},
		"an end for a fault of our own": {
			func(_ *scene, i *instance, db *store.Store) { i.sessions = nervous{db} },
			func(s *scene) {
				for n := range 3 {
					s.db.Proxy.On("UpdateItem", n+1, storetest.Error("ThrottlingException"))
				}
				s.refreshAt(0, 1)
				s.refreshAt(0, 1)
			},
		},
		"two successors": {
			func(_ *scene, i *instance, db *store.Store) { i.sessions = forgetful{db} },
			func(s *scene) {
				s.refreshAt(0, 1)
				s.refreshAt(2, 1)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			honest := newScene(t, w)
			w.db.Proxy.Reset()
			test.play(honest)
			honest.h.wantExplained(t, modelOfFamilies(), 0)

			broken := newScene(t, w)
			for _, i := range []int{0, 2} {
				test.breaks(broken, w.instances[i], store.New(w.db.Config()))
			}
			w.db.Proxy.Reset()
			test.play(broken)
			wantRefuted(t, modelOfFamilies(), broken.h)
		})
	}
}

func wantRefuted(t *testing.T, model porcupine.Model, h *history) {
	t.Helper()
	for _, problem := range append(h.problems, explain(model, h.operations)) {
		if problem != "" {
			what, _, _ := strings.Cut(problem, "\n")
			t.Log("found: ", what)
			return
		}
	}
	t.Error("the checker finds nothing")
}

// The checker finds it also where clients work at the same time, and in spite of
// all that nobody knows.
func TestHistories_OfBrokenStoreAreNotLinearizableUnderFaults(t *testing.T) {
	w := newWorld(t)
	for _, i := range w.instances {
		i.sessions = blind{store.New(w.db.Config()), w}
	}
	h := w.play(t, 0, 10, new(count))
	h.problems = nil // that tokens are not the same says enough, but is not what is tried here
	wantRefuted(t, modelOfFamilies(), h)
}

func TestHistories_OfFirstLoginsThatOverwriteAreNotLinearizable(t *testing.T) {
	w := newWorld(t)
	play := func(h *history, person int64) {
		h.logIn(t.Context(), 0, w.instances[0], person)
		h.logIn(t.Context(), 1, w.instances[1], person)
		h.lookAt(t, w.instances[1], person)
	}
	honest := newHistory()
	play(honest, w.newPerson())
	honest.wantExplained(t, modelOfFirstLogins(), 0)

	broken, person := newHistory(), w.newPerson()
	w.instances[0].users = overwriting{store.New(w.db.Config()), w, func() {
		broken.logIn(t.Context(), 2, w.instances[1], person)
	}}
	play(broken, person)
	wantRefuted(t, modelOfFirstLogins(), broken)
}
