package browsertest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/registration"
)

// asking is an API that asks somebody new, or somebody who has an account, to fill in a form.
type asking struct {
	api
	form     *registration.Form
	account  string       // members of what /me and the answers say of the person, if anything
	expired  atomic.Bool  // the cookies are worth nothing any more
	accepted atomic.Value // string: the last answers that were good
}

func (a *asking) serve(t *testing.T) (origin string) {
	a.routes = map[string]http.HandlerFunc{
		"GET /auth/register": a.unlessExpired(func(w http.ResponseWriter, _ *http.Request) {
			answer(w, http.StatusOK, fmt.Sprintf(`{"provider":"kakao","oauth_id":"7","expires_in":600,"profile":{"nickname":"김대문"},"schema":%s}`, a.form.Schema()))
		}),
		"POST /auth/register": a.unlessExpired(func(w http.ResponseWriter, r *http.Request) {
			var body struct {
				Provider string         `json:"provider"`
				OAuthID  string         `json:"oauth_id"`
				Answers  jsontext.Value `json:",embed"`
			}
			if err := json.UnmarshalRead(r.Body, &body); err != nil || body.Provider != "kakao" || body.OAuthID != "7" {
				t.Errorf("the page sent %+v, %v", body, err)
			}
			if a.judge(w, body.Answers) {
				answer(w, http.StatusOK, `{"access_token":"t","expires_in":900,"user":`+a.person()+`,"return_to":"http://`+r.Host+`/"}`)
			}
		}),
		"GET /me/form": func(w http.ResponseWriter, _ *http.Request) {
			answer(w, http.StatusOK, fmt.Sprintf(`{"schema":%s}`, a.form.Schema()))
		},
		"PATCH /me": a.unlessExpired(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			a.accepted.Store(string(body))
			answer(w, http.StatusOK, a.person())
		}),
	}
	a.me = func(w http.ResponseWriter, _ int64) { answer(w, http.StatusOK, a.person()) }
	return a.api.serve(t)
}

func (a *asking) person() string {
	return `{"id":"u","roles":[],"identities":[{"provider":"kakao"}],"profile":{}` + a.account + `}`
}

func (a *asking) unlessExpired(handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if a.expired.Load() {
			answerRefused(w)
			return
		}
		handle(w, r)
	}
}

// judge answers what is wrong, if anything is.
func (a *asking) judge(w http.ResponseWriter, answers jsontext.Value) bool {
	_, problems, err := a.form.Check(answers, time.Now()) // what is missing
	if f := (*fault.Error)(nil); errors.As(err, &f) {
		problems = append(problems, f.Problems...)
	}
	if len(problems) > 0 {
		said, _ := json.Marshal(problems)
		answer(w, http.StatusUnprocessableEntity, fmt.Sprintf(`{"error":"validation_failed","request_id":"r","problems":%s}`, said))
		return false
	}
	a.accepted.Store(string(answers))
	return true
}

func (a *asking) wantAccepted(t *testing.T, want string) {
	t.Helper()
	got, _ := a.accepted.Load().(string)
	var members [2]map[string]any
	for i, text := range []string{want, got} {
		if err := json.Unmarshal([]byte(text), &members[i]); err != nil {
			t.Fatalf("the page sent %q: %v", text, err)
		}
	}
	if diff := cmp.Diff(members[0], members[1]); diff != "" {
		t.Errorf("the page sent other answers (-want +got):\n%s", diff)
	}
}

func formOf(t *testing.T, path string) *registration.Form {
	t.Helper()
	schema, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	form, err := registration.New(schema)
	if err != nil {
		t.Fatal(err)
	}
	return form
}

// Forms that the tests draw.
const (
	everyKind = "../../shared/registration/testdata/everything.json"
	shipped   = "../../shared/registration/schemas/profile.json"
)

// fill writes into a text, a date or a number of the form.
func (tb *tab) fill(name, value string) {
	tb.t.Helper()
	tb.see("field-" + name)
	script[chromedp.Void](tb, fmt.Sprintf(`void (document.getElementById("field-%s").value = %q)`, name, value))
}

// pick chooses from a list of the form what is called label.
func (tb *tab) pick(name, label string) {
	tb.t.Helper()
	tb.see("field-" + name)
	const set = `(() => {
		const list = document.getElementById("field-%s");
		return list.selectedIndex = [...list.options].findIndex((option) => option.textContent === %q);
	})()`
	if script[int](tb, fmt.Sprintf(set, name, label)) < 0 {
		tb.t.Fatalf("%s has no %q", name, label)
	}
}

// tick clicks boxes of the form.
func (tb *tab) tick(names ...string) {
	tb.t.Helper()
	for _, name := range names {
		tb.click("field-" + name)
	}
}
