package providertest

import (
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// formPost has the browser post a form to the application (OAuth 2.0 Form Post
// Response Mode §2).
func formPost(w http.ResponseWriter, r *http.Request, redirectURI string, response url.Values) {
	var fields strings.Builder
	for _, name := range slices.Sorted(maps.Keys(response)) {
		fmt.Fprintf(&fields, `<input type="hidden" name="%s" value="%s">`, html.EscapeString(name), html.EscapeString(response.Get(name)))
	}
	page := `<!doctype html><meta charset="utf-8"><title>Continue</title><body onload="document.forms[0].submit()">` +
		`<form method="post" action="%s">%s<button>Continue</button></form>`
	Body(http.StatusOK, "text/html;charset=UTF-8", fmt.Sprintf(page, html.EscapeString(redirectURI), fields.String()))(w, r, nil)
}

var (
	formAction = regexp.MustCompile(`<form method="post" action="([^"]*)">`)
	formField  = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
)

// FormPost reads the page of a fake that has the browser post its response:
// where to, and what. It is false if the page is another one.
func FormPost(page string) (action string, fields url.Values, ok bool) {
	form := formAction.FindStringSubmatch(page)
	if form == nil {
		return "", nil, false
	}
	fields = url.Values{}
	for _, field := range formField.FindAllStringSubmatch(page, -1) {
		fields.Set(html.UnescapeString(field[1]), html.UnescapeString(field[2]))
	}
	return html.UnescapeString(form[1]), fields, true
}
