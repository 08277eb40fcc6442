package lambdahttp_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/fault"
	"daemun/shared/flow"
	"daemun/shared/lambdahttp"
	"daemun/shared/lambdahttp/lambdatest"
	"daemun/shared/user"
)

// CK-01, CK-02: a register token in the Authorization header, or in its cookie;
// nothing else is one.
func TestDelivery_FindsTheRegisterToken(t *testing.T) {
	const cookie = "__Host-daemun-reg=c"
	for name, c := range map[string]struct {
		authorization string
		cookies       []string
		want          flow.RegisterProof
		code          fault.Code
	}{
		"cookie":                  {"", []string{cookie}, flow.RegisterProof{Token: "c", InCookie: true}, ""},
		"bearer":                  {"Bearer b", nil, flow.RegisterProof{Token: "b"}, ""},
		"bearer beside a cookie":  {"bearer b", []string{cookie}, flow.RegisterProof{Token: "b"}, ""},
		"basic beside a cookie":   {"Basic b", []string{cookie}, flow.RegisterProof{}, ""},
		"two beside a cookie":     {"Bearer a, Bearer b", []string{cookie}, flow.RegisterProof{}, ""},
		"two cookies":             {"", []string{cookie, "__Host-daemun-reg=d"}, flow.RegisterProof{}, fault.InvalidRequest},
		"none":                    {"", nil, flow.RegisterProof{}, ""},
		"names that are not ours": {"", []string{"daemun-reg=c", "__host-daemun-reg=c", "__Host-daemun-at=c"}, flow.RegisterProof{}, ""},
	} {
		e := with(request("POST /x"), "authorization", c.authorization)
		e.Cookies = c.cookies
		e.Headers["origin"] = "https://app.example.com"
		r, _ := seen(t, e)
		got, err := lambdahttp.Delivery{Origins: []string{"https://app.example.com"}}.RegisterToken(r)
		c.want.Origin = "https://app.example.com"
		if got != c.want || fault.CodeOf(err) != c.code {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, c.want)
		}
	}
}

// RT-13: a register cookie counts by the rule of the others. A token in the header
// is told with its origin, for its client to be asked.
func TestDelivery_RegisterCookieIsForItsPages(t *testing.T) {
	const own, foreign = "https://app.example.com", "https://evil.example"
	for _, c := range []struct {
		route, origin, authorization string // origin "": none
		want                         fault.Code
	}{
		{"POST /auth/register", own, "", ""},
		{"POST /auth/register", "", "", fault.OriginNotAllowed},
		{"POST /auth/register", foreign, "", fault.OriginNotAllowed},
		{"POST /auth/register", foreign, "Bearer b", ""},
		{"GET /auth/register", own, "", ""},
		{"GET /auth/register", "", "", ""},
		{"GET /auth/register", foreign, "", fault.OriginNotAllowed},
	} {
		e := request("POST /x")
		e.Cookies = []string{"__Host-daemun-reg=c"}
		if c.origin != "" {
			e.Headers["origin"] = c.origin
		}
		if c.authorization != "" {
			e.Headers["authorization"] = c.authorization
		}
		r, _ := seen(t, e)
		r.Route = c.route
		if _, err := (lambdahttp.Delivery{Origins: []string{own}}).RegisterToken(r); fault.CodeOf(err) != c.want {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// A login and a logout leave no register token behind: its email address and the
// account that it opens are its person's, and the browser may be the next one's.
func TestDelivery_ARegisterTokenGoesWithLoginAndLogout(t *testing.T) {
	want := lambdahttp.Cookies{}.Clear(lambdahttp.RegisterCookie)
	in, out := lambdahttp.NoContent(), lambdahttp.NoContent()
	lambdahttp.Delivery{}.SetTokens(in, flow.Tokens{})
	lambdahttp.Delivery{}.ClearTokens(out)
	for name, response := range map[string]*lambdahttp.Response{"login": in, "logout": out} {
		if !slices.Contains(response.Cookies, want) {
			t.Errorf("%s: cookies %q", name, response.Cookies)
		}
	}
}

func TestDelivery_SetsTheRegisterTokenForItsLife(t *testing.T) {
	response := lambdahttp.Redirect("https://app.example.com/sign-up")
	lambdahttp.Delivery{}.SetRegisterToken(response, &flow.RegistrationRequired{RegisterToken: "r", ExpiresIn: 10 * time.Minute})
	want := []string{"__Host-daemun-reg=r; Path=/; Max-Age=600; HttpOnly; Secure; SameSite=Lax"}
	if diff := cmp.Diff(want, response.Cookies); diff != "" {
		t.Error(diff)
	}
}

// What is wrong with a body is told, whatever the code of it all.
func TestHandler_TellsProblems(t *testing.T) {
	for _, code := range []fault.Code{fault.ValidationFailed, fault.InvalidRequest} {
		problems := []fault.Problem{{Pointer: "", Code: "unknown_field"}, {Pointer: "/nickname", Code: "too_long"}}
		h, _ := serve(fails(&fault.Error{Code: code, Problems: problems}))
		a := lambdatest.Invoke(t, h, text(t, request("POST /x")))
		want := `{"error":"` + string(code) + `","error_description":"` + code.Message() + `","request_id":"JKJaXmPLvHcESHA=",` +
			`"problems":[{"pointer":"","code":"unknown_field"},{"pointer":"/nickname","code":"too_long"}]}`
		if a.Body != want {
			t.Errorf("%s, want %s", a.Body, want)
		}
	}
}

// RG-06: a merge patch may say what it is, or that it is JSON.
func TestRequest_MergePatch(t *testing.T) {
	for _, c := range []struct {
		mediaType, body, want string
		code                  fault.Code
	}{
		{"application/merge-patch+json", `{"a":null}`, `{"a":null}`, ""},
		{"application/json; charset=utf-8", `{"a":null}`, `{"a":null}`, ""},
		{"application/merge-patch+json", ``, ``, ""},
		{"application/merge-patch+json", `{"a":1,"a":2}`, ``, fault.InvalidRequest},
		{"application/merge-patch+json", `{"a":1}x`, ``, fault.InvalidRequest},
		{"application/json-patch+json", `[]`, ``, fault.UnsupportedMediaType},
		{"text/plain", `{}`, ``, fault.UnsupportedMediaType},
		{"", `{}`, ``, fault.UnsupportedMediaType},
	} {
		e := with(request("POST /x"), "content-type", c.mediaType)
		e.Body = c.body
		r, _ := seen(t, e)
		if got, err := r.MergePatch(); fault.CodeOf(err) != c.code || err == nil && string(got) != c.want {
			t.Errorf("%s %s: %s, %v", c.mediaType, c.body, got, err)
		}
	}
	e := with(request("POST /x"), "content-type", "application/merge-patch+json")
	e.Body = `{}`
	r, _ := seen(t, e)
	if err := r.JSON(&struct{}{}); fault.CodeOf(err) != fault.UnsupportedMediaType {
		t.Errorf("a patch is taken for the JSON of others: %v", err)
	}
}

// Users have the same members everywhere, and lists and objects even of nothing.
func TestNewUserJSON_HasEveryMember(t *testing.T) {
	response, err := lambdahttp.JSON(200, lambdahttp.NewUserJSON(&user.User{ID: "u"}))
	want := `{"id":"u","roles":[],"profile_complete":false,"identities":[],"profile":{"email_verified":false},"fields":{},"consents":{}}`
	if err != nil || string(response.Body) != want {
		t.Errorf("%s, %v; want %s", response.Body, err, want)
	}
}
