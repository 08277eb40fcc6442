package gateway

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// event is a request in payload format 2.0. Absent members are absent in the gateway's events too.
type event struct {
	Version         string            `json:"version"`
	RouteKey        string            `json:"routeKey"`
	RawPath         string            `json:"rawPath"`
	RawQueryString  string            `json:"rawQueryString"`
	Cookies         []string          `json:"cookies,omitempty"`
	Headers         map[string]string `json:"headers"`
	Query           map[string]string `json:"queryStringParameters,omitempty"`
	RequestContext  requestContext    `json:"requestContext"`
	PathParameters  map[string]string `json:"pathParameters,omitempty"`
	Body            string            `json:"body,omitempty"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

type requestContext struct {
	AccountID    string      `json:"accountId"`
	APIID        string      `json:"apiId"`
	DomainName   string      `json:"domainName"`
	DomainPrefix string      `json:"domainPrefix"`
	HTTP         httpContext `json:"http"`
	RequestID    string      `json:"requestId"`
	RouteKey     string      `json:"routeKey"`
	Stage        string      `json:"stage"`
	Time         string      `json:"time"`
	TimeEpoch    int64       `json:"timeEpoch"`
}

type httpContext struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Protocol  string `json:"protocol"`
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

func (g *Gateway) newEvent(r *http.Request, i integration, body []byte) event {
	now := g.options.Now().UTC()
	trace := fmt.Sprintf("Root=1-%08x-%s", now.Unix(), hex.EncodeToString(g.random(12)))
	path := text(r.URL.Path)
	domain := text(hostname(r.Host))
	prefix, _, _ := strings.Cut(domain, ".")
	for name, value := range i.parameters {
		i.parameters[name] = text(value)
	}
	content, isBase64 := encodeBody(r.Header.Get("Content-Type"), body)
	return event{
		Version:        "2.0",
		RouteKey:       i.route.key,
		RawPath:        path,
		RawQueryString: text(r.URL.RawQuery),
		Cookies:        cookies(r.Header["Cookie"]),
		Headers:        headers(r, trace),
		Query:          query(r.URL.RawQuery),
		RequestContext: requestContext{
			AccountID:    g.options.AccountID,
			APIID:        g.options.APIID,
			DomainName:   domain,
			DomainPrefix: prefix,
			HTTP: httpContext{
				Method:    r.Method,
				Path:      path,
				Protocol:  r.Proto,
				SourceIP:  hostname(r.RemoteAddr),
				UserAgent: text(r.UserAgent()),
			},
			RequestID: i.id,
			RouteKey:  i.route.key,
			Stage:     "$default",
			Time:      now.Format("02/Jan/2006:15:04:05 +0000"),
			TimeEpoch: now.UnixMilli(),
		},
		PathParameters:  i.parameters,
		Body:            content,
		IsBase64Encoded: isBase64,
	}
}

// text makes what a client sent fit into JSON.
func text(s string) string { return strings.ToValidUTF8(s, "\ufffd") }

func hostname(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return address
}

// cookies are the pairs of all Cookie headers.
func cookies(lines []string) []string {
	var pairs []string
	for _, line := range lines {
		for pair := range strings.SplitSeq(line, ";") {
			if pair = strings.TrimSpace(pair); pair != "" {
				pairs = append(pairs, text(pair))
			}
		}
	}
	return pairs
}

// What concerns the connection with the gateway alone, and the cookies, which have a member of their own.
var notForwarded = []string{
	"Connection", "Cookie", "Expect", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// headers has names in lower case, values joined by commas, and what the gateway adds. Of X-Forwarded-* only the
// addresses that a client claims remain, in front of the true one.
func headers(r *http.Request, trace string) map[string]string {
	all := map[string]string{}
	for name, values := range r.Header {
		if !slices.Contains(notForwarded, name) {
			all[strings.ToLower(name)] = text(strings.Join(values, ","))
		}
	}
	_, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		port = "80"
	}
	all["host"] = text(r.Host)
	all["x-amzn-trace-id"] = trace
	all["x-forwarded-port"] = port
	all["x-forwarded-proto"] = "http"
	if claimed := all["x-forwarded-for"]; claimed != "" {
		all["x-forwarded-for"] = claimed + ", " + hostname(r.RemoteAddr)
	} else {
		all["x-forwarded-for"] = hostname(r.RemoteAddr)
	}
	return all
}

// query has the decoded parameters, those of one name joined by commas. What cannot be decoded stays as it is.
func query(raw string) map[string]string {
	parameters := map[string]string{}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, value = unescape(name), unescape(value)
		if before, ok := parameters[name]; ok {
			value = before + "," + value
		}
		parameters[name] = value
	}
	return parameters
}

func unescape(s string) string {
	if decoded, err := url.QueryUnescape(s); err == nil {
		s = decoded
	}
	return text(s)
}

// encodeBody leaves text as it is. Text that is not UTF-8 is taken as binary: what the gateway does then is not known.
func encodeBody(contentType string, body []byte) (content string, isBase64 bool) {
	if len(body) == 0 || isText(contentType) && utf8.Valid(body) {
		return string(body), false
	}
	return base64.StdEncoding.EncodeToString(body), true
}

func isText(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	switch media {
	case "application/json", "application/xml", "application/javascript":
		return true
	}
	return strings.HasPrefix(media, "text/")
}
