package registration

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	nonJoiner      = '\u200c'
	joiner         = '\u200d'
	textVariation  = '\ufe0e'
	emojiVariation = '\ufe0f'
	brailleBlank   = '\u2800'

	// maxMarks is how many combining marks may follow each other: more than that
	// are drawn over the lines above and below.
	maxMarks = 3

	pictureSymbols = "↔⤴⤵◻◼◽◾"          // emoji that Unicode counts as mathematics
	pictureTexts   = "#*0123456789‼⁉〰ℹ" // emoji with a variation selector only
)

// isText reports whether s is text of one line that looks the same wherever it
// is shown. It must be in Unicode's normal form C: we store what we are given,
// so another form is refused, not normalised. Beyond that every character must be
// assigned and have a face of its own: no control, no bidirectional control or
// other format character, no private use, no line or paragraph separator, and no
// U+FFFD, the trace of a text that was torn before. The joiner and the non-joiner
// stay, for Persian and the scripts of India spell with them. A text in which
// nothing can be seen by itself is none: of spaces, marks, joiners, fillers and
// braille blanks alone.
//
// It is no filter of markup: whoever shows a text has to escape it.
func isText(s string) bool {
	return norm.NFC.IsNormalString(s) && !strings.ContainsFunc(s, faceless) &&
		(s == "" || strings.ContainsFunc(s, visible))
}

// visible reports whether r is drawn as something, also where it stands alone.
func visible(r rune) bool {
	return !unicode.IsSpace(r) && !unicode.IsMark(r) && !invisible(r)
}

// invisible reports whether r is drawn as nothing, though it is no space.
func invisible(r rune) bool {
	return r == joiner || r == nonJoiner || r == brailleBlank ||
		unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

func faceless(r rune) bool {
	switch {
	case r == utf8.RuneError:
		return true
	case r == joiner, r == nonJoiner, isPicture(r):
		return false
	}
	return !unicode.IsGraphic(r) // control, format, private use, separators, unassigned
}

// isPicture reports whether r may be drawn as a picture, alone or joined with
// others. Of the blocks of emoji it takes what is not assigned too: people's
// telephones know newer ones than this program does.
func isPicture(r rune) bool {
	return 0x1F000 <= r && r <= 0x1FAFF || unicode.Is(unicode.So, r) || strings.ContainsRune(pictureSymbols, r)
}

// isNickname reports whether s is a text that people can see and tell apart.
// Beyond the rule for texts: no space at either end or beside another, no other
// space than U+0020, no combining mark without a character to combine with and
// no heap of them, nothing that is drawn as nothing (the Hangul fillers, the
// braille blank, the combining joiner …), variation selectors only after what
// may be an emoji, and joiners only between two pictures. So a family of four
// emoji, of 7 code points and 25 bytes, is a nickname; flags of England, Scotland
// and Wales, which are spelt with invisible tags, are not; nor are words that
// need a joiner or non-joiner.
//
// It does not ask whether letters of two alphabets look alike, nor whether the
// words are decent.
func isNickname(s string) bool {
	if !isText(s) {
		return false
	}
	before, marks := ' ', 0
	runes := []rune(s)
	for i, r := range runes {
		after := ' '
		if i+1 < len(runes) {
			after = runes[i+1]
		}
		if marks++; !unicode.IsMark(r) {
			marks = 0
		}
		if marks > maxMarks || !fits(before, r, after) {
			return false
		}
		before = r
	}
	return before != ' '
}

// fits reports whether r may stand between its neighbours in a nickname, which
// are spaces at the ends.
func fits(before, r, after rune) bool {
	switch {
	case r == joiner:
		return (isPicture(before) || before == emojiVariation) && isPicture(after)
	case r == textVariation, r == emojiVariation:
		return isPicture(before) || strings.ContainsRune(pictureTexts, before)
	case invisible(r):
		return false
	case unicode.IsSpace(r), unicode.IsMark(r):
		return before != ' ' && (r == ' ' || unicode.IsMark(r))
	}
	return true
}
