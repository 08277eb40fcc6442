package gate_test

import (
	"testing"

	"daemun/shared/gate"
	"daemun/shared/token"
)

func demands(t *testing.T, text string) gate.Demands {
	t.Helper()
	var d gate.Demands
	if err := d.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDemand_Met(t *testing.T) {
	buyer := token.Access{Roles: []string{"buyer"}}
	admin := token.Access{Roles: []string{"buyer", "admin"}, ProfileComplete: true}
	for _, c := range []struct {
		name   string
		demand gate.Demand
		who    token.Access
		want   bool
	}{
		{"nothing, of anybody", gate.Demand{}, token.Access{}, true},
		{"the role", gate.Demand{Roles: []string{"admin"}}, admin, true},
		{"no such role", gate.Demand{Roles: []string{"admin"}}, buyer, false},
		{"one role of two", gate.Demand{Roles: []string{"buyer", "admin"}}, buyer, false},
		{"both roles", gate.Demand{Roles: []string{"admin", "buyer"}}, admin, true},
		{"another spelling", gate.Demand{Roles: []string{"Admin"}}, admin, false},
		{"part of a role", gate.Demand{Roles: []string{"adm"}}, admin, false},
		{"profile unfinished", gate.Demand{ProfileComplete: true}, buyer, false},
		{"profile finished", gate.Demand{ProfileComplete: true}, admin, true},
		{"role but profile unfinished", gate.Demand{Roles: []string{"buyer"}, ProfileComplete: true}, buyer, false},
	} {
		if got := c.demand.Met(c.who); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// The most exact name wins; what is not written asks nothing.
func TestDemands_Of(t *testing.T) {
	const text = `{
		"one": {"GET /orders": {"roles": ["get"]}, "ANY /orders": {"roles": ["any"]}, "*": {"roles": ["rest"]}},
		"two": {"$default": {"roles": ["default"]}},
		"free": {},
		"*": {"$connect": {"roles": ["connect"]}}
	}`
	d := demands(t, text)
	for _, c := range []struct {
		api   string
		names []string
		want  string
		asks  bool
	}{
		{"one", []string{"GET /orders"}, "get", true},
		{"one", []string{"GET /orders", "ANY /orders", "/orders"}, "get", true},
		{"one", []string{"POST /orders", "ANY /orders", "/orders"}, "any", true},
		{"one", []string{"GET /other"}, "rest", true},
		{"one", nil, "rest", true},
		{"one", []string{"get /orders"}, "rest", true},
		{"two", []string{"GET $default", "ANY $default", "$default"}, "default", true},
		{"two", []string{"GET /orders"}, "", true},
		{"free", []string{"$connect"}, "", false},
		{"three", []string{"$connect"}, "connect", true},
		{"ONE", []string{"GET /orders"}, "", true},
	} {
		got := d.Of(c.api, c.names...)
		if role := append(got.Roles, "")[0]; role != c.want {
			t.Errorf("%s %q: %q, want %q", c.api, c.names, role, c.want)
		}
		if got := d.AskOf(c.api); got != c.asks {
			t.Errorf("%s asks: %v, want %v", c.api, got, c.asks)
		}
	}
	if none := (gate.Demands{}); none.AskOf("one") || none.Of("one", "GET /orders").Roles != nil {
		t.Error("no demands ask something")
	}
}

// A mistake in here would leave a route open: whatever is not understood is
// refused.
func TestDemands_RefuseWhatTheyDoNotUnderstand(t *testing.T) {
	for _, text := range []string{
		`[]`, `"x"`, `{`, `{"a":{"*":{}}} {}`,
		`{"a":[]}`, `{"a":{"*":[]}}`, `{"a":{"*":{"roles":"admin"}}}`, `{"a":{"*":{"roles":[1]}}}`,
		`{"a":{"*":{"role":["admin"]}}}`, `{"a":{"*":{"Roles":["admin"]}}}`, `{"a":{"*":{"profile_complete":"yes"}}}`,
		`{"a":{"*":{}},"a":{"*":{}}}`, `{"a":{"*":{},"*":{}}}`,
		`{"":{"*":{}}}`, `{"a":{"":{}}}`, `{"a":{"*":{"roles":[""]}}}`,
		`{"a":{"/orders":{}}}`, `{"a":{"GET orders":{}}}`, `{"a":{"get /orders":{}}}`, `{"a":{"GET  /orders":{}}}`,
		`{"a":{"GET /orders ":{}}}`, `{"a":{"GET":{}}}`, `{"a":{"GET /a,GET /b":{}}}`, `{"a":{"$disconnect":{}}}`, `{"a":{"**":{}}}`,
	} {
		var d gate.Demands
		if err := d.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}
