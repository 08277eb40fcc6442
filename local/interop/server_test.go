package interop

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

const (
	redirectURI  = "https://app.example/auth/acme/callback"
	clientSecret = "a-client-secret-of-the-test"
	verifier     = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636 appendix B
)

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// install puts the pinned version in place, unless it is there.
func install(t *testing.T) {
	t.Helper()
	version := func(file string) (v struct {
		Version      string            `json:"version"`
		Dependencies map[string]string `json:"dependencies"`
	}) {
		text, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(text, &v)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		return v
	}
	if version("node_modules/oidc-provider/package.json").Version == version("package.json").Dependencies["oidc-provider"] {
		return
	}
	npm := exec.CommandContext(t.Context(), "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
	if out, err := npm.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
}

// server is the provider, in a process of its own.
type server struct {
	t      *testing.T
	issuer string
	stdin  io.WriteCloser
	stdout *bufio.Reader
	stderr strings.Builder
	wait   func() error
}

// listen has the provider take a port, 0 for any. It answers nobody before serve.
func listen(t *testing.T, port int) *server {
	t.Helper()
	install(t)
	node := exec.CommandContext(t.Context(), "node", "server.mjs", strconv.Itoa(port))
	stdin, errIn := node.StdinPipe()
	stdout, errOut := node.StdoutPipe()
	s := &server{t: t, stdin: stdin, stdout: bufio.NewReader(stdout), wait: node.Wait}
	node.Stderr = &s.stderr
	if err := errors.Join(errIn, errOut, node.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	s.issuer = s.line()
	return s
}

// line is the next thing that the provider says.
func (s *server) line() string {
	s.t.Helper()
	line, err := s.stdout.ReadString('\n')
	if err != nil {
		s.stop()
		s.t.Fatalf("the provider says nothing: %v\n%s", err, s.stderr.String())
	}
	return strings.TrimSpace(line)
}

// serve makes our clients known, who are called by the algorithm of their
// id_tokens, and has the provider answer.
func (s *server) serve(redirectURIs ...string) {
	s.t.Helper()
	var clients []map[string]any
	for _, algorithm := range []string{"RS256", "ES256"} {
		clients = append(clients, map[string]any{
			"client_id": algorithm, "client_secret": clientSecret, "id_token_signed_response_alg": algorithm, "redirect_uris": redirectURIs,
		})
	}
	text, err := json.Marshal(clients)
	if err == nil {
		_, err = fmt.Fprintf(s.stdin, "%s\n", text)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	if got := s.line(); got != "ready" {
		s.t.Fatalf("the provider says %q", got)
	}
}

func (s *server) stop() {
	_ = s.stdin.Close()
	_ = s.wait() // it may have been killed
}

// start runs the provider on a port, 0 for any.
func start(t *testing.T, port int) *server {
	t.Helper()
	s := listen(t, port)
	s.serve(redirectURI)
	return s
}

// newBrowser is a browser with a cookie jar, which stays where it is when it is
// sent to the page, if one is given.
func newBrowser(t *testing.T, page string) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if page != "" && strings.HasPrefix(r.URL.String(), page+"?") {
			return http.ErrUseLastResponse
		}
		return nil
	}}
}

var action = regexp.MustCompile(`action="([^"]+)"`)

// agree goes where logins begin. At the provider's own pages the person logs in and
// consents, or cancels if it is nobody. It returns the answer at which the browser
// ends up, with its body closed.
func agree(t *testing.T, browser *http.Client, target, person string) *http.Response {
	t.Helper()
	response, err := browser.Get(target)
	for _, form := range []url.Values{{"prompt": {"login"}, "login": {person}, "password": {"any"}}, {"prompt": {"consent"}}} {
		if err != nil {
			t.Fatal(err)
		}
		page, readErr := io.ReadAll(response.Body)
		_ = response.Body.Close()
		at := action.FindSubmatch(page)
		if readErr != nil || at == nil {
			t.Fatalf("status %d, no form: %v\n%s", response.StatusCode, readErr, page)
		}
		if person == "" {
			response, err = browser.Get(string(at[1]) + "/abort")
			break
		}
		response, err = browser.PostForm(string(at[1]), form)
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response
}

// sentBack is the authorization response that the provider's answer sends on.
func sentBack(t *testing.T, response *http.Response) url.Values {
	t.Helper()
	back, err := response.Location()
	if err != nil {
		t.Fatalf("status %d: %v", response.StatusCode, err)
	}
	return back.Query()
}
