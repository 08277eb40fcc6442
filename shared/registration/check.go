package registration

import (
	"cmp"
	"regexp"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"daemun/shared/fault"
	"daemun/shared/user"
)

// What can be wrong with answers: the codes of all problems that Check tells.
// Clients branch on them, so they are stable.
const (
	CodeUnknownField    = "unknown_field"    // the form has no such member
	CodeRequired        = "required"         // the member is missing
	CodeWrongType       = "wrong_type"       // not the type of JSON value asked for; null is never asked for
	CodeTooShort        = "too_short"        // a text of too few code points
	CodeTooLong         = "too_long"         // a text of too many code points or bytes
	CodeTooSmall        = "too_small"        // an integer
	CodeTooLarge        = "too_large"        // an integer
	CodeTooFew          = "too_few"          // a list
	CodeTooMany         = "too_many"         // a list
	CodeDuplicateItem   = "duplicate_item"   // a list holds something twice
	CodeNotAllowed      = "not_allowed"      // not among the choices
	CodeBadFormat       = "bad_format"       // no date, or not of the pattern
	CodeBadText         = "bad_text"         // a text with characters that people cannot see or tell apart
	CodeBadNickname     = "bad_nickname"     // the same, by the stricter rule for nicknames
	CodeTooYoung        = "too_young"        // under the minimum age
	CodeConsentRequired = "consent_required" // a mandatory consent is not given
)

// maxProblems bounds an answer to hostile bodies. No form of reasonable size
// has so many members that are all wrong.
const maxProblems = 32

// field is a member of a form.
type field interface {
	// judge tells what is wrong with a value, at the pointer of the member.
	judge(pointer string, value jsontext.Value, now time.Time) []fault.Problem
}

// Check judges answers: one flat JSON object. Whatever is there is checked,
// whether or not all is there:
//
//   - missing tells what is required and not there, each with the code required.
//     It is no error by itself, and it is told beside one.
//   - Faults: invalid_request if this is no JSON object with distinct names in
//     valid UTF-8, then without problems, or if the form does not have some member;
//     validation_failed if some value will not do. Problems tells everything that
//     is wrong, at most 32, sorted by pointer and code. Of what the client sent it
//     repeats at most names that are plain words.
//   - checked holds the values as they were written, and the consents with the
//     form's version and with now as their time: a client has no say in either. It
//     is empty beside an error.
//
// Not checked: which version of a text somebody was shown. Where a form is
// replaced between its display and the answer, a consent is kept with the newer
// version. The size of the answers is the caller's to bound.
func (f *Form) Check(answers jsontext.Value, now time.Time) (checked user.Answers, missing []fault.Problem, err error) {
	var given map[string]jsontext.Value
	if json.Unmarshal(answers, &given) != nil || given == nil { // nil is null; an error would quote the answers
		return user.Answers{}, nil, fault.Newf(fault.InvalidRequest, "answers are not one JSON object of distinct members")
	}
	for _, name := range f.required {
		if given[name] == nil {
			missing = append(missing, fault.Problem{Pointer: "/" + name, Code: CodeRequired})
		}
	}
	failure := &fault.Error{Code: fault.ValidationFailed}
	for name, value := range given {
		asked := f.fields[name]
		if asked == nil {
			failure.Code = fault.InvalidRequest
			failure.Problems = append(failure.Problems, fault.Problem{Pointer: pointerTo(name), Code: CodeUnknownField})
			continue
		}
		failure.Problems = append(failure.Problems, asked.judge("/"+name, value, now)...)
	}
	if len(failure.Problems) > 0 {
		failure.Problems = first(failure.Problems)
		return user.Answers{}, missing, failure
	}
	return f.answers(given, now), missing, nil
}

// Asks reports whether the form has a member of this name and, if that is a
// consent, of which version of its text.
func (f *Form) Asks(name string) (consentVersion string, asked bool) {
	member, asked := f.fields[name]
	c, _ := member.(consent)
	return c.version, asked
}

// answers sorts good answers into fields and consents.
func (f *Form) answers(given map[string]jsontext.Value, now time.Time) user.Answers {
	answers := user.Answers{Fields: user.Fields{}, Consents: user.Consents{}}
	for name, value := range given {
		if c, ok := f.fields[name].(consent); ok {
			answers.Consents[name] = user.Consent{Accepted: value.Kind() == jsontext.KindTrue, Version: c.version, At: now}
		} else {
			answers.Fields[name] = value
		}
	}
	return answers
}

// maxName is how long the name of a member may be, in bytes.
const maxName = 64

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_]+$`)

// pointerTo points to a member that we do not know: to the whole body if its name
// is nothing to repeat.
func pointerTo(name string) string {
	if len(name) > maxName || !plainWord.MatchString(name) {
		return ""
	}
	return "/" + name
}

// first is the problems in order, each once, as many as are told.
func first(problems []fault.Problem) []fault.Problem {
	slices.SortFunc(problems, func(a, b fault.Problem) int {
		return cmp.Or(cmp.Compare(a.Pointer, b.Pointer), cmp.Compare(a.Code, b.Code))
	})
	problems = slices.Compact(problems)
	return problems[:min(len(problems), maxProblems)]
}
