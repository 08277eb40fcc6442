package provider

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"golang.org/x/oauth2"

	"daemun/shared/fault"
	"daemun/shared/secret"
)

// OAuth2 is the authorization code grant with PKCE (RFC 6749 §4.1, RFC 7636) at
// one provider.
type OAuth2 struct {
	Client       *Client
	ClientID     string
	ClientSecret secret.String // empty: the provider asks for none
	AuthURL      string
	TokenURL     string
	Scopes       []string
	// AuthParams are more parameters of the authorization request, by name.
	AuthParams map[string]string
	// NoNonce and NoPKCE leave out what the provider does not document. One of
	// the two ties the code to the login; without both it is state alone.
	NoNonce, NoPKCE bool
	// ReadError knows the token endpoint's error codes beyond those of RFC 6749
	// §5.2, and goes before them. It may be nil.
	ReadError ErrorReader
}

// check reports what is wrong with the configuration, everything at once.
func (o *OAuth2) check() error {
	return errors.Join(CheckClientID(o.ClientID),
		o.Client.CheckEndpoint("authorization URL", o.AuthURL), o.Client.CheckEndpoint("token URL", o.TokenURL))
}

// authorizeURL is the authorization request. It has the parameters of the
// standards that we use, AuthParams, and no others but the endpoint's own; scope only
// if there are scopes.
func (o *OAuth2) authorizeURL(r AuthorizeRequest) string {
	var params []oauth2.AuthCodeOption
	for name, value := range o.AuthParams {
		params = append(params, oauth2.SetAuthURLParam(name, value))
	}
	if !o.NoNonce {
		params = append(params, oauth2.SetAuthURLParam("nonce", r.Nonce))
	}
	if !o.NoPKCE {
		params = append(params, oauth2.SetAuthURLParam("code_challenge", r.CodeChallenge),
			oauth2.SetAuthURLParam("code_challenge_method", "S256"))
	}
	url := o.config(r.RedirectURI).AuthCodeURL(r.State, params...)
	// Not every provider takes + for a space. In our parameters a plus sign itself is
	// %2B; the endpoint's own URL stays as it is.
	return o.AuthURL + strings.ReplaceAll(strings.TrimPrefix(url, o.AuthURL), "+", "%20")
}

// Tokens are what a code was exchanged for.
type Tokens struct {
	Access secret.String
	ID     secret.String // empty if the provider sent no id_token; not checked yet
}

// exchange redeems the code for tokens. It makes one request at most,
// whatever happens: after a lost answer nobody knows whether the code was
// redeemed, and a code seen twice makes the provider revoke its tokens (RFC 6749
// §4.1.2). Its errors are faults. Expiry, scope and refresh_token of the answer are
// not looked at.
func (o *OAuth2) exchange(ctx context.Context, a Authorization, params ...oauth2.AuthCodeOption) (Tokens, error) {
	transport := &tokenTransport{oauth: o}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: transport})
	if !o.NoPKCE {
		params = append(params, oauth2.VerifierOption(a.CodeVerifier))
	}
	token, err := o.config(a.RedirectURI).Exchange(ctx, a.Code, params...)
	var f *fault.Error
	switch {
	case errors.As(err, &f):
		return Tokens{}, f // without the *url.Error around it, which quotes the URL
	case err != nil:
		return Tokens{}, fault.Newf(fault.Internal, "token: the request could not be made")
	}
	return Tokens{Access: secret.New(token.AccessToken), ID: secret.New(transport.idToken)}, nil
}

// config fixes the client authentication: when x/oauth2 has to find it out, it
// sends the code twice.
func (o *OAuth2) config(redirectURI string) *oauth2.Config {
	return &oauth2.Config{
		ClientID:     o.ClientID,
		ClientSecret: o.ClientSecret.Reveal(),
		Endpoint:     oauth2.Endpoint{AuthURL: o.AuthURL, TokenURL: o.TokenURL, AuthStyle: oauth2.AuthStyleInParams},
		RedirectURL:  redirectURI,
		Scopes:       o.Scopes,
	}
}

// tokenTransport stands between x/oauth2, which makes the token request, and
// the network. It judges the answer, because x/oauth2 takes member names in any
// case, duplicates and form bodies, and prints bodies in its errors; what
// reaches x/oauth2 is a success in our own words. One serves one exchange.
type tokenTransport struct {
	oauth   *OAuth2
	sent    bool
	idToken string // of the answer: x/oauth2 knows none
}

// RoundTrip implements http.RoundTripper, but for its rule that an error status
// is not an error: all its errors are faults.
func (t *tokenTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if t.sent {
		return nil, fault.Newf(fault.Internal, "token: the code would have been sent twice")
	}
	t.sent = true
	answer, err := t.oauth.Client.do(req, "token", t.oauth.Client.timeouts.Token)
	if err != nil {
		return nil, err
	}
	token, err := t.oauth.judge(answer)
	if err != nil {
		return nil, err
	}
	t.idToken = token.IDToken
	body, err := json.Marshal(token)
	if err != nil {
		return nil, fault.New(fault.Internal, err)
	}
	return &http.Response{
		StatusCode: http.StatusOK,
		Header:     http.Header{"Content-Type": {"application/json"}},
		Body:       io.NopCloser(bytes.NewReader(body)),
		Request:    req,
	}, nil
}

// tokenAnswer is what we read of a token answer (RFC 6749 §5.1).
type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	IDToken     string `json:"id_token"`
}

// judge reads a token answer. Some providers send errors with status 200.
func (o *OAuth2) judge(a *answer) (*tokenAnswer, error) {
	if a.status != http.StatusOK {
		return nil, a.refusal(o.readError)
	}
	var token struct {
		tokenAnswer
		Error string `json:"error"`
	}
	if err := a.decode(&token); err != nil {
		return nil, err
	}
	switch {
	case token.Error != "":
		return nil, a.refusal(o.readError)
	case !strings.EqualFold(token.TokenType, "bearer"):
		return nil, fault.Newf(fault.BadProviderResponse, "token: token_type is not bearer")
	case !visibleASCII(token.AccessToken):
		return nil, fault.Newf(fault.BadProviderResponse, "token: no usable access_token")
	}
	return &token.tokenAnswer, nil
}

// standardErrors are the codes of RFC 6749 §5.2.
var standardErrors = map[string]fault.Code{
	"invalid_grant":          fault.LoginExpired,
	"invalid_client":         fault.ProviderMisconfigured,
	"unauthorized_client":    fault.ProviderMisconfigured,
	"invalid_request":        fault.BadProviderResponse,
	"unsupported_grant_type": fault.BadProviderResponse,
	"invalid_scope":          fault.BadProviderResponse,
}

func (o *OAuth2) readError(body []byte) (string, fault.Code) {
	return readEither(o.ReadError, ErrorCodes(standardErrors))(body)
}
