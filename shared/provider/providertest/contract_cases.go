package providertest

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"daemun/shared/fault"
	"daemun/shared/provider"
)

// impatient is short enough for a quick suite, and long enough for a request to
// arrive on a busy machine. Only endpoints that never answer are asked so.
const impatient = time.Second

func (s *Suite) cases() []contractCase {
	cases := slices.Concat(
		eachEndpoint(unusable(), fault.BadProviderResponse, 1),
		eachEndpoint(broken(), fault.ProviderUnavailable, 2),
		silentCases(),
		busyCases(),
		flappingCases(),
		s.tokenCases(),
		s.subjectCases(),
	)
	if s.Userinfo == nil {
		cases = slices.DeleteFunc(cases, func(c contractCase) bool { return strings.HasPrefix(c.name, "userinfo ") })
	}
	return cases
}

// unusable are answers with status 200 that no provider may take (F-07, CB-11,
// CB-12). Most are good but for one thing.
func unusable() map[string]Answer {
	answers := map[string]Answer{
		"HTML":            Body(200, "text/html;charset=UTF-8", "<!doctype html><p>"+Marker),
		"no body":         JSON(200, ""),
		"empty object":    JSON(200, `{}`),
		"array":           JSON(200, `[]`),
		"null":            JSON(200, `null`),
		"string":          JSON(200, `"`+Marker+`"`),
		"gzip bomb":       GzipBomb(512),
		"100 MB":          Huge(100 << 20),
		"endless":         Huge(0),
		"64 KB of header": BigHeader(64 << 10),
		"not HTTP":        hijacked(func(conn net.Conn) { _, _ = conn.Write([]byte(Marker + " is not HTTP\r\n\r\n")) }),
		"status 206":      rewritten(206, contentTypeJSON, strings.Clone),
	}
	for name, contentType := range map[string]string{
		"called HTML": "text/html", "called nothing": "", "called nonsense": "application/json;;", "in EUC-KR": "application/json;charset=EUC-KR",
	} {
		answers[name] = rewritten(200, contentType, strings.Clone)
	}
	for name, member := range map[string]string{
		"NaN":            `"x":NaN`,
		"invalid UTF-8":  "\"x\":\"\xb1\xe8\"",
		"lone surrogate": `"x":"\ud800"`,
		"duplicate":      `"x":1,"x":1`,
		"comment":        `/* x */"x":1`,
		"depth 10 000":   `"x":` + strings.Repeat("[", 10000) + strings.Repeat("]", 10000),
	} {
		answers[name] = rewritten(200, contentTypeJSON, func(body string) string { return "{" + member + "," + body[1:] })
	}
	answers["truncated"] = rewritten(200, contentTypeJSON, func(body string) string { return body[:len(body)-1] })
	answers["trailing data"] = rewritten(200, contentTypeJSON, func(body string) string { return body + `{}` })
	answers["BOM"] = rewritten(200, contentTypeJSON, func(body string) string { return "\uFEFF" + body })
	answers["UTF-16"] = rewritten(200, contentTypeJSON, func(body string) string { return "\x00" + strings.Join(strings.Split(body, ""), "\x00") })
	return answers
}

// broken are failures after which asking once more is right, except with a code (F-05, F-06).
func broken() map[string]Answer {
	return map[string]Answer{
		"500":                JSON(500, `{"error":"invalid_grant","error_code":"KOE320","code":-401}`),
		"502":                Body(502, "text/html", Marker),
		"503":                RetryAfter(503, 0),
		"closed":             Cut(),
		"reset":              hijacked(func(conn net.Conn) { _ = conn.(*net.TCPConn).SetLinger(0) }),
		"closed in the body": CutInBody(`{"`),
	}
}

// eachEndpoint makes cases of answers that both endpoints could give. The
// userinfo endpoint is asked as often as told.
func eachEndpoint(answers map[string]Answer, want fault.Code, userinfo int) []contractCase {
	var cases []contractCase
	for name, a := range answers {
		cases = append(cases,
			contractCase{name: "token " + name, program: []programmed{{Token, a, false}}, want: want},
			contractCase{name: "userinfo " + name, program: []programmed{{Userinfo, a, false}}, want: want, userinfo: userinfo})
	}
	slices.SortFunc(cases, func(a, b contractCase) int { return strings.Compare(a.name, b.name) })
	return cases
}

// silentCases never answer in time (F-02, F-03, F-04).
func silentCases() []contractCase {
	var cases []contractCase
	for name, a := range map[string]Answer{"hangs": Hang(), "drips": Drip(), "answers too late": Lost()} {
		cases = append(cases,
			contractCase{name: "token " + name, program: []programmed{{Token, a, false}}, want: fault.ProviderTimeout,
				timeouts: provider.Timeouts{Token: impatient}},
			contractCase{name: "userinfo " + name, program: []programmed{{Userinfo, a, false}}, want: fault.ProviderTimeout, userinfo: 2,
				timeouts: provider.Timeouts{Userinfo: impatient}})
	}
	return cases
}

// busyCases ask for patience, which is passed on up to a minute (F-05). Some
// providers do so with 403.
func busyCases() []contractCase {
	var cases []contractCase
	add := func(name string, a Answer, want fault.Code, retryAfter time.Duration) {
		cases = append(cases,
			contractCase{name: "token " + name, program: []programmed{{Token, a, false}}, want: want, retryAfter: retryAfter},
			contractCase{name: "userinfo " + name, program: []programmed{{Userinfo, a, false}}, want: want, retryAfter: retryAfter, userinfo: 1})
	}
	for _, status := range []int{429, 403} {
		for asked, want := range map[int]time.Duration{7: 7 * time.Second, 3600: time.Minute, 1 << 40: 0, -1: 0} {
			add(fmt.Sprintf("%d for %d s", status, asked), RetryAfter(status, asked), fault.ProviderUnavailable, want)
		}
		add(fmt.Sprintf("%d, limit reached", status), LimitLeft(status, 0), fault.ProviderUnavailable, time.Minute)
	}
	add("403, limit not reached", LimitLeft(403, 10), fault.BadProviderResponse, 0)
	add("400, limit reached", LimitLeft(400, 0), fault.BadProviderResponse, 0)
	return cases
}

// flappingCases fail at first (F-06, F-15).
func flappingCases() []contractCase {
	return []contractCase{
		{name: "userinfo 500 once", program: []programmed{{Userinfo, JSON(500, ""), true}}, userinfo: 2},
		{name: "userinfo closed once", program: []programmed{{Userinfo, Cut(), true}}, userinfo: 2},
		{name: "userinfo 500, then 429", program: []programmed{{Userinfo, JSON(500, ""), true}, {Userinfo, RetryAfter(429, 1), true}},
			want: fault.ProviderUnavailable, retryAfter: time.Second, userinfo: 2},
	}
}

// tokenCases are answers of the token endpoint (F-08, F-09, CB-12, CB-15).
func (s *Suite) tokenCases() []contractCase {
	const access = Marker + "-access"
	token := func(name string, status int, body string, want fault.Code) contractCase {
		c := contractCase{name: "token " + name, program: []programmed{{Token, JSON(status, body), false}}, want: want}
		if other, ok := s.TokenErrors[name]; ok {
			c.want = other
		}
		if want == "" {
			c.program = []programmed{{Token, around(body), false}}
			c.userinfo = 1
		}
		return c
	}
	const bearer = `"token_type":"bearer","access_token":"` + access + `"`
	return []contractCase{
		token("type BEARER", 200, `{"token_type":"BEARER","access_token":"`+access+`"}`, ""),
		token("without expires_in", 200, `{`+bearer+`}`, ""),
		token("expires in the past", 200, `{`+bearer+`,"expires_in":-1}`, ""),
		token("never expires", 200, `{`+bearer+`,"expires_in":1e400}`, ""),
		token("expires in words", 200, `{`+bearer+`,"expires_in":"soon"}`, ""),
		token("type mac", 200, `{"token_type":"mac","access_token":"`+access+`"}`, fault.BadProviderResponse),
		token("without type", 200, `{"access_token":"`+access+`"}`, fault.BadProviderResponse),
		token("missing", 200, `{"token_type":"bearer"}`, fault.BadProviderResponse),
		token("null", 200, `{"token_type":"bearer","access_token":null}`, fault.BadProviderResponse),
		token("a number", 200, `{"token_type":"bearer","access_token":1}`, fault.BadProviderResponse),
		token("with line break", 200, `{"token_type":"bearer","access_token":"`+access+`\r\nX: y"}`, fault.BadProviderResponse),
		token("beyond ASCII", 200, `{"token_type":"bearer","access_token":"`+access+`é"}`, fault.BadProviderResponse),
		token("in capitals", 200, `{"TOKEN_TYPE":"bearer","ACCESS_TOKEN":"`+access+`"}`, fault.BadProviderResponse),
		token("twice", 200, `{`+bearer+`,"access_token":"`+access+`"}`, fault.BadProviderResponse),
		token("with 201", 201, `{`+bearer+`}`, fault.BadProviderResponse),
		token("error with 200", 200, `{"error":"invalid_grant","error_description":"`+Marker+`"}`, fault.LoginExpired),
		token("error beside a token", 200, `{`+bearer+`,"error":"invalid_grant"}`, fault.LoginExpired),
		token("invalid_grant", 400, `{"error":"invalid_grant"}`, fault.LoginExpired),
		token("invalid_client", 400, `{"error":"invalid_client"}`, fault.ProviderMisconfigured),
		token("invalid_request", 400, `{"error":"invalid_request"}`, fault.BadProviderResponse),
		token("unknown error", 400, `{"error":"`+Marker+`"}`, fault.BadProviderResponse),
		token("error twice", 400, `{"error":"invalid_grant","error":"invalid_grant"}`, fault.BadProviderResponse),
		token("error without body", 400, ``, fault.BadProviderResponse),
		{name: "token as a form", want: fault.BadProviderResponse,
			program: []programmed{{Token, Body(200, "application/x-www-form-urlencoded", "token_type=bearer&access_token="+access), false}}},
	}
}

// subjectCases are users who could be taken for others (CB-03, CB-04, CB-12, F-11).
func (s *Suite) subjectCases() []contractCase {
	userinfo := func(body string, want fault.Code) contractCase {
		return contractCase{name: "userinfo " + body, program: []programmed{{Userinfo, JSON(200, body), false}}, want: want, userinfo: 1}
	}
	if s.Userinfo == nil {
		return nil
	}
	good := s.Userinfo(s.Subject)
	cases := []contractCase{
		userinfo(good, ""),
		userinfo(strings.ToUpper(good), fault.BadProviderResponse),
		userinfo(strings.Replace(good, "{", `{"duplicate":1,"duplicate":1,`, 1), fault.BadProviderResponse),
		userinfo(strings.Replace(good, s.Subject, s.Subject+","+strings.Trim(good, "{}"), 1), fault.BadProviderResponse),
	}
	for _, subject := range append([]string{`null`, `""`, `" "`, `false`, `true`, `{}`, `[]`, `"\u0000"`, `"\ud800"`, `"` + strings.Repeat("1", 256) + `"`}, s.BadSubjects...) {
		cases = append(cases, userinfo(s.Userinfo(subject), fault.BadProviderResponse))
	}
	return cases
}

// hijacked does something to the bare connection and closes it.
func hijacked(do func(net.Conn)) Answer {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		do(conn)
		_ = conn.Close()
	}
}

// around answers with the body, but with the tokens of the honest endpoint.
func around(body string) Answer {
	return func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
		answer := httptest.NewRecorder()
		honest.ServeHTTP(answer, r)
		var members, tokens map[string]jsontext.Value
		if err := errors.Join(json.Unmarshal([]byte(body), &members), json.Unmarshal(answer.Body.Bytes(), &tokens)); err != nil {
			panic(err) // a test's own data
		}
		for _, name := range []string{"access_token", "id_token"} {
			if token, ok := tokens[name]; ok {
				members[name] = token
			}
		}
		JSON(http.StatusOK, marshal(members))(w, r, nil)
	}
}

// rewritten answers with what the honest endpoint would have said, changed.
func rewritten(status int, contentType string, change func(body string) string) Answer {
	return func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
		answer := httptest.NewRecorder()
		honest.ServeHTTP(answer, r)
		Body(status, contentType, change(answer.Body.String()))(w, r, nil)
	}
}
