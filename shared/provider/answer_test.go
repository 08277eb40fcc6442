package provider

import (
	"net/http"
	"runtime"
	"testing"

	"daemun/shared/fault"
	"daemun/shared/secret"
)

// CB-11: what is not wanted is not read.
func TestClient_ReadsOneMegabyteOfAHugeAnswer(t *testing.T) {
	handler := func(w http.ResponseWriter, _ *http.Request) {
		chunk := make([]byte, 32<<10)
		for {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
	serve(t, handler, func(t *testing.T, c *Client) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := c.GetJSON(t.Context(), "http://p.example/me", secret.New("t"), &struct{}{}, nil)
		runtime.ReadMemStats(&after)
		if fault.CodeOf(err) != fault.BadProviderResponse {
			t.Errorf("got %v", err)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
			t.Errorf("%d bytes allocated, want at most 8 MiB", grown)
		}
	})
}

// The log learns where an answer went wrong, in our words alone.
func TestDecode_SaysWhereItWentWrong(t *testing.T) {
	for body, want := range map[string]string{
		`{"a":"x"}`:     "bad_provider_response: userinfo: a value of the wrong type at byte 5",
		`{"a":1,"a":2}`: "bad_provider_response: userinfo: malformed JSON",
		``:              "bad_provider_response: userinfo: malformed JSON",
	} {
		a := &answer{"userinfo", 200, http.Header{"Content-Type": {"application/json"}}, []byte(body)}
		err := a.decode(&struct {
			A int `json:"a"`
		}{})
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", body, err, want)
		}
	}
}

// JSON is UTF-8 (RFC 8259 §8.1). What is called something else is taken if it is
// the same in both.
func TestDecode_CharsetMustNotMatter(t *testing.T) {
	for _, c := range []struct {
		contentType, body string
		good              bool
	}{
		{"application/json", `{"a":"é"}`, true},
		{"application/json; charset=utf-8", `{"a":"é"}`, true},
		{"Application/JSON;charset=UTF-8", `{"a":"é"}`, true},
		{"application/json;charset=ISO-8859-1", `{"a":"e"}`, true},
		{"application/json;charset=ISO-8859-1", `{"a":"é"}`, false},
		{"application/json;charset=EUC-KR", `{"a":"e"}`, false},
		{"application/json;charset=UTF-16", `{"a":"e"}`, false},
		{"text/json", `{"a":"e"}`, false},
	} {
		a := &answer{"userinfo", 200, http.Header{"Content-Type": {c.contentType}}, []byte(c.body)}
		err := a.decode(&struct {
			A string `json:"a"`
		}{})
		if good := err == nil; good != c.good {
			t.Errorf("%s %s: %v", c.contentType, c.body, err)
		}
	}
}
