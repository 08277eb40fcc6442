package bench

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"daemun/shared/flow"
	"daemun/shared/gate"
	"daemun/shared/lambdaauth"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/token"
)

// BenchmarkRefresh is a refresh of a session of its own, on the engine: the read
// of the user and the one conditional write.
func BenchmarkRefresh(b *testing.B) {
	w := lambdatest.New(b)
	db := w.Store()
	refresh := flow.Refresh{Users: db, Sessions: db, Issuer: w.Issuer(), Now: w.Now}
	current := w.LogIn(lambdatest.Person()).RefreshToken
	for b.Loop() {
		w.Wait(lambdatest.Rule.Grace + time.Second)
		done, err := refresh.Refresh(context.Background(), current)
		if err != nil {
			b.Fatal(err)
		}
		current = done.RefreshToken
	}
}

// BenchmarkAuthorizer is a verdict that allows, by the authorizer that asks nobody
// and by the one that reads the session, on the engine.
func BenchmarkAuthorizer(b *testing.B) {
	w := lambdatest.New(b)
	h := lambdaauth.Handler{
		Gate: gate.Gate{Now: w.Now, Verifier: token.AccessVerifier{
			Issuer: lambdatest.PublicURL, Audience: lambdatest.PublicURL, Keys: w.Keys.Verification,
		}},
		Rule: lambdatest.Rule, Logger: slog.New(slog.DiscardHandler),
	}
	golden, err := os.ReadFile("../events/authorizer/http-2.json")
	if err != nil {
		b.Fatal(err)
	}
	event := bytes.ReplaceAll(golden, []byte("{{access_token}}"), []byte(w.LogIn(lambdatest.Person()).AccessToken))
	ask := func(b *testing.B) {
		for b.Loop() {
			if answer, err := h.Invoke(context.Background(), event); err != nil || !bytes.HasPrefix(answer, []byte(`{"isAuthorized":true`)) {
				b.Fatalf("%s, %v", answer, err)
			}
		}
	}
	b.Run("plain", ask)
	h.Sessions = w.Store()
	b.Run("session", ask)
}

// BenchmarkAccessToken is the making and the checking of an access token.
func BenchmarkAccessToken(b *testing.B) {
	w := lambdatest.New(b)
	issuer := w.Issuer().Access
	verifier := token.AccessVerifier{Issuer: lambdatest.PublicURL, Audience: lambdatest.PublicURL, Keys: w.Keys.Verification}
	minted, err := issuer.Mint(token.Access{UserID: "01ARZ3NDEKTSV4RRFFQ69G5FAV", SessionID: "s", Roles: []string{}}, w.Now())
	if err != nil {
		b.Fatal(err)
	}
	b.Run("mint", func(b *testing.B) {
		for b.Loop() {
			if _, err := issuer.Mint(token.Access{UserID: "01ARZ3NDEKTSV4RRFFQ69G5FAV", SessionID: "s", Roles: []string{}}, w.Now()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			if _, err := verifier.Verify(minted, w.Now()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
