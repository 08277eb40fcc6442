package lambdahttp

import (
	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/gate"
)

// Delivery says how tokens travel between us and clients: to browsers in
// cookies, to everybody else in JSON.
type Delivery struct {
	Cookies Cookies
	Origins []string // whose pages may use the cookies
}

// SetTokens gives a browser its tokens, and takes away a register token that it
// may have: that is somebody else's then, or spent.
func (d Delivery) SetTokens(response *Response, t flow.Tokens) {
	response.Cookies = append(response.Cookies,
		d.Cookies.Set(AccessCookie, t.AccessToken, t.AccessExpiresIn),
		d.Cookies.Set(RefreshCookie, t.RefreshToken, t.RefreshExpiresIn),
		d.Cookies.Clear(RegisterCookie))
}

// Refresh gives a browser what a refresh has changed. The refresh token that it
// presented is not set again: a late answer would put an old one back over a
// newer one.
func (d Delivery) Refresh(response *Response, done flow.Refreshed) {
	response.Cookies = append(response.Cookies, d.Cookies.Set(AccessCookie, done.AccessToken, done.AccessExpiresIn))
	if done.Changed {
		response.Cookies = append(response.Cookies, d.Cookies.Set(RefreshCookie, done.RefreshToken, done.RefreshExpiresIn))
	}
}

// ClearTokens takes a browser's tokens away, a register token too: with it the
// next person at this browser would finish the account of the last.
func (d Delivery) ClearTokens(response *Response) {
	response.Cookies = append(response.Cookies, d.Cookies.Clear(AccessCookie), d.Cookies.Clear(RefreshCookie), d.Cookies.Clear(RegisterCookie))
}

// RefreshToken finds the refresh token of the request: inBody, as the JSON body
// had it, or in the cookie; "" if there is none. A cookie counts by the rule of
// CheckOrigin. Faults: invalid_request for a token in the query or two
// that differ; origin_not_allowed.
func (d Delivery) RefreshToken(r *Request, inBody string) (token string, byCookie bool, err error) {
	inCookie, err := r.Cookie(d.Cookies.Name(RefreshCookie))
	switch {
	case err != nil:
		return "", false, err
	case r.HasQuery("refresh_token"):
		return "", false, fault.Newf(fault.InvalidRequest, "refresh token in the query")
	case inBody != "" && inCookie != "" && inBody != inCookie:
		return "", false, fault.Newf(fault.InvalidRequest, "two refresh tokens")
	case inBody != "" || inCookie == "":
		return inBody, false, nil
	}
	return inCookie, true, CheckOrigin(r, d.Origins)
}

// SetRegisterToken gives a browser its register token.
func (d Delivery) SetRegisterToken(response *Response, required *flow.RegistrationRequired) {
	response.Cookies = append(response.Cookies, d.Cookies.Set(RegisterCookie, required.RegisterToken, required.ExpiresIn))
}

// RegisterToken finds the register token of the request: the Authorization
// header's, or the cookie's, which counts by the rule of CheckOrigin. What is no
// bearer token is none. Faults: invalid_request, origin_not_allowed.
func (d Delivery) RegisterToken(r *Request) (flow.RegisterProof, error) {
	proof := flow.RegisterProof{Origin: r.Header("origin")}
	if authorization := r.Header("authorization"); authorization != "" {
		proof.Token, _ = gate.Bearer(authorization)
		return proof, nil
	}
	var err error
	if proof.Token, err = r.Cookie(d.Cookies.Name(RegisterCookie)); err != nil || proof.Token == "" {
		return proof, err
	}
	proof.InCookie = true
	return proof, CheckOrigin(r, d.Origins)
}

// AccessToken finds the access token of the request: the Authorization header's,
// or the cookie's, which counts by the rule of CheckOrigin; "" if there is none.
// Faults: invalid_token, invalid_request, origin_not_allowed.
func (d Delivery) AccessToken(r *Request) (token string, byCookie bool, err error) {
	if authorization := r.Header("authorization"); authorization != "" {
		token, err = gate.Bearer(authorization)
		return token, false, err
	}
	if token, err = r.Cookie(d.Cookies.Name(AccessCookie)); err != nil || token == "" {
		return "", true, err
	}
	return token, true, CheckOrigin(r, d.Origins)
}
