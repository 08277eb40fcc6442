package apple

import (
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"

	"daemun/shared/provider"
)

// nickname makes a name for other people to see of the form field user, which is
// JSON; "" if there is none or it cannot be read. The field's email is left alone.
func nickname(field string) string {
	var u struct {
		Name struct {
			First string `json:"firstName"`
			Last  string `json:"lastName"`
		} `json:"name"`
	}
	if json.Unmarshal([]byte(field), &u) != nil {
		return ""
	}
	first, last := strings.TrimSpace(u.Name.First), strings.TrimSpace(u.Name.Last)
	if isEastAsian(first) && isEastAsian(last) {
		return provider.Nickname(last + first) // 김대문
	}
	return provider.Nickname(strings.TrimSpace(first + " " + last))
}

// isEastAsian reports whether a name is written in letters in which the family
// name goes first, without a space.
func isEastAsian(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.In(r, unicode.Hangul, unicode.Han, unicode.Hiragana, unicode.Katakana)
	})
}
