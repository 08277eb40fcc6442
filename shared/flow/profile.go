package flow

import (
	"context"
	"fmt"
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
// takes an answer away, and withdraws a consent. The profile is complete from the
// first patch on after which nothing that is required is missing, and remains
// so: a patch that would take such an answer away again is refused.
//
// Only what the patch names is judged. Answers that a newer form would refuse
// stand in nobody's way to change others.
//
// Faults: invalid_token for a user who is gone or disabled; invalid_request for
// what is no JSON object; those of Form.Check; temporarily_unavailable.
func (p *Profiles) Patch(ctx context.Context, who token.Access, patch jsontext.Value) (*user.User, error) {
	var members map[string]jsontext.Value
	if err := json.Unmarshal(patch, &members); err != nil || members == nil {
		return nil, fault.Newf(fault.InvalidRequest, "patch is no JSON object") // err may quote it
	}
	u, err := p.Users.FindUser(ctx, who.UserID)
	if err != nil {
		return nil, fmt.Errorf("find user: %w", err)
	}
	now := p.Now()
	for range patchAttempts {
		if u == nil || u.Disabled {
			return nil, fault.Newf(fault.InvalidToken, "user is gone or disabled")
		}
		answers, complete, err := p.patched(u, members, now)
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

// patched is the user's answers after the patch, and whether the profile is
// complete with them.
func (p *Profiles) patched(u *user.User, patch map[string]jsontext.Value, now time.Time) (user.Answers, bool, error) {
	next := u.Answers.Clone()
	given := map[string]jsontext.Value{}
	for name, value := range patch {
		_, isConsent := next.Consents[name]
		switch {
		case value.Kind() != 'n':
			given[name] = value
		case isConsent:
			given[name] = jsontext.Value("false")
		default:
			delete(next.Fields, name)
		}
	}
	document, err := json.Marshal(given)
	if err != nil {
		return user.Answers{}, false, fmt.Errorf("patch: %w", err)
	}
	checked, _, refused := p.Form.Check(document, now)
	next.Merge(checked)
	missing, err := p.missing(next, now)
	if err != nil {
		return user.Answers{}, false, err
	}
	if u.ProfileComplete {
		return next, true, formRefusal(refused, named(missing, patch))
	}
	return next, len(missing) == 0, refused
}

// missing is what the form requires and the answers have not. Whether it would
// still take those that they have is not asked.
func (p *Profiles) missing(a user.Answers, now time.Time) ([]fault.Problem, error) {
	document, err := a.Document()
	if err != nil {
		return nil, err
	}
	_, missing, _ := p.Form.Check(document, now)
	return missing, nil
}

// named are the problems of members that the patch names.
func named(problems []fault.Problem, patch map[string]jsontext.Value) []fault.Problem {
	var some []fault.Problem
	for _, problem := range problems {
		if _, ok := patch[strings.TrimPrefix(problem.Pointer, "/")]; ok {
			some = append(some, problem)
		}
	}
	return some
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
