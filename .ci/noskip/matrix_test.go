package main

import (
	"strings"
	"testing"
)

func TestMatrix_CountsTheCasesThatProvidersPassed(t *testing.T) {
	var in strings.Builder
	for _, line := range []string{
		"google TestContract", "google TestContract/happy_path", "google TestContract/token_500", "google TestContract/token_502",
		"google TestContract/id_token", "google TestContract/id_token/alg_none", "google TestContract/id_token/at_hash_other", "google TestContract/id_token/keys_down/500",
		"kakao TestContract/happy_path", "kakao TestContract/certificates/good", "kakao TestContract_OIDC/id_token/alg_none", "kakao TestAnother/happy_path",
	} {
		provider, test, _ := strings.Cut(line, " ")
		in.WriteString(`{"Action":"pass","Package":"daemun/shared/provider/` + provider + `","Test":"` + test + `"}` + "\n")
	}
	in.WriteString(`{"Action":"fail","Package":"daemun/shared/provider/google","Test":"TestContract/token_503"}` + "\n")
	var out strings.Builder
	if _, err := report(strings.NewReader(in.String()), &out); err != nil {
		t.Fatal(err)
	}
	want := `contract cases passed google kakao kakao OIDC
happy path                 1     1          -
id_token: alg              1     -          1
id_token: at_hash          1     -          -
token                      2     -          -
all                        5     1          1
`
	if !strings.HasSuffix(out.String(), want) {
		t.Errorf("got\n%s\nwant at the end\n%s", out.String(), want)
	}
}
