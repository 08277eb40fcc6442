package main

import (
	"crypto/rand"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"daemun/shared/flow"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/provider"
	"daemun/shared/provider/catalog"
	"daemun/shared/provider/oidc"
	"daemun/shared/provider/providertest"
)

// An id_token that is refused leaves nothing behind but a line in the log that
// says why: no user, no session, no cookie, no question to userinfo. ID-01 to
// ID-13, ST-09, F-12, F-14, CB-17.
func TestOIDC_RefusedTokensLeaveNothingBehind(t *testing.T) {
	claim := func(name string, value any) *providertest.Mutation {
		return &providertest.Mutation{Claims: func(c map[string]any) { c[name] = value }}
	}
	for name, c := range map[string]struct {
		program func(*providertest.OIDC)
		want    string
		log     string
	}{
		"good":     {func(*providertest.OIDC) {}, "", ""},
		"nonce":    {func(f *providertest.OIDC) { f.Mutate(claim("nonce", "another")) }, "502 bad_provider_response", "wrong nonce"},
		"audience": {func(f *providertest.OIDC) { f.Mutate(claim("aud", "another")) }, "502 bad_provider_response", "wrong aud"},
		"at_hash":  {func(f *providertest.OIDC) { f.Mutate(claim("at_hash", "another")) }, "502 bad_provider_response", "wrong at_hash"},
		"clock":    {func(f *providertest.OIDC) { f.Mutate(claim("exp", time.Now().Unix()-600)) }, "502 bad_provider_response", "clock_skew"},
		"alg": {func(f *providertest.OIDC) {
			f.Mutate(&providertest.Mutation{Header: func(h map[string]any) { h["alg"] = "none" }})
		}, "502 bad_provider_response", "not the key's algorithm"},
		"keys are down":   {func(f *providertest.OIDC) { f.Always(providertest.Keys, providertest.JSON(500, "")) }, "503 temporarily_unavailable", "keys: status 500"},
		"issuer is down":  {func(f *providertest.OIDC) { f.Always(providertest.Discovery, providertest.Cut()) }, "502 provider_unavailable", "metadata"},
		"another subject": {func(f *providertest.OIDC) { f.Always(providertest.Userinfo, providertest.JSON(200, `{"sub":"1"}`)) }, "502 bad_provider_response", "wrong sub"},
	} {
		t.Run(name, func(t *testing.T) {
			w := lambdatest.New(t)
			fake, base := providertest.StartOIDC(t, providertest.Options{Now: w.Now})
			w.Env["OIDC_PROVIDERS"], w.Env["OIDC_ACME_ISSUER"] = "acme", base
			w.Env["OIDC_ACME_CLIENT_ID"], w.Env["OIDC_ACME_CLIENT_SECRET"] = providertest.OIDCClientID, providertest.OIDCClientSecret
			begun, state, code := beginOIDC(t, w, base)
			c.program(fake)

			event := lambdatest.Event(t, "callback", "form-post/redirected", "cookie", "__Host-daemun-tx-"+begun.ID+"="+begun.Transaction, "code", code, "state", state)
			answer := lambdatest.Invoke(t, w.Build(builder()), lambdatest.With(t, event, func(e *events.APIGatewayV2HTTPRequest) {
				e.RawPath, e.PathParameters["provider"], e.RequestContext.HTTP.Path = "/auth/acme/callback", "acme", "/auth/acme/callback"
				e.Headers["accept"] = "application/json"
			}))
			users, sessions := len(w.DB.Scan(t, w.Env["USERS_TABLE"])), len(w.DB.Scan(t, w.Env["REFRESH_TOKENS_TABLE"]))
			if c.log == "" {
				if answer.StatusCode >= http.StatusBadRequest || users == 0 || sessions != 1 {
					t.Errorf("%s, %d items of users, %d sessions", answer.Outcome(), users, sessions)
				}
				return
			}
			// Whatever went wrong, the state is used: the browser need not keep the login.
			if tx := answer.Cookie(t, "__Host-daemun-tx-"+begun.ID); len(answer.Cookies) != 1 || !strings.Contains(tx, "=; Path=/; Max-Age=0;") {
				t.Errorf("cookies %q", answer.Cookies)
			}
			if answer.Outcome() != c.want || users != 0 || sessions != 0 {
				t.Errorf("%s, %d items of users, %d sessions; want %s and none", answer.Outcome(), users, sessions, c.want)
			}
			if !strings.Contains(w.Log.String(), c.log) || strings.Contains(w.Log.String(), providertest.Marker) {
				t.Errorf("the log lacks %q, or tells too much:\n%s", c.log, w.Log)
			}
			if name != "another subject" && fake.Hits(providertest.Userinfo) != 0 {
				t.Error("userinfo was asked")
			}
		})
	}
}

// beginOIDC begins a login and has the person agree.
func beginOIDC(t *testing.T, w *lambdatest.World, base string) (begun flow.Begun, state, code string) {
	t.Helper()
	providers, err := catalog.New(catalog.Config{OIDC: []oidc.Config{{Name: "acme", Issuer: base, ClientID: providertest.OIDCClientID, Scope: "openid", Algorithm: "RS256"}}},
		provider.NewClient(provider.Options{InsecureProviders: true}))
	if err != nil {
		t.Fatal(err)
	}
	login := flow.Login{
		Providers: providers, PublicURL: lambdatest.PublicURL, Keys: w.Keys.Transaction, Now: w.Now, Rand: rand.Reader,
		ReturnTo: flow.ReturnPolicy{Default: lambdatest.FrontURL, DefaultOrigin: lambdatest.Front},
	}
	begun, err = login.Begin(t.Context(), "acme", "")
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, begun.AuthorizeURL, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	back, err := response.Location()
	if err != nil {
		t.Fatal(err)
	}
	return begun, back.Query().Get("state"), back.Query().Get("code")
}
