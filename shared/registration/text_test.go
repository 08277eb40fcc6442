package registration_test

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	neither = iota
	textOnly
	both
)

// texts are what people and attackers write. RG-05.
var texts = []struct {
	name, text string
	good       int
}{
	{"Hangul", "길동이", both},
	{"Hangul jamo as people type them", "ㅋㅋㅋ", both},
	{"Latin with accents", "Zoë Çelik", both},
	{"Chinese and Japanese", "山田 太郎ー", both},
	{"Arabic", "محمد", both},
	{"Hebrew with points", "שָׁלוֹם", both},
	{"Hindi with a virama", "नमस्ते", both},
	{"Thai with tone marks", "น้ำใส", both},
	{"Vietnamese", "Nguyễn", both},
	{"beyond the first plane", "𠮷野", both},
	{"digits", "12345", both},
	{"punctuation", "O'Neil-Smith, Jr.", both},
	{"symbols", "★彡(^_^)", both},
	{"markup, which whoever shows it escapes", "<b>x</b>", both},
	{"SQL", "'; DROP TABLE--", both},
	{"template", "${7*7}{{7*7}}", both},
	{"words of programs", "null", both},
	{"backslashes", `\u0000\n`, both},

	{"emoji", "😀😀", both},
	{"emoji with skin", "👍🏽👍", both},
	{"flag", "🇰🇷", both},
	{"family of 7 code points and 25 bytes", "👨‍👩‍👧‍👦", both},
	{"family and a name", "김가네👨‍👩‍👧‍👦", both},
	{"profession with skin", "👩🏽‍💻 코더", both},
	{"heart on fire", "❤️‍🔥!", both},
	{"rainbow flag", "🏳️‍🌈", both},
	{"shaking head", "🙂‍↔️", both},
	{"keycap", "1️⃣등", both},
	{"exclamation as emoji", "와‼️", both},
	{"heart as text", "❤︎ ❤", both},
	{"copyright as emoji", "©️2026", both},
	{"emoji newer than this program", "\U0001FAE9\U0001FADC", both},
	{"family by joiners of letters", "가\u200d나", textOnly},
	{"joiner at the end", "👨‍👩\u200d", textOnly},
	{"joiner at the start", "\u200d👨‍👩", textOnly},
	{"two joiners", "👨\u200d\u200d👩", textOnly},
	{"joiner before a letter", "👨\u200da", textOnly},
	{"Persian with a non-joiner", "می\u200cخواهم", textOnly},
	{"flag of tags", "🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F!", neither},

	{"leading space", " ab", textOnly},
	{"trailing space", "ab ", textOnly},
	{"two spaces", "a  b", textOnly},
	{"no-break space", "a\u00a0b", textOnly},
	{"ideographic space", "山\u3000田", textOnly},
	{"em space", "a\u2003b", textOnly},
	{"spaces only", "   ", neither},
	{"ideographic spaces only", "\u3000\u3000", neither},
	{"line feed", "a\nb", neither},
	{"carriage return", "a\r\nSet-Cookie: b", neither},
	{"tab", "a\tb", neither},
	{"NUL", "a\x00b", neither},
	{"escape", "a\x1b[31mb", neither},
	{"delete", "a\x7fb", neither},
	{"C1 control", "a\u0085b", neither},
	{"line separator", "a\u2028b", neither},
	{"paragraph separator", "a\u2029b", neither},

	{"right-to-left override", "ab\u202etxt.exe", neither},
	{"left-to-right override", "ab\u202dc", neither},
	{"embedding", "a\u202ab\u202c", neither},
	{"isolate", "a\u2067b\u2069", neither},
	{"left-to-right mark", "a\u200eb", neither},
	{"Arabic letter mark", "a\u061cb", neither},
	{"zero-width space", "a\u200bb", neither},
	{"word joiner", "a\u2060b", neither},
	{"byte order mark", "a\ufeffb", neither},
	{"soft hyphen", "a\u00adb", neither},
	{"invisible times", "a\u2062b", neither},
	{"tags", "a\U000E0041b", neither},
	{"annotation", "a\ufff9b", neither},

	{"Hangul fillers only", "\u3164\u3164", neither},
	{"jamo fillers only", "\u115f\u1160", neither},
	{"halfwidth fillers only", "\uffa0\uffa0", neither},
	{"braille blanks only", "\u2800\u2800", neither},
	{"joiners only", "\u200d\u200d", neither},
	{"non-joiners only", "\u200c\u200c", neither},
	{"combining joiners only", "\u034f\u034f", neither},
	{"variation selectors only", "\ufe0f\ufe0f", neither},
	{"marks only", "\u0301\u0301", neither},
	{"all that is not seen, and spaces", "\u3164 \u200d\u3000\u2800\u0301\u115f", neither},
	{"one jamo among fillers", "\u3164ㄱ\u3164", textOnly},
	{"Hangul filler in a name", "길\u3164동", textOnly},
	{"halfwidth filler", "a\uffa0b", textOnly},
	{"jamo fillers", "a\u115f\u1160b", textOnly},
	{"braille blank", "a\u2800b", textOnly},
	{"combining joiner", "a\u034fb", textOnly},
	{"Khmer inherent vowel", "a\u17b4b", textOnly},
	{"Mongolian variation selector", "a\u180bb", textOnly},
	{"variation selector after a letter", "a\ufe0fb", textOnly},
	{"variation selector at the start", "\ufe0fab", textOnly},
	{"variation selector 17", "葛\U000E0100x", textOnly},
	{"mark without a letter", "\u0301ab", textOnly},
	{"mark after a space", "a \u0323b", textOnly},
	{"heap of marks", "z\u0335\u0336\u0337\u0338a", textOnly},
	{"three marks", "z\u0335\u0336\u0337a", both},

	{"NFC", "é è", both},
	{"NFD", "e\u0301 e\u0300", neither},
	{"Hangul in NFD", "\u1112\u1161\u11ab\u1100\u1173\u11af", neither},
	{"Ångström sign, a singleton", "\u212bb", neither},
	{"marks in another order", "a\u0301\u0323", neither},
	{"compatibility form is another character", "ﬁn", both},

	{"private use", "a\ue000b", neither},
	{"private plane", "a\U000F0000b", neither},
	{"noncharacter", "a\uffffb", neither},
	{"noncharacter in Arabic", "a\ufdd0b", neither},
	{"last noncharacter", "a\U0010FFFFb", neither},
	{"unassigned", "a\u0378b", neither},
	{"unassigned plane", "a\U00050000b", neither},
	{"replacement character", "a\ufffdb", neither},
}

func TestCheck_Texts(t *testing.T) {
	form := everything(t)
	for _, test := range texts {
		quoted, err := jsontext.AppendQuote(nil, test.text)
		if err != nil {
			t.Fatal(err)
		}
		_, motto := check(form, with("motto", string(quoted)), now)
		_, nickname := check(form, with("nickname", string(quoted)), now)
		if got := strings.Join(motto, ""); got != "/motto bad_text" && got != "" || (got == "") != (test.good >= textOnly) {
			t.Errorf("%s: %+q as a text: %q", test.name, test.text, got)
		}
		if got := strings.Join(nickname, ""); got != "/nickname bad_nickname" && got != "" || (got == "") != (test.good == both) {
			t.Errorf("%s: %+q as a nickname: %q", test.name, test.text, got)
		}
	}
}
