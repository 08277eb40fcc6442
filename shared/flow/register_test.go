package flow_test

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/session"
	"daemun/shared/token"
	"daemun/shared/user"
)

func TestPolicy_UnmarshalText(t *testing.T) {
	for text, want := range map[string]flow.Policy{
		"": flow.Automatic, "automatic": flow.Automatic, "required": flow.Required, "deferred": flow.Deferred,
	} {
		var p flow.Policy
		if err := p.UnmarshalText([]byte(text)); err != nil || p != want {
			t.Errorf("%q: %q, %v", text, p, err)
		}
	}
	for _, text := range []string{"Required", "required ", "off", "true"} {
		if err := new(flow.Policy).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// A login of nobody makes nobody: two requests, and no write but the used state.
func TestComplete_RequiredGivesARegisterTokenAndWritesNothing(t *testing.T) {
	for _, clientName := range []string{"", "spa"} {
		w := open(t, flow.Required)
		done, err := w.finish(clientName)
		if err != nil {
			t.Fatal(err)
		}
		w.requests(map[string]int{"PutItem": 1, "GetItem": 1})
		w.stored(0, 0, 0)
		got := done.Registration
		if done.Tokens != (flow.Tokens{}) || done.SessionID != "" || done.NewUser || done.Client != clientName {
			t.Errorf("%q: %+v", clientName, done)
		}
		want := &flow.RegistrationRequired{
			RegisterToken: got.RegisterToken, ExpiresIn: 10 * time.Minute, Identity: alice.Identity, Profile: alice.Profile,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// A person who has an account logs in, whatever the policy is.
func TestComplete_PolicyIsForNewPersonsOnly(t *testing.T) {
	w := open(t, flow.Automatic)
	first := w.loggedIn()
	if !first.NewUser || !first.User.ProfileComplete || !w.access(first.AccessToken).ProfileComplete {
		t.Errorf("%+v", first)
	}
	for _, p := range []flow.Policy{flow.Required, flow.Deferred} {
		w.completion.Registration = p
		again := w.loggedIn()
		if again.NewUser || again.User.ID != first.User.ID || !again.User.ProfileComplete {
			t.Errorf("%s: %+v", p, again)
		}
	}
	w.stored(1, 3, 0)
}

// CB-13, RG-02: what the provider vouched for comes from the token.
func TestRegister_MakesTheAccountInOneRequest(t *testing.T) {
	for _, clientName := range []string{"", "spa"} {
		w := open(t, flow.Required)
		proof := w.registering(clientName)
		w.db.Proxy.Reset()
		r := request(proof, "홍길동")
		r.Provider, r.Subject, r.Device = "kakao", "1", session.Device{UserAgent: "test"}
		done, err := w.registration.Register(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		w.requests(map[string]int{"TransactWriteItems": 1})
		w.stored(1, 1, 1)
		if !done.NewUser || done.Client != clientName || done.SessionID == "" || done.Registration != nil {
			t.Errorf("%+v", done)
		}
		if wantReturn := map[string]string{"": "https://app.example.com/there", "spa": ""}[clientName]; done.ReturnTo != wantReturn {
			t.Errorf("returns to %q, want %q", done.ReturnTo, wantReturn)
		}
		want := &user.User{
			ID: done.User.ID, Identities: []user.Identity{alice.Identity}, Profile: alice.Profile, ProfileComplete: true, CreatedAt: start,
			Answers: user.Answers{
				Fields:   user.Fields{"nickname": jsontext.Value(`"홍길동"`)},
				Consents: user.Consents{"terms": {Accepted: true, Version: "1", At: start}},
			},
		}
		if diff := cmp.Diff(want, w.user(done.User.ID)); diff != "" {
			t.Errorf("user (-want +got):\n%s", diff)
		}
		if who := w.access(done.AccessToken); !who.ProfileComplete || who.UserID != want.ID || who.SessionID != done.SessionID {
			t.Errorf("access token of %+v", who)
		}
		if refreshed, err := w.refresh.Refresh(t.Context(), done.RefreshToken); err != nil || refreshed.User.ID != want.ID {
			t.Errorf("refresh: %v", err)
		}
		if again := w.loggedIn(); again.User.ID != want.ID || again.NewUser {
			t.Errorf("the next login is of %+v", again.User)
		}
	}
}

func TestDescribe_TellsOfThePersonAndChangesNothing(t *testing.T) {
	w := open(t, flow.Required)
	proof := w.registering("")
	w.db.Proxy.Reset()
	for range 2 {
		got, err := w.registration.Describe(proof)
		if err != nil {
			t.Fatal(err)
		}
		want := token.Register{
			ID: got.ID, Identity: alice.Identity, Profile: alice.Profile, ReturnTo: "https://app.example.com/there", ExpiresAt: start.Add(10 * time.Minute),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	w.requests(map[string]int{})
	if _, err := w.register(proof, "a"); err != nil {
		t.Error(err)
	}
}

// Who the client takes the person for is compared, and decides nothing.
func TestRegister_AnotherPersonThanTheTokensIsRefused(t *testing.T) {
	w := open(t, flow.Required)
	proof := w.registering("")
	for _, c := range []struct {
		provider, subject string
		want              fault.Code
	}{
		{"naver", "1", fault.InvalidRequest}, {"kakao", "2", fault.InvalidRequest}, {"naver", "", fault.InvalidRequest},
		{"", "2", fault.InvalidRequest}, {"kakao1", "", fault.InvalidRequest}, {"", "kakao#1", fault.InvalidRequest},
		{"KAKAO", "1", fault.InvalidRequest}, {"kakao#1", "1", fault.InvalidRequest}, {"", "01", fault.InvalidRequest},
		{"kakao", "", ""},
	} {
		r := request(proof, "a")
		r.Provider, r.Subject = c.provider, c.subject
		_, err := w.registration.Register(t.Context(), r)
		wantCode(t, err, c.want)
		if err != nil && strings.Contains(err.Error(), c.provider+c.subject) {
			t.Errorf("repeats what the client sent: %v", err)
		}
	}
	w.stored(1, 1, 1)
}

// RG-02, 422: all that is wrong is told at once, nothing is written, and the
// token is good for the mended answers.
func TestRegister_RefusedAnswersSpendNothing(t *testing.T) {
	w := open(t, flow.Required)
	proof := w.registering("")
	w.db.Proxy.Reset()
	problem := func(pointer, code string) fault.Problem { return fault.Problem{Pointer: pointer, Code: code} }
	for _, c := range []struct {
		answers string
		code    fault.Code
		want    []fault.Problem
	}{
		{"", fault.ValidationFailed, []fault.Problem{problem("/nickname", "required"), problem("/terms", "required")}},
		{"{}", fault.ValidationFailed, []fault.Problem{problem("/nickname", "required"), problem("/terms", "required")}},
		{`{"nickname":""}`, fault.ValidationFailed, []fault.Problem{problem("/nickname", "too_long"), problem("/terms", "required")}},
		{`{"terms":false,"city":""}`, fault.ValidationFailed, []fault.Problem{
			problem("/city", "too_long"), problem("/nickname", "required"), problem("/terms", "consent_required"),
		}},
		{`{"nickname":"a","terms":true,"roles":["admin"]}`, fault.InvalidRequest, []fault.Problem{problem("/roles", "unknown_field")}},
		{`{"terms":true,"sub":"x"}`, fault.InvalidRequest, []fault.Problem{problem("/nickname", "required"), problem("/sub", "unknown_field")}},
		{`[]`, fault.InvalidRequest, nil},
		{`{"nickname":"a","nickname":"b","terms":true}`, fault.InvalidRequest, nil},
	} {
		r := request(proof, "")
		r.Answers = jsontext.Value(c.answers)
		done, err := w.registration.Register(t.Context(), r)
		wantProblems(t, err, c.code, c.want...)
		if done.AccessToken != "" {
			t.Errorf("%s: tokens", c.answers)
		}
	}
	w.requests(map[string]int{})
	if _, err := w.register(proof, "a"); err != nil {
		t.Error(err)
	}
}

// With the other policies there is nothing to register.
func TestRegister_NotEnabled(t *testing.T) {
	w := open(t, flow.Required)
	proof := w.registering("")
	for _, p := range []flow.Policy{flow.Automatic, flow.Deferred, ""} {
		w.registration.Policy = p
		_, err := w.registration.Describe(proof)
		wantCode(t, err, fault.RegistrationNotEnabled)
		_, err = w.register(proof, "a")
		wantCode(t, err, fault.RegistrationNotEnabled)
	}
	w.stored(0, 0, 0)
}

// RG-03: one token, one account. A further token of the same person, or of a
// person who got an account in another way, makes none either.
func TestRegister_SecondTimeIsAlreadyRegistered(t *testing.T) {
	w := open(t, flow.Required)
	proof, other := w.registering(""), w.registering("spa")
	first, err := w.register(proof, "first")
	if err != nil {
		t.Fatal(err)
	}
	for _, again := range []flow.RegisterProof{proof, other, proof} {
		done, err := w.register(again, "second")
		wantCode(t, err, fault.AlreadyRegistered)
		if done.AccessToken != "" || done.RefreshToken != "" || done.SessionID != "" {
			t.Errorf("tokens: %+v", done)
		}
	}
	w.stored(1, 1, 1)
	if u := w.user(first.User.ID); string(u.Answers.Fields["nickname"]) != `"first"` {
		t.Errorf("answers %v", u.Answers)
	}

	w.provider.person.Identity.Subject = "2"
	late := w.registering("")
	w.completion.Registration = flow.Automatic
	w.loggedIn()
	_, err = w.register(late, "late")
	wantCode(t, err, fault.AlreadyRegistered)
	w.stored(2, 2, 1)
}

// V4, F-76: what fails before the write leaves the token good.
func TestRegister_SignsBeforeItWrites(t *testing.T) {
	w := open(t, flow.Required)
	proof := w.registering("")
	w.db.Proxy.Reset()
	w.registration.Issuer.Access.Rand = iotest.ErrReader(errors.New("dry"))
	_, err := w.register(proof, "a")
	wantCode(t, err, fault.Internal)
	w.registration.Rand = iotest.ErrReader(errors.New("dry"))
	_, err = w.register(proof, "a")
	wantCode(t, err, fault.Internal)
	w.requests(map[string]int{})
	w.registration.Rand, w.registration.Issuer = w.completion.Rand, w.completion.Issuer
	if _, err := w.register(proof, "a"); err != nil {
		t.Error(err)
	}
}

func TestComplete_WithoutARegisterTokenNothingIsLeft(t *testing.T) {
	w := open(t, flow.Required)
	w.completion.Register.Rand = iotest.ErrReader(errors.New("dry"))
	done, err := w.finish("")
	wantCode(t, err, fault.Internal)
	if done.Registration != nil {
		t.Errorf("got %+v", done.Registration)
	}
	w.stored(0, 0, 0)
}
