package template

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// The integration timeouts of routes that say nothing.
const (
	httpRouteTimeout = 30 * time.Second
	restRouteTimeout = 29 * time.Second
)

// readRoute reads an event of a function. It returns false when there is no API to put the route on.
func readRoute(event object, apis []*described) (Route, bool) {
	kind := event.text("Type")
	properties := event.object("Properties")
	event.done()
	switch kind {
	case "HttpApi":
		return readAPIRoute(properties, apis, "ApiId")
	case "Api":
		return readAPIRoute(properties, apis, "RestApiId")
	}
	event.problem("Type", "events of type %q are not understood", kind)
	return Route{}, false
}

// readAPIRoute reads a route of the API that the member idName refers to.
func readAPIRoute(properties object, apis []*described, idName string) (Route, bool) {
	api := findAPI(properties.text(idName), apis, idName == "RestApiId")
	if api == nil {
		properties.problem(idName, "does not refer to an API of the event's type in this template")
		return Route{}, false
	}
	timeout := httpRouteTimeout
	route := Route{API: api.LogicalID, Method: method(properties.text("Method")), Path: properties.text("Path")}
	if api.REST {
		timeout = restRouteTimeout
	} else {
		readHTTPRoute(properties, &route)
	}
	route.Timeout = time.Duration(properties.integer("TimeoutInMillis", int(timeout.Milliseconds()))) * time.Millisecond
	readRouteAuth(properties.object("Auth"), api, &route)
	properties.done()
	return route, true
}

func findAPI(id string, apis []*described, rest bool) *described {
	at := slices.IndexFunc(apis, func(api *described) bool {
		return api.REST == rest && (api.ID == id || id == "" && api.LogicalID == implicitAPI)
	})
	if at < 0 {
		return nil
	}
	return apis[at]
}

func readHTTPRoute(properties object, route *Route) {
	properties.ignore("RouteSettings")
	route.Path = cmp.Or(route.Path, "$default")
	if version := properties.text("PayloadFormatVersion"); version != "" && version != "2.0" && version != "2" {
		properties.problem("PayloadFormatVersion", "%s: only 2.0 is understood", version)
	}
}

func readRouteAuth(auth object, api *described, route *Route) {
	route.Authorizer = cmp.Or(auth.text("Authorizer"), api.defaultAuthorizer)
	if !api.knows(route.Authorizer) {
		auth.problem("Authorizer", "there is no authorizer %q", route.Authorizer)
	}
	if route.Authorizer == noAuthorizer {
		route.Authorizer = ""
	}
	if _, isJWT := api.scopes[route.Authorizer]; isJWT {
		route.Scopes = api.scopes[route.Authorizer]
		if auth.has("AuthorizationScopes") {
			route.Scopes = auth.texts("AuthorizationScopes")
		}
	}
	auth.done()
}

func method(name string) string {
	switch name = strings.ToUpper(name); name {
	case "", "*", "X-AMAZON-APIGATEWAY-ANY-METHOD":
		return "ANY"
	}
	return name
}
