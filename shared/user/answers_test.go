package user_test

import (
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/user"
)

var answers = user.Answers{
	Fields: user.Fields{
		"nickname": jsontext.Value(`"앨리스 🦊"`),
		"address":  jsontext.Value(`{"city":"서울","zip":"04524"}`),
		"langs":    jsontext.Value(`["ko","en"]`),
		"number":   jsontext.Value(`9007199254740993`),
		"ratio":    jsontext.Value(`1.10`),
	},
	Consents: user.Consents{
		"terms":     {Accepted: true, Version: "2026-01", At: time.Date(2026, 3, 4, 5, 6, 7, 89_000_000, time.UTC)},
		"marketing": {Accepted: false, Version: "3", At: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)},
	},
}

func textOf(t testing.TB, a user.Answers) string {
	t.Helper()
	text, err := a.Text()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestAnswers_ComeBackAsTheyWere(t *testing.T) {
	for name, want := range map[string]user.Answers{
		"all": answers, "fields only": {Fields: answers.Fields}, "consents only": {Consents: answers.Consents}, "none": {},
	} {
		got, err := user.ParseAnswers(textOf(t, want))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// RG-05: what a string says comes back byte for byte, however it was escaped.
func TestAnswers_StringsAreByteEqual(t *testing.T) {
	for _, want := range []string{
		"", "a", "\uac00", "\u1100\u1161", "👨‍👩‍👧‍👦", "\u202eabc", "a\u200bb", "\x00\x1f\x7f", "<script>&amp;</script>", `"\/`,
		"\u2028\u2029", strings.Repeat("가", 20_000),
	} {
		raw, err := jsontext.AppendQuote(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		a := user.Answers{Fields: user.Fields{"nickname": raw}}
		back, err := user.ParseAnswers(textOf(t, a))
		if err != nil {
			t.Fatal(err)
		}
		var got string
		if err := json.Unmarshal(back.Fields["nickname"], &got); err != nil || got != want {
			t.Errorf("%.40q became %.40q, %v", want, got, err)
		}
	}
}

// Two spellings of one answer have one text: a write of our own is recognised.
func TestAnswers_HaveOneSpelling(t *testing.T) {
	spelt := func(nickname, address string) string {
		return textOf(t, user.Answers{Fields: user.Fields{"nickname": jsontext.Value(nickname), "address": jsontext.Value(address)}})
	}
	one := spelt(`"A/\u00e9"`, `{"b": 1.0, "a": [ "x" ]}`)
	other := spelt(` "\u0041\/é" `, "{\n\"a\":[\"x\"],\"b\":1.0}")
	if one != other {
		t.Errorf("%s\n%s", one, other)
	}
	if spelt(`"\u00e9"`, `{}`) == spelt(`"e\u0301"`, `{}`) {
		t.Error("NFC and NFD are one")
	}
}

func TestAnswers_WithoutAnyAreNoText(t *testing.T) {
	for _, none := range []user.Answers{{}, {Fields: user.Fields{}, Consents: user.Consents{}}} {
		if text := textOf(t, none); text != "" {
			t.Errorf("got %q", text)
		}
	}
}

func TestAnswers_DocumentIsFlat(t *testing.T) {
	got, err := answers.Document()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"address":{"city":"서울","zip":"04524"},"langs":["ko","en"],"marketing":false,` +
		`"nickname":"앨리스 🦊","number":9007199254740993,"ratio":1.10,"terms":true}`
	if string(got) != want {
		t.Errorf("got %s", got)
	}
	if empty, err := (user.Answers{}).Document(); err != nil || string(empty) != "{}" {
		t.Errorf("none: %s, %v", empty, err)
	}
}

func TestAnswers_RefuseBrokenJSON(t *testing.T) {
	broken := user.Answers{Fields: user.Fields{"a": jsontext.Value(`{"x":1,"x":2}`)}}
	if text, err := broken.Text(); err == nil {
		t.Errorf("written: %s", text)
	}
	if text, err := broken.Document(); err == nil {
		t.Errorf("written: %s", text)
	}
	for _, text := range []string{
		"{", "[]", `"canary"`, `{"other":{}}`, `{"fields":[]}`, `{"fields":{"canary":1,"canary":2}}`, `{"consents":{"a":true}}`,
		`{"consents":{"a":{"accepted":true,"version":"1","at":"canary"}}}`, `{"fields":{"a":"\ud800"}}`, "{} {}",
	} {
		got, err := user.ParseAnswers(text)
		if err == nil || strings.Contains(err.Error(), "canary") || got.Fields != nil || got.Consents != nil {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

func TestAnswers_CloneIsItsOwn(t *testing.T) {
	c := answers.Clone()
	c.Fields["nickname"], c.Consents["terms"] = jsontext.Value(`"x"`), user.Consent{}
	if string(answers.Fields["nickname"]) == `"x"` || !answers.Consents["terms"].Accepted {
		t.Error("the original changed")
	}
}

func TestAnswers_MergeKeepsConsentsThatWereNotSaidAnew(t *testing.T) {
	at := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	said := func(accepted bool, version string) user.Consent {
		return user.Consent{Accepted: accepted, Version: version, At: at}
	}
	got := answers.Clone()
	got.Merge(user.Answers{
		Fields: user.Fields{"nickname": jsontext.Value(`"b"`), "marketing": jsontext.Value(`"no consent any more"`)},
		Consents: user.Consents{
			"terms": said(true, "2026-01"), "news": said(false, "1"), "ratio": said(true, "1"),
		},
	})
	want := answers.Clone()
	want.Fields["nickname"], want.Fields["marketing"] = jsontext.Value(`"b"`), jsontext.Value(`"no consent any more"`)
	want.Consents["news"], want.Consents["ratio"] = said(false, "1"), said(true, "1")
	delete(want.Fields, "ratio")
	delete(want.Consents, "marketing")
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	none := user.Answers{}.Clone()
	none.Merge(answers)
	if d := cmp.Diff(answers, none); d != "" {
		t.Errorf("into none (-want +got):\n%s", d)
	}
	for _, other := range []user.Consent{said(false, "2026-01"), said(true, "2026-02")} {
		anew := answers.Clone()
		anew.Merge(user.Answers{Consents: user.Consents{"terms": other}})
		if anew.Consents["terms"] != other {
			t.Errorf("%+v is not taken over", other)
		}
	}
}
