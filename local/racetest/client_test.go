// Package racetest races against the built functions, several processes of
// each, through the local gateway: what one process can promise by a lock, many
// must promise by the database.
package racetest

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"

	"daemun/local"
)

// processes of callback that stand ready, and half of those of refresh.
const processes = 8

// sessionLimit is the highest there is: in some races one person logs in more
// often than others in years.
const sessionLimit = "1000"

func start(t *testing.T) *local.System {
	t.Helper()
	s, err := local.Start(t.Context(), local.Options{
		Templates: []string{"../../template.yaml"}, BuildDir: "../../.build", EnvFile: os.DevNull, AutoConsent: true,
		Minimum: map[string]int{"CallbackFunction": processes}, Logs: t.Output(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// client is a browser without a screen: it follows no redirect and keeps its
// cookies where the test sees them.
var client = &http.Client{
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Transport:     &http.Transport{MaxIdleConnsPerHost: 100},
}

// answer is what a request got.
type answer struct {
	status     int
	location   string
	retryAfter string
	cookies    []*http.Cookie
	body       []byte
}

func get(t *testing.T, address string, cookies ...*http.Cookie) answer {
	t.Helper()
	return do(t, newRequest(t, http.MethodGet, address, "", cookies...))
}

// send sends a request without a body, as a page of ours would.
func send(t *testing.T, method, address string, cookies ...*http.Cookie) answer {
	t.Helper()
	return do(t, newRequest(t, method, address, "", cookies...))
}

// newRequest makes a request with a body of JSON, or with none.
func newRequest(t *testing.T, method, address, body string, cookies ...*http.Cookie) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, c := range cookies {
		request.AddCookie(c)
	}
	return request
}

// do sends the request. Every request is to be answered.
func do(t *testing.T, request *http.Request) answer {
	t.Helper()
	response, err := client.Do(request)
	if err != nil {
		t.Error(err)
		return answer{}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return answer{
		response.StatusCode, response.Header.Get("Location"), response.Header.Get("Retry-After"),
		response.Cookies(), body,
	}
}

// begun is a login that the provider has sent back.
type begun struct {
	callback    string
	transaction *http.Cookie
}

// begin starts a login of the first person.
func begin(t *testing.T, s *local.System) begun {
	t.Helper()
	login := get(t, s.URL+"/auth/kakao/login")
	if login.status != http.StatusFound || len(login.cookies) != 1 {
		t.Fatalf("login answered %d with %d cookies", login.status, len(login.cookies))
	}
	agreed := get(t, login.location)
	if !strings.HasPrefix(agreed.location, s.URL+"/auth/kakao/callback?") {
		t.Fatalf("provider answered %d to %q", agreed.status, agreed.location)
	}
	return begun{agreed.location, login.cookies[0]}
}

// parallel runs f n times at once.
func parallel(n int, f func(i int)) {
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { f(i) })
	}
	group.Wait()
}

// failure is the error that a callback's redirect tells; "" if the login went well.
func failure(a answer) string {
	u, err := url.Parse(a.location)
	if err != nil || a.status != http.StatusFound {
		return fmt.Sprintf("status %d", a.status)
	}
	return u.Query().Get("error")
}

// whoIs asks /me with the cookies of a login.
func whoIs(t *testing.T, s *local.System, cookies []*http.Cookie) string {
	t.Helper()
	me := get(t, s.URL+"/me", cookies...)
	var person struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(me.body, &person); err != nil || person.ID == "" {
		t.Errorf("/me answered %d: %s", me.status, me.body)
	}
	return person.ID
}
