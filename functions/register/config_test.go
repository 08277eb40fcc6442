package main

import (
	"testing"

	"daemun/shared/fault"
	"daemun/shared/lambdahttp"
	"daemun/shared/lambdahttp/lambdatest"
)

// F-75, TK-04.
func TestBuild_RefusesBadValues(t *testing.T) {
	w := lambdatest.New(t)
	w.Build(build) // as it is, it is good
	for name, values := range map[string][]string{
		"PUBLIC_URL":            {"", "https://auth.example.com/", "http://auth.example.com"},
		"FRONT_URL":             {"", "http://app.example.com", "/home"},
		"ALLOWED_ORIGINS":       {"*", "null", "https://app.example.com/"},
		"INSECURE_COOKIES":      {"true"},
		"ACCESS_TOKEN_SECONDS":  {"0", "901"},
		"REFRESH_GRACE_SECONDS": {"4", "31"},
	} {
		for _, value := range values {
			w.RefusesToBuild(t, build, map[string]string{name: value}, name)
		}
	}
	for _, value := range []string{"Required", "off", "true"} {
		w.RefusesToBuild(t, build, map[string]string{"REGISTRATION": value}, "want automatic, required or deferred")
	}
	for _, value := range []string{"none", "Profile", "../profile", "profile.json"} {
		w.RefusesToBuild(t, build, map[string]string{"REGISTRATION_FORM": value}, "there is no registration form", "profile, terms")
	}
	for _, keys := range lambdatest.BadSecretKeys() {
		w.RefusesToBuild(t, build, map[string]string{"REFRESH_KEYS": keys})
		w.RefusesToBuild(t, build, map[string]string{"SIGNING_KEYS": keys})
	}
	w.RefusesToBuild(t, build, map[string]string{"SIGNING_KEYS": w.Env["VERIFICATION_KEYS"]})
}

func TestBuild_ReportsEveryMistakeAtOnce(t *testing.T) {
	lambdatest.New(t).RefusesToBuild(t, build, map[string]string{
		"PUBLIC_URL": "", "FRONT_URL": "x", "REGISTRATION": "x", "REGISTRATION_FORM": "x", "REFRESH_KEYS": "{}", "REFRESH_GRACE_SECONDS": "1",
	}, "PUBLIC_URL", "FRONT_URL", "Registration", "Form", "RefreshKeys", "REFRESH_GRACE_SECONDS")
}

// The form is the one that is configured.
func TestBuild_TakesTheForm(t *testing.T) {
	w := open(t)
	w.Env["REGISTRATION_FORM"] = "terms"
	w.handler = w.Build(build)
	registerToken := w.newcomer(lambdatest.Person(), "")
	w.refused(w.send("cookie", registerToken), malformed)
	w.registered(w.send("cookie", registerToken, body(`{"terms_of_service":true}`)), "")
}

func TestBuild_WithoutPublicURLEveryEventHasAnAnswer(t *testing.T) {
	w := lambdatest.New(t)
	w.Env["PUBLIC_URL"] = ""
	f := lambdahttp.NewFunction(w.Host(), build)
	for _, event := range []string{"describe-cookie", "cookie"} {
		a := lambdatest.Invoke(t, f, lambdatest.Event(t, "register", event))
		if a.StatusCode != 503 || a.Failure() != fault.NotConfigured || a.Headers["Retry-After"] != "60" {
			t.Errorf("status %d, %s, Retry-After %q", a.StatusCode, a.Body, a.Headers["Retry-After"])
		}
	}
}
