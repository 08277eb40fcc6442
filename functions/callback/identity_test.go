package main

import (
	"fmt"
	"strings"
	"testing"

	"daemun/shared/fault"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/provider/providertest"
)

// logInAs logs in while the provider describes the person by the body.
func (w *world) logInAs(body string) lambdatest.Answer {
	w.t.Helper()
	w.Kakao.Next(providertest.Userinfo, providertest.JSON(200, body))
	return w.finish(w.begin(person(1)))
}

// CB-01, CB-13: an address never decides who somebody is, however well it is
// verified.
func TestIdentity_IsNeverTheEmail(t *testing.T) {
	w := open(t)
	victim := w.logIn(providertest.Person{ID: 1, Email: "victim@example.com", EmailValid: true, EmailVerified: true})
	seen := map[string]bool{victim: true}
	for id, verified := range map[int]string{2: "true", 3: "false", 4: "null"} {
		body := fmt.Sprintf(`{"id":%d,"kakao_account":{"email":"victim@example.com","is_email_valid":true,"is_email_verified":%s}}`, id, verified)
		user := w.loggedIn(w.logInAs(body), lambdatest.FrontURL)
		if seen[user] {
			t.Errorf("person %d became user %s", id, user)
		}
		seen[user] = true
		if got := w.User(user).Profile; got.Email != "victim@example.com" || got.EmailVerified != (verified == "true") {
			t.Errorf("verified %s: stored as %+v", verified, got)
		}
	}
	w.refused(w.logInAs(`{"id":5,"kakao_account":{"email":"victim@example.com","is_email_valid":true,"is_email_verified":"true"}}`), fault.BadProviderResponse)
	w.stored(4, 4)
}

// CB-02, CB-04: each id is one person, digit by digit.
func TestIdentity_IsTheExactID(t *testing.T) {
	w := open(t)
	users := map[string]string{}
	ids := []string{"1", "12", "9007199254740992", "9007199254740993", "9007199254740994", "9223372036854775806", "9223372036854775807"}
	for _, id := range append(ids, ids...) {
		user := w.loggedIn(w.logInAs(`{"id":`+id+`}`), lambdatest.FrontURL)
		if known, ok := users[id]; ok && known != user {
			t.Errorf("person %s is two users", id)
		}
		users[id] = user
		if got := w.User(user).Identities; len(got) != 1 || got[0].Provider != "kakao" || got[0].Subject != id {
			t.Errorf("person %s has the identities %v", id, got)
		}
	}
	w.stored(len(ids), 2*len(ids))
}

// CB-03, CB-04, CB-12, F-11: a person without an id of the exact form is nobody.
func TestIdentity_WithoutAnIDIsNobody(t *testing.T) {
	w := open(t)
	w.logIn(person(1))
	for _, body := range []string{
		`{}`, `{"id":null}`, `{"id":""}`, `{"id":0}`, `{"id":-0}`, `{"id":false}`, `{"id":true}`, `{"id":{}}`, `{"id":[]}`, `{"id":[1]}`, `{"id":"1"}`,
		`{"id":1e0}`, `{"id":1e3}`, `{"id":1.0}`, `{"id":-1}`, `{"id":+1}`, `{"id":01}`, `{"id":9223372036854775808}`, `{"id":1e400}`, `{"id":NaN}`,
		`{"id":" "}`, `{"id":"\u0000"}`, `{"id":"\ud800"}`, `{"id":"` + strings.Repeat("1", 256) + `"}`, `{"id":` + strings.Repeat("1", 400) + `}`,
		`{"ID":1}`, `{"Id":1}`, `{"ıd":1}`, `{"id ":1}`, `{"id":1,"id":1}`, `{"id":1,"\u0069d":2}`, `{"sub":"1"}`, `{"user":{"id":1}}`,
		`{"id":1}{"id":1}`, `{"id":1}x`, "\uFEFF" + `{"id":1}`, `[{"id":1}]`, `null`, `"1"`, `1`, ``, `{"id":1`, "{\"id\":1,\"x\":\"\xff\"}",
		`{"id":1,"kakao_account":[]}`, `{"id":1,"kakao_account":{"email":7}}`, `{"id":1,"kakao_account":{"profile":"x"}}`,
		`{"id":1,"x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, `{"msg":"` + providertest.Marker + `","code":-401}`,
	} {
		if a := w.logInAs(body); a.Failure() != fault.BadProviderResponse {
			t.Errorf("%.60q: %q", body, a.Failure())
		}
	}
	w.stored(1, 1)
}

// CB-10, CB-13, RG-09: what of a profile is not fit to be kept is left out, and
// keeps nobody from logging in.
func TestIdentity_UnfitProfileIsLeftOut(t *testing.T) {
	w := open(t)
	for id, unfit := range []string{
		`"email":"no-address"`,
		`"email":"` + strings.Repeat("a", 255) + `@example.com"`,
		`"email":"a@example.com\r\nx"`,
		`"profile":{"nickname":"\u0000"}`,
		`"profile":{"nickname":"\r\n{"}`,
		`"profile":{"nickname":"` + strings.Repeat("가", 400) + `"}`,
		`"profile":{"profile_image_url":"http://169.254.169.254/latest/meta-data"}`,
		`"profile":{"profile_image_url":"javascript:alert(1)"}`,
		`"profile":{"profile_image_url":"file:///etc/passwd"}`,
		`"profile":{"profile_image_url":"https://user:password@example.com/"}`,
		`"profile":{"profile_image_url":"//example.com/x.jpg"}`,
		`"profile":{"profile_image_url":"https://example.com/` + strings.Repeat("a", 2048) + `"}`,
		`"profile":{"profile_image_url":"data:image/png;base64,AAAA"}`,
	} {
		body := fmt.Sprintf(`{"id":%d,"kakao_account":{"is_email_valid":true,"is_email_verified":true,%s}}`, id+100, unfit)
		user := w.loggedIn(w.logInAs(body), lambdatest.FrontURL)
		if got := w.User(user).Profile; got.Email != "" || got.EmailVerified || got.Nickname != "" || got.PictureURL != "" {
			t.Errorf("%.60s: stored as %+v", unfit, got)
		}
	}
	// What is fit is kept as it came: joined emoji, right-to-left marks, both normal forms.
	for i, name := range []string{"👨‍👩‍👧‍👦", "\u202egnirts", "e\u0301", "\u00e9", "<script>alert(1)</script>", "'; DROP TABLE users; --", "\u200b"} {
		p := person(int64(i + 10))
		p.Nickname = name
		if got := w.User(w.logIn(p)).Profile.Nickname; got != name {
			t.Errorf("%q is stored as %q", name, got)
		}
	}
}

// CB-15: what a token answer may leave out, and what it must say.
func TestIdentity_TokenAnswers(t *testing.T) {
	w := open(t)
	for body, want := range map[string]fault.Code{
		`{"access_token":"` + providertest.Marker + `"}`:                                                fault.BadProviderResponse,
		`{"token_type":"mac","access_token":"` + providertest.Marker + `"}`:                             fault.BadProviderResponse,
		`{"token_type":"bearer","access_token":""}`:                                                     fault.BadProviderResponse,
		`{"token_type":"bearer","access_token":"` + providertest.Marker + `\r\nX: y"}`:                  fault.BadProviderResponse,
		`{"token_type":"bearer","Access_Token":"` + providertest.Marker + `"}`:                          fault.BadProviderResponse,
		`{"token_type":"BEARER","access_token":"` + providertest.Marker + `"}`:                          "",
		`{"token_type":"bearer","access_token":"` + providertest.Marker + `","expires_in":-1}`:          "",
		`{"token_type":"bearer","access_token":"` + providertest.Marker + `","expires_in":99999999999}`: "",
	} {
		w.Kakao.Next(providertest.Token, providertest.JSON(200, body))
		if want == "" {
			w.loggedIn(w.logInAs(`{"id":1}`), lambdatest.FrontURL)
			continue
		}
		w.refused(w.finish(w.begin(person(1))), want)
	}
	w.stored(1, 3)
}
