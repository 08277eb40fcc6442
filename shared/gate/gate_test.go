package gate_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"daemun/shared/fault"
	"daemun/shared/gate"
	"daemun/shared/jws"
	"daemun/shared/token"
)

// AZ-01.
func TestBearer_TakesOneTokenAfterTheScheme(t *testing.T) {
	for authorization, want := range map[string]string{
		"Bearer abc.def.ghi": "abc.def.ghi",
		"bearer abc":         "abc",
		"BEARER abc":         "abc",
		"bEaReR abc":         "abc",

		"":                       "",
		" ":                      "",
		"Bearer":                 "",
		"Bearer ":                "",
		"Bearer  ":               "",
		"Bearer  abc":            "",
		"Bearer abc ":            "",
		"Bearer a b":             "",
		"Bearer a\tb":            "",
		"Bearer\tabc":            "",
		" Bearer abc":            "",
		"abc":                    "",
		"Bearerabc":              "",
		"Bearer: abc":            "",
		"XBearer abc":            "",
		"Bear abc":               "",
		"Basic abc":              "",
		"DPoP abc":               "",
		"Token abc":              "",
		"Bearer,abc":             "",
		"Bearer abc,":            "",
		"Bearer abc,Bearer def":  "",
		"Bearer abc, Bearer def": "",
		"Basic abc, Bearer def":  "",
		"Bearer Bearer abc":      "",
	} {
		got, err := gate.Bearer(authorization)
		if got != want {
			t.Errorf("%q: got %q, want %q", authorization, got, want)
		}
		if want == "" && (fault.CodeOf(err) != fault.InvalidToken || !errors.Is(err, gate.ErrNoToken)) {
			t.Errorf("%q: error %v", authorization, err)
		}
		if want != "" && err != nil {
			t.Errorf("%q: %v", authorization, err)
		}
	}
}

func TestAdmit_SaysWhoOrWhyNot(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	g, mint := newGate(t, func() time.Time { return now })
	good := mint("https://auth.example.com")

	a, err := g.Admit(good)
	if err != nil || a.UserID != "u" || a.SessionID != "s" {
		t.Fatalf("%v, %v", a, err)
	}
	for name, test := range map[string]struct {
		text string
		want error
	}{
		"empty":            {"", jws.ErrMalformed},
		"8 KB and more":    {strings.Repeat("eyJ.", 2560), jws.ErrTooLong}, // AZ-06
		"cut":              {good[:len(good)-2], jws.ErrSignature},
		"another issuer's": {mint("https://auth.dev.example.com"), token.ErrIssuer}, // TK-03
	} {
		a, err := g.Admit(test.text)
		if fault.CodeOf(err) != fault.InvalidToken || !errors.Is(err, test.want) || a.UserID != "" {
			t.Errorf("%s: %v, %v", name, a, err)
		}
	}
	now = now.Add(15 * time.Minute) // the gate's clock, not the token's
	if _, err := g.Admit(good); fault.CodeOf(err) != fault.InvalidToken || !errors.Is(err, token.ErrExpired) {
		t.Errorf("expired: %v", err)
	}
}

// newGate makes a gate, and a mint whose tokens fit it but for the issuer.
func newGate(t *testing.T, now func() time.Time) (*gate.Gate, func(issuer string) string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ring, err := token.NewKeyring(jws.ES256, rand.Reader, now())
	must(err)
	public, err := ring.Public()
	must(err)
	privateText, err := ring.MarshalText()
	must(err)
	publicText, err := public.MarshalText()
	must(err)
	var key token.SigningKey
	must(key.UnmarshalText(privateText))
	g := &gate.Gate{Now: now, Verifier: token.AccessVerifier{Issuer: "https://auth.example.com", Audience: "api"}}
	must(g.Verifier.Keys.UnmarshalText(publicText))
	return g, func(issuer string) string {
		i := token.AccessIssuer{Issuer: issuer, Audience: "api", Lifetime: 15 * time.Minute, Key: key, Rand: rand.Reader}
		text, err := i.Mint(token.Access{UserID: "u", SessionID: "s"}, now())
		must(err)
		return text
	}
}
