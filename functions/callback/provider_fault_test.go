package main

import (
	"context"
	"sync"
	"testing"
	"time"

	"daemun/shared/fault"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/provider/providertest"
)

// provider faults: the endpoint, its answer, and what becomes of the login.
type providerFault struct {
	endpoint providertest.Endpoint
	answer   providertest.Answer
	want     fault.Code
	hits     int // of the endpoint
}

func providerFaults() map[string]providerFault {
	const token, userinfo = providertest.Token, providertest.Userinfo
	html := providertest.Body(200, "text/html", "<!doctype html>"+providertest.Marker)
	refusal := func(status int, code string) providertest.Answer {
		return providertest.JSON(status, `{"error":"`+code+`","error_description":"`+providertest.Marker+`"}`)
	}
	return map[string]providerFault{
		"F-01 closed":                   {token, providertest.Cut(), fault.ProviderUnavailable, 1},
		"F-01 userinfo closed":          {userinfo, providertest.Cut(), fault.ProviderUnavailable, 2},
		"F-05 500":                      {token, providertest.JSON(500, ""), fault.ProviderUnavailable, 1},
		"F-05 502":                      {token, providertest.Body(502, "text/html", providertest.Marker), fault.ProviderUnavailable, 1},
		"F-05 503":                      {token, providertest.RetryAfter(503, 7), fault.ProviderUnavailable, 1},
		"F-05 429":                      {token, providertest.RetryAfter(429, 3600), fault.ProviderUnavailable, 1},
		"F-06 500":                      {userinfo, providertest.JSON(500, ""), fault.ProviderUnavailable, 2},
		"F-06 503":                      {userinfo, providertest.RetryAfter(503, 1), fault.ProviderUnavailable, 2},
		"F-06 429":                      {userinfo, providertest.RetryAfter(429, 3600), fault.ProviderUnavailable, 1},
		"F-07 HTML":                     {token, html, fault.BadProviderResponse, 1},
		"F-07 empty":                    {token, providertest.JSON(200, ""), fault.BadProviderResponse, 1},
		"F-07 truncated":                {token, providertest.JSON(200, `{"token_type":"bearer","access_`), fault.BadProviderResponse, 1},
		"F-07 charset":                  {token, providertest.Body(200, "application/json;charset=EUC-KR", "{}"), fault.BadProviderResponse, 1},
		"F-07 gzip bomb":                {token, providertest.GzipBomb(64), fault.BadProviderResponse, 1},
		"F-07 100 MB, CB-11":            {token, providertest.Huge(100 << 20), fault.BadProviderResponse, 1},
		"F-07 endless":                  {userinfo, providertest.Huge(0), fault.BadProviderResponse, 1},
		"F-07 userinfo HTML":            {userinfo, html, fault.BadProviderResponse, 1},
		"CB-11 64 KB of header":         {token, providertest.BigHeader(64 << 10), fault.BadProviderResponse, 1},
		"F-08 invalid_grant":            {token, refusal(400, "invalid_grant"), fault.LoginExpired, 1},
		"F-08 invalid_grant with 200":   {token, refusal(200, "invalid_grant"), fault.LoginExpired, 1},
		"F-09 invalid_client":           {token, refusal(401, "invalid_client"), fault.ProviderMisconfigured, 1},
		"F-10 redirect":                 {token, providertest.Redirect(302, "http://169.254.169.254/"), fault.BadProviderResponse, 1},
		"F-10 redirect keeps the form":  {token, providertest.Redirect(307, "http://127.0.0.1:1/"), fault.BadProviderResponse, 1},
		"F-10 userinfo redirect, CB-10": {userinfo, providertest.Redirect(302, "file:///etc/passwd"), fault.BadProviderResponse, 1},
		"F-11 no id":                    {userinfo, providertest.JSON(200, `{}`), fault.BadProviderResponse, 1},
	}
}

// F-05…F-11: the browser learns the code, clients of JSON its status; nobody is
// stored, the code went out once, and the next login works.
func TestProviderFault(t *testing.T) {
	w := open(t)
	logins := 0
	for name, f := range providerFaults() {
		t.Run(name, func(t *testing.T) {
			w.t = t
			hits := w.Kakao.Hits(f.endpoint)
			w.Kakao.Always(f.endpoint, f.answer)
			a := w.finish(w.begin(person(int64(logins + 1))))
			w.refused(a, f.want)
			if len(a.Cookies) != 1 {
				t.Errorf("the spent transaction is not cleared: %q", a.Cookies)
			}
			if got := w.Kakao.Hits(f.endpoint) - hits; got != f.hits {
				t.Errorf("%d requests, want %d", got, f.hits)
			}
			w.refusedJSON(w.finish(w.begin(person(int64(logins+1))), asJSON()), f.want)
			w.stored(logins, logins)
			w.Kakao.Always(f.endpoint, nil)
			logins++
			w.logIn(person(int64(logins)))
			w.stored(logins, logins)
		})
	}
	w.t = t
}

// F-05: we ask for as much patience as the provider does, up to a minute.
func TestProviderFault_RetryAfterIsPassedOn(t *testing.T) {
	w := open(t)
	for asked, want := range map[int]string{7: "7", 3600: "60"} {
		for _, endpoint := range []providertest.Endpoint{providertest.Token, providertest.Userinfo} {
			w.Kakao.Next(endpoint, providertest.RetryAfter(429, asked))
			a := w.finish(w.begin(person(1)), asJSON())
			w.refusedJSON(a, fault.ProviderUnavailable)
			if got := a.Headers["Retry-After"]; got != want {
				t.Errorf("%s asks for %d s, we for %q", endpoint, asked, got)
			}
		}
	}
}

// F-06, F-15: who somebody is may be asked twice.
func TestProviderFault_UserinfoIsAskedOnceMore(t *testing.T) {
	w := open(t)
	for _, once := range []providertest.Answer{providertest.JSON(500, ""), providertest.Cut(), providertest.RetryAfter(503, 3600)} {
		w.Kakao.Next(providertest.Userinfo, once)
		w.logIn(person(1))
	}
	w.stored(1, 3)
}

// F-01: nobody listens.
func TestProviderFault_ConnectionRefused(t *testing.T) {
	for name, url := range map[string]string{"refused": "http://127.0.0.1:1", "no such host": "http://nowhere.invalid"} {
		t.Run(name, func(t *testing.T) {
			w := open(t, "KAKAO_TOKEN_URL", url+"/oauth/token")
			w.refused(w.finish(w.begin(person(1))), fault.ProviderUnavailable)
			w.nothingHappened(1)
		})
	}
}

// F-02, F-03, F-04: silence ends at our own time limits, which these really wait
// for, all at once. The code is not sent again, and the next login works.
func TestProviderFault_Silence(t *testing.T) {
	const token, userinfo = providertest.Token, providertest.Userinfo
	var group sync.WaitGroup
	for name, f := range map[string]struct {
		providerFault
		limit time.Duration
	}{
		"F-02 hangs":          {providerFault{token, providertest.Hang(), fault.ProviderTimeout, 1}, 3200 * time.Millisecond},
		"F-03 too late":       {providerFault{token, providertest.Lost(), fault.ProviderTimeout, 1}, 3200 * time.Millisecond},
		"F-04 drips":          {providerFault{token, providertest.Drip(), fault.ProviderTimeout, 1}, 3200 * time.Millisecond},
		"F-02 userinfo hangs": {providerFault{userinfo, providertest.Hang(), fault.ProviderTimeout, 2}, 4200 * time.Millisecond},
		"F-04 userinfo drips": {providerFault{userinfo, providertest.Drip(), fault.ProviderTimeout, 2}, 4200 * time.Millisecond},
	} {
		w := open(t)
		group.Go(func() {
			w.Kakao.Always(f.endpoint, f.answer)
			start := time.Now()
			a := w.finish(w.begin(person(1)), asJSON())
			if took := time.Since(start); took > f.limit+4*time.Second { // the machine may be busy
				t.Errorf("%s: an answer after %s", name, took)
			}
			w.refusedJSON(a, f.want)
			if got := w.Kakao.Hits(f.endpoint); got != f.hits {
				t.Errorf("%s: %d requests, want %d", name, got, f.hits)
			}
			w.stored(0, 0)
			w.Kakao.Always(f.endpoint, nil)
			w.logIn(person(1))
		})
	}
	group.Wait()
}

// V7, F-41: what time the function has left is the limit too; it answers before
// the platform ends it.
func TestProviderFault_SilenceEndsBeforeTheFunction(t *testing.T) {
	for _, endpoint := range []providertest.Endpoint{providertest.Token, providertest.Userinfo} {
		w := open(t)
		w.Kakao.Always(endpoint, providertest.Hang())
		ctx, cancel := context.WithTimeout(t.Context(), 1200*time.Millisecond)
		defer cancel()
		a := lambdatest.InvokeContext(ctx, t, w.handler, w.event("login", w.begin(person(1)), asJSON()))
		if ctx.Err() != nil {
			t.Error("the function was too late")
		}
		w.refusedJSON(a, fault.ProviderTimeout)
		w.stored(0, 0)
	}
}
