package template

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// imports are what shop.yaml needs from elsewhere.
var imports = map[string]string{"elsewhere": "arn:gate"}

func TestRead_GivesWhatTheTemplateDescribes(t *testing.T) {
	got, err := Read("testdata/shop.yaml", Options{Imports: imports})
	if err != nil {
		t.Fatal(err)
	}
	const buyThing = "arn:aws:lambda:ap-northeast-2:123456789012:function:buy-thing"
	want := &Template{
		Exports: map[string]string{"local-Arn": buyThing},
		APIs: []API{{
			LogicalID: "Api",
			ID:        "api",
			Stage:     "$default",
			CORS: &CORS{
				AllowOrigins:     []string{"https://a.example", "https://b.example"},
				AllowMethods:     []string{"GET", "POST"},
				AllowHeaders:     []string{"*"},
				ExposeHeaders:    []string{"x-request-id"},
				AllowCredentials: true,
				MaxAge:           600,
			},
			Authorizers: []Authorizer{
				{
					Name: "Gate", FunctionARN: "arn:gate", PayloadVersion: "2.0", SimpleResponses: true,
					IdentitySources: []string{"$request.header.Authorization", "$context.routeKey"}, TTL: time.Minute,
				},
				{
					Name: "Keys", Kind: JWTAuthorizer, IdentitySources: []string{"$request.header.Authorization"},
					Issuer: "https://issuer.example", Audience: []string{"things"},
				},
				{
					Name: "Legacy", FunctionARN: buyThing, PayloadVersion: "1.0",
					IdentitySources: []string{"$request.querystring.token", "$stageVariables.v"},
				},
			},
		}, {
			LogicalID: "RestApi",
			ID:        "restapi",
			REST:      true,
			Stage:     "v1",
			Authorizers: []Authorizer{
				{
					Name: "Request", FunctionARN: "arn:x",
					IdentitySources: []string{"$request.header.Authorization", "$context.path"}, TTL: 30 * time.Second,
				},
				{
					Name: "Token", Kind: TokenAuthorizer, FunctionARN: buyThing,
					IdentitySources: []string{"$request.header.X-Token"}, ValidationExpression: "^.{3,}$", TTL: 5 * time.Minute,
				},
			},
		}},
		Functions: []Function{{
			LogicalID: "BuyThingFunction",
			Name:      "buy-thing",
			ARN:       buyThing,
			Handler:   "bootstrap",
			MemoryMB:  256,
			Timeout:   2 * time.Second,
			Environment: map[string]string{
				"STAGE": "dev", "LEVEL": "debug", "LIFE": "900", "FLAG": "true", "EMPTY": "",
				"TABLE":     "local-ThingsTable",
				"TABLE_ARN": "arn:aws:dynamodb:ap-northeast-2:123456789012:table/local-ThingsTable",
			},
			Routes: []Route{
				{API: "Api", Method: "POST", Path: "/things/{id}", Authorizer: "Gate", Timeout: 5 * time.Second},
				{API: "Api", Method: "ANY", Path: "$default", Authorizer: "Gate", Timeout: 30 * time.Second},
				{API: "Api", Method: "GET", Path: "/read", Authorizer: "Keys", Scopes: []string{"read"}, Timeout: 30 * time.Second},
				{API: "RestApi", Method: "POST", Path: "/things", Authorizer: "Request", Timeout: 29 * time.Second},
				{API: "RestApi", Method: "GET", Path: "/", Timeout: 29 * time.Second},
				{API: "RestApi", Method: "GET", Path: "/things/{id}", Authorizer: "Token", Timeout: 29 * time.Second},
				{API: "Api", Method: "ANY", Path: "/things/{id+}", Timeout: 30 * time.Second},
				{API: "Api", Method: "PUT", Path: "/read", Authorizer: "Keys", Scopes: []string{"write"}, Timeout: 30 * time.Second},
			},
		}},
		Tables: []Table{{
			LogicalID: "ThingsTable",
			Name:      "local-ThingsTable",
			Properties: map[string]any{
				"BillingMode": "PAY_PER_REQUEST",
				"KeySchema":   []any{map[string]any{"AttributeName": "id", "KeyType": "HASH"}},
			},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRead_OverridesParameters(t *testing.T) {
	got, err := Read("testdata/shop.yaml", Options{
		Parameters: map[string]string{"Stage": "prod", "Origins": "https://c.example", "Unknown": "x"},
		StackName:  "stack",
		Imports:    imports,
		Region:     "eu-central-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"https://c.example"}, got.APIs[0].CORS.AllowOrigins); diff != "" {
		t.Error(diff)
	}
	if _, ok := got.Function("OnlyProdFunction"); !ok {
		t.Error("the condition IsProd does not hold")
	}
	function, _ := got.Function("BuyThingFunction")
	if want := "arn:aws:dynamodb:eu-central-1:123456789012:table/stack-ThingsTable"; function.Environment["TABLE_ARN"] != want {
		t.Errorf("got %s, want %s", function.Environment["TABLE_ARN"], want)
	}
	if function.Timeout != 10*time.Second || function.Environment["ABSENT"] != "here" {
		t.Errorf("got %+v", function)
	}
}

// The repository's own template is read without a problem, and each function gets exactly the variables that its
// configuration knows.
func TestRead_UnderstandsDaemunsOwnTemplate(t *testing.T) {
	got, err := Read(filepath.Join("..", "..", "template.yaml"), Options{Parameters: map[string]string{
		"PublicUrl": "http://localhost:3000", "CorsOrigins": "http://localhost:3000",
	}})
	if err != nil {
		t.Fatal(err)
	}
	routes := map[string]string{}
	for _, function := range got.Functions {
		if function.Environment["PUBLIC_URL"] != "http://localhost:3000" {
			t.Errorf("%s: PUBLIC_URL %q", function.Name, function.Environment["PUBLIC_URL"])
		}
		if _, err := os.Stat(filepath.Join("..", "..", "functions", function.Name)); err != nil {
			t.Errorf("%s has no folder", function.LogicalID)
		}
		for _, route := range function.Routes {
			routes[route.Method+" "+route.Path] = function.Name
		}
	}
	for route, function := range map[string]string{
		"GET /auth/{provider}/login":    "login-url",
		"GET /auth/{provider}/callback": "callback",
		"POST /auth/refresh":            "refresh",
		"POST /auth/logout":             "logout",
		"GET /me":                       "account",
		"GET /.well-known/jwks.json":    "keys",
	} {
		if routes[route] != function {
			t.Errorf("%s: %q, want %q", route, routes[route], function)
		}
	}
	for _, id := range []string{"UsersTable", "RefreshTokensTable", "OneTimeTable"} {
		if table, ok := got.Table(id); !ok || table.Name != "local-"+id {
			t.Errorf("%s: %+v", id, table)
		}
	}
}

func TestRead_SaysWhichFileIsMissing(t *testing.T) {
	_, err := Read("testdata/absent.yaml", Options{})
	if err == nil || !strings.Contains(err.Error(), "testdata/absent.yaml") {
		t.Errorf("got %v", err)
	}
}
