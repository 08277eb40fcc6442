package main

import (
	"context"
	"net/http"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/flow"
	"daemun/shared/lambdahttp"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/session"
)

// result is one of many parallel refreshes.
type result struct {
	status  int
	refresh string
}

// once refreshes like a client does: after a 503 it asks again. It may run in
// any goroutine.
func (w *world) once(h *lambdahttp.Handler, event []byte) result {
	for range 20 {
		var answer events.APIGatewayV2HTTPResponse
		var body lambdahttp.TokenJSON
		out, err := h.Invoke(context.Background(), event)
		if err == nil {
			err = json.Unmarshal(out, &answer)
		}
		if err == nil {
			err = json.Unmarshal([]byte(answer.Body), &body)
		}
		if err != nil {
			w.t.Error(err)
			return result{}
		}
		if answer.StatusCode != http.StatusServiceUnavailable {
			return result{answer.StatusCode, body.RefreshToken}
		}
	}
	return result{status: http.StatusServiceUnavailable}
}

// parallel refreshes n times at once, with several instances.
func (w *world) parallel(n int, refreshToken string, also ...func()) []result {
	w.t.Helper()
	instances := []*lambdahttp.Handler{w.h, w.Build(build), w.Build(build), w.Build(build)}
	event := w.event("json", refreshToken)
	results := make([]result, n)
	begin := make(chan struct{})
	var group sync.WaitGroup
	for i := range results {
		group.Go(func() {
			<-begin
			results[i] = w.once(instances[i%len(instances)], event)
		})
	}
	for _, f := range also {
		group.Go(func() {
			<-begin
			f()
		})
	}
	close(begin)
	group.Wait()
	return results
}

// F-60, RT-04: V2.
func TestRefresh_HundredAtOnceGetOneSuccessor(t *testing.T) {
	w := start(t)
	got := map[result]int{}
	for _, r := range w.parallel(100, w.login.RefreshToken) {
		got[r]++
	}
	next := w.refreshed(w.login.RefreshToken).RefreshToken
	if diff := cmp.Diff(map[result]int{{200, next}: 100}, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	w.alive(2)
	w.rotated(next)
	w.alive(3)
}

// F-61: nothing that a refresh handed out before outlives the logout.
func TestRefresh_LogoutWinsOverRefreshesInFlight(t *testing.T) {
	w := start(t)
	logout := flow.Logout{Sessions: w.Store(), Refresh: w.Keys.Refresh, Now: w.Now}
	afterwards := result{}
	event := w.event("json", w.login.RefreshToken)
	results := w.parallel(50, w.login.RefreshToken, func() {
		if _, _, err := logout.End(context.Background(), w.login.RefreshToken); err != nil {
			t.Error(err)
		}
		afterwards = w.once(w.h, event)
	})
	if afterwards.status != http.StatusUnauthorized {
		t.Errorf("a refresh after the logout: %+v", afterwards)
	}
	for _, r := range results {
		switch r.status {
		case http.StatusOK:
			w.refused(r.refresh)
		case http.StatusUnauthorized:
		default:
			t.Errorf("answer %+v", r)
		}
	}
	w.ended(session.EndedByLogout)
}

// F-62, RT-05, V3: once the replay was answered, nothing of the family is good,
// whatever was in flight.
func TestRefresh_ReplayWinsOverRefreshesInFlight(t *testing.T) {
	w := start(t)
	first := w.login.RefreshToken
	third := w.rotated(w.rotated(first))
	w.Wait(lambdatest.Rule.Grace) // it may rotate again
	replay := w.event("json", first)
	replayed, afterwards := result{}, result{}
	results := w.parallel(30, third, func() {
		replayed = w.once(w.h, replay)
		afterwards = w.once(w.h, w.event("json", third))
	})
	if replayed.status != http.StatusUnauthorized || afterwards.status != http.StatusUnauthorized {
		t.Errorf("replay %+v, afterwards %+v", replayed, afterwards)
	}
	for _, r := range results {
		if r.status == http.StatusOK {
			w.refused(r.refresh)
		}
	}
	w.ended(session.EndedByReuse)
}
