package template

import (
	"strings"
	"testing"
)

// onHTTPAPI is a template with one HTTP API, whose authorizer A has the given properties, and one route.
func onHTTPAPI(authorizer string) string {
	return `
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties: {Auth: {DefaultAuthorizer: A, Authorizers: {A: {` + authorizer + `}}}}
  F:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: provided.al2023
      Events: {E: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /}}}
`
}

func onRESTAPI(authorizer string) string {
	text := strings.ReplaceAll(onHTTPAPI(authorizer), "AWS::Serverless::HttpApi\n    Properties: {", "AWS::Serverless::Api\n    Properties: {StageName: v1, ")
	return strings.ReplaceAll(text, "Type: HttpApi, Properties: {ApiId", "Type: Api, Properties: {RestApiId")
}

// Lint finds none of these.
func TestRead_ReportsMistakesOfAuthorizers(t *testing.T) {
	const (
		api   = "Resources.Api.Properties.Auth"
		a     = api + ".Authorizers.A."
		good  = "FunctionArn: arn, AuthorizerPayloadFormatVersion: '2.0', EnableFunctionDefaultPermissions: true, Identity: {Headers: [A], ReauthorizeEvery: 5}"
		token = "FunctionArn: arn"
	)
	if _, err := parse([]byte(onHTTPAPI(good)), Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := parse([]byte(onRESTAPI(token)), Options{}); err != nil {
		t.Fatal(err)
	}
	replaced := func(old, new string) string { return onHTTPAPI(strings.Replace(good, old, new, 1)) }
	tests := map[string]struct{ content, want string }{
		"misspelt":             {onHTTPAPI(good + ", EnableSimpleResponse: true"), a + "EnableSimpleResponse: is not understood"},
		"misspelt identity":    {replaced("Headers", "Header"), a + "Identity.Header: is not understood"},
		"no function":          {replaced("FunctionArn: arn, ", ""), a + "FunctionArn: is missing"},
		"no payload version":   {replaced("AuthorizerPayloadFormatVersion: '2.0', ", ""), a + "AuthorizerPayloadFormatVersion: is missing"},
		"payload version":      {replaced("'2.0'", "3"), a + `AuthorizerPayloadFormatVersion: "3" is neither 1.0 nor 2.0`},
		"simple in 1.0":        {onHTTPAPI(strings.Replace(good, "'2.0'", "1.0, EnableSimpleResponses: true", 1)), a + "EnableSimpleResponses: payload format 1.0 has none"},
		"not invocable":        {replaced("Permissions: true", "Permissions: false"), a + "EnableFunctionDefaultPermissions: is not true: API Gateway could not invoke the authorizer"},
		"no TTL":               {replaced(", ReauthorizeEvery: 5", ""), a + "Identity.ReauthorizeEvery: is missing: AWS does not document what HTTP APIs do then"},
		"long TTL":             {replaced("5}", "3601}"), a + "Identity.ReauthorizeEvery: is not between 0 and 3600"},
		"TTL without identity": {replaced("Headers: [A], ", ""), a + "Identity.ReauthorizeEvery: verdicts cannot be kept without an identity source"},
		"JWT without audience": {onHTTPAPI("IdentitySource: x, JwtConfiguration: {issuer: x}"), a + "JwtConfiguration: needs an issuer and an audience"},
		"JWT without source":   {onHTTPAPI("JwtConfiguration: {issuer: x, audience: [x]}"), a + "IdentitySource: is missing"},
		"JWT with function":    {onHTTPAPI("IdentitySource: x, FunctionArn: y, JwtConfiguration: {issuer: x, audience: [x]}"), a + "FunctionArn: is not understood"},
		"unknown default":      {strings.Replace(onHTTPAPI(good), "DefaultAuthorizer: A", "DefaultAuthorizer: B", 1), api + `.DefaultAuthorizer: there is no authorizer "B"`},
		"misspelt default":     {strings.Replace(onHTTPAPI(good), "DefaultAuthorizer", "DefaultAuthoriser", 1), api + ".DefaultAuthoriser: is not understood"},
		"unknown of a route": {
			strings.Replace(onHTTPAPI(good), "Path: /", "Path: /, Auth: {Authorizer: B}", 1),
			`Resources.F.Properties.Events.E.Properties.Auth.Authorizer: there is no authorizer "B"`,
		},
		"scopes without JWT": {
			strings.Replace(onHTTPAPI(good), "Path: /", "Path: /, Auth: {AuthorizationScopes: [x]}", 1),
			"Resources.F.Properties.Events.E.Properties.Auth.AuthorizationScopes: is not understood",
		},
		"REST: of an HTTP API":       {onRESTAPI(good), a + "AuthorizerPayloadFormatVersion: is not understood"},
		"REST: payload type":         {onRESTAPI("FunctionArn: arn, FunctionPayloadType: token"), a + `FunctionPayloadType: "token" is neither TOKEN nor REQUEST`},
		"REST: source of the other":  {onRESTAPI("FunctionArn: arn, Identity: {Headers: [A]}"), a + "Identity.Headers: is not understood"},
		"REST: REQUEST, no identity": {onRESTAPI("FunctionArn: arn, FunctionPayloadType: REQUEST"), a + "Identity.ReauthorizeEvery: verdicts cannot be kept without an identity source"},
		"REST: not invocable":        {onRESTAPI("FunctionArn: arn, DisableFunctionDefaultPermissions: true"), a + "DisableFunctionDefaultPermissions: is true: API Gateway could not invoke the authorizer"},
		"REST: no stage":             {strings.Replace(onRESTAPI(token), "StageName: v1, ", "", 1), "Resources.Api.Properties.StageName: is missing"},
		"REST: CORS":                 {strings.Replace(onRESTAPI(token), "StageName: v1", "StageName: v1, Cors: x", 1), "Resources.Api.Properties.Cors: is not understood"},
		"REST: event of HTTP":        {strings.Replace(onRESTAPI(token), "Type: Api, Properties: {RestApiId", "Type: HttpApi, Properties: {ApiId", 1), "Resources.F.Properties.Events.E.Properties.ApiId: does not refer to an API of the event's type in this template"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := parse([]byte(test.content), Options{})
			if err == nil || !strings.Contains("\n"+err.Error()+"\n", "\n"+test.want+"\n") {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}
