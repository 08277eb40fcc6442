package historytest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"daemun/local/crashtest/invariant"
	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/session"
)

// change is what an operation that happens makes of a family. Where it is idle,
// it may leave the family alone: no token of it is good for anything.
type change struct {
	was, next family
	idle      bool
}

// changes are those of an operation, by the family's key. It changes no other.
type changes map[string]change

// pending is an operation that is over for its caller, while a call of it is
// still on its way to the database.
type pending struct {
	strike  *strike
	isLogIn bool
	changes changes
}

// perform runs an operation with the harm that was drawn for it.
func (m *machine) perform(name string, operation func(context.Context)) *strike {
	h := m.next
	m.next = harm{kind: none}
	s := m.strike(h, operation)
	m.strikes = append(m.strikes, s)
	m.did.operation(name, s)
	return s
}

// observe reads the table.
func (m *machine) observe() (before map[string]family) {
	before, m.families = m.families, map[string]family{}
	for _, item := range m.db.Scan(m.t, m.db.RefreshTokens) {
		m.families[item["user_id"].(string)+"/"+item["session_id"].(string)] = stored(item)
	}
	return before
}

func userOf(key string) string {
	userID, _, _ := strings.Cut(key, "/")
	return userID
}

// settle compares what an operation answered and did with what it should have.
// Where nobody knows whether it happened, it did or did not.
func (m *machine) settle(t *rapid.T, s *strike, want changes, is, wanted answer) {
	m.did.outcome(is.outcome)
	if is != wanted && is.outcome != unknown || is.outcome == unknown && !s.mayFail() {
		t.Fatalf("answer %+v, want %+v; harm: %v", is, wanted, s.harm)
	}
	m.compare(t, func(key string, was, f family) bool {
		if c, ok := want[key]; ok {
			return f == c.next || f == c.was && (c.idle || is.outcome == unknown)
		}
		return f == was
	})
	m.remember(s, &pending{changes: want})
}

// compare reads the table and asks of each family whether it may be so now.
func (m *machine) compare(t *rapid.T, may func(key string, was, f family) bool) {
	before := m.observe()
	for key, f := range m.families {
		was, known := before[key]
		isStray := !known && m.strays && f.generation == 1 && f.rotated == 0 && f.ended == ""
		if !may(key, was, f) && !isStray {
			t.Fatalf("family %+v was made of %+v", f, was)
		}
		if f.ended != was.ended {
			m.did.end(f.ended)
		}
	}
	for key := range before {
		if _, ok := m.families[key]; !ok {
			t.Fatalf("a family is gone")
		}
	}
}

// remember keeps the operation if a call of it is still on its way.
func (m *machine) remember(s *strike, p *pending) {
	if s.kind == late && s.happened() {
		p.strike = s
		m.pending = append(m.pending, p)
	}
}

// arrive lets a late call arrive.
func (m *machine) arrive(t *rapid.T) {
	if len(m.pending) == 0 {
		t.Skip("no call is on its way")
	}
	at := rapid.IntRange(0, len(m.pending)-1).Draw(t, "call")
	p := m.pending[at]
	m.pending = slices.Delete(m.pending, at, at+1)
	p.strike.arrive()
	m.compare(t, p.may)
}

// may reports whether the late call may have made f of the family. It may always
// do nothing: whether it comes upon its condition is for the calls before it to
// say.
func (p *pending) may(key string, was, f family) bool {
	c, ok := p.changes[key]
	switch {
	case f == was:
		return true
	case p.isLogIn:
		isNew := was == family{} && f.generation == 1 && f.ended == ""
		return isNew || f == was.end(session.EndedByLimit) || f == was.end(session.EndedByUserGone)
	case ok && c.next.ended != c.was.ended:
		return f == was.end(c.next.ended)
	default:
		return ok && was == c.was && f == c.next
	}
}

// logIn is a login of somebody, known or new.
func (m *machine) logIn(t *rapid.T) { m.enter(t, m.someone(t)) }

func (m *machine) enter(t *rapid.T, p *person) {
	i := m.instance(t)
	var got flow.Completed
	var now time.Time
	var err error
	s := m.perform(logIn, func(ctx context.Context) { got, now, err = i.logIn(ctx, p.number) })
	m.did.outcome(outcomeOf(err))
	switch code := fault.CodeOf(err); {
	case code == "" && !p.disabled, code == fault.AccountDisabled && p.disabled:
	case code == fault.TemporarilyUnavailable && s.mayFail():
		m.strays = true // of two calls at once, one may still be on its way
	default:
		t.Fatalf("login of a person who is disabled: %v: %v; harm: %v", p.disabled, err, s.harm)
	}
	if err == nil {
		m.welcome(t, p, got)
	}
	var over []string
	m.compare(t, func(key string, was, f family) bool {
		if f.ended == session.EndedByLimit && was.ended == "" && was.generation > 0 {
			over = append(over, key)
			return (p.userID == "" || userOf(key) == p.userID) && f == was.end(session.EndedByLimit)
		}
		isNew := was == family{} && f.generation == 1 && f.rotated == 0
		return f == was || isNew && f.ended != session.EndedByLogout && f.ended != session.EndedByReuse
	})
	m.remember(s, &pending{isLogIn: true})
	m.checkLimit(t, over, milliseconds(now))
	if err == nil {
		m.checkNew(t, m.held[len(m.held)-1], milliseconds(now))
	}
}

// welcome takes what a login answered.
func (m *machine) welcome(t *rapid.T, p *person, got flow.Completed) {
	if p.userID != "" && (got.User.ID != p.userID || got.NewUser) {
		t.Fatalf("V1: user %s is %s now", p.userID, got.User.ID)
	}
	p.userID = got.User.ID
	m.held = append(m.held, &held{owner: p, id: got.SessionID, tokens: []string{got.RefreshToken}})
}

// checkNew looks at what a login has made when it is answered: V6. Of its user's
// families no more are left than may be: RT-16.
func (m *machine) checkNew(t *rapid.T, h *held, now int64) {
	if f := m.families[h.key()]; f.created < now || f != (family{generation: 1, created: f.created}) {
		t.Fatalf("V6: a login was answered at %d, and its family is %+v", now, f)
	}
	if n := len(m.live(h.owner.userID, now)); n > m.limit {
		t.Fatalf("RT-16: %d families of a user are alive", n)
	}
}

// checkLimit looks whom a login ended, though it may have gone no further: only
// who came before as many as there may be. V4.
func (m *machine) checkLimit(t *rapid.T, over []string, now int64) {
	for _, key := range over {
		newer := slices.DeleteFunc(m.live(userOf(key), now), func(other string) bool {
			a, b := m.families[key], m.families[other]
			return cmp.Or(cmp.Compare(a.created, b.created), cmp.Compare(key, other)) > 0
		})
		if len(newer) < m.limit {
			t.Fatalf("V4: a family ended for %d newer ones", len(newer))
		}
	}
}

// live are the user's families that are good for something.
func (m *machine) live(userID string, now int64) (keys []string) {
	for key, f := range m.families {
		if userOf(key) == userID && f.isLive(now) {
			keys = append(keys, key)
		}
	}
	return keys
}

// finish lets everything come to rest, and then tries what is left: logins and
// living families go on, and of the others no token is good.
func (m *machine) finish(t *rapid.T) {
	m.next = harm{kind: none}
	for len(m.pending) > 0 {
		m.arrive(t)
	}
	for _, p := range m.people {
		m.enter(t, p)
	}
	for _, h := range m.held {
		known := h.generations()
		for _, generation := range slices.Backward(known) {
			m.present(t, h, generation)
		}
		m.present(t, h, known[len(known)-1])
	}
	for _, problem := range invariant.Read(m.t, m.db).Problems() {
		t.Error(problem)
	}
}

// clear takes everything away, so that the tables stay small.
func (m *machine) clear() {
	for _, s := range m.strikes {
		s.arrive()
	}
	for table, key := range map[string][]string{
		m.db.Users: {"pk", "sk"}, m.db.RefreshTokens: {"user_id", "session_id"}, m.db.OneTime: {"id"},
	} {
		for _, item := range m.db.Scan(m.t, table) {
			maps.DeleteFunc(item, func(name string, _ any) bool { return !slices.Contains(key, name) })
			m.db.Delete(m.t, table, item)
		}
	}
}
