package historytest

import (
	"time"

	"daemun/shared/session"
	"daemun/shared/store/storetest"
)

// family is what a session is to its promises. Times are Unix milliseconds.
type family struct {
	generation       int64             // of the current token; 0: there is none
	created, rotated int64             // rotated 0: never
	ended            session.EndReason // empty: alive
}

// The operations on one family.
const (
	logIn   = "log in"
	refresh = "refresh"
	logOut  = "log out"
	look    = "look" // into the table
)

// call is an operation.
type call struct {
	session    string
	operation  string
	generation int64 // of the presented token
	now        int64 // by the clock of the instance, when it decided
}

type outcome string

// What comes of an operation. After unknown it may have happened, or may happen
// still, or not.
const (
	done    outcome = "done"
	refused outcome = "refused"
	unknown outcome = "unknown"
)

// answer is what comes of an operation, the generation of the token that it
// hands out, and what a look shows.
type answer struct {
	outcome    outcome
	generation int64
	seen       family
}

// after is the family after an operation on it that happens at one instant, and
// the answer to that.
func (f family) after(c call) (family, answer) {
	switch c.operation {
	case logIn:
		return family{generation: 1, created: c.now}, answer{outcome: done, generation: 1}
	case logOut:
		return f.end(session.EndedByLogout), answer{outcome: done}
	case look:
		return f, answer{outcome: done, seen: f}
	default:
		return f.refresh(c.generation, c.now)
	}
}

// end is for good, and the first one stays.
func (f family) end(why session.EndReason) family {
	if f.ended == "" {
		f.ended = why
	}
	return f
}

// refresh is the rule. A token that is good for nothing changes nothing; the
// current one is answered with a new one if the window of the last rotation is
// over, and else with itself; its parent is answered with it while the window and
// what clocks may differ by are not over; any other is a theft.
func (f family) refresh(presented, now int64) (family, answer) {
	const skew = 2000
	age := now - f.rotated
	switch {
	case !f.isLive(now):
		return f, answer{outcome: refused}
	case presented == f.generation && (f.rotated == 0 || age >= rule.Grace.Milliseconds()):
		f.generation, f.rotated = f.generation+1, now
	case presented == f.generation:
	case presented == f.generation-1 && age < rule.Grace.Milliseconds()+skew:
	default:
		return f.end(session.EndedByReuse), answer{outcome: refused}
	}
	return f, answer{outcome: done, generation: f.generation}
}

// isLive reports whether the current token is good for anything.
func (f family) isLive(now int64) bool {
	used := f.rotated
	if used == 0 {
		used = f.created
	}
	return f.generation > 0 && f.ended == "" && now-f.created < rule.Absolute.Milliseconds() && now-used < rule.Idle.Milliseconds()
}

// stored is the family that a session's item is.
func stored(item storetest.Item) family {
	whole := func(name string) int64 {
		value, _ := item[name].(float64) // exact for as many milliseconds as there will be
		return int64(value)
	}
	why, _ := item["ended_why"].(string)
	return family{generation: whole("generation"), created: whole("created_at"), rotated: whole("rotated_at"), ended: session.EndReason(why)}
}

// milliseconds is how a family tells the time: 0 for none.
func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
