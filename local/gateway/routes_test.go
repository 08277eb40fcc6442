package gateway_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"daemun/local/gateway"
	"daemun/local/template"

	"github.com/go-json-experiment/json"
)

func TestRoutes_MostSpecificTakesTheRequest(t *testing.T) {
	var routes []gateway.Route
	for _, key := range []string{
		"ANY $default", "ANY /{all+}", "GET /{all+}", "GET /pets/{rest+}", "GET /pets/{id}", "ANY /pets/{id}", "GET /pets/dog", "GET /",
		"POST /pets/{id}/toys/{toy}", "GET /only/{a}/{b}",
	} {
		method, path, _ := strings.Cut(key, " ")
		routes = append(routes, route(method, path, func(_ context.Context, event []byte) ([]byte, error) {
			var got struct {
				RouteKey       string            `json:"routeKey"`
				PathParameters map[string]string `json:"pathParameters"`
			}
			if err := json.Unmarshal(event, &got); err != nil {
				return nil, err
			}
			return json.Marshal(fmt.Sprint(got.RouteKey, " ", got.PathParameters))
		}))
	}
	g := newGateway(t, gateway.Options{Routes: routes})
	tests := map[string]string{
		"GET /":                      "GET / map[]",
		"POST /":                     "$default map[]",
		"GET /pets/dog":              "GET /pets/dog map[]",
		"POST /pets/dog":             "ANY /pets/{id} map[id:dog]",
		"GET /pets/cat":              "GET /pets/{id} map[id:cat]",
		"DELETE /pets/cat":           "ANY /pets/{id} map[id:cat]",
		"GET /pets/cat/toys":         "GET /pets/{rest+} map[rest:cat/toys]",
		"POST /pets/cat/toys/mouse":  "POST /pets/{id}/toys/{toy} map[id:cat toy:mouse]",
		"PATCH /pets/cat/toys":       "ANY /{all+} map[all:pets/cat/toys]",
		"GET /pets/":                 "GET /{all+} map[all:pets/]",
		"GET /pets/%E2%98%95%20%2Fx": "GET /pets/{id} map[id:☕ /x]",
		"GET /pets/%2e%2e":           "GET /pets/{id} map[id:..]",
		"GET /pets/../secret":        "GET /pets/{rest+} map[rest:../secret]",
		"GET /%70ets/dog":            "GET /pets/dog map[]",
	}
	for request, want := range tests {
		method, target, _ := strings.Cut(request, " ")
		if got := body(t, do(g, httptest.NewRequest(method, target, nil))); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", request, got, want)
		}
	}
}

// HD-05
func TestRoutes_UnknownPathOrMethodIsNotFound(t *testing.T) {
	fallback := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "front end") })
	g := newGateway(t, gateway.Options{Routes: []gateway.Route{route("POST", "/auth/refresh", answering(`{}`))}, Fallback: fallback})
	without := newGateway(t, gateway.Options{Routes: []gateway.Route{route("POST", "/auth/refresh", answering(`{}`))}})
	const notFound = `{"message":"Not Found"}`
	tests := []struct {
		gateway *gateway.Gateway
		method  string
		target  string
		status  int
		body    string
	}{
		{g, "GET", "/", 200, "front end"},
		{g, "HEAD", "/index.html", 200, "front end"},
		{g, "GET", "/auth/refresh", 200, "front end"},
		{g, "DELETE", "/auth/refresh", 404, notFound},
		{g, "TRACE", "/auth/refresh", 404, notFound},
		{g, "OPTIONS", "/auth/refresh", 404, notFound},
		{g, "POST", "/auth/refresh/", 404, notFound},
		{g, "POST", "//auth/refresh", 404, notFound},
		{g, "post", "/auth/refresh", 404, notFound},
		{without, "GET", "/", 404, notFound},
	}
	for _, test := range tests {
		request := httptest.NewRequest(http.MethodGet, test.target, nil)
		request.Method = test.method
		response := do(test.gateway, request)
		if got := body(t, response); response.StatusCode != test.status || got != test.body {
			t.Errorf("%s %s: %d %s", test.method, test.target, response.StatusCode, got)
		}
	}
}

func TestNew_RefusesWhatItWouldIgnore(t *testing.T) {
	withAuthorizer := route("GET", "/x", answering(`{}`))
	withAuthorizer.Authorizer = "Gate"
	tests := map[string]gateway.Options{
		"GET /x: there is no authorizer Gate":  {Routes: []gateway.Route{withAuthorizer}},
		"GET /x is there twice":                {Routes: []gateway.Route{route("GET", "/x", nil), route("GET", "/x", nil)}},
		`path "x" does not begin with a slash`: {Routes: []gateway.Route{route("GET", "x", nil)}},
		`segment "{}" is not understood`:       {Routes: []gateway.Route{route("GET", "/{}", nil)}},
		"{a+} is not the last segment":         {Routes: []gateway.Route{route("GET", "/{a+}/b", nil)}},
		"credentials are not allowed together with every origin": {
			CORS: &template.CORS{AllowOrigins: []string{"*"}, AllowCredentials: true},
		},
	}
	for want, options := range tests {
		if _, err := gateway.New(options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
