package main

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/lambdahttp"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/provider/providertest"
	"daemun/shared/token"
)

// jsonWorld is login-url with clients.
func jsonWorld(t *testing.T) (*lambdatest.World, *lambdahttp.Handler) {
	t.Helper()
	w := lambdatest.New(t)
	w.AddClients()
	return w, w.Build(builder())
}

// begunInJSON expects a login on its way, and returns the authorization
// request's parameters and the transaction.
func begunInJSON(t *testing.T, w *lambdatest.World, a lambdatest.Answer) (url.Values, token.Transaction) {
	t.Helper()
	if a.StatusCode != 200 || len(a.Cookies) > 0 {
		t.Fatalf("status %d, %s, cookies %q", a.StatusCode, a.Body, a.Cookies)
	}
	var body struct {
		URL         string `json:"url"`
		State       string `json:"state"`
		Transaction string `json:"transaction"`
		ExpiresIn   int    `json:"expires_in"`
	}
	if err := json.Unmarshal([]byte(a.Body), &body, json.RejectUnknownMembers(true)); err != nil {
		t.Fatal(err)
	}
	endpoint, rawQuery, _ := strings.Cut(body.URL, "?")
	q, err := url.ParseQuery(rawQuery)
	if err != nil || endpoint != w.Env["KAKAO_AUTH_URL"] || body.ExpiresIn != 600 {
		t.Fatalf("%s (%v), expires in %d", body.URL, err, body.ExpiresIn)
	}
	tx, err := w.Keys.Transaction.ForJSON().Open(body.Transaction)
	if err != nil {
		t.Fatal(err)
	}
	w.Canary(body.State, body.Transaction, tx.Nonce, tx.CodeVerifier)
	challenge, hash := sha256.Sum256([]byte(tx.CodeVerifier)), sha256.Sum256([]byte(body.State))
	for name, want := range map[string]string{
		"client_id": providertest.KakaoClientID, "response_type": "code", "code_challenge_method": "S256", "state": body.State,
		"nonce": tx.Nonce, "code_challenge": base64.RawURLEncoding.EncodeToString(challenge[:]),
	} {
		if got := q[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if len(q) != 7 || !slices.Equal(tx.StateHash, hash[:]) || tx.Provider != "kakao" || tx.ReturnTo != "" {
		t.Errorf("%d parameters, transaction of %s to %q", len(q), tx.Provider, tx.ReturnTo)
	}
	if _, err := w.Keys.Transaction.Open(body.Transaction); err == nil {
		t.Error("the transaction would do as a cookie")
	}
	return q, tx
}

// Every golden event has its answer here, and every answer its event. Those with
// a redirect URI begin a login.
func TestJSONEvents_EachHasItsAnswer(t *testing.T) {
	want := map[string]string{
		"app":                    lambdatest.ShopRedirectURI,
		"page":                   lambdatest.ShopRedirectURI,
		"with-cookies":           lambdatest.ShopRedirectURI, // none is read
		"injected-parameters":    lambdatest.ShopRedirectURI, // ST-07, ST-16, ST-17
		"page-of-another-client": "403 origin_not_allowed",
		"foreign-origin":         "403 origin_not_allowed",
		"unknown-client":         "400 invalid_request",
		"no-client":              "400 invalid_request", // the front end has no redirect URI for logins in JSON
		"client-twice":           "400 invalid_request", // ST-15
		"unknown-provider":       "404 unknown_provider",
	}
	w, h := jsonWorld(t)
	names := lambdatest.EventNames(t, "login-url/json")
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(slices.Values(names))); diff != "" {
		t.Fatalf("events (-tested +there):\n%s", diff)
	}
	for _, name := range names {
		a := lambdatest.Invoke(t, h, lambdatest.Event(t, "login-url", "json/"+name))
		got := a.Outcome()
		if a.StatusCode == 200 {
			q, tx := begunInJSON(t, w, a)
			if got = q.Get("redirect_uri"); tx.Client != lambdatest.Shop {
				t.Errorf("%s: transaction of client %q", name, tx.Client)
			}
		}
		if got != want[name] || len(a.Cookies) > 0 {
			t.Errorf("%s: %s, cookies %q; want %s", name, got, a.Cookies, want[name])
		}
	}
}

// Configuration may give the front end logins in JSON, too.
func TestLoginURL_WithoutClientIsTheFrontEnds(t *testing.T) {
	w := lambdatest.New(t)
	w.Env["CLIENTS"] = `{"web":{"redirect_uris":{"kakao":"https://app.example.com/login/kakao"}}}`
	h := w.Build(builder())
	for origin, want := range map[string]string{lambdatest.Front: "200", "": "200", lambdatest.ShopOrigin: "403 origin_not_allowed"} {
		event := lambdatest.With(t, lambdatest.Event(t, "login-url", "json/no-client"), func(e *events.APIGatewayV2HTTPRequest) {
			e.Headers["origin"] = origin
		})
		a := lambdatest.Invoke(t, h, event)
		if a.Outcome() != want {
			t.Errorf("origin %q: %s, want %s", origin, a.Outcome(), want)
		} else if want == "200" {
			if q, tx := begunInJSON(t, w, a); q.Get("redirect_uri") != "https://app.example.com/login/kakao" || tx.Client != "web" {
				t.Errorf("to %s for %s", q.Get("redirect_uri"), tx.Client)
			}
		}
	}
}

// A login that ends in cookies may return to a client's return URL, letter by
// letter, and to no other page of its origins (ST-10).
func TestLogin_MayReturnToAClientsReturnURL(t *testing.T) {
	w, h := jsonWorld(t)
	for returnTo, want := range map[string]int{
		lambdatest.ShopReturnURL:                      302,
		lambdatest.ShopReturnURL + "x":                400,
		lambdatest.ShopOrigin + "/":                   400,
		lambdatest.ShopRedirectURI:                    400,
		lambdatest.OtherOrigin:                        400, // it has no return URL at all
		lambdatest.OtherOrigin + "/":                  400,
		"https://SHOP.example.com/welcome?from=login": 400,
	} {
		event := lambdatest.With(t, lambdatest.Event(t, "login-url", "login"), func(e *events.APIGatewayV2HTTPRequest) {
			e.Headers["accept"], e.RawQueryString = "application/json", "return_to="+url.QueryEscape(returnTo)
		})
		a := lambdatest.Invoke(t, h, event)
		if a.StatusCode != want {
			t.Errorf("%s: status %d, want %d", returnTo, a.StatusCode, want)
		}
		if want != 302 {
			continue
		}
		_, sealed, _ := strings.Cut(strings.Split(a.Cookies[0], ";")[0], "=")
		tx, err := w.Keys.Transaction.Open(sealed)
		if err != nil || tx.ReturnTo != returnTo || tx.Client != "" {
			t.Errorf("transaction of %q to %q, %v", tx.Client, tx.ReturnTo, err)
		}
	}
}

func TestBuild_RefusesBadClients(t *testing.T) {
	w := lambdatest.New(t)
	for _, text := range []string{
		"shop", "[]", `"shop"`, `{"shop":[]}`, `{"shop":{}`, `{"shop":{},"shop":{}}`, `{"shop":{"redirect_uri":{}}}`, `{"Shop":{}}`, `{"":{}}`,
		`{"shop":{"redirect_uris":{"kakao":"` + lambdatest.PublicURL + `/auth/kakao/callback"}}}`,
	} {
		w.RefusesToBuild(t, builder(), map[string]string{"CLIENTS": text})
	}
}

// LG-03: what the query calls the client is in the log only if it is one.
func TestLoginURL_LogsNoUnknownClient(t *testing.T) {
	w, h := jsonWorld(t)
	lambdatest.Invoke(t, h, lambdatest.Event(t, "login-url", "json/unknown-client"))
	if strings.Contains(w.Log.String(), "nobody") {
		t.Error("the log holds the query")
	}
	lambdatest.Invoke(t, h, lambdatest.Event(t, "login-url", "json/app"))
	if got := w.Log.Last(t)["client"]; got != lambdatest.Shop {
		t.Errorf("the log names client %v", got)
	}
}
