package registration

import (
	"regexp"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"daemun/shared/fault"
)

// at is one problem.
func at(pointer, code string) []fault.Problem {
	return []fault.Problem{{Pointer: pointer, Code: code}}
}

// textOf is the text of a JSON string, and whether value is one.
func textOf(value jsontext.Value) (string, bool) {
	var s string
	if value.Kind() != jsontext.KindString || json.Unmarshal(value, &s) != nil {
		return "", false
	}
	return s, true
}

// text is free text of one line, or a nickname.
type text struct {
	minLength, maxLength int // code points
	maxBytes             int // of UTF-8
	pattern              *regexp.Regexp
	nickname             bool
}

func (t text) judge(pointer string, value jsontext.Value, _ time.Time) []fault.Problem {
	s, ok := textOf(value)
	if !ok {
		return at(pointer, CodeWrongType)
	}
	switch length := utf8.RuneCountInString(s); {
	case length < t.minLength:
		return at(pointer, CodeTooShort)
	case length > t.maxLength || len(s) > t.maxBytes:
		return at(pointer, CodeTooLong)
	case t.nickname && !isNickname(s):
		return at(pointer, CodeBadNickname)
	case !t.nickname && !isText(s):
		return at(pointer, CodeBadText)
	case t.pattern != nil && !t.pattern.MatchString(s):
		return at(pointer, CodeBadFormat)
	}
	return nil
}

// date is a day of the calendar, as RFC 3339 writes it.
type date struct {
	minimumAge int // years; 0 asks for none
}

// judge does not ask whether the date is the true one.
func (d date) judge(pointer string, value jsontext.Value, now time.Time) []fault.Problem {
	s, ok := textOf(value)
	if !ok {
		return at(pointer, CodeWrongType)
	}
	born, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return at(pointer, CodeBadFormat)
	}
	if d.minimumAge > 0 && now.Before(birthday(born, d.minimumAge)) {
		return at(pointer, CodeTooYoung)
	}
	return nil
}

// birthday is the instant at which somebody becomes so many years old: when that
// day begins in Korea. The law that sets the age is Korean, and Korea has had one
// zone without summer time since 1988; so a person elsewhere is as old as they
// would be there. Who was born on 29 February is a year older on 1 March of a
// common year: the year ends with the last of February (Civil Act, art. 160).
func birthday(born time.Time, age int) time.Time {
	korea := time.FixedZone("KST", 9*60*60)
	return time.Date(born.Year()+age, born.Month(), born.Day(), 0, 0, 0, 0, korea)
}

// choice is one of some texts.
type choice struct {
	of []string
}

func (c choice) judge(pointer string, value jsontext.Value, _ time.Time) []fault.Problem {
	s, ok := textOf(value)
	switch {
	case !ok:
		return at(pointer, CodeWrongType)
	case !slices.Contains(c.of, s):
		return at(pointer, CodeNotAllowed)
	}
	return nil
}

// choices are any of some texts, each at most once.
type choices struct {
	of                 choice
	minItems, maxItems int
}

func (c choices) judge(pointer string, value jsontext.Value, now time.Time) []fault.Problem {
	var items []jsontext.Value
	if value.Kind() != jsontext.KindBeginArray || json.Unmarshal(value, &items) != nil {
		return at(pointer, CodeWrongType)
	}
	switch {
	case len(items) < c.minItems:
		return at(pointer, CodeTooFew)
	case len(items) > c.maxItems:
		return at(pointer, CodeTooMany)
	}
	var problems []fault.Problem
	seen := map[string]bool{}
	for i, item := range items {
		here := pointer + "/" + strconv.Itoa(i)
		wrong := c.of.judge(here, item, now)
		if s, _ := textOf(item); wrong == nil && seen[s] {
			wrong = at(here, CodeDuplicateItem)
		} else {
			seen[s] = true
		}
		problems = append(problems, wrong...)
	}
	return problems
}

// maxInteger is the largest that every reader of JSON takes for itself (RFC 7493
// §2.2): some round greater ones.
const maxInteger = 1<<53 - 1

var wholeNumber = regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`)

// integer is a whole number. It is read from its digits, never by way of a
// float; 1.0 and 1e2 are refused, though the standard takes them for integers.
type integer struct {
	minimum, maximum int64
}

func (n integer) judge(pointer string, value jsontext.Value, _ time.Time) []fault.Problem {
	if !wholeNumber.Match(value) {
		return at(pointer, CodeWrongType)
	}
	i, _ := strconv.ParseInt(string(value), 10, 64) // its one error is the range, and it gives the nearest
	switch {
	case i < n.minimum:
		return at(pointer, CodeTooSmall)
	case i > n.maximum:
		return at(pointer, CodeTooLarge)
	}
	return nil
}

// yesOrNo is true or false.
type yesOrNo struct{}

func (yesOrNo) judge(pointer string, value jsontext.Value, _ time.Time) []fault.Problem {
	if kind := value.Kind(); kind != jsontext.KindTrue && kind != jsontext.KindFalse {
		return at(pointer, CodeWrongType)
	}
	return nil
}

// consent is a yes or no to a version of a text, which may have to be a yes.
type consent struct {
	version   string
	mandatory bool
}

func (c consent) judge(pointer string, value jsontext.Value, now time.Time) []fault.Problem {
	if wrong := (yesOrNo{}).judge(pointer, value, now); wrong != nil {
		return wrong
	}
	if c.mandatory && value.Kind() == jsontext.KindFalse {
		return at(pointer, CodeConsentRequired)
	}
	return nil
}
