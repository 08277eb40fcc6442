package providertest_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"daemun/shared/provider/providertest"
)

const redirectURI = "https://app.example/callback"

func authorizeQuery() url.Values {
	return url.Values{"client_id": {providertest.KakaoClientID}, "redirect_uri": {redirectURI}, "response_type": {"code"}, "state": {"s"}}
}

func tokenForm(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "client_id": {providertest.KakaoClientID},
		"client_secret": {providertest.KakaoClientSecret}, "redirect_uri": {redirectURI}, "code": {code}, "code_verifier": {"v"}}
}

// send makes one request, follows no redirect, and returns the answer with its body.
func send(t *testing.T, method, target, contentType, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	if len(header) == 2 {
		req.Header.Set(header[0], header[1])
	}
	response, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(text)
}

const formType = "application/x-www-form-urlencoded"

// Kakao's own error page, and no way back to the app.
func TestAuthorize_ErrorsStayAtKakao(t *testing.T) {
	k, base := providertest.StartKakao(t, providertest.KakaoOptions{Registered: func(uri string) bool { return uri == redirectURI }})
	for name, c := range map[string]struct {
		change func(url.Values)
		want   string
	}{
		"unknown client":          {func(q url.Values) { q.Set("client_id", "x") }, "KOE101"},
		"unregistered redirect":   {func(q url.Values) { q.Set("redirect_uri", redirectURI+"/") }, "KOE006"},
		"implicit grant":          {func(q url.Values) { q.Set("response_type", "token") }, "KOE201"},
		"no response type":        {func(q url.Values) { q.Del("response_type") }, "KOE207"},
		"scope that is not there": {func(q url.Values) { q.Set("scope", "account_email") }, "KOE205"},
		"unknown parameter":       {func(q url.Values) { q.Set("prompt2", "x") }, "KOE203"},
		"repeated parameter":      {func(q url.Values) { q.Add("state", "t") }, "KOE203"},
		"plain challenge":         {func(q url.Values) { q.Set("code_challenge", strings.Repeat("c", 43)) }, "KOE203"},
	} {
		query := authorizeQuery()
		c.change(query)
		response, body := send(t, http.MethodGet, base+providertest.KakaoAuthorizePath+"?"+query.Encode(), "", "")
		if response.Header.Get("Location") != "" || !strings.Contains(body, c.want) {
			t.Errorf("%s: status %d, Location %q: %s", name, response.StatusCode, response.Header.Get("Location"), body)
		}
	}
	response, _ := send(t, http.MethodGet, base+providertest.KakaoAuthorizePath+"?"+authorizeQuery().Encode(), "", "")
	location := response.Header.Get("Location")
	if !strings.HasPrefix(location, redirectURI+"?code="+providertest.Marker) || !strings.HasSuffix(location, "&state=s") {
		t.Errorf("status %d, Location %q", response.StatusCode, location)
	}
	if got := k.Hits(providertest.Authorize); got != 9 {
		t.Errorf("%d hits, want 9", got)
	}
}

func TestToken_RefusesAsKakaoDoes(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	k, base := providertest.StartKakao(t, providertest.KakaoOptions{Now: func() time.Time { return now }, CodeLife: time.Minute})
	for name, c := range map[string]struct {
		change func(url.Values)
		status int
		want   string
	}{
		"grant type":   {func(f url.Values) { f.Set("grant_type", "password") }, 400, "KOE310"},
		"client":       {func(f url.Values) { f.Set("client_id", "x") }, 401, "KOE101"},
		"wrong secret": {func(f url.Values) { f.Set("client_secret", "x") }, 401, "KOE010"},
		"no secret":    {func(f url.Values) { f.Del("client_secret") }, 401, "KOE010"},
		"redirect":     {func(f url.Values) { f.Set("redirect_uri", redirectURI+"/") }, 400, "KOE303"},
		"code":         {func(f url.Values) { f.Set("code", "x") }, 400, "KOE320"},
		"verifier":     {func(f url.Values) { f.Set("code_verifier", "x") }, 400, "KOE320"},
		"repeated":     {func(f url.Values) { f.Add("code", "x") }, 400, "KOE203"},
	} {
		form := tokenForm(k.Code(providertest.Persons()[0], "TGsqctFIJjMQqTtYA0jzCbiPozzqExGXR6SmYqu3CUk", redirectURI)) // of some other verifier
		c.change(form)
		response, body := send(t, http.MethodPost, base+providertest.KakaoTokenPath, formType, form.Encode())
		if response.StatusCode != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s: status %d: %s", name, response.StatusCode, body)
		}
	}
	code := k.Code(providertest.Persons()[0], "", redirectURI)
	now = now.Add(time.Minute)
	if _, body := send(t, http.MethodPost, base+providertest.KakaoTokenPath, formType, tokenForm(code).Encode()); !strings.Contains(body, "KOE320") {
		t.Errorf("an expired code: %s", body)
	}
}

// A client secret in Authorization, a query or JSON is none.
func TestToken_TakesFormsAlone(t *testing.T) {
	k, base := providertest.StartKakao(t, providertest.KakaoOptions{})
	form := tokenForm(k.Code(providertest.Persons()[0], "", redirectURI))
	for _, c := range []struct{ method, query, contentType, want string }{
		{http.MethodGet, "?" + form.Encode(), "", "KOE001"},
		{http.MethodPost, "?" + form.Encode(), formType, "KOE001"},
		{http.MethodPost, "", "application/json", "KOE001"},
		{http.MethodPost, "", formType + ";charset=utf-8", "access_token"},
	} {
		if _, body := send(t, c.method, base+providertest.KakaoTokenPath+c.query, c.contentType, form.Encode()); !strings.Contains(body, c.want) {
			t.Errorf("%+v: %s", c, body)
		}
	}
	form = tokenForm(k.Code(providertest.Persons()[0], "", redirectURI))
	form.Del("client_secret")
	basic := []string{"Authorization", "Basic a2FrYW86c2VjcmV0"}
	if _, body := send(t, http.MethodPost, base+providertest.KakaoTokenPath, formType, form.Encode(), basic...); !strings.Contains(body, "KOE010") {
		t.Errorf("Basic: %s", body)
	}
}

func TestUserinfo_NeedsItsOwnToken(t *testing.T) {
	_, base := providertest.StartKakao(t, providertest.KakaoOptions{})
	for _, authorization := range []string{"", "Bearer", "Bearer x", "KakaoAK x"} {
		response, body := send(t, http.MethodGet, base+providertest.KakaoUserinfoPath, "", "", "Authorization", authorization)
		if response.StatusCode != http.StatusUnauthorized || !strings.Contains(body, `"code":-401`) {
			t.Errorf("%q: status %d: %s", authorization, response.StatusCode, body)
		}
	}
}

// A test that programs a fake can rely on its counts and on its order.
func TestScript_NextThenAlwaysThenHonest(t *testing.T) {
	k, base := providertest.StartKakao(t, providertest.KakaoOptions{})
	k.Always(providertest.Token, providertest.JSON(503, ""))
	k.Next(providertest.Token, providertest.JSON(500, ""), providertest.Honest())
	code := k.Code(providertest.Persons()[0], "", redirectURI)
	for i, want := range []int{500, 200, 503, 503} {
		if response, _ := send(t, http.MethodPost, base+providertest.KakaoTokenPath, formType, tokenForm(code).Encode()); response.StatusCode != want {
			t.Errorf("request %d: status %d, want %d", i, response.StatusCode, want)
		}
	}
	k.Always(providertest.Token, nil)
	if response, _ := send(t, http.MethodPost, base+providertest.KakaoTokenPath, formType, tokenForm(code).Encode()); response.StatusCode != 400 {
		t.Errorf("status %d, want the honest 400 for a used code", response.StatusCode)
	}
	if k.Hits(providertest.Token) != 5 || k.CodeSent(code) != 5 || k.MaxCodeSent() != 5 || k.CodeSent("other") != 0 {
		t.Errorf("%d hits, code sent %d times, at most %d", k.Hits(providertest.Token), k.CodeSent(code), k.MaxCodeSent())
	}
}

func TestWait_AnswersWhenToldTo(t *testing.T) {
	k, base := providertest.StartKakao(t, providertest.KakaoOptions{})
	gate := make(chan struct{})
	k.Next(providertest.Token, providertest.Wait(gate))
	close(gate)
	code := k.Code(providertest.Persons()[0], "", redirectURI)
	if response, body := send(t, http.MethodPost, base+providertest.KakaoTokenPath, formType, tokenForm(code).Encode()); response.StatusCode != 200 {
		t.Errorf("status %d: %s", response.StatusCode, body)
	}
}
