package provider

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"daemun/shared/fault"
	"daemun/shared/secret"
	"daemun/shared/user"
)

// unsigned is a KeySource that takes every text for the payload of a good token.
type unsigned struct{}

func (unsigned) Verify(_ context.Context, token string) ([]byte, error) { return []byte(token), nil }

func (unsigned) Check() error { return nil }

func testIDTokens() *IDTokens {
	return &IDTokens{Provider: "p", Issuers: []string{"https://i.example"}, Audiences: []string{"web", "native"}, Keys: unsigned{},
		Now: func() time.Time { return time.Unix(1_900_000_000, 999_999_999) }}
}

func (v *IDTokens) verifyText(t *testing.T, payload string) (*IDToken, error) {
	t.Helper()
	return v.Verify(t.Context(), Tokens{Access: secret.New("at"), ID: secret.New(payload)}, "n")
}

// An application can have several client ids: each may be the audience, all of
// them together, and one of them the authorized party. ID-08.
func TestIDTokens_SeveralAudiencesOfOurs(t *testing.T) {
	for parties, want := range map[string]error{
		`"aud":"native"`:                           nil,
		`"aud":["web","native"],"azp":"native"`:    nil,
		`"aud":["web","native"],"azp":"other"`:     ErrAuthorizedParty,
		`"aud":["web","native"]`:                   ErrAuthorizedParty,
		`"aud":["web","other"],"azp":"web"`:        ErrAudience,
		`"aud":"web","azp":"native"`:               nil,
		`"aud":"web native"`:                       ErrAudience,
		`"aud":null`:                               ErrAudience,
		`"aud":{"web":true}`:                       ErrClaims,
		`"aud":["web"],"aud":["web"]`:              ErrClaims,
		`"aud":"web","AUD":"other"`:                nil,
		`"aud":"web","azp":null`:                   nil,
		`"aud":"web","azp":["web"]`:                ErrClaims,
		`"aud":[["web"]]`:                          ErrClaims,
		`"aud":[null]`:                             ErrAudience,
		`"aud":["web",null],"azp":"web"`:           ErrAudience,
		`"aud":["native","native"],"azp":"native"`: nil,
	} {
		_, err := testIDTokens().verifyText(t, `{"iss":"https://i.example","sub":"1","exp":1900000001,"iat":1900000000,"nonce":"n",`+parties+`}`)
		if !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", parties, err, want)
		}
	}
}

// A login without a nonce has none to compare: that is our mistake, and not to
// be let pass. ST-09.
func TestIDTokens_NonceOfTheLoginIsNeverEmpty(t *testing.T) {
	for _, optional := range []bool{false, true} {
		v := testIDTokens()
		v.InsecureNonceMayBeMissing = optional
		for _, nonce := range []string{`,"nonce":""`, ``} {
			token := Tokens{ID: secret.New(`{"iss":"https://i.example","sub":"1","aud":"web","exp":1900000001,"iat":1900000000` + nonce + `}`)}
			if _, err := v.Verify(t.Context(), token, ""); !errors.Is(err, ErrNonce) {
				t.Errorf("got %v", err)
			}
		}
		_, err := v.verifyText(t, `{"iss":"https://i.example","sub":"1","aud":"web","exp":1900000001,"iat":1900000000}`)
		if (err == nil) != optional {
			t.Errorf("missing: got %v", err)
		}
		_, err = v.verifyText(t, `{"iss":"https://i.example","sub":"1","aud":"web","exp":1900000001,"iat":1900000000,"nonce":"x"}`)
		if !errors.Is(err, ErrNonce) {
			t.Errorf("another: got %v", err)
		}
	}
}

// The log tells a clock that is off from all other mistakes, and by how much.
// F-14.
func TestIDTokens_ClockSkewIsTold(t *testing.T) {
	for times, want := range map[string]string{
		`"exp":1899999400,"iat":1899999400`:                  "bad_provider_response: id_token: clock_skew: exp is 10m0s ago",
		`"exp":1899999940,"iat":1899999940`:                  "bad_provider_response: id_token: clock_skew: exp is 1m0s ago",
		`"exp":1900000900,"iat":1900000600`:                  "bad_provider_response: id_token: clock_skew: iat is in 9m59s",
		`"exp":1900000900,"iat":1899400000`:                  "bad_provider_response: id_token: clock_skew: iat is 166h40m0s ago",
		`"exp":1900000900,"iat":1900000000,"nbf":1900000600`: "bad_provider_response: id_token: clock_skew: nbf is in 9m59s",
	} {
		_, err := testIDTokens().verifyText(t, `{"iss":"https://i.example","sub":"1","aud":"web","nonce":"n",`+times+`}`)
		if !errors.Is(err, ErrClockSkew) || err.Error() != want {
			t.Errorf("%s: got  %v\nwant %s", times, err, want)
		}
	}
}

func TestIDToken_Claims(t *testing.T) {
	id, err := testIDTokens().verifyText(t, `{"iss":"https://i.example","sub":"1","aud":"web","exp":1900000001,"iat":1900000000,"nonce":"n","email":"a@b","email_verified":"true","name":7}`)
	if err != nil || id.Identity != (user.Identity{Provider: "p", Subject: "1"}) {
		t.Fatal(id, err)
	}
	var some struct {
		Email    string `json:"email"`
		Verified Flag   `json:"email_verified"`
	}
	if err := id.Claims(&some); err != nil || some.Email != "a@b" || !bool(some.Verified) {
		t.Errorf("got %v, %v", some, err)
	}
	if err := id.Claims(&Claims{}); fault.CodeOf(err) != fault.BadProviderResponse || !errors.Is(err, ErrClaims) {
		t.Errorf("got %v", err)
	}
	if err := id.sameSubject("1"); err != nil {
		t.Error(err)
	}
	for _, other := range []string{"", "2", "1 ", "01"} {
		if err := id.sameSubject(other); fault.CodeOf(err) != fault.BadProviderResponse || !errors.Is(err, ErrSubject) {
			t.Errorf("%q: got %v", other, err)
		}
	}
}

func TestFlag_IsABooleanOrItsName(t *testing.T) {
	for text, want := range map[string]bool{`true`: true, `"true"`: true, `false`: false, `"false"`: false, `null`: false} {
		f := Flag(!want)
		if err := json.Unmarshal([]byte(text), &f); err != nil || bool(f) != want {
			t.Errorf("%s: got %v, %v", text, f, err)
		}
	}
	for _, text := range []string{`1`, `0`, `"1"`, `"TRUE"`, `""`, `"yes"`, `[]`, `{}`, `"true "`} {
		var f Flag
		if err := json.Unmarshal([]byte(text), &f); err == nil || bool(f) {
			t.Errorf("%s: got %v, %v", text, f, err)
		}
	}
}

func TestClaims_Profile(t *testing.T) {
	for _, c := range []struct {
		claims Claims
		want   user.Profile
	}{
		{Claims{}, user.Profile{}},
		{Claims{Name: "a", Nickname: "b"}, user.Profile{Nickname: "b"}},
		{Claims{Name: "a", Nickname: "b\n"}, user.Profile{Nickname: "a"}},
		{Claims{Email: "a@b", EmailVerified: true}, user.Profile{Email: "a@b", EmailVerified: true}},
		{Claims{Email: "nobody", EmailVerified: true}, user.Profile{}},
		{Claims{Picture: "http://a.example"}, user.Profile{}},
	} {
		if got := c.claims.Profile(); got != c.want {
			t.Errorf("%+v: got %+v, want %+v", c.claims, got, c.want)
		}
	}
}
