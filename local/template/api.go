package template

import (
	"slices"
	"strings"
)

// implicitAPI is SAM's logical id of the API of HttpApi events that name none.
const implicitAPI = "ServerlessHttpApi"

// defaultStage is the one stage of an HTTP API.
const defaultStage = "$default"

// A described API is one that routes are being read for.
type described struct {
	API
	defaultAuthorizer string
	scopes            map[string][]string // of authorizers, for routes that name none
}

// readAPIs reads the APIs in the order of their logical ids. A template that has none has SAM's implicit HTTP API.
func (r *resolver) readAPIs(resources, httpGlobals, restGlobals object) []*described {
	var apis []*described
	ids := append(r.ofKind(kindHTTPAPI), r.ofKind(kindRESTAPI)...)
	slices.Sort(ids)
	for _, id := range ids {
		own := resources.object(id).object("Properties")
		api := API{LogicalID: id, ID: r.resources[id].physicalID, REST: r.resources[id].kind == kindRESTAPI}
		if api.REST {
			apis = append(apis, r.readRESTAPI(api, r.object(own.path, merged(restGlobals.members, own.members))))
		} else {
			apis = append(apis, r.readHTTPAPI(api, r.object(own.path, merged(httpGlobals.members, own.members))))
		}
	}
	if len(apis) == 0 {
		api := API{LogicalID: implicitAPI, ID: strings.ToLower(implicitAPI)}
		r.resources[implicitAPI] = resource{kind: kindHTTPAPI, physicalID: api.ID}
		apis = append(apis, r.readHTTPAPI(api, httpGlobals))
	}
	return apis
}

func (r *resolver) readHTTPAPI(api API, properties object) *described {
	properties.ignore("AccessLogSettings", "DefaultRouteSettings", "Description", "DisableExecuteApiEndpoint", "Domain",
		"FailOnWarnings", "Name", "PropagateTags", "RouteSettings", "Tags")
	api.Stage = defaultStage
	if stage := properties.text("StageName"); stage != "" && stage != defaultStage {
		properties.problem("StageName", "%q: only the stage %s is understood", stage, defaultStage)
	}
	if properties.has("CorsConfiguration") {
		api.CORS = readCORS(properties.object("CorsConfiguration"))
	}
	d := &described{API: api}
	d.readAuth(properties.object("Auth"), readHTTPAuthorizer)
	properties.done()
	return d
}

// readRESTAPI has no property for CORS: there it is a matter of the function and of gateway responses.
func (r *resolver) readRESTAPI(api API, properties object) *described {
	properties.ignore("AccessLogSetting", "AlwaysDeploy", "Description", "DisableExecuteApiEndpoint", "Domain",
		"EndpointConfiguration", "FailOnWarnings", "MethodSettings", "Name", "OpenApiVersion", "PropagateTags", "SecurityPolicy",
		"Tags", "TracingEnabled")
	api.Stage = properties.required("StageName")
	d := &described{API: api}
	d.readAuth(properties.object("Auth"), readRESTAuthorizer)
	properties.done()
	return d
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
