package flow_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"daemun/shared/client"
	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/provider"
	"daemun/shared/provider/oidc"
	"daemun/shared/provider/providertest"
	"daemun/shared/secret"
)

// promiser is a stage whose provider may promise to name itself.
type promiser struct {
	*stage
	promises bool
}

func (p *promiser) Get(name string) (provider.Provider, bool) { return p, name == p.Name() }

func (p *promiser) SendsIssuer(context.Context) (bool, error) { return p.promises, p.step("issuer") }

// respond ends a login with an authorization response.
func respond(t *testing.T, s *stage, p flow.Providers, change func(*flow.Callback)) error {
	t.Helper()
	k := newKeys(t)
	l := &flow.Login{Providers: p, ReturnTo: policy, Keys: k.transaction, Now: s.Now, Rand: rand.Reader}
	b, query, _ := begin(t, l)
	s.steps = nil
	c := &flow.Completion{
		Providers: p, Transactions: k.transaction, OneTime: s, Users: s, Sessions: s, Issuer: k.issuer(), Now: s.Now, Rand: rand.Reader,
	}
	cb := flow.Callback{Provider: "kakao", State: query.Get("state"), Code: "code", Transaction: b.Transaction}
	change(&cb)
	_, err := c.Complete(t.Context(), cb)
	return err
}

// ST-05: whose response it is, is judged when the state is claimed, and before a
// code goes anywhere.
func TestComplete_ResponseIsOfTheProvidersIssuer(t *testing.T) {
	for name, c := range map[string]struct {
		promises bool
		fails    error // of asking what is promised
		cb       flow.Callback
		want     fault.Code
		asked    bool // what is promised
	}{
		"none, none promised":       {cb: flow.Callback{Code: "c"}, asked: true},
		"none, promised":            {promises: true, cb: flow.Callback{Code: "c"}, want: fault.InvalidState, asked: true},
		"none, nobody knows":        {fails: fault.New(fault.ProviderTimeout, errDown), cb: flow.Callback{Code: "c"}, want: fault.ProviderTimeout, asked: true},
		"its own":                   {promises: true, cb: flow.Callback{Code: "c", Issuer: "https://kakao.example"}},
		"its other name":            {cb: flow.Callback{Code: "c", Issuer: "https://alias.example"}},
		"another's":                 {cb: flow.Callback{Code: "c", Issuer: "https://evil.example"}, want: fault.InvalidState},
		"its own and more":          {cb: flow.Callback{Code: "c", Issuer: "https://kakao.example/"}, want: fault.InvalidState},
		"another's error":           {promises: true, cb: flow.Callback{Error: "access_denied", Issuer: "https://evil.example"}, want: fault.InvalidState},
		"an error without":          {promises: true, cb: flow.Callback{Error: "access_denied"}, want: fault.AccessDenied},
		"neither error nor code":    {promises: true, want: fault.InvalidRequest},
		"an error of the provider":  {promises: true, cb: flow.Callback{Error: "server_error"}, want: fault.ProviderUnavailable},
		"an error and a code, none": {promises: true, cb: flow.Callback{Error: "access_denied", Code: "c"}, want: fault.AccessDenied},
	} {
		s := &stage{now: start, fails: map[string]error{"issuer": c.fails}}
		err := respond(t, s, &promiser{s, c.promises}, func(cb *flow.Callback) {
			cb.Code, cb.Error, cb.Issuer = c.cb.Code, c.cb.Error, c.cb.Issuer
		})
		if fault.CodeOf(err) != c.want {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
		if claimed, asked := slices.Index(s.steps, "claim"), slices.Index(s.steps, "issuer"); claimed < 0 || (asked > claimed) != c.asked || !c.asked && asked >= 0 {
			t.Errorf("%s: %v", name, s.steps)
		}
		if identified := slices.Contains(s.steps, "identify"); identified != (c.want == "") {
			t.Errorf("%s: %v", name, s.steps)
		}
	}
}

// ST-05: most providers promise nothing, and are asked nothing.
func TestComplete_IssuerMayBeMissingWhereNoneIsPromised(t *testing.T) {
	s := &stage{now: start}
	if err := respond(t, s, s, func(*flow.Callback) {}); err != nil || slices.Contains(s.steps, "issuer") {
		t.Errorf("%v, %v", err, s.steps)
	}
}

// A client tells no iss of its own; its redirect URI is another one for each provider.
func TestComplete_LoginInJSONNeedsNoIssuer(t *testing.T) {
	s := &stage{now: start}
	k := newKeys(t)
	clients := client.Registry{{Name: "shop", RedirectURIs: map[string]string{"kakao": "https://shop.example/kakao"}}}
	l := &flow.Login{Providers: s, ReturnTo: policy, Clients: clients, Keys: k.transaction, Now: s.Now, Rand: rand.Reader}
	b, err := l.BeginJSON(t.Context(), "kakao", "shop", "")
	if err != nil {
		t.Fatal(err)
	}
	c := &flow.Completion{
		Providers: &promiser{s, true}, Clients: clients, Transactions: k.transaction, OneTime: s, Users: s, Sessions: s, Issuer: k.issuer(), Now: s.Now, Rand: rand.Reader,
	}
	if _, err := c.Complete(t.Context(), flow.Callback{Provider: "kakao", State: b.State, Code: "code", Transaction: b.Transaction, JSON: true}); err != nil {
		t.Error(err)
	}
}

// only is the one provider.
type only struct{ provider.Provider }

func (o only) Get(name string) (provider.Provider, bool) { return o.Provider, name == o.Name() }

// ST-05, with a provider whose metadata makes the promise: its code is not
// redeemed, and neither is one of a provider whose metadata cannot be had.
func TestComplete_AsksTheMetadataForThePromise(t *testing.T) {
	for name, c := range map[string]struct {
		promised, kept bool
		down           bool
		want           fault.Code
	}{
		"kept":         {promised: true, kept: true},
		"broken":       {promised: true, want: fault.InvalidState},
		"none":         {},
		"down, broken": {promised: true, down: true, want: fault.ProviderUnavailable},
	} {
		fake, base := providertest.StartOIDC(t, providertest.Options{SendsIssuer: c.promised})
		fresh := func() *oidc.Provider { // one that has asked for nothing yet
			p, err := oidc.New(oidc.Config{Name: "acme", Issuer: base, ClientID: providertest.OIDCClientID, ClientSecret: secret.New(providertest.OIDCClientSecret),
				Scope: "openid", Algorithm: "RS256"}, provider.NewClient(provider.Options{InsecureProviders: true}))
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		k := newKeys(t)
		s := &stage{now: start}
		l := &flow.Login{Providers: only{fresh()}, ReturnTo: policy, Keys: k.transaction, Now: s.Now, Rand: rand.Reader}
		b, err := l.Begin(t.Context(), "acme", "")
		if err != nil {
			t.Fatal(err)
		}
		back := visit(t, b.AuthorizeURL)
		if !c.kept {
			back.Del("iss")
		}
		if c.down {
			fake.Always(providertest.Discovery, providertest.Cut())
		}
		completion := &flow.Completion{
			Providers: only{fresh()}, Transactions: k.transaction, OneTime: s, Users: s, Sessions: s, Issuer: k.issuer(), Now: s.Now, Rand: rand.Reader,
		}
		_, err = completion.Complete(t.Context(), flow.Callback{Provider: "acme", State: back.Get("state"), Code: back.Get("code"), Issuer: back.Get("iss"), Transaction: b.Transaction})
		if fault.CodeOf(err) != c.want {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
		if sent := fake.Hits(providertest.Token); (sent == 0) != (c.want != "") {
			t.Errorf("%s: %d token requests", name, sent)
		}
	}
}

// visit is a browser at a provider that asks nobody anything.
func visit(t *testing.T, target string) url.Values {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
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
		t.Fatalf("status %d: %v", response.StatusCode, err)
	}
	return back.Query()
}
