package main

import (
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/provider/providertest"
	"daemun/shared/store/storetest"
)

// LG-02: one record for each request, with the facts: who, where, what became of
// it; and ERROR for what an operator must look at.
func TestLog_OneRecordForEachRequest(t *testing.T) {
	w := open(t)
	record := func(a lambdatest.Answer, more map[string]any) {
		t.Helper()
		want := map[string]any{
			"msg": "request", "level": "INFO", "request_id": "JKJaXmPLvHcESHA=", "route": "GET /auth/{provider}/callback",
			"status": float64(a.StatusCode), "event": "login", "provider": "kakao",
		}
		for name, value := range more {
			if want[name] = value; value == nil {
				delete(want, name)
			}
		}
		got := w.Log.Last(t)
		delete(got, "time")
		if more["session_id"] != nil && got["session_id"] != "" {
			got["session_id"] = more["session_id"]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
	}
	a := w.finish(w.begin(person(1)))
	id := w.loggedIn(a, lambdatest.FrontURL)
	record(a, map[string]any{"new_user": true, "user_id": id, "session_id": "random"})
	a = w.finish(w.begin(person(1)))
	record(a, map[string]any{"new_user": false, "user_id": w.loggedIn(a, lambdatest.FrontURL), "session_id": "random"})
	b := w.begin(person(1))
	record(w.finish(b, query("error=access_denied&state="+b.State)), map[string]any{"code": "access_denied", "error": "access_denied: provider answered access_denied"})
	record(w.finish(b), map[string]any{"code": "invalid_state", "error": "invalid_state: state was used already"})
	record(w.finish(b, providerName("naver")), map[string]any{"code": "unknown_provider", "error": "unknown_provider", "event": nil, "provider": nil})
	if got, want := strings.Count(w.Log.String(), "\n"), 5; got != want {
		t.Errorf("%d records of %d requests", got, want)
	}
}

// F-09, F-31, F-32: what does not pass by itself is an alarm, what does is not.
func TestLog_Alarms(t *testing.T) {
	w := open(t)
	last := func(want string) {
		t.Helper()
		if got := w.Log.Last(t)["level"]; got != want {
			t.Errorf("level %v, want %s: %v", got, want, w.Log.Last(t)["error"])
		}
	}
	for _, name := range []string{"unauthorized_client", "redirect_uri_mismatch", "application_suspended"} { // anybody can say so
		b := w.begin(person(1))
		w.finish(b, query("error="+name+"&state="+b.State))
		last("WARN")
	}
	w.Kakao.Next(providertest.Token, providertest.JSON(400, `{"error":"invalid_grant","error_code":"KOE303"}`))
	w.finish(w.begin(person(1))) // a code of another redirect URI, which anybody can bring
	last("INFO")
	w.Kakao.Next(providertest.Token, providertest.JSON(401, `{"error":"invalid_client","error_code":"KOE010"}`))
	w.finish(w.begin(person(1)))
	last("ERROR")
	w.Kakao.Next(providertest.Token, providertest.JSON(500, ""))
	w.finish(w.begin(person(1)))
	last("WARN")
	w.Kakao.Next(providertest.Token, providertest.JSON(400, `{"error":"invalid_grant"}`))
	w.finish(w.begin(person(1)))
	last("INFO")
	w.DB.Proxy.On("PutItem", 0, storetest.Error("AccessDeniedException"))
	w.finish(w.begin(person(1)))
	last("ERROR")
	w.DB.Proxy.Reset()
	w.DB.Proxy.On("PutItem", 0, storetest.Error("ThrottlingException"))
	w.finish(w.begin(person(1)))
	last("WARN")
}

// LG-01, LG-03: nothing that a client or a provider sends is in the log, let
// alone as a record of its own.
func TestLog_HoldsNothingOfTheRequest(t *testing.T) {
	w := open(t)
	const evil = "planted\n{\"level\":\"ERROR\",\"msg\":\"planted\"}\r\x1b[31mplanted"
	b := w.begin(person(1))
	for _, c := range []change{
		query("error=planted&error_description=" + url.QueryEscape(evil) + "&state=" + b.State), query("error=planted&state=" + b.State),
		query("code=planted%ZZ"), query("code=planted&code=planted"), query("state=planted&code=planted"), query("iss=planted&state=" + b.State),
		providerName(evil), cookies("__Host-daemun-tx-planted="+evil, evil+"=1"), header("accept", evil), header("planted", evil),
		func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.RequestID = evil },
		func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.HTTP.UserAgent = evil },
		func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.HTTP.SourceIP = evil },
		func(e *events.APIGatewayV2HTTPRequest) { e.RawPath, e.Body = evil, evil },
	} {
		before := strings.Count(w.Log.String(), "\n")
		w.finish(b, c)
		if strings.Count(w.Log.String(), "\n") != before+1 || strings.Contains(w.Log.String(), "planted") {
			t.Errorf("the log holds what was sent: %v", w.Log.Last(t))
			return
		}
	}
	for _, says := range []string{`{"error":"planted","error_description":"planted"}`, `planted`, `{"error":"invalid_grant","error_description":"planted\n{}"}`} {
		w.Kakao.Next(providertest.Token, providertest.JSON(400, says))
		w.finish(w.begin(person(1)))
		w.Kakao.Next(providertest.Userinfo, providertest.JSON(400, says))
		w.finish(w.begin(person(1)))
	}
	p := person(2)
	p.Nickname = "planted\u2028{}"
	w.logIn(p)
	if strings.Contains(w.Log.String(), "planted") {
		t.Errorf("the log holds what a provider sent: %s", w.Log.String())
	}
}
