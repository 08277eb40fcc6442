package token_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/jws"
	"daemun/shared/token"
	"daemun/shared/user"
)

const registerAudience = issuer + "/auth/register"

// goodRegistration is accepted at now, in a cookie. Each case changes one thing.
var goodRegistration = fmt.Sprintf(`{"iss":%q,"aud":%q,"sub":"kakao#1","iat":%d,"exp":%d,"jti":"j","return_to":"https://app.example.com/","email":"a@example.com"}`,
	issuer, registerAudience, iat, iat+600)

var newcomer = token.Register{
	Identity: user.Identity{Provider: "oidc-1", Subject: "auth0|a#b"},
	Profile:  user.Profile{Email: "a@example.com", EmailVerified: true, Nickname: `앨리스 "🦊"`, PictureURL: "https://example.com/p.png?a=1&b=2"},
	ReturnTo: "https://app.example.com/there?x=1",
}

// registering is an issuer and a verifier that fit, on a private JWK.
func registering(t testing.TB, private string) (*token.RegisterIssuer, *token.RegisterVerifier) {
	t.Helper()
	i := &token.RegisterIssuer{Issuer: issuer, Rand: rand.Reader}
	read(t, &i.Key, setOf(private))
	return i, &token.RegisterVerifier{Issuer: issuer, Keys: i.Key.VerificationKeys()}
}

func registerToken(t testing.TB, i *token.RegisterIssuer, r token.Register) string {
	t.Helper()
	text, _, err := i.Mint(r, now)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// forgeAs signs any payload as any type with the Ed25519 key of seed "a".
func forgeAs(t testing.TB, typ, payload string) string {
	t.Helper()
	text, err := jws.Sign([]byte(payload), typ, jws.PrivateKey{ID: "a", Algorithm: jws.EdDSA, Signer: seeded("a")})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestRegister_RoundTripForEachKindOfKeyAndDelivery(t *testing.T) {
	inJSON := newcomer
	inJSON.Client, inJSON.ReturnTo = "app", ""
	for _, private := range []string{newEC(t), okp("o", "active", "a"), rsaJWK} {
		for _, want := range []token.Register{newcomer, inJSON} {
			i, v := registering(t, private)
			text := registerToken(t, i, want)
			got, err := v.Verify(text, want.Client == "", now)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.ID) != 22 { // 128 bits
				t.Errorf("id %q", got.ID)
			}
			want.ID, want.ExpiresAt = got.ID, now.Add(10*time.Minute)
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		}
	}
}

// TK-02: a type and an audience of its own; the identity in the one injective
// spelling (CB-02).
func TestRegister_ClaimsExactly(t *testing.T) {
	i, _ := registering(t, okp("a", "active", "a"))
	parts := strings.Split(registerToken(t, i, newcomer), ".")
	header, claims := decoded(t, parts[0]), decoded(t, parts[1])
	if d := cmp.Diff(map[string]any{"alg": "EdDSA", "typ": "register+jwt", "kid": "a"}, header); d != "" {
		t.Errorf("header:\n%s", d)
	}
	want := map[string]any{
		"iss": issuer, "aud": registerAudience, "sub": "oidc-1#auth0|a#b", "iat": float64(iat), "exp": float64(iat + 600), "jti": claims["jti"],
		"return_to": newcomer.ReturnTo, "email": "a@example.com", "email_verified": true, "nickname": newcomer.Profile.Nickname,
		"picture": newcomer.Profile.PictureURL,
	}
	if d := cmp.Diff(want, claims); d != "" {
		t.Errorf("claims:\n%s", d)
	}
}

// RG-09: what is too long goes, the least useful first, and whoever asks for the
// token is told; the identity never does, and an email never loses its flag or
// leaves it alone. There is room for less in a cookie.
func TestRegister_FitsItsDelivery(t *testing.T) {
	long := func(n int) string { return strings.Repeat(`"`, n) } // which JSON makes twice as long
	big := token.Register{
		Identity: user.Identity{Provider: "k" + strings.Repeat("a", 31), Subject: long(255)},
		Profile: user.Profile{
			Email: long(252) + "@a", EmailVerified: true, Nickname: long(1024), PictureURL: "https://example.com/" + long(2000),
		},
		ReturnTo: "https://app.example.com/" + long(488),
	}
	slim := func(change ...func(*token.Register)) token.Register {
		r := big
		for _, c := range change {
			c(&r)
		}
		return r
	}
	subject := func(r *token.Register) { r.Identity.Subject = "1" }
	noPicture := func(r *token.Register) { r.Profile.PictureURL = "" }
	noNickname := func(r *token.Register) { r.Profile.Nickname = "" }
	noAddress := func(r *token.Register) { r.ReturnTo = "" }
	noEmail := func(r *token.Register) { r.Profile.Email, r.Profile.EmailVerified = "", false }
	nickname := func(r *token.Register) { r.Profile.Nickname = "앨리스" }
	email := func(r *token.Register) { r.Profile.Email = "a@example.com" }
	address := func(r *token.Register) { r.ReturnTo = "https://app.example.com/" }
	picture := func(r *token.Register) { r.Profile.PictureURL = "https://example.com/p.png" }
	inJSON := func(r *token.Register) { r.Client = "app" }
	largest := token.Register{ // that is believed, spelt as long as it is
		Identity: user.Identity{Provider: "k" + strings.Repeat("a", 31), Subject: strings.Repeat("1", 255)},
		Profile: user.Profile{
			Email: strings.Repeat("a", 252) + "@a", EmailVerified: true, Nickname: strings.Repeat("a", 1024), PictureURL: strings.Repeat("a", 2048),
		},
		Client: "app",
	}
	for _, private := range []string{newEC(t), rsaJWK} {
		for name, c := range map[string]struct{ given, kept token.Register }{
			"everything is long": {big, slim(noPicture, noNickname, noAddress, noEmail)},
			"all but the id":     {slim(subject), slim(subject, noPicture, noNickname, noAddress)},
			"the picture":        {slim(subject, nickname, email), slim(subject, noPicture, nickname, email, noAddress)},
			"the nickname too":   {slim(subject, email, address), slim(subject, noPicture, noNickname, email, noAddress)},
			"the address alone":  {slim(subject, nickname, email, picture), slim(subject, nickname, email, picture, noAddress)},
			"in JSON, nothing":   {largest, largest},
			"in JSON, too much":  {slim(inJSON), slim(inJSON, noAddress, noPicture)},
			"nothing":            {newcomer, newcomer},
		} {
			i, v := registering(t, private)
			text, told, err := i.Mint(c.given, now)
			if err != nil {
				t.Fatal(err)
			}
			inCookie := c.given.Client == ""
			if cookie := "__Host-daemun-reg=" + text; len(cookie) > 2500 && inCookie || len(text) > 8000 {
				t.Errorf("%s: %d bytes", name, len(cookie))
			}
			got, err := v.Verify(text, inCookie, now)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(told, got); d != "" {
				t.Errorf("%s: told (-), in the token (+):\n%s", name, d)
			}
			c.kept.ID, c.kept.ExpiresAt = got.ID, got.ExpiresAt
			if d := cmp.Diff(c.kept, got); d != "" {
				t.Errorf("%s:\n%s", name, d)
			}
		}
	}
}

func TestRegister_NoTwoAreTheSame(t *testing.T) {
	i, v := registering(t, okp("a", "active", "a"))
	seen := map[string]bool{}
	for range 100 {
		r, err := v.Verify(registerToken(t, i, newcomer), true, now)
		if err != nil || seen[r.ID] {
			t.Fatalf("seen %v, %v", seen[r.ID], err)
		}
		seen[r.ID] = true
	}
	i.Rand = iotest.ErrReader(errors.New("dry"))
	if text, _, err := i.Mint(newcomer, now); err == nil {
		t.Errorf("made without randomness: %s", text)
	}
}

// RG-03: ten minutes, to the second and without leeway.
func TestRegister_ExpiresAtTheExactSecond(t *testing.T) {
	i, v := registering(t, okp("a", "active", "a"))
	text := registerToken(t, i, newcomer)
	end := now.Add(10 * time.Minute)
	for at, want := range map[time.Time]error{
		now: nil, end.Add(-time.Nanosecond): nil, end: token.ErrExpired, end.Add(24 * time.Hour): token.ErrExpired,
		now.Add(-time.Minute): nil, now.Add(-61 * time.Second): token.ErrFuture,
	} {
		if _, err := v.Verify(text, true, at); !errors.Is(err, want) {
			t.Errorf("at %v: %v, want %v", at.Sub(now), err, want)
		}
	}
}

// RG-04: a token is good where it was given, and nowhere else.
func TestRegister_KeepsToItsDelivery(t *testing.T) {
	i, v := registering(t, okp("a", "active", "a"))
	inJSON := newcomer
	inJSON.Client, inJSON.ReturnTo = "web", ""
	for _, c := range []struct {
		of   token.Register
		good bool // in a cookie
	}{{newcomer, true}, {inJSON, false}} {
		for _, inCookie := range []bool{true, false} {
			var want error
			if inCookie != c.good {
				want = token.ErrDelivery
			}
			got, err := v.Verify(registerToken(t, i, c.of), inCookie, now)
			if !errors.Is(err, want) || err != nil && got != (token.Register{}) {
				t.Errorf("client %q, in a cookie %v: %+v, %v", c.of.Client, inCookie, got, err)
			}
		}
	}
}

// TK-10: while keys rotate, an instance takes what any other makes: of the next
// key before it is active here, and of the retired one after. The keys are those
// that sign; no public set beside them can be behind.
func TestRegister_KeysRotateWithoutARefusal(t *testing.T) {
	old, new := okp("old", "active", "a"), members(t, newEC(t), "kid", "new")
	status := func(key, s string) string { return members(t, key, "status", s) }
	stages := []string{
		setOf(old, status(new, "next")),
		setOf(old, members(t, new, "since", 9)), // a promotion on its way
		setOf(status(old, "retired"), new),
	}
	for at, signer := range stages {
		for _, verifier := range stages {
			i := token.RegisterIssuer{Issuer: issuer, Rand: rand.Reader}
			read(t, &i.Key, signer)
			var keys token.SigningKey
			read(t, &keys, verifier)
			v := token.RegisterVerifier{Issuer: issuer, Keys: keys.VerificationKeys()}
			if _, err := v.Verify(registerToken(t, &i, newcomer), true, now); err != nil {
				t.Errorf("stage %d: %v", at, err)
			}
		}
	}
	i, _ := registering(t, old)
	_, v := registering(t, new)
	if _, err := v.Verify(registerToken(t, i, newcomer), true, now); !errors.Is(err, jws.ErrUnknownKey) {
		t.Errorf("a key that is gone: %v", err)
	}
}

// A key in KMS is published like any other; nobody is asked for it.
func TestSigningKey_VerificationKeysOfAKeyInKMS(t *testing.T) {
	here, away := newEC(t), newEC(t)
	i, _ := registering(t, here)
	var keys token.SigningKey
	read(t, &keys, setOf(inKMS(t, away), members(t, here, "status", "retired")))
	v := token.RegisterVerifier{Issuer: issuer, Keys: keys.VerificationKeys()}
	if _, err := v.Verify(registerToken(t, i, newcomer), true, now); err != nil {
		t.Error(err)
	}
	key := privateOf(t, away)
	text, err := jws.Sign([]byte(goodRegistration), "register+jwt", key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(text, true, now); err != nil {
		t.Error(err)
	}
}
