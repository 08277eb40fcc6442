package config

import (
	"errors"
	"slices"
)

// CheckFrontPage wants absolute to be the address of a page of the front end:
// browsers are sent there, and its scripts use our cookies.
func (s *Site) CheckFrontPage(absolute string) error {
	at, err := origin(absolute)
	switch {
	case err != nil:
		return err
	case !extensible.MatchString(absolute):
		return errors.New("want ASCII, percent-encoded where needed, and no fragment")
	case !slices.Contains(s.FrontOrigins(), at):
		return errors.New("want a page of the front end: of FRONT_URL's origin or of one of ALLOWED_ORIGINS")
	}
	return nil
}
