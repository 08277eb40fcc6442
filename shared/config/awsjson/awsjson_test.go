package awsjson_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/config/awsjson"
)

// answers stands for the network: it keeps the request and answers it.
type answers struct {
	status  int
	body    string
	err     error
	request *http.Request
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	a.request = r
	if a.err != nil {
		return nil, a.err
	}
	return &http.Response{StatusCode: a.status, Body: io.NopCloser(strings.NewReader(a.body))}, nil
}

type text struct{ Text string }

func TestAsk_IsSignedForTheServiceInItsRegion(t *testing.T) {
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key", "AWS_SESSION_TOKEN": "session"} {
		t.Setenv(name, value)
	}
	for region, address := range map[string]string{
		"ap-northeast-2": "https://ssm.ap-northeast-2.amazonaws.com/",
		"us-gov-west-1":  "https://ssm.us-gov-west-1.amazonaws.com/",
		"cn-north-1":     "https://ssm.cn-north-1.amazonaws.com.cn/",
	} {
		network := &answers{status: 200, body: `{"Text":"out","More":1}`}
		s := awsjson.Service{Name: "ssm", Target: "AmazonSSM", Region: region, Client: http.Client{Transport: network}}
		var out text
		if again, err := s.Ask(t.Context(), "Get", text{"in"}, &out); err != nil || again || out.Text != "out" {
			t.Errorf("%+v, %v", out, err)
		}
		r := network.request
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{r.Method, r.URL.String(), r.Header.Get("Content-Type"), r.Header.Get("X-Amz-Target"), r.Header.Get("X-Amz-Security-Token"), string(body)}
		want := []string{"POST", address, "application/x-amz-json-1.1", "AmazonSSM.Get", "session", `{"Text":"in"}`}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("request (-want +got):\n%s", diff)
		}
		if a := r.Header.Get("Authorization"); !strings.HasPrefix(a, "AWS4-HMAC-SHA256 Credential=id/") || !strings.Contains(a, "/"+region+"/ssm/aws4_request") {
			t.Errorf("signed as %q", a)
		}
	}
}

// What a service says of a failure; of what it sent nothing is in the error.
func TestAsk_Refusals(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		name   string
		again  bool
	}{
		{400, `{"__type":"com.amazonaws.ssm#ParameterNotFound","message":"planted"}`, "ParameterNotFound", false},
		{400, `{"__type":"ThrottlingException"}`, "ThrottlingException", true},
		{400, `planted`, "", false},
		{429, ``, "", true},
		{500, `{"__type":"InternalServerError"}`, "InternalServerError", true},
		{503, `<html>planted`, "", true},
		{302, ``, "", false},
	} {
		s := awsjson.Service{Name: "ssm", Region: "r", Client: http.Client{Transport: &answers{status: c.status, body: c.body}}}
		again, err := s.Ask(t.Context(), "Get", text{}, &text{})
		var refusal *awsjson.Refusal
		if !errors.As(err, &refusal) || *refusal != (awsjson.Refusal{Status: c.status, Name: c.name}) || again != c.again || strings.Contains(err.Error(), "planted") {
			t.Errorf("%d %s: %v, again %v", c.status, c.body, err, again)
		}
	}
	for _, body := range []string{``, `planted`, `{"Text":["planted"]}`, `{"Text":"planted"`} {
		s := awsjson.Service{Name: "ssm", Region: "r", Client: http.Client{Transport: &answers{status: 200, body: body}}}
		if again, err := s.Ask(t.Context(), "Get", text{}, &text{}); err == nil || !again || strings.Contains(err.Error(), "planted") {
			t.Errorf("%s: %v, again %v", body, err, again)
		}
	}
	s := awsjson.Service{Name: "ssm", Region: "r", Client: http.Client{Transport: &answers{err: io.ErrUnexpectedEOF}}}
	if again, err := s.Ask(t.Context(), "Get", text{}, &text{}); !errors.Is(err, io.ErrUnexpectedEOF) || !again {
		t.Errorf("%v, again %v", err, again)
	}
}

// What a redirect names gets neither the request nor its session token.
func TestAsk_FollowsNoRedirect(t *testing.T) {
	asked := 0
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, server.URL+"/elsewhere", http.StatusTemporaryRedirect)
	}))
	t.Cleanup(server.Close)
	s := awsjson.Service{Name: "ssm", Region: "r", Endpoint: server.URL}
	again, err := s.Ask(t.Context(), "Get", text{}, &text{})
	var refusal *awsjson.Refusal
	if !errors.As(err, &refusal) || refusal.Status != http.StatusTemporaryRedirect || again || asked != 1 {
		t.Errorf("%v, again %v, after %d requests", err, again, asked)
	}
}

func TestTwice(t *testing.T) {
	failed := errors.New("failed")
	for _, c := range []struct {
		again []bool // of failures; then it succeeds
		tries int
		err   error
	}{
		{nil, 1, nil}, {[]bool{true}, 2, nil}, {[]bool{false}, 1, failed}, {[]bool{true, true}, 2, failed}, {[]bool{true, false}, 2, failed},
	} {
		tries := 0
		again, err := awsjson.Twice(t.Context(), func() (bool, error) {
			if tries++; tries <= len(c.again) {
				return c.again[tries-1], failed
			}
			return false, nil
		})
		if tries != c.tries || !errors.Is(err, c.err) || err != nil && again != c.again[tries-1] {
			t.Errorf("%v: %d tries, %v, again %v", c.again, tries, err, again)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	tries := 0
	_, err := awsjson.Twice(ctx, func() (bool, error) {
		tries++
		cancel()
		return true, failed
	})
	if tries != 1 || !errors.Is(err, failed) {
		t.Errorf("%d tries after the end, %v", tries, err)
	}
}
