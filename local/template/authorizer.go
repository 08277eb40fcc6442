package template

import (
	"cmp"
	"time"
)

// noAuthorizer is what a route says that wants none, against its API's default.
const noAuthorizer = "NONE"

// defaultTTL is how long REST APIs keep verdicts if nothing is said, and maxTTL the longest.
const (
	defaultTTL = 300
	maxTTL     = 3600
)

// readAuth reads an API's authorizers, each by read, which leaves what it does not understand to be reported.
func (d *described) readAuth(auth object, read func(object) Authorizer) {
	authorizers := auth.object("Authorizers")
	d.defaultAuthorizer = auth.text("DefaultAuthorizer")
	auth.done()
	d.scopes = map[string][]string{}
	for _, name := range authorizers.names() {
		properties := authorizers.object(name)
		authorizer := read(properties)
		if authorizer.Kind == JWTAuthorizer {
			d.scopes[name] = properties.texts("AuthorizationScopes")
		}
		properties.done()
		authorizer.Name = name
		d.Authorizers = append(d.Authorizers, authorizer)
	}
	if !d.knows(d.defaultAuthorizer) {
		auth.problem("DefaultAuthorizer", "there is no authorizer %q", d.defaultAuthorizer)
	}
}

func (d *described) knows(authorizer string) bool {
	if authorizer == "" || authorizer == noAuthorizer {
		return true
	}
	for _, known := range d.Authorizers {
		if known.Name == authorizer {
			return true
		}
	}
	return false
}

func readHTTPAuthorizer(properties object) Authorizer {
	if properties.has("JwtConfiguration") {
		return readJWTAuthorizer(properties)
	}
	authorizer := Authorizer{
		Kind:            RequestAuthorizer,
		FunctionARN:     properties.required("FunctionArn"),
		PayloadVersion:  properties.required("AuthorizerPayloadFormatVersion"),
		SimpleResponses: properties.boolean("EnableSimpleResponses"),
	}
	switch authorizer.PayloadVersion {
	case "1", "2": // YAML's 2.0 is a number
		authorizer.PayloadVersion += ".0"
	case "1.0", "2.0", "":
	default:
		properties.problem("AuthorizerPayloadFormatVersion", "%q is neither 1.0 nor 2.0", authorizer.PayloadVersion)
	}
	if authorizer.SimpleResponses && authorizer.PayloadVersion == "1.0" {
		properties.problem("EnableSimpleResponses", "payload format 1.0 has none")
	}
	if !properties.boolean("EnableFunctionDefaultPermissions") && !properties.hasInvokeRole() {
		properties.problem("EnableFunctionDefaultPermissions", "is not true: API Gateway could not invoke the authorizer")
	}
	identity := properties.object("Identity")
	authorizer.IdentitySources = readSources(identity)
	if !identity.has("ReauthorizeEvery") {
		identity.problem("ReauthorizeEvery", "is missing: AWS does not document what HTTP APIs do then")
	}
	authorizer.TTL = readTTL(identity, authorizer.IdentitySources)
	identity.done()
	return authorizer
}

// readJWTAuthorizer takes the configuration's names in either case, as SAM does.
func readJWTAuthorizer(properties object) Authorizer {
	authorizer := Authorizer{Kind: JWTAuthorizer}
	if source := properties.required("IdentitySource"); source != "" {
		authorizer.IdentitySources = []string{source}
	}
	configuration := properties.object("JwtConfiguration")
	authorizer.Issuer = cmp.Or(configuration.text("issuer"), configuration.text("Issuer"))
	authorizer.Audience = append(configuration.texts("audience"), configuration.texts("Audience")...)
	configuration.done()
	if authorizer.Issuer == "" || len(authorizer.Audience) == 0 {
		properties.problem("JwtConfiguration", "needs an issuer and an audience")
	}
	return authorizer
}

func readRESTAuthorizer(properties object) Authorizer {
	authorizer := Authorizer{FunctionARN: properties.required("FunctionArn")}
	if properties.boolean("DisableFunctionDefaultPermissions") && !properties.hasInvokeRole() {
		properties.problem("DisableFunctionDefaultPermissions", "is true: API Gateway could not invoke the authorizer")
	}
	identity := properties.object("Identity")
	switch kind := properties.text("FunctionPayloadType"); kind {
	case "", "TOKEN":
		authorizer.Kind = TokenAuthorizer
		authorizer.IdentitySources = []string{"$request.header." + cmp.Or(identity.text("Header"), "Authorization")}
		authorizer.ValidationExpression = identity.text("ValidationExpression")
	case "REQUEST":
		authorizer.Kind = RequestAuthorizer
		authorizer.IdentitySources = readSources(identity)
	default:
		properties.problem("FunctionPayloadType", "%q is neither TOKEN nor REQUEST", kind)
	}
	authorizer.TTL = readTTL(identity, authorizer.IdentitySources)
	identity.done()
	return authorizer
}

// hasInvokeRole says that API Gateway takes a role of its own to invoke the authorizer.
func (o object) hasInvokeRole() bool {
	role := o.text("FunctionInvokeRole")
	return role != "" && role != noAuthorizer
}

// readSources writes identity sources as HTTP APIs do, in SAM's order.
func readSources(identity object) []string {
	var sources []string
	for _, kind := range []struct{ member, prefix string }{
		{"Headers", "$request.header."},
		{"QueryStrings", "$request.querystring."},
		{"StageVariables", "$stageVariables."},
		{"Context", "$context."},
	} {
		for _, name := range identity.texts(kind.member) {
			sources = append(sources, kind.prefix+name)
		}
	}
	return sources
}

func readTTL(identity object, sources []string) time.Duration {
	seconds := identity.integer("ReauthorizeEvery", defaultTTL)
	if seconds < 0 || seconds > maxTTL {
		identity.problem("ReauthorizeEvery", "is not between 0 and %d", maxTTL)
	}
	if seconds > 0 && len(sources) == 0 {
		identity.problem("ReauthorizeEvery", "verdicts cannot be kept without an identity source")
	}
	return time.Duration(seconds) * time.Second
}
