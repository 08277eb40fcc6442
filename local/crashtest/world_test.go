// Package crashtest kills the built functions, one process after another, at
// every point of every call that they make, does what a client then does, and
// looks whether anybody could tell. It also delivers events twice, freezes
// processes, and lets the database sleep.
package crashtest

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"daemun/local/engine"
	"daemun/local/gateway"
	"daemun/local/template"
	"daemun/shared/jws"
	"daemun/shared/provider/providertest"
	"daemun/shared/store/storetest"
	"daemun/shared/token"
)

// graceSeconds is the window of the sessions, the longest that there is, so that
// a busy machine does not leave it unawares.
const graceSeconds = 30

// sessionLimit is how many sessions a user may have: enough for a login with a
// crash and a fault in it.
const sessionLimit = 5

// world is the functions behind a gateway, with a database and a provider of
// their own behind a tap. One test, or one worker of it, uses it at a time.
type world struct {
	t         testing.TB
	db        *storetest.DB
	kakao     *providertest.Kakao
	tap       *tap
	history   *history
	url       string // of the gateway, and PUBLIC_URL
	keys      keys
	described *template.Template
	gateway   http.Handler
	tapServer *httptest.Server
	network   *network // that functions reach the tap by
	env       map[string]string
	maximum   int    // processes of a function
	dir       string // of the instances' files

	mu        sync.Mutex
	loggingIn providertest.Person  // at the provider
	instances map[string]*instance // all that there were, by id
	current   map[string]*instance // by the function's logical id
	captured  *event               // not nil: the next event goes here, and no further
}

// event is what the gateway asks of a function.
type event struct {
	function string
	payload  []byte
}

// keys are those that the functions have.
type keys struct {
	transaction token.TransactionKeys
	refresh     token.RefreshKeys
	signing     token.SigningKey
}

// inRun says of each failure which run it belongs to.
type inRun struct {
	testing.TB
	run string
}

func (r inRun) Errorf(format string, args ...any) {
	r.Helper()
	r.TB.Errorf("%s: "+format, append([]any{r.run}, args...)...)
}

func (r inRun) Fatal(args ...any) {
	r.Helper()
	r.TB.Fatal(append([]any{r.run + ":"}, args...)...)
}

// newWorld makes a world whose functions have at most so many processes each.
func newWorld(t testing.TB, maximum int) *world {
	t.Helper()
	w := &world{
		t: t, db: storetest.New(t), history: newHistory(), maximum: maximum, dir: t.TempDir(),
		instances: map[string]*instance{}, current: map[string]*instance{},
	}
	w.kakao = providertest.NewKakao(providertest.KakaoOptions{Login: w.logsIn})
	provider := httptest.NewServer(w.kakao) // for browsers; functions go by the tap
	t.Cleanup(provider.Close)
	w.tap = newTap(w.kill)
	w.tapServer = httptest.NewUnstartedServer(w.tapRoutes())
	w.network = &network{Listener: w.tapServer.Listener}
	w.tapServer.Listener = w.network
	w.tapServer.Start()
	t.Cleanup(w.tapServer.Close)
	t.Cleanup(w.close)
	front := httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(front.Close)
	w.url = strings.Replace(front.URL, "127.0.0.1", "localhost", 1) // another site than the provider

	w.env = w.makeKeys()
	maps.Copy(w.env, w.db.Environment())
	maps.Copy(w.env, map[string]string{
		"PUBLIC_URL": w.url, "FRONT_URL": w.url + "/home", "ALLOWED_ORIGINS": w.url,
		"INSECURE_COOKIES": "true", "INSECURE_PROVIDERS": "true",
		"REFRESH_GRACE_SECONDS": strconv.Itoa(graceSeconds), "SESSION_LIMIT": strconv.Itoa(sessionLimit), "REGISTRATION_FORM": "terms",
		"KAKAO_CLIENT_ID": providertest.KakaoClientID, "KAKAO_CLIENT_SECRET": providertest.KakaoClientSecret,
		"KAKAO_AUTH_URL": provider.URL + providertest.KakaoAuthorizePath,
	})
	w.assemble()
	return w
}

// tapRoutes are the services behind the tap. The first segment of a path names
// the instance that calls.
func (w *world) tapRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/{instance}", w.tap.wrap(databaseCall, w.db.Proxy))
	for path, name := range map[string]string{
		providertest.KakaoTokenPath: tokenCall, providertest.KakaoUserinfoPath: userinfoCall,
	} {
		mux.Handle("/{instance}"+path, w.tap.wrap(func(*http.Request) string { return name },
			http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				http.StripPrefix("/"+r.PathValue("instance"), w.kakao).ServeHTTP(rw, r)
			})))
	}
	return mux
}

// makeKeys makes the functions' keys, as variables of their environment.
func (w *world) makeKeys() map[string]string {
	w.t.Helper()
	text := func(ring *token.Keyring, err error) string {
		w.must(err)
		set, err := ring.MarshalText()
		w.must(err)
		return string(set)
	}
	signing, err := token.NewKeyring(jws.ES256, rand.Reader, time.Now())
	variables := map[string]string{
		"TRANSACTION_KEYS": text(token.NewKeyring(token.Secret, rand.Reader, time.Now())),
		"REFRESH_KEYS":     text(token.NewKeyring(token.Secret, rand.Reader, time.Now())),
		"SIGNING_KEYS":     text(signing, err),
	}
	variables["VERIFICATION_KEYS"] = text(signing.Public())
	w.must(w.keys.transaction.UnmarshalText([]byte(variables["TRANSACTION_KEYS"])))
	w.must(w.keys.refresh.UnmarshalText([]byte(variables["REFRESH_KEYS"])))
	w.must(w.keys.signing.UnmarshalText([]byte(variables["SIGNING_KEYS"])))
	return variables
}

// assemble puts the template's functions behind its HTTP API.
func (w *world) assemble() {
	w.t.Helper()
	described, err := template.Read("../../template.yaml", template.Options{})
	w.must(err)
	w.described = described
	api := described.APIs[0]
	options := gateway.Options{APIID: api.ID, AccountID: template.AccountID, Region: engine.Region, CORS: api.CORS}
	for _, function := range described.Functions {
		for _, route := range function.Routes {
			options.Routes = append(options.Routes, gateway.Route{Route: route, Function: func(ctx context.Context, payload []byte) ([]byte, error) {
				return w.receive(ctx, function.LogicalID, payload)
			}})
		}
	}
	w.gateway, err = gateway.New(options)
	w.must(err)
}

// serve is the way to the gateway, on which responses can be lost.
func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	answer := httptest.NewRecorder()
	w.gateway.ServeHTTP(answer, r)
	if w.tap.loses() {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(rw.Header(), answer.Header())
	rw.WriteHeader(answer.Code)
	_, _ = answer.Body.WriteTo(rw) // fails when the client is gone
}

var errCaptured = errors.New("the event was captured")

// receive takes an event from the gateway.
func (w *world) receive(ctx context.Context, function string, payload []byte) ([]byte, error) {
	w.mu.Lock()
	into := w.captured
	w.captured = nil
	w.mu.Unlock()
	if into != nil {
		*into = event{function, payload}
		return nil, errCaptured
	}
	return w.invoke(ctx, function, payload)
}

// capture returns the event that a request makes, which reaches no function.
func (w *world) capture(send func()) event {
	var e event
	w.mu.Lock()
	w.captured = &e
	w.mu.Unlock()
	send()
	return e
}

var errKilled = errors.New("the process was killed")

// invoke sends an event to a function and notes what it hands out.
func (w *world) invoke(ctx context.Context, function string, payload []byte) ([]byte, error) {
	i := w.instance(function)
	w.tap.begin(i.id)
	result, err := i.Invoke(ctx, payload)
	killed := w.tap.end(i.id)
	if err == nil && result.FunctionError == "" {
		w.history.note(w.keys.refresh, result.Payload)
	}
	switch {
	case killed:
		return nil, errKilled
	case err != nil:
		return nil, err
	case result.FunctionError != "":
		return nil, errors.New(result.FunctionError)
	}
	return result.Payload, nil
}

// wipe empties the tables.
func (w *world) wipe() {
	w.t.Helper()
	for table, key := range map[string][]string{
		w.db.Users: {"pk", "sk"}, w.db.RefreshTokens: {"user_id", "session_id"}, w.db.OneTime: {"id"},
	} {
		for _, item := range w.db.Scan(w.t, table) {
			maps.DeleteFunc(item, func(name string, _ any) bool { return !slices.Contains(key, name) })
			w.db.Delete(w.t, table, item)
		}
	}
}

func (w *world) close() {
	for _, i := range w.instances {
		i.Close()
	}
	w.history.audit(w.t)
	if n := w.kakao.MaxCodeSent(); n > 1 {
		w.t.Errorf("V5: a code was sent %d times", n)
	}
	if w.maximum == 1 { // else one may be starting for an event that another takes
		for _, name := range w.tap.strays {
			w.t.Errorf("V9: a process with nothing to do called %s", name)
		}
	}
}

// logsIn is the provider's login page, at which the person whose turn it is
// agrees.
func (w *world) logsIn(http.ResponseWriter, *http.Request, []providertest.Person) (providertest.Decision, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return providertest.Decision{Person: w.loggingIn}, true
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}
