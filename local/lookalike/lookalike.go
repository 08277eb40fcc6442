// Package lookalike owns the stand-ins for real login providers on a
// developer's machine: the programmable providers of providertest, with a login
// page that offers several persons and a refusal. It knows nothing of Daemun
// but the names of the variables that point to a provider.
package lookalike

import (
	"maps"
	"net"
	"net/http"
	"net/url"
	"strconv"

	"daemun/shared/provider/providertest"
)

// Options of New.
type Options struct {
	// AutoConsent logs the first person in without a page.
	AutoConsent bool
}

// Lookalike is an http.Handler that serves every stand-in under its name. Serve
// it on a loopback address only: whoever reaches it is anybody they choose.
type Lookalike struct {
	mux   *http.ServeMux
	kakao *providertest.Kakao
	all   []standIn
}

// New makes the stand-ins.
func New(o Options) *Lookalike {
	l := &Lookalike{mux: http.NewServeMux()}
	l.kakao = providertest.NewKakao(o.of(kakaoBrand))
	l.all = standIns(o, l.kakao)
	for _, s := range l.all {
		l.mux.Handle("/"+s.name+"/", under("/"+s.name, s.handler))
	}
	return l
}

// of are the options of the fake that wears the brand.
func (o Options) of(b brand) providertest.Options {
	options := providertest.Options{Registered: onLoopback}
	if !o.AutoConsent {
		options.Login = b.choose
	}
	return options
}

// under serves a fake below a prefix. A fake takes its issuer from the host that
// it was asked at, so the prefix becomes part of that.
func under(prefix string, fake http.Handler) http.Handler {
	return http.StripPrefix(prefix, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.Clone(r.Context())
		r.Host += prefix
		fake.ServeHTTP(w, r)
	}))
}

// ServeHTTP implements http.Handler.
func (l *Lookalike) ServeHTTP(w http.ResponseWriter, r *http.Request) { l.mux.ServeHTTP(w, r) }

// Kakao is the provider behind /kakao, for tests that program it.
func (l *Lookalike) Kakao() *providertest.Kakao { return l.kakao }

// Environment is what functions need to log in here, when l is served at base,
// such as http://127.0.0.1:4000. The endpoints are plain http, which functions
// take only with INSECURE_PROVIDERS=true.
func (l *Lookalike) Environment(base string) map[string]string {
	all := map[string]string{}
	for _, s := range l.all {
		maps.Copy(all, s.environment(base+"/"+s.name))
	}
	return all
}

// onLoopback stands for the redirect URIs that an operator registers.
func onLoopback(redirectURI string) bool {
	u, err := url.Parse(redirectURI)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// choose shows the login page, and takes the choice that its form posts to the
// page's own URL.
func (b brand) choose(w http.ResponseWriter, r *http.Request, persons []providertest.Person) (providertest.Decision, bool) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		b.showPage(w, r, http.StatusOK, persons)
		return providertest.Decision{}, false
	case http.MethodPost:
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
		return providertest.Decision{}, false
	}
	if r.PostForm.Has("cancel") {
		return providertest.Decision{Cancelled: true}, true
	}
	for _, p := range persons {
		if r.PostForm.Get("person") == strconv.FormatInt(p.ID, 10) {
			return providertest.Decision{Person: p}, true
		}
	}
	b.showPage(w, r, http.StatusBadRequest, persons)
	return providertest.Decision{}, false
}
