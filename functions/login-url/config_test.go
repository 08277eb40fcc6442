package main

import (
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
	w.RefusesToBuild(t, builder(), map[string]string{"KAKAO_AUTH_URL": "https://provider.example?x"}, "kakao: authorization URL")
	w.RefusesToBuild(t, builder(), map[string]string{"KAKAO_CLIENT_ID": "an id"}, "kakao: client id")
}

func TestBuild_ReportsEveryMistakeAtOnce(t *testing.T) {
	lambdatest.New(t).RefusesToBuild(t, builder(), map[string]string{
		"PUBLIC_URL": "", "FRONT_URL": "x", "ALLOWED_ORIGINS": "*", "INSECURE_COOKIES": "true", "TRANSACTION_KEYS": "secret", "INSECURE_PROVIDERS": "perhaps",
	}, "PUBLIC_URL", "FRONT_URL", "ALLOWED_ORIGINS", "INSECURE_COOKIES", "TransactionKeys", "InsecureProviders")
}

// HD-03: a front end or a client that the gateway's CORS list lacks is told of
// before the first login.
func TestBuild_ComparesCORSWithTheOriginsThatAsk(t *testing.T) {
	w := lambdatest.New(t)
	w.AddClients()
	all := lambdatest.Front + "," + lambdatest.ShopOrigin + "," + lambdatest.OtherOrigin
	w.Env["CORS_ORIGINS"] = all
	w.Build(builder())
	for _, missing := range []string{lambdatest.Front, lambdatest.ShopOrigin, lambdatest.OtherOrigin} {
		w.RefusesToBuild(t, builder(), map[string]string{"CORS_ORIGINS": strings.ReplaceAll(all, missing, "https://more.example.com")},
			"CORS_ORIGINS: "+missing+" is not among them")
	}
	w.RefusesToBuild(t, builder(), map[string]string{"CORS_ORIGINS": all, "FRONT_URL": "https://new.example.com/home"},
		"CORS_ORIGINS: https://new.example.com is not among them")
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
