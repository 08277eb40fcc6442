package flow

import "errors"

// spent is a failure of a login whose state was claimed.
type spent struct{ error }

func (s spent) Unwrap() error { return s.error }

// IsSpent reports whether Complete failed after it had claimed the state, so that
// the login's transaction is of no use any more. Where it does not say so the
// claim may have been made all the same: its answer can get lost.
func IsSpent(err error) bool {
	var s spent
	return errors.As(err, &s)
}
