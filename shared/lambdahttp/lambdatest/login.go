package lambdatest

import (
	"context"
	"crypto/rand"
	"net/url"

	"daemun/shared/flow"
	"daemun/shared/provider/providertest"
	"daemun/shared/session"
	"daemun/shared/token"
)

// Begun is a login on its way, at the moment when the provider has sent the
// browser back.
type Begun struct {
	State       string
	Code        string
	Cookie      string // name=value of the transaction cookie
	Transaction string // sealed
	ID          string
	Challenge   string
}

// Begin starts a login of the person and has the provider agree.
func (w *World) Begin(person providertest.Person, returnTo string) Begun {
	w.t.Helper()
	login := flow.Login{
		Providers: w.catalog(), PublicURL: PublicURL, Keys: w.Keys.Transaction, Now: w.Now, Rand: rand.Reader,
		ReturnTo: flow.ReturnPolicy{Default: FrontURL, DefaultOrigin: Front, Origins: []string{Front}},
	}
	begun, err := login.Begin(w.t.Context(), "kakao", returnTo)
	w.must(err)
	target, err := url.Parse(begun.AuthorizeURL)
	w.must(err)
	q := target.Query()
	w.Canary(q.Get("state"), q.Get("nonce"), begun.Transaction)
	return Begun{
		State: q.Get("state"), Transaction: begun.Transaction, ID: begun.ID, Challenge: q.Get("code_challenge"),
		Cookie: "__Host-daemun-tx-" + begun.ID + "=" + begun.Transaction,
		Code:   w.Kakao.Code(person, q.Get("code_challenge"), q.Get("redirect_uri")),
	}
}

// LogIn makes a session of the person, through the flows.
func (w *World) LogIn(person providertest.Person) flow.Completed {
	w.t.Helper()
	done := w.complete(w.Begin(person, ""), false, flow.Automatic)
	w.Canary(done.AccessToken, done.RefreshToken)
	return done
}

// LogInDeferred makes a session of the person, whose profile is not complete.
func (w *World) LogInDeferred(person providertest.Person) flow.Completed {
	w.t.Helper()
	done := w.complete(w.Begin(person, ""), false, flow.Deferred)
	w.Canary(done.AccessToken, done.RefreshToken)
	return done
}

// Newcomer is a login of the person that ends with a register token: in a cookie,
// or in JSON if it names a client.
func (w *World) Newcomer(person providertest.Person, clientName string) *flow.RegistrationRequired {
	w.t.Helper()
	var done flow.Completed
	if clientName == "" {
		done = w.complete(w.Begin(person, "/there"), false, flow.Required)
	} else {
		done = w.complete(w.BeginJSON(person, clientName), true, flow.Required)
	}
	w.Canary(done.Registration.RegisterToken)
	return done.Registration
}

// complete ends a login, through the flows.
func (w *World) complete(b Begun, asJSON bool, policy flow.Policy) flow.Completed {
	w.t.Helper()
	db := w.Store()
	completion := flow.Completion{
		Providers: w.catalog(), Clients: w.clients(), PublicURL: PublicURL, Transactions: w.Keys.Transaction,
		OneTime: db, Users: db, Sessions: db, SessionLimit: SessionLimit, Issuer: w.Issuer(), Now: w.Now, Rand: rand.Reader,
		Registration: policy, Register: token.RegisterIssuer{Issuer: PublicURL, Key: w.Keys.Signing, Rand: rand.Reader},
	}
	done, err := completion.Complete(context.Background(), flow.Callback{
		Provider: "kakao", State: b.State, Code: b.Code, Transaction: b.Transaction, JSON: asJSON,
		Device: session.Device{UserAgent: "lambdatest"},
	})
	w.must(err)
	return done
}
