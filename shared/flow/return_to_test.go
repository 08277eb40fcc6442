package flow_test

import (
	"bytes"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"daemun/shared/fault"
	"daemun/shared/flow"
)

var policy = flow.ReturnPolicy{
	Default: "https://app.example.com/home?from=login", DefaultOrigin: "https://app.example.com",
	Origins: []string{"https://app.example.com", "http://localhost:3000"},
}

func TestResolve_TakesOurOwnPlaces(t *testing.T) {
	for returnTo, want := range map[string]string{
		"":                                    policy.Default,
		"/":                                   "https://app.example.com/",
		"/a/b?c=d&e#f":                        "https://app.example.com/a/b?c=d&e#f",
		"/%EB%8C%80%EB%AC%B8":                 "https://app.example.com/%EB%8C%80%EB%AC%B8",
		"/~a!$&'()*+,;=:@":                    "https://app.example.com/~a!$&'()*+,;=:@",
		"https://app.example.com":             "https://app.example.com",
		"https://app.example.com/":            "https://app.example.com/",
		"https://app.example.com?a":           "https://app.example.com?a",
		"https://app.example.com#a":           "https://app.example.com#a",
		"http://localhost:3000":               "http://localhost:3000",
		"http://localhost:3000/a":             "http://localhost:3000/a",
		"/" + strings.Repeat("x", 511):        "https://app.example.com/" + strings.Repeat("x", 511),
		"/?next=https://evil.example/%0d%0aX": "https://app.example.com/?next=https://evil.example/%0d%0aX",
	} {
		if got, err := policy.Resolve(returnTo); err != nil || got != want {
			t.Errorf("%.40q: %q, %v", returnTo, got, err)
		}
	}
}

// ST-10, in the small: what each rule alone refuses.
func TestResolve_Refuses(t *testing.T) {
	for _, returnTo := range []string{
		"//evil.example", "/\\evil.example", "\\/evil.example", "/a\\b", "/a b", " /a", "/a ", "/a\n", "/a\r", "/a\t", "/a\x00", "/a\x7f", "/대문", "/\u0085", "/\xff",
		"https://evil.example/", "https://app.example.com.evil.example/", "https://app.example.com@evil.example/", "https://app.example.com:443/",
		"https://app.example.com:", "https://app.example.comx", "https://app.example.co", "http://app.example.com/", "HTTPS://app.example.com/",
		"http://localhost:30000/", "http://localhost/", "a", "a/b", "?a", "#a", ".", "javascript:alert(1)",
		"/" + strings.Repeat("x", 512), "https://app.example.com/" + strings.Repeat("x", 512-23),
	} {
		if got, err := policy.Resolve(returnTo); fault.CodeOf(err) != fault.InvalidRequest || got != "" {
			t.Errorf("%.40q: %q, %v", returnTo, got, err)
		}
	}
}

// attempt is one payload, and what became of it.
type attempt struct {
	Payload  string `json:"payload"`
	Resolved string `json:"resolved"` // "" where it was refused
}

// verdict is what a WHATWG URL parser says of an attempt.
type verdict struct {
	Naive string `json:"naive"` // origin of the payload, read on a page of ours
	Final string `json:"final"` // origin of what was resolved, read on the callback's page
}

// ST-10: whatever is not refused stays on an allowed origin, by the word of a
// browser's URL parser.
func TestResolve_NoPayloadLeavesOurOrigins(t *testing.T) {
	var attempts []attempt
	for _, p := range payloads(t) {
		resolved, err := policy.Resolve(p)
		if err != nil && resolved != "" {
			t.Errorf("%q: refused, but resolved to %q", p, resolved)
		}
		attempts = append(attempts, attempt{strings.ToValidUTF8(p, "\ufffd"), resolved})
	}
	escapes, stays := 0, 0
	for i, v := range parse(t, attempts) {
		allowed := func(origin string) bool { return origin == policy.Origins[0] || origin == policy.Origins[1] }
		if !allowed(v.Naive) {
			escapes++
		}
		if attempts[i].Resolved == "" {
			continue
		}
		stays++
		if !allowed(v.Final) {
			t.Errorf("%q leads to %s by way of %q", attempts[i].Payload, v.Final, attempts[i].Resolved)
		}
	}
	// The list has teeth, and the policy does not simply refuse it all.
	if escapes < 300 || stays < 50 {
		t.Errorf("of %d payloads %d would escape unchecked, %d were taken", len(attempts), escapes, stays)
	}
}

// parse asks node's URL, which is the parser of browsers.
func parse(t *testing.T, attempts []attempt) []verdict {
	t.Helper()
	const script = `
		const origin = (text, base) => { try { return new URL(text, base).origin } catch { return "none" } };
		const attempts = JSON.parse(require("fs").readFileSync(0, "utf8"));
		console.log(JSON.stringify(attempts.map(({ payload, resolved }) => ({
			naive: origin(payload, "https://app.example.com/login"),
			final: origin(resolved, "https://auth.example.com/auth/kakao/callback"),
		}))));`
	in, err := json.Marshal(attempts)
	if err != nil {
		t.Fatal(err)
	}
	node := exec.CommandContext(t.Context(), "node", "-e", script)
	node.Stdin = bytes.NewReader(in)
	node.Stderr = os.Stderr
	out, err := node.Output()
	if err != nil {
		t.Fatalf("node: %v", err)
	}
	var verdicts []verdict
	if err := json.Unmarshal(out, &verdicts); err != nil || len(verdicts) != len(attempts) {
		t.Fatalf("%d verdicts, %v", len(verdicts), err)
	}
	return verdicts
}

// payloads reads the list: each line as it is, and decoded once and twice.
func payloads(t testing.TB) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/return_to.txt")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	seen := map[string]bool{"": true} // nothing is the default, and no attempt
	for line := range strings.SplitSeq(string(text), "\n") {
		if strings.HasPrefix(line, "# ") {
			continue
		}
		for range 3 {
			if !seen[line] {
				seen[line] = true
				list = append(list, line)
			}
			line = decoded(line)
		}
	}
	return list
}

var escape = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

// decoded takes off what percent-encoding there is, and leaves the rest alone.
func decoded(text string) string {
	return escape.ReplaceAllStringFunc(text, func(e string) string {
		b, _ := strconv.ParseUint(e[1:], 16, 8) // the expression says that it is one
		return string([]byte{byte(b)})
	})
}

// What is resolved begins with an allowed origin that ends where an origin must,
// and holds nothing that parsers disagree on. IN-04.
func FuzzResolve(f *testing.F) {
	for _, p := range payloads(f) {
		f.Add(p)
	}
	f.Add("")
	f.Fuzz(func(t *testing.T, returnTo string) {
		got, err := policy.Resolve(returnTo)
		if err != nil {
			if got != "" || fault.CodeOf(err) != fault.InvalidRequest {
				t.Errorf("%q: %q, %v", returnTo, got, err)
			}
			return
		}
		rest, ok := strings.CutPrefix(got, policy.Origins[0])
		if !ok {
			rest, ok = strings.CutPrefix(got, policy.Origins[1])
		}
		if !ok || strings.IndexAny(rest+"/", "/?#") != 0 {
			t.Fatalf("%q leads to %q", returnTo, got)
		}
		if strings.ContainsFunc(got, func(c rune) bool { return c <= ' ' || c > '~' || c == '\\' }) {
			t.Fatalf("%q leads to %q", returnTo, got)
		}
		if u, err := url.Parse(got); err == nil && (u.User != nil || u.Scheme+"://"+u.Host != got[:len(got)-len(rest)]) {
			t.Fatalf("%q leads to %q", returnTo, got)
		}
	})
}
