package main

import (
	"context"
	"testing"

	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/store/storetest"
)

const transaction = "TransactWriteItems"

// F-20…F-23, F-26: a fault once or twice is invisible, and leaves what no fault
// would have left.
func TestDatabaseFault_ThatPassesIsInvisible(t *testing.T) {
	for name, f := range map[string]storetest.Fault{
		"F-20 capacity":     storetest.Error("ProvisionedThroughputExceededException"),
		"F-20 throttled":    storetest.Error("ThrottlingException"),
		"F-21 500":          storetest.Error("InternalServerError"),
		"F-22 request lost": storetest.RequestLost(),
		"F-23 answer lost":  storetest.AnswerLost(),
		"F-26 conflict":     storetest.Canceled("None", "TransactionConflict", "None", "None"),
		"F-26 throttled":    storetest.Canceled("None", "None", "None", "ThrottlingError"),
	} {
		for times := 1; times <= 2; times++ {
			w := open(t)
			registerToken := w.newcomer(lambdatest.Person(), "")
			for n := range times {
				w.DB.Proxy.On(transaction, n+1, f)
			}
			a := w.send("cookie", registerToken)
			if a.StatusCode != 200 {
				t.Errorf("%s %d times: %s", name, times, a.Outcome())
				continue
			}
			w.registered(a, "")
			w.stored(1)
			if got := w.DB.Proxy.Counts()[transaction]; got != times+1 {
				t.Errorf("%s %d times: %d requests", name, times, got)
			}
		}
	}
}

// F-20…F-24, F-32, V7: a fault that stays is ours: 503 with Retry-After, no token
// and no cookie but the one that is there, which is as good as before. Afterwards
// the same request makes the account, or finds that it was made (RG-10).
func TestDatabaseFault_ThatStays(t *testing.T) {
	for name, f := range map[string]storetest.Fault{
		"F-20 throttled":    storetest.Error("ThrottlingException"),
		"F-21 500":          storetest.Error("InternalServerError"),
		"F-22 request lost": storetest.RequestLost(),
		"F-23 answer lost":  storetest.AnswerLost(),
		"F-26 conflict":     storetest.Canceled("None", "TransactionConflict", "None", "None"),
		"F-32 denied":       storetest.Error("AccessDeniedException"),
		"F-32 no table":     storetest.Error("ResourceNotFoundException"),
	} {
		w := open(t)
		registerToken := w.newcomer(lambdatest.Person(), "")
		w.DB.Proxy.On(transaction, 0, f)
		a := w.send("cookie", registerToken)
		if a.Outcome() != "503 temporarily_unavailable" || a.Headers["Retry-After"] != "1" || len(a.Cookies) > 0 {
			t.Errorf("%s: %s, Retry-After %q, cookies %q", name, a.Outcome(), a.Headers["Retry-After"], a.Cookies)
		}
		w.DB.Proxy.Reset()
		if a = w.send("cookie", registerToken); name == "F-23 answer lost" {
			w.refused(a, "409 already_registered")
		} else {
			w.registered(a, "")
		}
		w.stored(1)
	}
}

// F-25, F-26: the reason of another write is not the person's.
func TestDatabaseFault_ReasonsAreReadByTheirPlace(t *testing.T) {
	w := open(t)
	registerToken := w.newcomer(lambdatest.Person(), "")
	w.DB.Proxy.On(transaction, 0, storetest.Canceled("None", "ConditionalCheckFailed", "None", "None"))
	if a := w.send("cookie", registerToken); a.StatusCode < 500 {
		t.Errorf("answer %s", a.Outcome())
	}
	w.DB.Proxy.Reset()
	w.registered(w.send("cookie", registerToken), "")
}

// RG-10, CB-08, F-40: the function ends at once, before its one write or after
// it. The same token, or the next login, ends with one user.
func TestDatabaseFault_CrashAtTheWrite(t *testing.T) {
	for point, again := range map[storetest.Point]string{storetest.BeforeForward: "200", storetest.AfterForward: "409 already_registered"} {
		w := open(t)
		registerToken := w.newcomer(lambdatest.Person(), "")
		ctx, crash := context.WithCancel(t.Context())
		w.DB.Proxy.Hook(func(c storetest.Call, at storetest.Point) {
			if c.Operation == transaction && at == point {
				crash()
			}
		})
		lambdatest.InvokeContext(ctx, t, w.handler, w.event("cookie", registerToken))
		if ctx.Err() == nil {
			t.Error("there was no write")
		}
		crash()
		w.DB.Proxy.Reset()
		// A request that was cut off may be on its way still, and arrive as the first.
		if got := w.send("cookie", registerToken).Outcome(); got != again && got != "409 already_registered" {
			t.Errorf("the same token: %s, want %s", got, again)
		}
		w.stored(1)
		if got := w.LogIn(lambdatest.Person()); got.NewUser {
			t.Error("the next login made another user")
		}
	}
}

// F-34, F-70: a database that is down when the process starts is no reason not to.
func TestDatabaseFault_DownAtStart(t *testing.T) {
	w := open(t)
	registerToken := w.newcomer(lambdatest.Person(), "")
	w.DB.Proxy.On("GetItem", 0, storetest.Error("InternalServerError"))
	w.DB.Proxy.On(transaction, 0, storetest.RequestLost())
	w.handler = w.Build(build)
	w.refused(w.send("cookie", registerToken), "503 temporarily_unavailable")
	w.DB.Proxy.Reset()
	w.registered(w.send("cookie", registerToken), "")
}

// F-27: an engine that does not tell what stood in the way is asked, and stale
// reads, the worst that DynamoDB allows, decide nothing.
func TestDatabaseFault_StaleReads(t *testing.T) {
	w := open(t)
	first, later := w.newcomer(lambdatest.Person(), ""), w.newcomer(lambdatest.Person(), "")
	w.DB.Proxy.ServeStale(t)
	w.registered(w.send("cookie", first), "")
	w.refused(w.send("cookie", first), "409 already_registered")
	w.refused(w.send("cookie", later), "409 already_registered")
	w.stored(1)
}
