package gateway

import (
	"encoding/base64"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
)

// event2 is a request in payload format 2.0. Absent members are absent in the gateway's events too.
type event2 struct {
	request2
	Body            string `json:"body,omitempty"`
	IsBase64Encoded bool   `json:"isBase64Encoded"`
}

// authorizerEvent2 asks about a request in payload format 2.0.
type authorizerEvent2 struct {
	Type           string   `json:"type"`
	RouteARN       string   `json:"routeArn"`
	IdentitySource []string `json:"identitySource"`
	request2
}

type request2 struct {
	Version        string            `json:"version"`
	RouteKey       string            `json:"routeKey"`
	RawPath        string            `json:"rawPath"`
	RawQueryString string            `json:"rawQueryString"`
	Cookies        []string          `json:"cookies,omitempty"`
	Headers        map[string]string `json:"headers"`
	Query          map[string]string `json:"queryStringParameters,omitempty"`
	RequestContext context2          `json:"requestContext"`
	PathParameters map[string]string `json:"pathParameters,omitempty"`
}

type context2 struct {
	AccountID    string   `json:"accountId"`
	APIID        string   `json:"apiId"`
	Authorizer   any      `json:"authorizer,omitempty"`
	DomainName   string   `json:"domainName"`
	DomainPrefix string   `json:"domainPrefix"`
	HTTP         httpInfo `json:"http"`
	RequestID    string   `json:"requestId"`
	RouteKey     string   `json:"routeKey"`
	Stage        string   `json:"stage"`
	Time         string   `json:"time"`
	TimeEpoch    int64    `json:"timeEpoch"`
}

type httpInfo struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Protocol  string `json:"protocol"`
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

// timeLayout is how events tell the time of a request.
const timeLayout = "02/Jan/2006:15:04:05 +0000"

// marshal leaves nothing to chance, and what there is none of is null.
func marshal(event any) ([]byte, error) {
	return json.Marshal(event, json.Deterministic(true), json.FormatNilMapAsNull(true), json.FormatNilSliceAsNull(true))
}

func (g *Gateway) newEvent(c call, body []byte) ([]byte, error) {
	content, isBase64 := encodeBody(c.request.Header.Get("Content-Type"), body)
	return marshal(event2{request2: g.newRequest2(c), Body: content, IsBase64Encoded: isBase64})
}

func (g *Gateway) newAuthorizerEvent2(c call, identity []string) ([]byte, error) {
	return marshal(authorizerEvent2{Type: "REQUEST", RouteARN: g.arn(c), IdentitySource: identity, request2: g.newRequest2(c)})
}

func (g *Gateway) newRequest2(c call) request2 {
	r := c.request
	domain, prefix := domainOf(r)
	return request2{
		Version:        "2.0",
		RouteKey:       c.route.key,
		RawPath:        c.path,
		RawQueryString: text(r.URL.RawQuery),
		Cookies:        cookies(r.Header["Cookie"]),
		Headers:        headers(r, c.trace),
		Query:          query(r.URL.RawQuery),
		RequestContext: context2{
			AccountID:    g.options.AccountID,
			APIID:        g.options.APIID,
			Authorizer:   c.authorizer,
			DomainName:   domain,
			DomainPrefix: prefix,
			HTTP: httpInfo{
				Method:    r.Method,
				Path:      c.path,
				Protocol:  r.Proto,
				SourceIP:  hostname(r.RemoteAddr),
				UserAgent: text(r.UserAgent()),
			},
			RequestID: c.id,
			RouteKey:  c.route.key,
			Stage:     g.options.Stage,
			Time:      c.time.Format(timeLayout),
			TimeEpoch: c.time.UnixMilli(),
		},
		PathParameters: c.parameters,
	}
}

func domainOf(r *http.Request) (domain, prefix string) {
	domain = text(hostname(r.Host))
	prefix, _, _ = strings.Cut(domain, ".")
	return domain, prefix
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

// What concerns the connection with the gateway alone.
var notForwarded = []string{
	"Connection", "Expect", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// headers has names in lower case and values joined by commas. Cookies have a member of their own.
func headers(r *http.Request, trace string) map[string]string {
	all := map[string]string{}
	for name, values := range forwarded(r, trace) {
		if name != "Cookie" {
			all[strings.ToLower(name)] = text(strings.Join(values, ","))
		}
	}
	return all
}

// forwarded are the request's headers and what the gateway adds. Of X-Forwarded-* only the addresses that a client
// claims remain, in front of the true one.
func forwarded(r *http.Request, trace string) http.Header {
	all := r.Header.Clone()
	for _, name := range notForwarded {
		all.Del(name)
	}
	_, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		port = "80"
	}
	address := hostname(r.RemoteAddr)
	if claimed := strings.Join(all.Values("X-Forwarded-For"), ","); claimed != "" {
		address = claimed + ", " + address
	}
	for name, value := range map[string]string{
		"Host": r.Host, "X-Amzn-Trace-Id": trace, "X-Forwarded-For": address, "X-Forwarded-Port": port, "X-Forwarded-Proto": "http",
	} {
		all.Set(name, value)
	}
	return all
}

// query has the decoded parameters, those of one name joined by commas.
func query(raw string) map[string]string {
	parameters := map[string]string{}
	for name, values := range queryValues(raw) {
		parameters[name] = strings.Join(values, ",")
	}
	return parameters
}

// queryValues leaves what cannot be decoded as it is.
func queryValues(raw string) map[string][]string {
	parameters := map[string][]string{}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name = unescape(name)
		parameters[name] = append(parameters[name], unescape(value))
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
