package gateway_test

import (
	"testing"

	"daemun/local/gateway"
	"daemun/local/template"
)

func TestPolicy_Statements(t *testing.T) {
	const (
		call  = "arn:aws:execute-api:eu-west-1:123456789012:api/v1/GET/a/b"
		all   = `{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}`
		allow = 200
		deny  = 403
	)
	tests := map[string]struct {
		status     int
		statements string
	}{
		"everything":                      {allow, all},
		"exactly":                         {allow, `[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"` + call + `"}]`},
		"lists":                           {allow, `[{"Effect":"Allow","Action":["s3:Get","execute-api:Invoke"],"Resource":["arn:x","` + call + `"]}]`},
		"star over slashes":               {allow, `{"Effect":"Allow","Action":"*","Resource":"arn:aws:execute-api:*/v1/*"}`},
		"star within":                     {allow, `{"Effect":"Allow","Action":"execute-api:*","Resource":"arn:aws:execute-api:eu-west-1:123456789012:api/*/GET/a/b"}`},
		"question mark":                   {allow, `{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:eu-west-1:123456789012:api/v?/GET/a/?"}`},
		"question mark is one":            {deny, `{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:eu-west-1:123456789012:api/v1?/GET/a/b"}`},
		"action in any case":              {allow, `{"Effect":"Allow","Action":"EXECUTE-API:invoke","Resource":"*"}`},
		"resource in its case":            {deny, `{"Effect":"Allow","Action":"*","Resource":"arn:aws:execute-api:eu-west-1:123456789012:api/v1/get/a/b"}`},
		"other action":                    {deny, `{"Effect":"Allow","Action":"execute-api:ManageConnections","Resource":"*"}`},
		"dot is no wildcard":              {deny, `{"Effect":"Allow","Action":"execute-api.Invoke","Resource":"*"}`},
		"prefix is no match":              {deny, `{"Effect":"Allow","Action":"*","Resource":"arn:aws:execute-api:eu-west-1:123456789012:api/v1/GET/a"}`},
		"other API":                       {deny, `{"Effect":"Allow","Action":"*","Resource":"arn:aws:execute-api:eu-west-1:123456789012:other/*"}`},
		"deny after allow":                {deny, `[` + all + `,{"Effect":"Deny","Action":"*","Resource":"*/GET/*"}]`},
		"deny before allow":               {deny, `[{"Effect":"Deny","Action":"*","Resource":"*/GET/*"},` + all + `]`},
		"deny elsewhere":                  {allow, `[` + all + `,{"Effect":"Deny","Action":"*","Resource":"*/PUT/*"}]`},
		"deny of another action":          {allow, `[` + all + `,{"Effect":"Deny","Action":"s3:Get","Resource":"*"}]`},
		"none":                            {deny, `[]`},
		"no resource":                     {deny, `[{"Effect":"Allow","Action":"*"}]`},
		"no effect":                       {500, `[{"Action":"*","Resource":"*"}]`},
		"what is not emulated: condition": {500, `[` + all + `,{"Effect":"Allow","Action":"*","Resource":"*","Condition":{}}]`},
		"what is not emulated: actions":   {500, `[{"Effect":"Allow","NotAction":"s3:Get","Resource":"*"}]`},
		"what is not emulated: resources": {500, `[{"Effect":"Deny","Action":"*","NotResource":"*"}]`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			gate := &guard{answer: `{"principalId":"u","policyDocument":{"Statement":` + test.statements + `}}`}
			g := newREST(t, gateway.Options{
				Region: "eu-west-1", Authorizers: []gateway.Authorizer{gate.rest(template.TokenAuthorizer, 0)}, Routes: []gateway.Route{guarded("GET", "/a/b", echo)},
			})
			if got := do(g, with("GET", "/v1/a/b", "Authorization", "x")).StatusCode; got != test.status {
				t.Errorf("status %d, want %d", got, test.status)
			}
		})
	}
}
