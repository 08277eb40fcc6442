package provider

import (
	"context"
	"errors"
	"slices"
	"strings"

	"golang.org/x/oauth2"

	"daemun/shared/fault"
	"daemun/shared/secret"
	"daemun/shared/user"
)

// Parts are what is particular to the code flow at one provider.
type Parts struct {
	Name, DisplayName string // see Provider
	// Issuers may have made an id_token, or be the iss of an authorization response.
	Issuers []string
	OAuth2
	// Keys check id_tokens; nil: there are none, and who has logged in is what the
	// user API says to the access token that came straight from the provider.
	Keys KeySource
	// InsecureNonceMayBeMissing is that of IDTokens.
	InsecureNonceMayBeMissing bool
	UserinfoURL               string // empty: all that is known is in the id_token
	// ReadUserError knows the user API's error codes beyond those of RFC 6750 §3.1,
	// and goes before them. It may be nil.
	ReadUserError ErrorReader
}

// CodeFlow is the code flow at one provider, with OpenID Connect (Core 1.0 §3.1)
// or without: all of a Provider but Identify, which its own package adds, for it
// knows what the answers mean.
type CodeFlow struct {
	parts    Parts
	idTokens *IDTokens // nil: there are none
}

// NewCodeFlow makes a CodeFlow, or says everything that is wrong with its parts.
// It makes no network request.
func NewCodeFlow(p Parts) (*CodeFlow, error) {
	mistakes := []error{p.check()}
	if p.UserinfoURL != "" {
		mistakes = append(mistakes, p.Client.CheckEndpoint("userinfo URL", p.UserinfoURL))
	}
	f := &CodeFlow{parts: p}
	if p.Keys != nil {
		mistakes = append(mistakes, p.Keys.Check())
		f.idTokens = &IDTokens{Provider: p.Name, Issuers: p.Issuers, Audiences: []string{p.ClientID}, Keys: p.Keys,
			Now: p.Client.Now, InsecureNonceMayBeMissing: p.InsecureNonceMayBeMissing}
	}
	if err := errors.Join(mistakes...); err != nil {
		return nil, err
	}
	return f, nil
}

// Name implements Provider.
func (f *CodeFlow) Name() string { return f.parts.Name }

// DisplayName implements Provider.
func (f *CodeFlow) DisplayName() string { return f.parts.DisplayName }

// Issuers implements Provider.
func (f *CodeFlow) Issuers() []string { return slices.Clone(f.parts.Issuers) }

// AuthorizeURL implements Provider. It makes no request and does not fail.
func (f *CodeFlow) AuthorizeURL(_ context.Context, r AuthorizeRequest) (string, error) {
	return f.parts.authorizeURL(r), nil
}

// Redeem goes from the code to the person: it exchanges the code, with params as
// more parameters of that request, checks the id_token where there has to be one,
// and only then has ask find out who it is, who must be the id_token's subject.
// Its errors are faults.
func (f *CodeFlow) Redeem(
	ctx context.Context, a Authorization, ask func(context.Context, secret.String) (Person, error), params ...oauth2.AuthCodeOption,
) (Person, error) {
	tokens, id, err := f.tokens(ctx, a, params)
	if err != nil {
		return Person{}, err
	}
	person, err := ask(ctx, tokens.Access)
	if err == nil && id != nil {
		err = id.sameSubject(person.Identity.Subject)
	}
	if err != nil {
		return Person{}, err
	}
	return person, nil
}

// RedeemClaims is Redeem where people are known by standard claims: those of the
// userinfo endpoint, and what it leaves out, or where there is none, those of the
// id_token. It needs Keys.
func (f *CodeFlow) RedeemClaims(ctx context.Context, a Authorization, params ...oauth2.AuthCodeOption) (user.Identity, Claims, error) {
	if f.idTokens == nil {
		return user.Identity{}, Claims{}, fault.Newf(fault.Internal, "%s: there are no keys for id_tokens", f.parts.Name)
	}
	tokens, id, err := f.tokens(ctx, a, params)
	if err != nil {
		return user.Identity{}, Claims{}, err
	}
	var c Claims
	if f.parts.UserinfoURL == "" {
		err = id.Claims(&c)
	} else {
		c, err = f.askClaims(ctx, tokens.Access, id)
	}
	if err != nil {
		return user.Identity{}, Claims{}, err
	}
	return id.Identity, c, nil
}

// askClaims asks the userinfo endpoint. What is malformed in the id_token, from
// which the rest is taken, is as if it were missing: it decides nothing.
func (f *CodeFlow) askClaims(ctx context.Context, token secret.String, id *IDToken) (Claims, error) {
	var c, signed Claims
	if err := f.Ask(ctx, "", token, &c); err != nil {
		return Claims{}, err
	}
	if err := id.sameSubject(c.Subject); err != nil {
		return Claims{}, err
	}
	if id.Claims(&signed) == nil {
		c.fill(signed)
	}
	return c, nil
}

// tokens exchanges the code. id is nil if there are no id_tokens.
func (f *CodeFlow) tokens(ctx context.Context, a Authorization, params []oauth2.AuthCodeOption) (t Tokens, id *IDToken, err error) {
	t, err = f.parts.exchange(ctx, a, params...)
	if err == nil && f.idTokens != nil {
		id, err = f.idTokens.Verify(ctx, t, a.Nonce)
	}
	return t, id, err
}

// Ask is Client.GetJSON at the userinfo URL, with more of a path and of a query.
func (f *CodeFlow) Ask(ctx context.Context, more string, token secret.String, into any) error {
	return f.parts.Client.GetJSON(ctx, extend(f.parts.UserinfoURL, more), token, into, readEither(f.parts.ReadUserError, ErrorCodes(bearerErrors)))
}

// extend puts more of a path and of a query, either of which may be empty, behind
// those of an endpoint.
func extend(endpoint, more string) string {
	path, query, _ := strings.Cut(endpoint, "?")
	morePath, moreQuery, _ := strings.Cut(more, "?")
	if query != "" && moreQuery != "" {
		query += "&"
	}
	if query += moreQuery; query != "" {
		query = "?" + query
	}
	return path + morePath + query
}

// bearerErrors are the codes of RFC 6750 §3.1, as far as a body has them. The
// token was good a moment ago.
var bearerErrors = map[string]fault.Code{
	"invalid_token":      fault.BadProviderResponse,
	"insufficient_scope": fault.ProviderMisconfigured,
}
