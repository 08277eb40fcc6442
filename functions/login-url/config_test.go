package main

import (
	"fmt"
	"strings"
	"testing"

	"daemun/shared/fault"
	"daemun/shared/lambdahttp"
	"daemun/shared/lambdahttp/lambdatest"
)

func TestBuild_RefusesBadValues(t *testing.T) {
	w := lambdatest.New(t)
	w.Build(builder()) // as it is, it is good
	for name, values := range map[string][]string{
		"PUBLIC_URL":         {"", "https://auth.example.com/", "http://auth.example.com", "auth.example.com", "https://AUTH.example.com"},
		"FRONT_URL":          {"", "http://app.example.com", "/home", "https://user@app.example.com"},
		"ALLOWED_ORIGINS":    {"*", "https://app.example.com/", "https://app.example.com,null", "https://*.example.com/x"},
		"INSECURE_COOKIES":   {"true"},
		"INSECURE_PROVIDERS": {"false"}, // the fake provider speaks plain http
	} {
		for _, value := range values {
			w.RefusesToBuild(t, builder(), map[string]string{name: value}, name)
		}
	}
	w.RefusesToBuild(t, builder(), map[string]string{"KAKAO_AUTH_URL": "https://provider.example#x"}, "kakao: authorization URL")
	w.RefusesToBuild(t, builder(), map[string]string{"KAKAO_CLIENT_ID": "an id"}, "kakao: client id")
}

func TestBuild_ReportsEveryMistakeAtOnce(t *testing.T) {
	lambdatest.New(t).RefusesToBuild(t, builder(), map[string]string{
		"PUBLIC_URL": "", "FRONT_URL": "x", "ALLOWED_ORIGINS": "*", "INSECURE_COOKIES": "true", "TRANSACTION_KEYS": "secret", "INSECURE_PROVIDERS": "perhaps",
	}, "PUBLIC_URL", "FRONT_URL", "ALLOWED_ORIGINS", "INSECURE_COOKIES", "TransactionKeys", "InsecureProviders")
}

// HD-03: whoever adds a front end or a client and forgets the gateway hears of it
// from us, and not from a browser's console. Without the front end's pages nothing
// works; those of a client must not keep everybody else from logging in.
func TestBuild_ComparesCORSWithTheOriginsThatAsk(t *testing.T) {
	const missing = `"level":"ERROR","msg":"cors","error":"CORS_ORIGINS: %s is not among them, but pages there ask us"`
	w := lambdatest.New(t)
	w.AddClients()
	all := lambdatest.Front + "," + lambdatest.ShopOrigin + "," + lambdatest.OtherOrigin
	for _, enough := range []string{all, all + ",https://more.example.com", ""} { // "": not known
		w.Env["CORS_ORIGINS"] = enough
		w.Build(builder())
	}
	if w.Log.String() != "" {
		t.Errorf("nothing is missing: %s", w.Log)
	}
	w.Env["CORS_ORIGINS"] = lambdatest.Front + ",https://SHOP.example.com," + lambdatest.ShopOrigin + "/"
	w.Build(builder())
	for _, origin := range []string{lambdatest.ShopOrigin, lambdatest.OtherOrigin} {
		if !strings.Contains(w.Log.String(), fmt.Sprintf(missing, origin)) {
			t.Errorf("%s is not told of: %s", origin, w.Log)
		}
	}
	w.RefusesToBuild(t, builder(), map[string]string{"CORS_ORIGINS": strings.TrimPrefix(all, lambdatest.Front+",")},
		"CORS_ORIGINS: "+lambdatest.Front+" is not among them")
	w.RefusesToBuild(t, builder(), map[string]string{"CORS_ORIGINS": all, "FRONT_URL": "https://new.example.com/home"},
		"CORS_ORIGINS: https://new.example.com is not among them")
	// Pages at our own origin need no CORS.
	w.Env["FRONT_URL"], w.Env["CORS_ORIGINS"] = lambdatest.PublicURL+"/home", lambdatest.ShopOrigin
	w.Build(builder())
}

// TK-04.
func TestBuild_RefusesWeakKeys(t *testing.T) {
	w := lambdatest.New(t)
	for _, keys := range lambdatest.BadSecretKeys() {
		w.RefusesToBuild(t, builder(), map[string]string{"TRANSACTION_KEYS": keys})
	}
}

// A function that is not configured answers so, to browsers too: where the front
// end is, it does not know.
func TestBuild_WithoutPublicURLEveryEventHasAnAnswer(t *testing.T) {
	w := lambdatest.New(t)
	w.Env["PUBLIC_URL"] = ""
	f := lambdahttp.NewFunction(w.Host(), builder())
	for range 2 {
		a := lambdatest.Invoke(t, f, lambdatest.Event(t, "login-url", "login-plain"))
		if a.StatusCode != 503 || a.Failure() != fault.NotConfigured || a.Headers["Retry-After"] != "60" {
			t.Errorf("status %d, %s, Retry-After %q", a.StatusCode, a.Body, a.Headers["Retry-After"])
		}
	}
}
