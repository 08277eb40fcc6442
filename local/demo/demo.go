// Package demo is the small front end that shows Daemun at work: log in, sign up, see who you are, refresh, log out.
//
// It owns static files only: plain HTML, CSS and ES modules, with no build step. It knows the HTTP contract from the
// browser's side, and nothing of how the server keeps it. The page must be served from the origin of the API, as its
// session lives in that origin's cookies.
package demo

import (
	"embed"
	"io/fs"
	"net/http"

	"github.com/go-json-experiment/json"
)

//go:embed static
var static embed.FS

// The page draws pictures that providers name: https in life, the look-alike providers' plain http on this machine. Its
// form is sent by the script alone: answers never come into an address.
const contentSecurityPolicy = "default-src 'self'; img-src 'self' https: data: http://127.0.0.1:*; form-action 'none'; frame-ancestors 'none'"

// Handler serves the page at / and, for sign-up, at /register, and its parts beside it. It answers GET and HEAD only. orders is the URL of the API that
// the page calls with its access token; empty: there is none.
func Handler(orders string) http.Handler {
	files, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // "static" is embedded above
	}
	mux := http.NewServeMux()
	mux.Handle("GET /settings.json", settings(orders))
	mux.HandleFunc("GET /register", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, files, "index.html")
	})
	mux.Handle("GET /", http.FileServerFS(files))
	return withHeaders(mux, orders)
}

// settings are what the page must be told of its surroundings.
func settings(orders string) http.Handler {
	document, err := json.Marshal(map[string]string{"orders_url": orders})
	if err != nil {
		panic(err) // it is one text
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(document) // a client that is gone
	})
}

func withHeaders(next http.Handler, orders string) http.Handler {
	policy := contentSecurityPolicy
	if orders != "" {
		policy += "; connect-src 'self' " + orders
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-cache")
		next.ServeHTTP(w, r)
	})
}
