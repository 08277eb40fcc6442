package main

import (
	"testing"

	"daemun/shared/fault"
	"daemun/shared/lambdahttp"
	"daemun/shared/lambdahttp/lambdatest"
)

func TestBuild_RefusesBadValues(t *testing.T) {
	w := lambdatest.New(t)
	w.Build(builder()) // as it is, it is good
	for name, values := range map[string][]string{
		"PUBLIC_URL":               {"", "https://auth.example.com/", "http://auth.example.com", "https://auth.example.com:443"},
		"FRONT_URL":                {"", "http://app.example.com", "/home"},
		"ALLOWED_ORIGINS":          {"*", "null", "https://app.example.com/"},
		"INSECURE_COOKIES":         {"true"},
		"INSECURE_PROVIDERS":       {"false"}, // the fake provider speaks plain http
		"ACCESS_TOKEN_SECONDS":     {"0", "-1", "901"},
		"REFRESH_GRACE_SECONDS":    {"4", "31", "0"},
		"REFRESH_IDLE_SECONDS":     {"900", "2592001"},
		"REFRESH_ABSOLUTE_SECONDS": {"7776001"},
	} {
		for _, value := range values {
			w.RefusesToBuild(t, builder(), map[string]string{name: value}, name)
		}
	}
	w.RefusesToBuild(t, builder(), map[string]string{"ACCESS_TOKEN_SECONDS": "99"}, "REFRESH_GRACE_SECONDS")
	w.RefusesToBuild(t, builder(), map[string]string{"REFRESH_ABSOLUTE_SECONDS": "604799"}, "REFRESH_IDLE_SECONDS")
	for _, name := range []string{"KAKAO_AUTH_URL", "KAKAO_TOKEN_URL", "KAKAO_USERINFO_URL"} {
		w.RefusesToBuild(t, builder(), map[string]string{name: "https://provider.example#x"}, "kakao: ")
	}
}

func TestBuild_ReportsEveryMistakeAtOnce(t *testing.T) {
	lambdatest.New(t).RefusesToBuild(t, builder(), map[string]string{
		"PUBLIC_URL": "", "FRONT_URL": "x", "ALLOWED_ORIGINS": "*", "INSECURE_COOKIES": "true", "REFRESH_GRACE_SECONDS": "1",
		"TRANSACTION_KEYS": "secret", "REFRESH_KEYS": "{}", "SIGNING_KEYS": "", "ACCESS_TOKEN_SECONDS": "soon",
	}, "PUBLIC_URL", "FRONT_URL", "ALLOWED_ORIGINS", "INSECURE_COOKIES", "REFRESH_GRACE_SECONDS",
		"TransactionKeys", "RefreshKeys", "SIGNING_KEYS", "AccessToken")
}

// TK-04: no key that anybody could guess seals, signs or binds.
func TestBuild_RefusesWeakKeys(t *testing.T) {
	w := lambdatest.New(t)
	for _, keys := range lambdatest.BadSecretKeys() {
		w.RefusesToBuild(t, builder(), map[string]string{"TRANSACTION_KEYS": keys})
		w.RefusesToBuild(t, builder(), map[string]string{"REFRESH_KEYS": keys})
		w.RefusesToBuild(t, builder(), map[string]string{"SIGNING_KEYS": keys})
	}
	w.RefusesToBuild(t, builder(), map[string]string{"SIGNING_KEYS": w.Env["REFRESH_KEYS"]})
	w.RefusesToBuild(t, builder(), map[string]string{"SIGNING_KEYS": w.Env["VERIFICATION_KEYS"]})
	w.RefusesToBuild(t, builder(), map[string]string{"REFRESH_KEYS": w.Env["SIGNING_KEYS"]})
}

// A function that is not configured answers so, to browsers too: where the front
// end is, it does not know.
func TestBuild_WithoutPublicURLEveryEventHasAnAnswer(t *testing.T) {
	w := lambdatest.New(t)
	w.Env["PUBLIC_URL"] = ""
	f := lambdahttp.NewFunction(w.Host(), builder())
	for range 2 {
		a := lambdatest.Invoke(t, f, lambdatest.Event(t, "callback", "login"))
		if a.StatusCode != 503 || a.Failure() != fault.NotConfigured || a.Headers["Retry-After"] != "60" {
			t.Errorf("status %d, %s, Retry-After %q", a.StatusCode, a.Body, a.Headers["Retry-After"])
		}
	}
}
