package template

import (
	"strings"
	"time"
)

// The integration timeout of a route that says nothing, and the longest.
const defaultRouteTimeout = 30 * time.Second

// implicitAPI is SAM's logical id of the API of events that name none.
const implicitAPI = "ServerlessHttpApi"

// readAPI also returns the authorizer of routes that name none.
func (r *resolver) readAPI(resources, globals object) (API, string) {
	ids := r.ofKind(kindHTTPAPI)
	if len(ids) == 0 {
		api := API{LogicalID: implicitAPI, ID: strings.ToLower(implicitAPI)}
		r.resources[implicitAPI] = resource{kind: kindHTTPAPI, physicalID: api.ID}
		return r.readAPIProperties(api, globals)
	}
	if len(ids) > 1 {
		resources.problem(ids[1], "a second HTTP API is not understood")
	}
	own := resources.object(ids[0]).object("Properties")
	api := API{LogicalID: ids[0], ID: r.resources[ids[0]].physicalID}
	return r.readAPIProperties(api, r.object(own.path, merged(globals.members, own.members)))
}

func (r *resolver) readAPIProperties(api API, properties object) (API, string) {
	properties.ignore("AccessLogSettings", "DefaultRouteSettings", "Description", "DisableExecuteApiEndpoint", "Domain",
		"FailOnWarnings", "Name", "PropagateTags", "RouteSettings", "Tags")
	if stage := properties.text("StageName"); stage != "" && stage != "$default" {
		properties.problem("StageName", "%q: only the stage $default is understood", stage)
	}
	if properties.has("CorsConfiguration") {
		api.CORS = readCORS(properties.object("CorsConfiguration"))
	}
	auth := properties.object("Auth")
	auth.ignore("Authorizers")
	authorizer := auth.text("DefaultAuthorizer")
	auth.done()
	properties.done()
	return api, authorizer
}

func readCORS(configuration object) *CORS {
	cors := &CORS{
		AllowOrigins:     configuration.texts("AllowOrigins"),
		AllowMethods:     configuration.texts("AllowMethods"),
		AllowHeaders:     configuration.texts("AllowHeaders"),
		ExposeHeaders:    configuration.texts("ExposeHeaders"),
		AllowCredentials: configuration.boolean("AllowCredentials"),
		MaxAge:           configuration.integer("MaxAge", 0),
	}
	configuration.done()
	return cors
}

func readRoute(event object, api API, authorizer string) Route {
	kind := event.text("Type")
	properties := event.object("Properties")
	event.done()
	if kind != "HttpApi" {
		event.problem("Type", "events of type %q are not understood", kind)
		return Route{}
	}
	if id := properties.text("ApiId"); id != api.ID && (id != "" || api.LogicalID != implicitAPI) {
		properties.problem("ApiId", "is not %s, and a second HTTP API is not understood", api.LogicalID)
	}
	if version := properties.text("PayloadFormatVersion"); version != "" && version != "2.0" && version != "2" {
		properties.problem("PayloadFormatVersion", "%s: only 2.0 is understood", version)
	}
	route := Route{
		Method:     method(properties.text("Method")),
		Path:       properties.text("Path"),
		Authorizer: authorizer,
		Timeout:    time.Duration(properties.integer("TimeoutInMillis", int(defaultRouteTimeout.Milliseconds()))) * time.Millisecond,
	}
	if route.Path == "" {
		route.Path = "$default"
	}
	auth := properties.object("Auth")
	auth.ignore("AuthorizationScopes")
	if named := auth.text("Authorizer"); named != "" {
		route.Authorizer = named
	}
	if route.Authorizer == "NONE" {
		route.Authorizer = ""
	}
	auth.done()
	properties.ignore("RouteSettings")
	properties.done()
	return route
}

func method(name string) string {
	switch name = strings.ToUpper(name); name {
	case "", "*", "X-AMAZON-APIGATEWAY-ANY-METHOD":
		return "ANY"
	}
	return name
}
