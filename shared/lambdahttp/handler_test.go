package lambdahttp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/lambdahttp"
	"daemun/shared/lambdahttp/lambdatest"
)

const frontURL = "https://app.example.com/home"

// handle is what a route does.
type handle = func(context.Context, *lambdahttp.Request) (*lambdahttp.Response, error)

// serve makes a handler of one route for programs and one for browsers, which do
// the same; and its log.
func serve(do handle) (*lambdahttp.Handler, *lambdatest.Log) {
	log := &lambdatest.Log{}
	return &lambdahttp.Handler{
		Routes:   []lambdahttp.Route{{Key: "POST /x", Handle: do}, {Key: "GET /x", Handle: do, Browser: true}},
		FrontURL: frontURL, Logger: slog.New(slog.NewJSONHandler(log, nil)),
	}, log
}

// request is a plain event for a route.
func request(route string) events.APIGatewayV2HTTPRequest {
	return events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: route, Headers: map[string]string{"host": "auth.example.com"},
		RequestContext: events.APIGatewayV2HTTPRequestContext{RequestID: "JKJaXmPLvHcESHA="},
	}
}

func text(t testing.TB, e events.APIGatewayV2HTTPRequest) []byte {
	t.Helper()
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// fails is a route that fails.
func fails(err error) handle {
	return func(context.Context, *lambdahttp.Request) (*lambdahttp.Response, error) { return nil, err }
}

func succeeds(context.Context, *lambdahttp.Request) (*lambdahttp.Response, error) {
	return lambdahttp.NoContent(), nil
}

// HD-02, V7, HD-04: every code of the closed table as a program sees it; what
// holds for every answer is checked with each.
func TestHandler_EveryCodeBecomesItsAnswer(t *testing.T) {
	for _, code := range fault.Codes() {
		h, _ := serve(fails(fmt.Errorf("outer: %w", fault.Newf(code, "secret cause"))))
		a := lambdatest.Invoke(t, h, text(t, request("POST /x")))
		want := fmt.Sprintf(`{"error":%q,"error_description":%q,"request_id":"JKJaXmPLvHcESHA="}`, code, code.Message())
		if a.StatusCode != code.Status() || a.Body != want {
			t.Errorf("%s: status %d, %s, want %s", code, a.StatusCode, a.Body, want)
		}
		if (a.Headers["Retry-After"] != "") != code.Retryable() {
			t.Errorf("%s: Retry-After %q", code, a.Headers["Retry-After"])
		}
	}
}

func TestHandler_FaultsOwnMessageAndWaitReplaceTheTables(t *testing.T) {
	h, _ := serve(fails(&fault.Error{Code: fault.ProviderUnavailable, Message: "Kakao is away.", RetryAfter: 30 * time.Second}))
	a := lambdatest.Invoke(t, h, text(t, request("POST /x")))
	if a.Headers["Retry-After"] != "30" || !strings.Contains(a.Body, `"Kakao is away."`) {
		t.Errorf("Retry-After %q, %s", a.Headers["Retry-After"], a.Body)
	}
}

// HD-07: what nobody foresaw is internal, and its text is for the log alone.
func TestHandler_UnknownErrorIsInternalAndUnseen(t *testing.T) {
	h, log := serve(fails(errors.New("table users of account 123456789012")))
	a := lambdatest.Invoke(t, h, text(t, request("POST /x")))
	if a.Outcome() != "500 internal" || strings.Contains(a.Body, "users") {
		t.Errorf("answer %s", a.Body)
	}
	if got := log.Last(t); got["level"] != "ERROR" || !strings.Contains(fmt.Sprint(got["error"]), "123456789012") {
		t.Errorf("log %v", got)
	}
}

// People see failures on the front end; who asks for JSON gets JSON.
func TestHandler_BrowserIsSentToTheFrontEndWithItsFailure(t *testing.T) {
	for accept, want := range map[string]string{
		"":                                "?",
		"text/html,application/xhtml+xml": "?",
		"*/*":                             "?",
		"text/html, application/json":     "?",
		"application/json":                "",
		"application/json, text/plain":    "",
	} {
		h, _ := serve(fails(fault.Newf(fault.LoginExpired, "secret cause")))
		e := request("GET /x")
		e.Headers["accept"] = accept
		a := lambdatest.Invoke(t, h, text(t, e))
		if want == "" {
			if a.Outcome() != "400 login_expired" {
				t.Errorf("Accept %q: answer %s", accept, a.Outcome())
			}
			continue
		}
		location := frontURL + "?error=login_expired&request_id=JKJaXmPLvHcESHA%3D"
		if a.StatusCode != 302 || a.Headers["Location"] != location || a.Body != "" {
			t.Errorf("Accept %q: status %d to %q, body %q", accept, a.StatusCode, a.Headers["Location"], a.Body)
		}
	}
}

func TestHandler_FrontURLKeepsItsOwnQuery(t *testing.T) {
	h, _ := serve(fails(fault.New(fault.AccessDenied, nil)))
	h.FrontURL = frontURL + "?lang=ko"
	a := lambdatest.Invoke(t, h, text(t, request("GET /x")))
	if want := frontURL + "?lang=ko&error=access_denied&request_id=JKJaXmPLvHcESHA%3D"; a.Headers["Location"] != want {
		t.Errorf("sent to %q, want %q", a.Headers["Location"], want)
	}
}

// What is spent is cleared on failure too.
func TestHandler_FailureKeepsTheCookiesOfItsResponse(t *testing.T) {
	clear := lambdahttp.Cookies{}.Clear(lambdahttp.AccessCookie)
	h, _ := serve(func(context.Context, *lambdahttp.Request) (*lambdahttp.Response, error) {
		return &lambdahttp.Response{Status: 200, Body: []byte("no"), Cookies: []string{clear}}, fault.New(fault.InvalidState, nil)
	})
	for _, route := range []string{"GET /x", "POST /x"} {
		a := lambdatest.Invoke(t, h, text(t, request(route)))
		if diff := cmp.Diff([]string{clear}, a.Cookies); diff != "" || a.StatusCode == 200 || a.Body == "no" {
			t.Errorf("%s: status %d %q, cookies (-want +got):\n%s", route, a.StatusCode, a.Body, diff)
		}
	}
}

// F-42, V8: the process lives, and neither answer nor log has the event or the
// panic's value.
func TestHandler_PanicIsInternalAndTellsNothing(t *testing.T) {
	const canary = "canary-of-the-event"
	for name, do := range map[string]handle{
		"value": func(_ context.Context, r *lambdahttp.Request) (*lambdahttp.Response, error) { panic(r.Query("q")) },
		"error": func(_ context.Context, r *lambdahttp.Request) (*lambdahttp.Response, error) {
			panic(errors.New(r.Query("q")))
		},
		"nil map": func(_ context.Context, r *lambdahttp.Request) (*lambdahttp.Response, error) {
			r.Path[r.Query("q")] = "x" // nil: the event has no path parameters
			return lambdahttp.NoContent(), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			h, log := serve(do)
			e := request("POST /x")
			e.RawQueryString, e.Headers["x-canary"], e.Body = "q="+canary, canary, canary
			for range 2 { // the second time by the same process
				if a := lambdatest.Invoke(t, h, text(t, e)); a.Outcome() != "500 internal" {
					t.Errorf("answer %s", a.Outcome())
				}
			}
			if got := log.Last(t); got["level"] != "ERROR" || !strings.Contains(fmt.Sprint(got["stack"]), "handler_test.go") {
				t.Errorf("log %v", got)
			}
			if strings.Contains(log.String(), canary) {
				t.Error("the log has the event")
			}
		})
	}
}

// F-41, V7: what takes for ever is answered half a second before the platform
// would end it.
func TestHandler_AnswersHalfASecondBeforeTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := serve(func(ctx context.Context, _ *lambdahttp.Request) (*lambdahttp.Response, error) {
			<-ctx.Done()
			return nil, fault.New(fault.TemporarilyUnavailable, ctx.Err())
		})
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		a := lambdatest.InvokeContext(ctx, t, h, text(t, request("POST /x")))
		if took := time.Since(began); took != 4500*time.Millisecond || a.Outcome() != "503 temporarily_unavailable" {
			t.Errorf("answer %s after %s", a.Outcome(), took)
		}
	})
}

// HD-01: there is no server behind a function to stop a line break.
func TestHandler_LineBreakInAnAnswerIsInternal(t *testing.T) {
	for name, response := range map[string]*lambdahttp.Response{
		"location":       lambdahttp.Redirect("https://app.example.com/\r\nset-cookie: x=y"),
		"cookie":         {Status: 200, Cookies: []string{"x=y\nz"}},
		"NUL":            lambdahttp.Redirect("https://app.example.com/\x00"),
		"next line":      lambdahttp.Redirect("https://app.example.com/\u0085"),
		"folds to CR LF": lambdahttp.Redirect("https://app.example.com/\u560d\u560a"),
		"DEL":            lambdahttp.Redirect("https://app.example.com/\x7f"),
	} {
		for _, route := range []string{"GET /x", "POST /x"} {
			h, _ := serve(func(context.Context, *lambdahttp.Request) (*lambdahttp.Response, error) { return response, nil })
			a := lambdatest.Invoke(t, h, text(t, request(route)))
			if a.Outcome() != "500 internal" || a.Headers["Location"] != "" || len(a.Cookies) > 0 {
				t.Errorf("%s: answer %s, headers %v", name, a.Outcome(), a.Headers)
			}
		}
	}
}

// The gateway's id names the request, or else Lambda's; nothing that a caller
// invents.
func TestHandler_RequestIDIsTheGatewaysOrLambdas(t *testing.T) {
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "8f5c-1"})
	for given, want := range map[string]string{
		"JKJaXmPLvHcESHA=":      "JKJaXmPLvHcESHA=",
		"":                      "8f5c-1",
		"x\"}\n{\"level\":\"x":  "8f5c-1",
		"<script>":              "8f5c-1",
		strings.Repeat("a", 65): "8f5c-1",
		"a&error=x":             "8f5c-1",
		"a b":                   "8f5c-1",
		strings.Repeat("a", 64): strings.Repeat("a", 64),
	} {
		h, log := serve(fails(fault.New(fault.NotFound, nil)))
		e := request("POST /x")
		e.RequestContext.RequestID = given
		a := lambdatest.InvokeContext(ctx, t, h, text(t, e))
		if !strings.Contains(a.Body, `"request_id":"`+want+`"`) || log.Last(t)["request_id"] != want {
			t.Errorf("%q: answer %s, log %v, want %q", given, a.Body, log.Last(t)["request_id"], want)
		}
	}
}

// A process answers one event at a time, but nothing here rests on that.
func TestHandler_ServesManyAtOnce(t *testing.T) {
	h, log := serve(succeeds)
	event := text(t, request("POST /x"))
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if out, err := h.Invoke(context.Background(), event); err != nil || !bytes.Contains(out, []byte("204")) {
				t.Errorf("answer %s, %v", out, err)
			}
		})
	}
	group.Wait()
	if n := strings.Count(log.String(), "\n"); n != 50 {
		t.Errorf("%d lines in the log, want 50", n)
	}
}
