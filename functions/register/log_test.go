package main

import (
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/provider/providertest"
)

// LG-02: one record for each request, with the facts: who, and what became of it.
func TestLog_OneRecordForEachRequest(t *testing.T) {
	w := open(t)
	record := func(a lambdatest.Answer, more map[string]any) {
		t.Helper()
		want := map[string]any{
			"msg": "request", "level": "INFO", "request_id": "JKJaXmPLvHcESHA=", "route": "POST /auth/register",
			"status": float64(a.StatusCode), "event": "register", "provider": "kakao",
		}
		for name, value := range more {
			if want[name] = value; value == nil {
				delete(want, name)
			}
		}
		got := w.Log.Last(t)
		delete(got, "time")
		if got["session_id"] != nil && got["session_id"] != "" {
			got["session_id"] = "random"
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
	}
	registerToken := w.newcomer(lambdatest.Person(), "")
	a := w.send("empty", registerToken)
	record(a, map[string]any{"code": "invalid_token", "error": "invalid_token: register token for another delivery", "provider": nil})
	a = w.send("cookie", registerToken, body(`{}`))
	record(a, map[string]any{"code": "validation_failed", "error": "validation_failed"})
	a = w.send("cookie", registerToken)
	id := w.registered(a, "").User.ID
	record(a, map[string]any{"client": "", "new_user": true, "user_id": id, "session_id": "random"})
	a = w.send("cookie", registerToken)
	record(a, map[string]any{"code": "already_registered", "error": "already_registered: person is user " + id})
	a = w.send("bearer", w.newcomer(providertest.Persons()[1], lambdatest.Shop))
	record(a, map[string]any{"client": lambdatest.Shop, "new_user": true, "user_id": w.registered(a, lambdatest.Shop).User.ID, "session_id": "random"})
	if got, want := strings.Count(w.Log.String(), "\n"), 5; got != want {
		t.Errorf("%d records of %d requests", got, want)
	}
}

// LG-01, LG-03: nothing that a client sends is in the log, let alone as a record
// of its own.
func TestLog_HoldsNothingOfTheRequest(t *testing.T) {
	w := open(t)
	const evil = "planted\n{\"level\":\"ERROR\",\"msg\":\"planted\"}\r\x1b[31mplanted"
	registerToken := w.newcomer(lambdatest.Person(), "")
	for _, c := range []change{
		nickname(evil), nickname("planted"), body(`{"planted":"planted"}`), body(`{"planted`), answers(`"nickname":"plantedplantedplantedplanted",`),
		answers(`"provider":"planted",`), answers(`"oauth_id":"planted",`), answers(`"address":"planted\nplanted",`), answers(`"position":"planted",`),
		header("authorization", "Bearer planted"), header("authorization", evil), header("content-type", evil), header("origin", evil), header("planted", evil),
		func(e *events.APIGatewayV2HTTPRequest) { e.Cookies = []string{"__Host-daemun-reg=" + evil} },
		func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.RequestID = evil },
		func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.HTTP.UserAgent = evil },
		func(e *events.APIGatewayV2HTTPRequest) { e.RawPath, e.RawQueryString = evil, "planted" },
	} {
		before := strings.Count(w.Log.String(), "\n")
		w.send("cookie", registerToken, c)
		if strings.Count(w.Log.String(), "\n") != before+1 || strings.Contains(w.Log.String(), "planted") {
			t.Errorf("the log holds what was sent: %v", w.Log.Last(t))
			return
		}
	}
}
