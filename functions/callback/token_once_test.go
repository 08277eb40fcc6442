package main

import (
	"encoding/base64"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"daemun/shared/fault"
	"daemun/shared/provider/providertest"
	"daemun/shared/store/storetest"
)

// ST-03: also of many at once, one gets the tokens, and the code is sent once.
func TestToken_OnlyOnce(t *testing.T) {
	w := openJSON(t)
	b := w.begun()
	outcomes := make([]string, 50)
	var group sync.WaitGroup
	for i := range outcomes {
		group.Go(func() { outcomes[i] = w.end("page", b).Outcome() })
	}
	group.Wait()
	good := 0
	for _, outcome := range append(outcomes, w.end("page", b).Outcome()) {
		switch outcome {
		case "200":
			good++
		case "400 invalid_state":
		default:
			t.Errorf("%s", outcome)
		}
	}
	if sessions := w.DB.Scan(t, w.DB.RefreshTokens); good != 1 || len(sessions) != 1 || w.Kakao.Hits(providertest.Token) != 1 {
		t.Errorf("%d times tokens, %d sessions, %d exchanges", good, len(sessions), w.Kakao.Hits(providertest.Token))
	}
}

// ST-08: the age is compared in code.
func TestToken_TooLate(t *testing.T) {
	w := openJSON(t)
	b := w.begun()
	w.Wait(10 * time.Minute)
	if got := w.end("page", b).Outcome(); got != "400 login_expired" {
		t.Errorf("%s", got)
	}
	w.nobodyIn(0)
}

// A client that is configured no more gets no tokens for logins on their way.
func TestToken_OfAClientThatIsGone(t *testing.T) {
	for _, left := range []string{"", `{"shop":{"allowed_origins":["https://shop.example.com"]}}`} {
		w := openJSON(t)
		b := w.begun()
		w.Env["CLIENTS"] = left
		w.handler = w.Build(builder())
		if got := w.end("page", b).Outcome(); got != "400 invalid_state" {
			t.Errorf("%s", got)
		}
		w.nobodyIn(0)
	}
}

// Failures of the provider and of ours keep their meaning, and the state stays
// spent where the code may have been sent.
func TestToken_Failures(t *testing.T) {
	for want, fail := range map[fault.Code]func(*jsonWorld){
		fault.LoginExpired: func(w *jsonWorld) {
			w.Kakao.Next(providertest.Token, providertest.JSON(400, `{"error":"invalid_grant","error_code":"KOE320"}`))
		},
		fault.ProviderUnavailable:    func(w *jsonWorld) { w.Kakao.Next(providertest.Token, providertest.JSON(503, `{}`)) },
		fault.TemporarilyUnavailable: func(w *jsonWorld) { w.DB.Proxy.On("PutItem", 0, storetest.Error("ThrottlingException")) },
	} {
		w := openJSON(t)
		w.DB.Proxy.Reset()
		fail(w)
		b := w.begun()
		if a := w.end("page", b); a.Code != string(want) || a.StatusCode != want.Status() {
			t.Errorf("%s, want %s", a.Outcome(), want)
		}
	}
}

// IN-01: a body of 16 KB and more is refused before it is read as JSON.
func TestToken_HugeBody(t *testing.T) {
	w := openJSON(t)
	b := w.begun()
	a := w.end("page", b, func(e *events.APIGatewayV2HTTPRequest) { e.Body += strings.Repeat(" ", 16<<10) })
	if a.Outcome() != "413 payload_too_large" {
		t.Errorf("%s", a.Outcome())
	}
	a = w.end("page", b, func(e *events.APIGatewayV2HTTPRequest) {
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(e.Body)), true
	})
	w.tokens(a) // as the gateway may send it
}
