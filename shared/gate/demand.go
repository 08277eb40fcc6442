package gate

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/go-json-experiment/json"

	"daemun/shared/token"
)

// Demand is what a route asks of a person beyond a good access token. The zero
// Demand asks nothing.
type Demand struct {
	Roles           []string `json:"roles"`            // all of them
	ProfileComplete bool     `json:"profile_complete"` // sign-up must be finished
}

// Met reports whether the person may come in here.
func (d Demand) Met(who token.Access) bool {
	for _, role := range d.Roles {
		if !slices.Contains(who.Roles, role) {
			return false
		}
	}
	return who.ProfileComplete || !d.ProfileComplete
}

// Demands holds the demands of APIs and their routes:
//
//	{"<api id>": {"GET /orders": {"roles": ["admin"]}, "*": {"profile_complete": true}}}
//
// A route is named by its key, exactly as its API has it. An API id, and a route
// key, may be "*": all that are not named. Nothing is asked where nothing is
// written. Not checked here: whether there is such an API or route.
type Demands struct{ apis map[string]map[string]Demand }

// anything names what is not named.
const anything = "*"

// routeKey is what API Gateway calls routes: a method, or ANY, and a path; or
// one of the names that it made up itself. A key of another form would guard
// nothing.
var routeKey = regexp.MustCompile(`^(\*|\$default|\$connect|[A-Z]+ /\S*)$`)

// UnmarshalText reads demands from JSON.
func (d *Demands) UnmarshalText(text []byte) error {
	if err := json.Unmarshal(text, &d.apis, json.RejectUnknownMembers(true)); err != nil {
		return fmt.Errorf("want demands by API id and route key: %w", err)
	}
	for api, routes := range d.apis {
		if api == "" {
			return errors.New("an API id is empty")
		}
		for route, demand := range routes {
			if !routeKey.MatchString(route) {
				return fmt.Errorf("%.80q is not a route key such as GET /orders, $default or *", route)
			}
			if slices.Contains(demand.Roles, "") {
				return fmt.Errorf("a role of %s is empty", route)
			}
		}
	}
	return nil
}

// Of returns the demand of a route of an API. Where the gateway does not tell
// the key by which the API's author knows the route, names are the keys that it
// may have, the most exact first.
func (d Demands) Of(api string, names ...string) Demand {
	routes := d.routes(api)
	for _, name := range names {
		if demand, ok := routes[name]; ok {
			return demand
		}
	}
	return routes[anything]
}

// AskOf reports whether any route of the API may ask anything: then a verdict
// holds for one route only.
func (d Demands) AskOf(api string) bool { return len(d.routes(api)) > 0 }

func (d Demands) routes(api string) map[string]Demand {
	if routes, ok := d.apis[api]; ok {
		return routes
	}
	return d.apis[anything]
}
