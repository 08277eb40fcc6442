package flow

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"daemun/shared/fault"
	"daemun/shared/user"
)

// Form is what a sign-up asks: fields, each of which is a text, a number, true,
// false or a list, and consents, each true or false. Answers are one JSON object
// of both.
type Form interface {
	// Check judges answers at the time now. Where some will not do, or were not
	// asked for, err is the fault validation_failed or invalid_request with its
	// Problems; each begins with the name of the member that it belongs to. What
	// is required and not there is missing, and no error: not everybody has to
	// answer everything at once. A consent is checked as of now, with the version
	// that the form has now, for answers do not say which one somebody was shown.
	// The same arguments give the same result.
	Check(answers jsontext.Value, now time.Time) (checked user.Answers, missing []fault.Problem, err error)
	// Asks reports whether the form has a member of this name and, if that is a
	// consent, of which version; a field has none.
	Asks(name string) (consentVersion string, asked bool)
}

// formRefusal is the fault of answers of which some will not do and others are
// missing, all at once; nil if there is nothing wrong.
func formRefusal(err error, missing []fault.Problem) error {
	if len(missing) == 0 {
		return err
	}
	refused := &fault.Error{Code: fault.ValidationFailed, Problems: missing}
	var f *fault.Error
	if errors.As(err, &f) {
		if len(f.Problems) == 0 {
			return err // not about single answers
		}
		refused.Code, refused.Err, refused.Problems = f.Code, f.Err, slices.Concat(f.Problems, missing)
	}
	slices.SortFunc(refused.Problems, func(a, b fault.Problem) int {
		return cmp.Or(cmp.Compare(a.Pointer, b.Pointer), cmp.Compare(a.Code, b.Code))
	})
	return refused
}
