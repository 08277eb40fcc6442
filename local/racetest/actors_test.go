package racetest

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"daemun/shared/store/storetest"
)

// The actors of a race, by what they present of a family of three generations.
const (
	refresh = "refresh" // the current token
	owner   = "owner"   // the current token, and then what it got for that
	tab     = "tab"     // the previous token, in its window
	replay  = "replay"  // the token before the previous one: a theft
	stale   = "stale"   // the previous token after its window: a theft too

	// Those who end the family, by the current token, or by an access token.
	logout      = "logout"
	logoutOfAll = "logout of all"
	endSession  = "end of session"
)

// actor is one of them at work.
type actor struct {
	name string
	// late: what the actor does now begins after the answer that the family ended.
	late atomic.Bool
	got  []outcome
}

type outcome struct {
	refreshed
	late bool
}

func newActors(names []string) []*actor {
	var all []*actor
	for _, name := range names {
		all = append(all, &actor{name: name})
	}
	return all
}

// isTheft reports whether the actor is no honest client.
func (a *actor) isTheft() bool { return a.name == replay || a.name == stale }

// isEnding reports whether the actor means to end the family.
func (a *actor) isEnding() bool {
	return a.name == logout || a.name == logoutOfAll || a.name == endSession
}

// ends reports whether the family cannot outlive the actor.
func (a *actor) ends() bool { return a.isTheft() || a.isEnding() }

// failed reports whether the actor's last answer was a fault of ours.
func (a *actor) failed() bool {
	return a.got[len(a.got)-1].status == http.StatusServiceUnavailable
}

// scene is a family of three generations, which begins each race alike.
type scene struct {
	*family
	previous, oldest string
	first            storetest.Item
	ended            atomic.Bool // a client was told so
}

func (w *world) newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{family: w.newFamily(t)}
	s.oldest = s.token
	s.advance(t)
	s.previous = s.token
	s.advance(t)
	s.first = s.item(t)
	return s
}

// reset puts the family back to its beginning. A young one was rotated just now
// and will not be again for a while, and its previous token is good.
func (s *scene) reset(t *testing.T, young bool) {
	t.Helper()
	ago := past
	if young {
		ago = 0
	}
	s.first["rotated_at"] = time.Now().Add(-ago).UnixMilli()
	s.w.db.Put(t, s.w.db.RefreshTokens, s.first)
	s.ended.Store(false)
}

// remove takes the family away, from where a logout of all would find it.
func (s *scene) remove(t *testing.T) {
	t.Helper()
	s.w.db.Delete(t, s.w.db.RefreshTokens, s.key)
}

// perform is all that an actor does.
func (s *scene) perform(t *testing.T, a *actor) {
	t.Helper()
	switch a.name {
	case refresh:
		s.present(t, a, s.token)
	case owner:
		if got := s.present(t, a, s.token); got.status == http.StatusOK {
			s.present(t, a, got.token)
		}
	case tab, stale:
		s.present(t, a, s.previous)
	case replay:
		s.present(t, a, s.oldest)
	default:
		a.got = append(a.got, outcome{refreshed: refreshed{status: do(t, s.endings(t)[a.name]).status}})
	}
	if a.ends() && !a.failed() {
		s.ended.Store(true)
	}
}

func (s *scene) present(t *testing.T, a *actor, token string) refreshed {
	t.Helper()
	a.late.Store(s.ended.Load())
	got := s.w.refresh(t, token)
	a.got = append(a.got, outcome{got, a.late.Load()})
	return got
}

// judge looks at what the actors got when all is over. Where one of them ends the
// family, nothing of it may be left (V3); otherwise all is well (V4). In a void
// order requests may have waited too long, or overtaken each other: an actor may
// be told of a fault, which has ended the family or has not, and it is not known
// what was late.
func (s *scene) judge(t *testing.T, actors []*actor, order []string, void bool) {
	t.Helper()
	refuted := func(problem string) { t.Errorf("%s; order: %s", problem, strings.Join(order, ", ")) }
	ends := slices.ContainsFunc(actors, (*actor).ends)
	tokens := []string{s.oldest, s.previous, s.token}
	for _, a := range actors {
		for _, got := range a.got {
			if fault := void && got.status == http.StatusServiceUnavailable; !fault && !a.mayGet(got.status, ends) {
				refuted(a.name + " got " + http.StatusText(got.status))
			}
			if got.status == http.StatusOK && got.late && !void {
				refuted(a.name + " went well after the family's end")
			}
			if got.token != "" && !slices.Contains(tokens, got.token) {
				tokens = append(tokens, got.token)
			}
		}
	}
	if len(tokens) > 4 {
		refuted("two successors of one token were handed out")
	}
	if s.ended.Load() {
		s.wantOver(t, tokens...)
	} else if ends {
		return // by a fault: nobody was told that it ended
	} else if got := s.w.refresh(t, tokens[len(tokens)-1]); got.status != http.StatusOK || s.isEnded(t) {
		refuted("the family ended without a reason")
	}
}

func (a *actor) mayGet(status int, familyEnds bool) bool {
	switch {
	case a.isEnding():
		return status == http.StatusNoContent
	case a.isTheft():
		return status == http.StatusUnauthorized
	default:
		return status == http.StatusOK || familyEnds && status == http.StatusUnauthorized
	}
}
