package providertest

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"
)

// Answer is what a programmed endpoint does with one request. honest is what it
// would have done.
type Answer func(w http.ResponseWriter, r *http.Request, honest http.Handler)

// Honest answers as if nothing had been programmed.
func Honest() Answer {
	return func(w http.ResponseWriter, r *http.Request, honest http.Handler) { honest.ServeHTTP(w, r) }
}

// Body answers with any status, content type and body.
func Body(status int, contentType, body string) Answer {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

const contentTypeJSON = "application/json;charset=UTF-8"

// JSON answers with a body of that content type.
func JSON(status int, body string) Answer { return Body(status, contentTypeJSON, body) }

// RetryAfter answers with a status, asks for patience and says no more.
func RetryAfter(status, seconds int) Answer {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
		w.WriteHeader(status)
	}
}

// LimitLeft answers with a status, says how many more requests the provider
// takes, and nothing else.
func LimitLeft(status, requests int) Answer {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("X-RateLimit-Remaining", strconv.Itoa(requests))
		w.WriteHeader(status)
	}
}

// Redirect answers with a redirect.
func Redirect(status int, to string) Answer {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Location", to)
		w.WriteHeader(status)
	}
}

// Hang never answers. It ends when the client gives up.
func Hang() Answer {
	return func(_ http.ResponseWriter, r *http.Request, _ http.Handler) { <-r.Context().Done() }
}

// Lost does what was asked, so that a code is redeemed, and never answers.
func Lost() Answer {
	return func(_ http.ResponseWriter, r *http.Request, honest http.Handler) {
		honest.ServeHTTP(httptest.NewRecorder(), r)
		<-r.Context().Done()
	}
}

// Wait answers honestly when ch is closed, or never if the client gives up.
func Wait(ch <-chan struct{}) Answer {
	return func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
		select {
		case <-ch:
			honest.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	}
}

// Cut closes the connection without an answer.
func Cut() Answer {
	return func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }
}

// CutInBody closes the connection before the end of the body.
func CutInBody(body string) Answer {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", contentTypeJSON)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
		_, _ = io.WriteString(w, body)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// Drip sends the header at once and then a space every few milliseconds,
// until the client gives up.
func Drip() Answer {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", contentTypeJSON)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			_, _ = io.WriteString(w, " ")
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-tick.C:
			}
		}
	}
}

// Huge answers with size bytes of JSON. With a size of 0 it is chunked and
// never ends.
func Huge(size int) Answer {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", contentTypeJSON)
		if size > 0 {
			w.Header().Set("Content-Length", strconv.Itoa(size))
		}
		spaces := strings.Repeat(" ", 32<<10)
		for sent := 0; size == 0 || sent < size; sent += len(spaces) {
			if size > 0 {
				spaces = spaces[:min(len(spaces), size-sent)]
			}
			if _, err := io.WriteString(w, spaces); err != nil {
				return
			}
		}
	}
}

// GzipBomb answers with megabytes of spaces, each of them compressed to a
// kilobyte, though nobody asked for compression.
func GzipBomb(megabytes int) Answer {
	var member bytes.Buffer
	z := gzip.NewWriter(&member)
	_, _ = z.Write(bytes.Repeat([]byte(" "), 1<<20)) // a bytes.Buffer takes everything
	_ = z.Close()
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", contentTypeJSON)
		w.Header().Set("Content-Encoding", "gzip")
		for range megabytes { // a gzip file may have many members
			if _, err := w.Write(member.Bytes()); err != nil {
				return
			}
		}
	}
}

// BigHeader answers honestly under size bytes of header.
func BigHeader(size int) Answer {
	return func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
		w.Header().Set("X-Padding", strings.Repeat("x", size))
		honest.ServeHTTP(w, r)
	}
}
