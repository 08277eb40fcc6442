package flow

import "errors"

// Policy says what a person without an account gets who logs in.
type Policy string

// The policies.
const (
	Automatic Policy = "automatic" // an account
	Required  Policy = "required"  // a register token: the account is made when the form is filled in
	Deferred  Policy = "deferred"  // an account whose profile is incomplete until the form is filled in
)

// UnmarshalText reads a policy; empty is Automatic.
func (p *Policy) UnmarshalText(text []byte) error {
	switch named := Policy(text); named {
	case "":
		*p = Automatic
	case Automatic, Required, Deferred:
		*p = named
	default:
		return errors.New("want automatic, required or deferred")
	}
	return nil
}
