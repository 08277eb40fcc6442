package flow_test

import (
	"strings"
	"testing"
	"time"

	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/gate"
	"daemun/shared/token"
)

// RG-01, RG-04, TK-02, RG-03: what is no good register token here is refused by
// both, alike.
func TestRegister_RefusesOtherTokens(t *testing.T) {
	w := open(t, flow.Automatic)
	done := w.loggedIn()
	begun, err := w.login.Begin(t.Context(), "kakao", "")
	if err != nil {
		t.Fatal(err)
	}
	w.registration.Policy, w.completion.Registration = flow.Required, flow.Required
	w.provider.person.Identity.Subject = "2"
	inCookie, inJSON := w.registering(""), w.registering("spa")
	others := w.registration.Tokens
	others.Issuer = "https://other.example.com"
	proof := func(text string, cookie bool) flow.RegisterProof {
		return flow.RegisterProof{Token: text, InCookie: cookie}
	}
	page := inJSON
	page.Origin = "https://app.example.com"
	w.stored(1, 1, 0)
	for name, c := range map[string]struct {
		proof flow.RegisterProof
		want  fault.Code
	}{
		"none":                       {proof("", false), fault.InvalidToken},
		"no cookie":                  {proof("", true), fault.InvalidToken},
		"access":                     {proof(done.AccessToken, false), fault.InvalidToken},
		"access in cookie":           {proof(done.AccessToken, true), fault.InvalidToken},
		"refresh":                    {proof(done.RefreshToken, false), fault.InvalidToken},
		"transaction":                {proof(begun.Transaction, true), fault.InvalidToken},
		"the cookie's as bearer":     {proof(inCookie.Token, false), fault.InvalidToken},
		"a bearer's in the cookie":   {proof(inJSON.Token, true), fault.InvalidToken},
		"tampered":                   {proof(inCookie.Token[:len(inCookie.Token)-4]+"AAAA", true), fault.InvalidToken},
		"page of another client":     {page, fault.OriginNotAllowed},
		"of a stack with other keys": {open(t, flow.Required).registering(""), fault.InvalidToken},
	} {
		_, describing := w.registration.Describe(c.proof)
		_, registering := w.register(c.proof, "a")
		for _, err := range []error{describing, registering} {
			wantCode(t, err, c.want)
			if f := fault.From(err); c.want == fault.InvalidToken && f.Public() == fault.InvalidToken.Message() {
				t.Errorf("%s: speaks of an access token", name)
			}
		}
	}
	w.stored(1, 1, 0)
	w.registration.Clients = w.registration.Clients[:1]
	_, err = w.register(inJSON, "a")
	wantCode(t, err, fault.InvalidToken) // its client is gone
	w.now = start.Add(10 * time.Minute)
	_, err = w.register(inCookie, "a")
	wantCode(t, err, fault.InvalidToken)
	w.now = w.now.Add(-time.Nanosecond)
	if _, err = w.register(inCookie, "a"); err != nil {
		t.Error(err)
	}
}

// TK-02, RG-01: a register token opens no other door.
func TestRegisterToken_IsGoodForNothingElse(t *testing.T) {
	w := open(t, flow.Required)
	for _, proof := range []flow.RegisterProof{w.registering(""), w.registering("spa")} {
		g := gate.Gate{Verifier: token.AccessVerifier{Issuer: publicURL, Audience: "api", Keys: w.keys.signing.VerificationKeys()}, Now: func() time.Time { return start }}
		_, err := g.Admit(proof.Token)
		wantCode(t, err, fault.InvalidToken)
		g.Verifier.Audience = publicURL + "/auth/register" // whatever an operator calls their API
		_, err = g.Admit(proof.Token)
		wantCode(t, err, fault.InvalidToken)
		_, err = w.refresh.Refresh(t.Context(), proof.Token)
		wantCode(t, err, fault.InvalidGrant)
		begun, err := w.login.Begin(t.Context(), "kakao", "")
		if err != nil {
			t.Fatal(err)
		}
		for _, inJSON := range []bool{false, true} {
			_, err = w.completion.Complete(t.Context(), flow.Callback{
				Provider: "kakao", State: begun.State, Code: "code", Transaction: proof.Token, JSON: inJSON,
			})
			wantCode(t, err, fault.InvalidState)
		}
	}
	w.stored(0, 0, 0)
}

// Where more is known of a person than fits, the answer to the login shows what
// the account will have.
func TestRegister_ShowsTheProfileThatTheAccountHas(t *testing.T) {
	for _, clientName := range []string{"", "spa"} {
		w := open(t, flow.Required)
		w.provider.person.Profile.PictureURL = "https://example.com/" + strings.Repeat("p", 1500)
		required, err := w.finish(clientName)
		if err != nil {
			t.Fatal(err)
		}
		shown := required.Registration.Profile
		proof := flow.RegisterProof{Token: required.Registration.RegisterToken, InCookie: clientName == ""}
		described, err := w.registration.Describe(proof)
		if err != nil {
			t.Fatal(err)
		}
		done, err := w.register(proof, "a")
		if err != nil {
			t.Fatal(err)
		}
		if got := w.user(done.User.ID).Profile; shown != got || described.Profile != got {
			t.Errorf("%q: shown %+v, then %+v; stored %+v", clientName, shown, described.Profile, got)
		}
		if (shown.PictureURL == "") != (clientName == "") || shown.Nickname != alice.Profile.Nickname {
			t.Errorf("%q: %+v", clientName, shown)
		}
	}
}
