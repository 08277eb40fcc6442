package registration_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/registration"
)

func TestLoad_ShippedFormsAreGood(t *testing.T) {
	if diff := cmp.Diff([]string{"profile", "terms"}, registration.Names()); diff != "" {
		t.Error(diff)
	}
	for _, name := range registration.Names() {
		form, err := registration.Load(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !bytes.Equal(form.Schema(), read(t, "schemas/"+name+".json")) {
			t.Errorf("%s: the schema is not the text that was written", name)
		}
		oracle(t, form.Schema())
	}
}

func TestLoad_NamesTheFormsThereAre(t *testing.T) {
	for _, name := range []string{"", "nobody", "../profile", "schemas/profile", "profile.json", "Profile", "*"} {
		_, err := registration.Load(name)
		if err == nil || !strings.Contains(err.Error(), "only profile, terms") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestForm_SchemaIsACopy(t *testing.T) {
	form := everything(t)
	clear(form.Schema())
	if form.Schema()[0] != '{' {
		t.Error("a caller can change the form")
	}
}

func TestProfile_AsksWhatItSays(t *testing.T) {
	form, err := registration.Load("profile")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		answers  string
		code     fault.Code
		problems []string
	}{
		{
			`{"nickname":"길동이👨‍👩‍👧‍👦","position":"backend","address":"서울특별시 중구 세종대로 110, 3층 #301","birth_date":"2000-02-29","terms_of_service":true,"marketing":false}`,
			"", nil,
		},
		{`{"nickname":"길동이","position":"other","birth_date":"2012-11-22","terms_of_service":true}`, "", nil},
		{`{}`, "", []string{"/birth_date required", "/nickname required", "/position required", "/terms_of_service required"}},
		{
			`{"nickname":"a","position":"ceo","address":"","birth_date":"2013-01-01","terms_of_service":false}`, fault.ValidationFailed,
			[]string{
				"/address too_short", "/birth_date too_young", "/nickname too_short", "/position not_allowed", "/terms_of_service consent_required",
			},
		},
	} {
		code, problems := check(form, test.answers, now)
		if code != test.code || !slices.Equal(problems, test.problems) {
			t.Errorf("%s: %s %q", test.answers, code, problems)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := registration.Load("profile"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	form, err := registration.Load("profile")
	if err != nil {
		b.Fatal(err)
	}
	answers := []byte(`{"nickname":"길동이","position":"backend","address":"서울특별시 중구 세종대로 110","birth_date":"2000-02-29","terms_of_service":true,"marketing":true}`)
	for b.Loop() {
		if _, _, err := form.Check(answers, now); err != nil {
			b.Fatal(err)
		}
	}
}
