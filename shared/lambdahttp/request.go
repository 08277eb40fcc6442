package lambdahttp

import (
	"fmt"
	"log/slog"
	"mime"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"daemun/shared/fault"
)

// Request is a parsed HTTP request.
type Request struct {
	ID        string // names the request in answers and logs
	Route     string // the gateway's route key, such as "GET /me"
	Path      map[string]string
	SourceIP  string // as the gateway saw it; headers such as X-Forwarded-For say what the client likes
	UserAgent string

	headers map[string]string
	cookies []cookie
	query   map[string]string
	body    []byte

	notes []slog.Attr
	level slog.Level
}

type cookie struct{ name, value string }

// Header returns a header by its lower-case name; the gateway has joined
// repeated ones with commas.
func (r *Request) Header(name string) string { return r.headers[name] }

// Query returns a query parameter, "" if it is not there.
func (r *Request) Query(name string) string { return r.query[name] }

// HasQuery reports whether the parameter is there, be it empty.
func (r *Request) HasQuery(name string) bool {
	_, ok := r.query[name]
	return ok
}

// Cookie returns the value of a cookie, "" if it is not there. Two of one name
// are the fault invalid_request: one of them was planted from a sibling host or
// a longer path, and nobody can tell which (RFC 6265bis §8.6).
func (r *Request) Cookie(name string) (string, error) {
	value, found := "", false
	for _, c := range r.cookies {
		if c.name != name {
			continue
		}
		if found {
			return "", fault.Newf(fault.InvalidRequest, "two cookies of one name")
		}
		value, found = c.value, true
	}
	return value, nil
}

// CookieNames lists the names of the request's cookies that begin with prefix.
func (r *Request) CookieNames(prefix string) []string {
	var names []string
	for _, c := range r.cookies {
		if strings.HasPrefix(c.name, prefix) {
			names = append(names, c.name)
		}
	}
	return names
}

// JSON reads the body into v. Members that v does not have, repeated members and
// invalid UTF-8 are refused. An empty body leaves v as it is. Faults:
// unsupported_media_type, invalid_request.
func (r *Request) JSON(v any) error { return r.json(v, "application/json") }

// MergePatch reads the body as a JSON merge patch (RFC 7396), which may also call
// itself plain JSON; nil if it is empty. Faults: those of JSON.
func (r *Request) MergePatch() (jsontext.Value, error) {
	var patch jsontext.Value
	err := r.json(&patch, "application/merge-patch+json", "application/json")
	return patch, err
}

func (r *Request) json(v any, mediaTypes ...string) error {
	if len(r.body) == 0 {
		return nil
	}
	mediaType, params, err := mime.ParseMediaType(r.Header("content-type"))
	if err != nil || !slices.Contains(mediaTypes, mediaType) {
		return fault.Newf(fault.UnsupportedMediaType, "content type is not JSON")
	}
	if charset, ok := params["charset"]; ok && !strings.EqualFold(charset, "utf-8") {
		return fault.Newf(fault.UnsupportedMediaType, "charset is not UTF-8")
	}
	if encoding := r.Header("content-encoding"); encoding != "" && encoding != "identity" {
		return fault.Newf(fault.UnsupportedMediaType, "content is encoded")
	}
	if err := json.Unmarshal(r.body, v, json.RejectUnknownMembers(true)); err != nil {
		return fault.Newf(fault.InvalidRequest, "body is not the JSON that is asked for") // err may quote a token
	}
	return nil
}

// Form reads the body as a form. Like a query it has every field once, and plain
// text only. Fault: invalid_request.
func (r *Request) Form() (map[string]string, error) {
	mediaType, _, err := mime.ParseMediaType(r.Header("content-type"))
	if err != nil || mediaType != "application/x-www-form-urlencoded" {
		return nil, fault.Newf(fault.InvalidRequest, "content type is not that of a form")
	}
	form, err := parseQuery(string(r.body))
	if err != nil {
		return nil, fault.New(fault.InvalidRequest, fmt.Errorf("form: %w", err))
	}
	return form, nil
}

// wantsJSON reports whether the client asks for JSON and not for a page.
func (r *Request) wantsJSON() bool {
	accept := r.Header("accept")
	return strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}

// IsPrefetch reports whether a browser only guesses that somebody may come.
func (r *Request) IsPrefetch() bool {
	return strings.Contains(r.Header("sec-purpose")+r.Header("purpose")+r.Header("x-moz"), "prefetch")
}

// Note adds facts to the request's line in the log. Never a token, a code, an
// email or a name.
func (r *Request) Note(attrs ...slog.Attr) { r.notes = append(r.notes, attrs...) }

// Raise makes the request's line in the log at least as grave as level.
func (r *Request) Raise(level slog.Level) { r.level = max(r.level, level) }

// NoteCorrupt has the operator look at sessions that could not be read, though
// the request went on without them.
func (r *Request) NoteCorrupt(sessions int) {
	if sessions > 0 {
		r.Raise(slog.LevelError)
		r.Note(slog.Int("corrupt_sessions", sessions))
	}
}
