package racetest

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"daemun/local"
	"daemun/shared/store/storetest"
)

// RG-03, F-64, V1: one register token, a hundred registrations at once with as
// many nicknames, through the gateway and several processes: one account, and one
// was told of it. Somebody at each of several providers.
func TestRegister_OneTokenMakesOneUser(t *testing.T) {
	environment := storetest.New(t).Environment()
	environment["REGISTRATION"] = "required"
	s, err := local.Start(t.Context(), local.Options{
		Templates: []string{"../../template.yaml"}, BuildDir: "../../.build", EnvFile: os.DevNull, AutoConsent: true,
		Environment: environment, Minimum: map[string]int{"RegisterFunction": processes}, Logs: t.Output(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	for _, provider := range []string{"kakao", "naver", "google"} {
		token := registerToken(t, s, provider)
		var answers [100]answer
		parallel(len(answers), func(i int) { answers[i] = register(t, s, token, fmt.Sprint("토끼", i)) })
		made := -1
		for i, a := range answers {
			switch {
			case a.status == http.StatusOK && made < 0:
				made = i
			case a.status != http.StatusConflict || !strings.Contains(string(a.body), `"already_registered"`):
				t.Errorf("%s: registration %d answered %d: %s", provider, i, a.status, a.body)
			}
		}
		if made < 0 {
			t.Fatalf("%s: nobody was told of the account", provider)
		}
		wantRegistered(t, s, provider, answers[made], fmt.Sprint("토끼", made))
	}
	if n := s.Processes("RegisterFunction"); n < processes {
		t.Errorf("%d processes of register, want at least %d", n, processes)
	}
}

// logIn is a login at the provider, up to the answer of callback.
func logIn(t *testing.T, s *local.System, provider string) answer {
	t.Helper()
	login := get(t, s.URL+"/auth/"+provider+"/login")
	return get(t, get(t, login.location).location, login.cookies...)
}

// registerToken is that of somebody new: the cookie.
func registerToken(t *testing.T, s *local.System, provider string) *http.Cookie {
	t.Helper()
	done := logIn(t, s, provider)
	at := slices.IndexFunc(done.cookies, func(c *http.Cookie) bool { return c.Name == "daemun-reg" })
	if at < 0 || done.location != s.URL+"/register" {
		t.Fatalf("%s: callback answered %d to %q", provider, done.status, done.location)
	}
	return done.cookies[at]
}

// register answers the form.
func register(t *testing.T, s *local.System, token *http.Cookie, nickname string) answer {
	t.Helper()
	body := fmt.Sprintf(`{"nickname":%q,"position":"backend","birth_date":"1990-01-02","terms_of_service":true}`, nickname)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/auth/register", strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return answer{}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Origin", s.URL)
	request.AddCookie(token)
	response, err := client.Do(request)
	if err != nil {
		t.Error(err)
		return answer{}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return answer{status: response.StatusCode, cookies: response.Cookies(), body: text}
}

// wantRegistered expects that the account is the one that was told of, for the
// next login too.
func wantRegistered(t *testing.T, s *local.System, provider string, told answer, nickname string) {
	t.Helper()
	var made struct {
		User struct {
			ID     string            `json:"id"`
			Fields map[string]string `json:"fields"`
		} `json:"user"`
	}
	if err := json.Unmarshal(told.body, &made); err != nil || made.User.Fields["nickname"] != nickname {
		t.Errorf("%s: told %s (%v), want %s", provider, told.body, err, nickname)
	}
	for name, cookies := range map[string][]*http.Cookie{"registered": told.cookies, "logged in": logIn(t, s, provider).cookies} {
		me := get(t, s.URL+"/me", cookies...)
		if !strings.Contains(string(me.body), made.User.ID) || !strings.Contains(string(me.body), nickname) {
			t.Errorf("%s, %s: /me answered %d: %s", provider, name, me.status, me.body)
		}
	}
}
