package registration_test

import (
	"fmt"
	"testing"
	"time"
)

func TestCheck_CountsAgeByTheCalendarOfKorea(t *testing.T) {
	form := everything(t)
	korea := time.FixedZone("KST", 9*60*60)
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, korea) }
	for _, test := range []struct {
		born string
		from time.Time // when they are 14
	}{
		{"2012-11-22", day(2026, 11, 22)},
		{"2012-01-01", day(2026, 1, 1)},
		{"2012-12-31", day(2026, 12, 31)},
		{"2012-03-01", day(2026, 3, 1)},
		{"2012-02-28", day(2026, 2, 28)},
		{"2012-02-29", day(2026, 3, 1)}, // no such day in 2026
		{"2014-02-28", day(2028, 2, 28)},
		{"0000-01-01", day(14, 1, 1)},
	} {
		answers := with("birth_date", fmt.Sprintf("%q", test.born))
		if _, problems := check(form, answers, test.from); problems != nil {
			t.Errorf("born %s, at %s: %v", test.born, test.from, problems)
		}
		if _, problems := check(form, answers, test.from.UTC()); problems != nil {
			t.Errorf("born %s, at %s: the zone of the clock matters", test.born, test.from.UTC())
		}
		if _, problems := check(form, answers, test.from.Add(-1)); len(problems) != 1 || problems[0] != "/birth_date too_young" {
			t.Errorf("born %s, just before %s: %v", test.born, test.from, problems)
		}
	}
}
