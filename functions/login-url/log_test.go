package main

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/lambdahttp/lambdatest"
)

// records reads the log, but for the time of each record.
func records(t *testing.T, w *world) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(w.Log.String()) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		delete(record, "time")
		all = append(all, record)
	}
	return all
}

// LG-02: one record for each request, with the facts.
func TestLog_OneRecordForEachRequest(t *testing.T) {
	w := open(t)
	w.begun(w.login())
	w.login(query("return_to=https://evil.example"))
	lambdatest.Invoke(t, w.handler, []byte(`null`))
	const route = "GET /auth/{provider}/login"
	want := []map[string]any{
		{"level": "INFO", "msg": "request", "request_id": "JKJaXmPLvHcESHA=", "route": route, "status": 302.0, "provider": "kakao"},
		{"level": "INFO", "msg": "request", "request_id": "JKJaXmPLvHcESHA=", "route": route, "status": 302.0,
			"code": "invalid_request", "error": "invalid_request: return_to: not on the allow-list"},
		{"level": "INFO", "msg": "request", "request_id": "", "route": "", "status": 400.0,
			"code": "invalid_request", "error": `invalid_request: event version ""`},
	}
	if diff := cmp.Diff(want, records(t, w)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// LG-01, LG-03: nothing that a client sends is in the log, let alone as a record
// of its own.
func TestLog_HoldsNothingOfTheRequest(t *testing.T) {
	w := open(t)
	const evil = "planted\n{\"level\":\"ERROR\",\"msg\":\"planted\"}\r\x1b[31mplanted"
	for _, c := range []change{
		query("return_to=" + url.QueryEscape(evil)), query("return_to=/planted%ZZ"), query("planted=1&planted=2"),
		providerName(evil), cookies("__Host-daemun-tx-planted1="+evil, evil+"=1"), header("accept", evil), header("planted", evil),
		func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.RequestID = evil },
		func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.HTTP.UserAgent = evil },
		func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.HTTP.SourceIP = evil },
		func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = evil },
		func(e *events.APIGatewayV2HTTPRequest) { e.Body, e.IsBase64Encoded = evil, true },
	} {
		before := len(records(t, w))
		w.login(c)
		all := records(t, w)
		if len(all) != before+1 || strings.Contains(w.Log.String(), "planted") {
			t.Errorf("the log holds what was sent: %v", slices.Clip(all[before:]))
		}
	}
}
