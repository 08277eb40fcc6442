package lambdatest

import (
	"context"
	"crypto/rand"
	"net/url"

	"daemun/shared/client"
	"daemun/shared/config"
	"daemun/shared/flow"
	"daemun/shared/provider/providertest"
)

// The client "shop" of AddClients.
const (
	Shop            = "shop"
	ShopOrigin      = "https://shop.example.com"
	ShopRedirectURI = ShopOrigin + "/login/kakao"
	ShopReturnURL   = ShopOrigin + "/welcome?from=login"
)

// OtherOrigin is the origin of the client "other", which has a redirect URI of
// its own.
const OtherOrigin = "https://other.example.com"

// AddClients gives the world's environment two clients beside the front end.
func (w *World) AddClients() {
	w.Env["CLIENTS"] = `{
		"` + Shop + `": {"redirect_uris": {"kakao": "` + ShopRedirectURI + `"}, "allowed_origins": ["` + ShopOrigin + `"], "return_urls": ["` + ShopReturnURL + `"]},
		"other": {"redirect_uris": {"kakao": "` + OtherOrigin + `/login/kakao"}, "allowed_origins": ["` + OtherOrigin + `"]}}`
}

func (w *World) clients() client.Registry {
	w.t.Helper()
	site := config.Site{Issuer: config.Issuer{PublicURL: PublicURL}, FrontURL: FrontURL}
	if text := w.Env["CLIENTS"]; text != "" {
		w.must(site.Clients.UnmarshalText([]byte(text)))
	}
	w.must(site.Check())
	return site.Registry()
}

// BeginJSON starts a login of the person at the client, and has the provider
// agree.
func (w *World) BeginJSON(person providertest.Person, clientName string) Begun {
	w.t.Helper()
	login := flow.Login{
		Providers: w.catalog(), Clients: w.clients(), PublicURL: PublicURL, Keys: w.Keys.Transaction, Now: w.Now, Rand: rand.Reader,
	}
	begun, err := login.BeginJSON(context.Background(), "kakao", clientName, "")
	w.must(err)
	target, err := url.Parse(begun.AuthorizeURL)
	w.must(err)
	q := target.Query()
	w.Canary(begun.State, q.Get("nonce"), begun.Transaction)
	return Begun{
		State: begun.State, Transaction: begun.Transaction, ID: begun.ID, Challenge: q.Get("code_challenge"),
		Cookie: "__Host-daemun-tx-" + begun.ID + "=" + begun.Transaction, // where it does not belong
		Code:   w.Kakao.Code(person, q.Get("code_challenge"), q.Get("redirect_uri")),
	}
}

// LogInJSON makes a session of the person at the client, through the flows.
func (w *World) LogInJSON(person providertest.Person, clientName string) flow.Completed {
	w.t.Helper()
	done := w.complete(w.BeginJSON(person, clientName), true, flow.Automatic)
	w.Canary(done.AccessToken, done.RefreshToken)
	return done
}
