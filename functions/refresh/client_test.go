package main

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/go-json-experiment/json"

	"daemun/shared/lambdahttp/lambdatest"
)

// A session stays its client's, however often it is refreshed.
func TestRefresh_KeepsTheClient(t *testing.T) {
	w := lambdatest.New(t)
	w.AddClients()
	h := w.Build(build)
	for client, presented := range map[string]string{
		lambdatest.Shop: w.LogInJSON(lambdatest.Person(), lambdatest.Shop).RefreshToken,
		"web":           w.LogIn(lambdatest.Person()).RefreshToken,
	} {
		for range 3 {
			w.Wait(time.Minute)
			a := lambdatest.Invoke(t, h, lambdatest.Event(t, "refresh", "json", "refresh_token", presented))
			var body struct {
				AccessToken  string `json:"access_token"`
				RefreshToken string `json:"refresh_token"`
			}
			if err := json.Unmarshal([]byte(a.Body), &body); err != nil || a.StatusCode != 200 || body.RefreshToken == presented {
				t.Fatalf("status %d, %s", a.StatusCode, a.Body)
			}
			w.Canary(body.AccessToken, body.RefreshToken)
			presented = body.RefreshToken
			payload, err := base64.RawURLEncoding.DecodeString(strings.Split(body.AccessToken, ".")[1])
			if err != nil || !strings.Contains(string(payload), `"client_id":"`+client+`"`) {
				t.Errorf("claims %s, want client %s", payload, client)
			}
		}
	}
}

// RT-13: pages of a client whose logins may end in cookies may use them; those of
// a client for JSON alone may not, though CORS has them.
func TestRefresh_CookieIsForClientsThatReturnSomewhere(t *testing.T) {
	w := lambdatest.New(t)
	w.AddClients()
	h := w.Build(build)
	login := w.LogIn(lambdatest.Person())
	for origin, want := range map[string]int{
		lambdatest.Front: 200, lambdatest.ShopOrigin: 200,
		lambdatest.OtherOrigin: 403, "https://evil.example": 403, "https://shop.example.com.evil.example": 403,
	} {
		event := lambdatest.With(t, lambdatest.Event(t, "refresh", "cookie", "refresh_token", login.RefreshToken), func(e *events.APIGatewayV2HTTPRequest) {
			e.Headers["origin"] = origin
		})
		if a := lambdatest.Invoke(t, h, event); a.StatusCode != want {
			t.Errorf("origin %s: status %d, want %d", origin, a.StatusCode, want)
		}
	}
}

// TK-02: a transaction, which clients hold in the clear, is no refresh token.
func TestRefresh_TransactionForJSONIsNoRefreshToken(t *testing.T) {
	w := lambdatest.New(t)
	w.AddClients()
	h := w.Build(build)
	b := w.BeginJSON(lambdatest.Person(), lambdatest.Shop)
	if a := lambdatest.Invoke(t, h, lambdatest.Event(t, "refresh", "json", "refresh_token", b.Transaction)); a.Outcome() != "401 invalid_grant" {
		t.Errorf("%s", a.Outcome())
	}
	if _, err := w.Keys.Transaction.ForJSON().Open(w.LogInJSON(lambdatest.Person(), lambdatest.Shop).RefreshToken); err == nil {
		t.Error("a refresh token opened as a transaction")
	}
}
