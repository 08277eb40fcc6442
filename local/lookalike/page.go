package lookalike

import (
	_ "embed"
	"html/template"
	"net/http"
	"net/url"

	"daemun/shared/provider/providertest"
)

//go:embed page.html
var pageHTML string

var pageTemplate = template.Must(template.New("page").Parse(pageHTML))

// page is what page.html shows.
type page struct {
	brand
	Host    string // that asks for the login
	Persons []choice
}

type choice struct {
	providertest.Person
	Note string
}

func (b brand) showPage(w http.ResponseWriter, r *http.Request, status int, persons []providertest.Person) {
	p := page{brand: b, Host: "the app"}
	if u, err := url.Parse(r.URL.Query().Get("redirect_uri")); err == nil && u.Host != "" {
		p.Host = u.Host
	}
	for _, person := range persons {
		p.Persons = append(p.Persons, choice{person, note(person)})
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	// There is no form-action: it would stop the way back to the app too.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	w.WriteHeader(status)
	_ = pageTemplate.Execute(w, p) // it fails only if the browser has left
}

// note says what is special about a person.
func note(p providertest.Person) string {
	switch {
	case p.Email == "":
		return "shares no email"
	case !p.EmailValid || !p.EmailVerified:
		return p.Email + " · not verified"
	default:
		return p.Email
	}
}
