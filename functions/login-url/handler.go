package main

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/lambdahttp"
	"daemun/shared/provider"
	"daemun/shared/provider/catalog"
	"daemun/shared/token"
)

type handler struct {
	providers *catalog.Catalog
	cookies   lambdahttp.Cookies
	login     flow.Login
}

func (h *handler) routes() []lambdahttp.Route {
	return []lambdahttp.Route{
		{Key: "GET /auth/providers", Handle: h.list},
		{Key: "GET /auth/{provider}/login", Handle: h.begin, Browser: true},
		{Key: "GET /auth/{provider}/login-url", Handle: h.beginJSON},
	}
}

type listed struct {
	Name        string `json:"name"`
	DisplayName string `json:"display_name"`
	LoginPath   string `json:"login_path"`
}

// list answers which providers there are.
func (h *handler) list(context.Context, *lambdahttp.Request) (*lambdahttp.Response, error) {
	all := []listed{}
	for _, p := range h.providers.All() {
		all = append(all, listed{p.Name(), p.DisplayName(), "/auth/" + p.Name() + "/login"})
	}
	return lambdahttp.JSON(http.StatusOK, struct {
		Providers []listed `json:"providers"`
	}{all})
}

// begin sends the browser to the provider. Nothing of the query but return_to
// counts.
func (h *handler) begin(ctx context.Context, r *lambdahttp.Request) (*lambdahttp.Response, error) {
	if r.IsPrefetch() {
		return nil, fault.Newf(fault.TemporarilyUnavailable, "a prefetch begins no login")
	}
	begun, err := h.login.Begin(ctx, r.Path["provider"], r.Query("return_to"))
	if err != nil {
		return nil, err
	}
	r.Note(slog.String("provider", r.Path["provider"]))
	response := lambdahttp.Redirect(begun.AuthorizeURL)
	response.Cookies = append(h.surplus(r),
		h.cookies.Set(transactionCookie(begun.ID, begun.FormPost), begun.Transaction, token.TransactionLifetime))
	return response, nil
}

func transactionCookie(id string, formPost bool) lambdahttp.CookieKind {
	if formPost {
		return lambdahttp.CrossSiteTransactionCookie(id)
	}
	return lambdahttp.TransactionCookie(id)
}

// maxTransactions is how many logins a browser may have on their way: more would
// fill the 10 KB of headers that API Gateway takes.
const maxTransactions = 5

// surplus expires the oldest transactions of the browser, so that with the new
// one there are no more than maxTransactions. Ones that we cannot open go first.
func (h *handler) surplus(r *lambdahttp.Request) []string {
	type held struct {
		kind   lambdahttp.CookieKind
		issued time.Time
	}
	var all []held
	for _, id := range h.cookies.Transactions(r) {
		sealed, _ := r.Cookie(h.cookies.Name(lambdahttp.TransactionCookie(id))) // of two, neither is read: both are old
		tx, _ := h.login.Keys.Open(sealed)
		p, ok := h.providers.Get(tx.Provider)
		all = append(all, held{transactionCookie(id, ok && provider.FormPost(p)), tx.IssuedAt})
	}
	slices.SortFunc(all, func(a, b held) int { return cmp.Compare(a.issued.UnixNano(), b.issued.UnixNano()) })
	var expired []string
	for _, tx := range all[:max(0, len(all)-maxTransactions+1)] {
		expired = append(expired, h.cookies.Clear(tx.kind))
	}
	return expired
}
