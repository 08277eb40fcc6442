package flow

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"daemun/shared/fault"
	"daemun/shared/token"
	"daemun/shared/user"
)

// Profiles changes what users answered.
type Profiles struct {
	Users Answers
	Form  Form
	Now   func() time.Time
}

// patchAttempts is how often a patch is tried that others overtake, who each have
// written theirs by then.
const patchAttempts = 5

// Patch applies a JSON merge patch (RFC 7396) to the answers of the user whom the
// access token speaks for, and returns the user after it. A member that is null
// takes an answer away, and withdraws a consent, whether or not it is asked still;
// of what is neither asked nor there it is refused, as a value would be. The
// profile is complete from the first patch on after which the form takes the
// answers, and nothing that is required is missing, and remains so: a patch that
// would take such an answer away again is refused.
//
// Only what the patch names is judged. Answers that a newer form would refuse
// stand in nobody's way to change others; but a profile that is not complete is
// not completed by them.
//
// Faults: invalid_token for a user who is gone or disabled; invalid_request for
// what is no JSON object; those of Form.Check; temporarily_unavailable.
func (p *Profiles) Patch(ctx context.Context, who token.Access, merge jsontext.Value) (*user.User, error) {
	var members map[string]jsontext.Value
	if err := json.Unmarshal(merge, &members); err != nil || members == nil {
		return nil, fault.Newf(fault.InvalidRequest, "patch is no JSON object") // err may quote it
	}
	u, err := p.Users.FindUser(ctx, who.UserID)
	if err != nil {
		return nil, fmt.Errorf("find user: %w", err)
	}
	now := p.Now()
	var change patch
	for attempt := range patchAttempts {
		if u == nil || u.Disabled {
			return nil, fault.Newf(fault.InvalidToken, "user is gone or disabled")
		}
		if attempt == 0 { // an answer that is not there later may be gone by our own write
			change = p.split(members, u.Answers)
		}
		answers, complete, err := p.patched(u, change, now)
		if err != nil {
			return nil, err
		}
		same, err := sameAnswers(u.Answers, answers)
		if err != nil {
			return nil, err
		}
		// A write of ours whose answer was lost ends here too: to apply a merge patch
		// twice is to apply it once.
		done := same && complete == u.ProfileComplete
		if !done {
			if u, done, err = p.Users.ReplaceAnswers(ctx, u, answers, complete); err != nil {
				return nil, fmt.Errorf("replace answers: %w", err)
			}
		}
		if done {
			return u, nil
		}
	}
	return nil, fault.Newf(fault.TemporarilyUnavailable, "answers were changed by others %d times", patchAttempts)
}

// patch is a merge patch, sorted.
type patch struct {
	given   map[string]jsontext.Value // for the form to judge
	removed []string                  // null
}

// split sorts the members of a patch. A null that removes nothing, and of which
// nothing is asked, is for the form to refuse.
func (p *Profiles) split(members map[string]jsontext.Value, stored user.Answers) patch {
	change := patch{given: map[string]jsontext.Value{}}
	for name, value := range members {
		_, isField := stored.Fields[name]
		_, isConsent := stored.Consents[name]
		_, asked := p.Form.Asks(name)
		if value.Kind() == jsontext.KindNull && (isField || isConsent || asked) {
			change.removed = append(change.removed, name)
		} else {
			change.given[name] = value
		}
	}
	return change
}

// patched is the user's answers after the patch, and whether the profile is
// complete with them.
func (p *Profiles) patched(u *user.User, change patch, now time.Time) (user.Answers, bool, error) {
	next, given := u.Answers.Clone(), maps.Clone(change.given)
	for _, name := range change.removed {
		delete(next.Fields, name)
		consent, ok := next.Consents[name]
		version, _ := p.Form.Asks(name)
		switch {
		case ok && version != "":
			given[name] = jsontext.Value("false")
		case ok && consent.Accepted: // asked no more: what was agreed to is withdrawn
			next.Consents[name] = user.Consent{Version: consent.Version, At: now}
		}
	}
	document, err := json.Marshal(given)
	if err != nil {
		return user.Answers{}, false, fmt.Errorf("patch: %w", err)
	}
	checked, _, refused := p.Form.Check(document, now)
	next.Merge(checked)
	missing, unfit, err := p.judge(next, now)
	if err != nil {
		return user.Answers{}, false, err
	}
	if u.ProfileComplete {
		return next, true, formRefusal(refused, of(missing, change.removed))
	}
	return next, len(missing) == 0 && unfit == nil, refused
}

// judge tells what the form requires and the answers have not, and what it would
// take no more of those that they have. What it asks no more, or in another
// version of the text, is no answer to it.
func (p *Profiles) judge(a user.Answers, now time.Time) (missing []fault.Problem, unfit, err error) {
	a = a.Clone()
	maps.DeleteFunc(a.Fields, func(name string, _ jsontext.Value) bool {
		version, asked := p.Form.Asks(name)
		return !asked || version != ""
	})
	maps.DeleteFunc(a.Consents, func(name string, c user.Consent) bool {
		version, _ := p.Form.Asks(name)
		return version != c.Version
	})
	document, err := a.Document()
	if err != nil {
		return nil, nil, err
	}
	_, missing, unfit = p.Form.Check(document, now)
	return missing, unfit, nil
}

// of are the problems of members of these names.
func of(problems []fault.Problem, names []string) []fault.Problem {
	return slices.DeleteFunc(problems, func(problem fault.Problem) bool {
		return !slices.Contains(names, strings.TrimPrefix(problem.Pointer, "/"))
	})
}

// sameAnswers reports whether a and b are stored as one.
func sameAnswers(a, b user.Answers) (bool, error) {
	textA, err := a.Text()
	if err != nil {
		return false, err
	}
	textB, err := b.Text()
	return textA == textB, err
}
