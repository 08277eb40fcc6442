package user_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"daemun/shared/user"
)

// CB-02, CB-03.
func TestNewIdentity_TakesOnlyWhatTellsPeopleApart(t *testing.T) {
	for _, test := range []struct {
		provider, subject string
		valid             bool
	}{
		{"kakao", "1", true},
		{"kakao", "9007199254740993", true},
		{"oidc-2", "a.b:c#d|e", true},
		{"k", "!", true},
		{"k", "~", true},
		{"k" + strings.Repeat("a", 31), "1", true},
		{"kakao", strings.Repeat("s", 255), true},

		{"", "1", false},
		{"Kakao", "1", false},
		{"1kakao", "1", false},
		{"-kakao", "1", false},
		{"ka_kao", "1", false},
		{"kakao#1", "1", false},
		{"kakao:1", "1", false},
		{"kakao\n", "1", false},
		{"kakao ", "1", false},
		{"кakao", "1", false}, // Cyrillic
		{"__proto__", "1", false},
		{"k" + strings.Repeat("a", 32), "1", false},

		{"kakao", "", false},
		{"kakao", " ", false},
		{"kakao", "1 ", false},
		{"kakao", " 1", false},
		{"kakao", "a b", false},
		{"kakao", "a\tb", false},
		{"kakao", "1\n", false},
		{"kakao", "a\x00", false},
		{"kakao", "a\x7f", false},
		{"kakao", "a\u0085", false},
		{"kakao", "a\ufffd", false},
		{"kakao", "a\xff", false},
		{"kakao", "a\u200b", false},
		{"kakao", "홍길동", false},
		{"kakao", strings.Repeat("s", 256), false},
	} {
		if test.subject == "1" && user.IsProviderName(test.provider) != test.valid {
			t.Errorf("IsProviderName(%q) is %v", test.provider, !test.valid)
		}
		got, err := user.NewIdentity(test.provider, test.subject)
		if (err == nil) != test.valid {
			t.Errorf("%q, %.20q: %v", test.provider, test.subject, err)
		}
		want := user.Identity{}
		if test.valid {
			want = user.Identity{Provider: test.provider, Subject: test.subject}
		}
		if got != want {
			t.Errorf("%q, %.20q: got %v", test.provider, test.subject, got)
		}
	}
}

// CB-02: what would be one text if it were joined stays two.
func TestNewIdentity_KeepsTheProvidersApart(t *testing.T) {
	for _, pair := range [][2][2]string{
		{{"naver1", "2"}, {"naver", "12"}},
		{{"kakao", "12"}, {"google", "12"}},
		{{"a", "b#c"}, {"a", "b-c"}},
	} {
		a, errA := user.NewIdentity(pair[0][0], pair[0][1])
		b, errB := user.NewIdentity(pair[1][0], pair[1][1])
		if errA != nil || errB != nil || a == b {
			t.Errorf("%v: %v %v, %v %v", pair, a, b, errA, errB)
		}
	}
}

// LG-01: a subject is somebody's; errors go to the log.
func TestNewIdentity_ErrorDoesNotRepeatTheSubject(t *testing.T) {
	_, err := user.NewIdentity("kakao", "canary-123456 ")
	if err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("got %v", err)
	}
}

// CB-02: no two identities share a key, wherever their parts meet, and a key
// that nobody wrote is no identity's.
func TestIdentity_KeyIsInjective(t *testing.T) {
	provider := rapid.StringMatching(`[ab-]{0,2}|a[ab-]{0,2}`)
	subject := rapid.StringMatching(`[ab#:-]{1,3}`)
	rapid.Check(t, func(t *rapid.T) {
		a, errA := user.NewIdentity(provider.Draw(t, "provider a"), subject.Draw(t, "subject a"))
		b, errB := user.NewIdentity(provider.Draw(t, "provider b"), subject.Draw(t, "subject b"))
		if errA != nil || errB != nil {
			return
		}
		if (a.Key() == b.Key()) != (a == b) {
			t.Fatalf("%v and %v: %s and %s", a, b, a.Key(), b.Key())
		}
		if back, err := user.ParseIdentity(a.Key()); err != nil || back != a {
			t.Fatalf("%v came back as %v, %v", a, back, err)
		}
	})
	for _, key := range []string{"", "kakao", "kakao#", "#1", "Kakao#1", "kakao:1", "kakao#1 ", "kakao# 1"} {
		if i, err := user.ParseIdentity(key); err == nil || i != (user.Identity{}) {
			t.Errorf("%q: %v", key, i)
		}
	}
}
