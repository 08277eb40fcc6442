// Package template reads an AWS SAM template as far as a system on one machine needs it: functions with their
// environment and routes, HTTP and REST APIs with their authorizers, tables, and exports. It resolves the intrinsic functions that it knows and reports, by
// path, every intrinsic, property, event or resource that it would otherwise have to guess at. It starts nothing.
//
// Not checked: what CloudFormation checks on deployment anyway, such as allowed values of parameters, and whatever is
// under the properties that mean nothing here (policies, log settings, tags …), which are not even resolved.
package template

import (
	"fmt"
	"os"
	"time"
)

// Options of Read. The zero value is good.
type Options struct {
	// Parameters override the template's defaults. A parameter with neither is the empty string; values of parameters
	// that the template does not have are ignored, so that one set serves several templates.
	Parameters map[string]string
	// StackName is AWS::StackName and the prefix of table names; default "local".
	StackName string
	// Region is AWS::Region; default "ap-northeast-2".
	Region string
	// Imports has the values for Fn::ImportValue by export name.
	Imports map[string]string
}

// AccountID is AWS::AccountId of every stack on this machine.
const AccountID = "123456789012"

// Template is what a template describes, its intrinsics resolved and what its conditions leave out left out.
// Its lists are sorted by logical id.
type Template struct {
	Functions []Function
	// APIs holds at least one: SAM's implicit HTTP API if the template describes none.
	APIs   []API
	Tables []Table
	// Exports has the values of exported outputs by export name.
	Exports map[string]string
}

// Function is an AWS::Serverless::Function.
type Function struct {
	LogicalID string
	// Name is the function's folder under functions/ by our convention: LoginUrlFunction is login-url.
	Name string
	ARN  string
	// Handler as the function sees it in _HANDLER.
	Handler  string
	MemoryMB int
	Timeout  time.Duration
	// Environment holds the variables of Globals and of the function itself.
	Environment map[string]string
	Routes      []Route
}

// Route is an event of type HttpApi or Api.
type Route struct {
	// API by its logical id.
	API string
	// Method in capitals, or "ANY".
	Method string
	// Path such as /auth/{provider}/login, or "$default".
	Path string
	// Authorizer by name; empty: none.
	Authorizer string
	// Scopes are those of which a JWT authorizer wants one; none: it asks for no scope.
	Scopes []string
	// Timeout of the integration, which is the gateway's and apart from the function's own.
	Timeout time.Duration
}

// API is an AWS::Serverless::HttpApi or AWS::Serverless::Api.
type API struct {
	LogicalID string
	ID        string
	// REST says that it is an AWS::Serverless::Api.
	REST bool
	// Stage is "$default" of an HTTP API, and the first segment of every path of a REST API.
	Stage string
	// CORS as the gateway answers it; nil: not at all.
	CORS        *CORS
	Authorizers []Authorizer
}

// AuthorizerKind says what an authorizer asks, and how.
type AuthorizerKind int

// The kinds of authorizers.
const (
	// RequestAuthorizer asks a function, and tells it the request.
	RequestAuthorizer AuthorizerKind = iota
	// TokenAuthorizer asks a function, and tells it one header's value. REST APIs have it.
	TokenAuthorizer
	// JWTAuthorizer checks a JSON Web Token itself. HTTP APIs have it.
	JWTAuthorizer
)

// Authorizer guards routes of one API.
type Authorizer struct {
	Name string
	Kind AuthorizerKind
	// FunctionARN is the function to ask; empty of a JWTAuthorizer.
	FunctionARN string
	// PayloadVersion is "1.0" or "2.0" on HTTP APIs; empty on REST APIs.
	PayloadVersion string
	// SimpleResponses says that the function answers by isAuthorized; else by a policy.
	SimpleResponses bool
	// IdentitySources in the spelling of HTTP APIs, also for REST APIs: $request.header.Authorization, $context.routeKey.
	IdentitySources []string
	// ValidationExpression must match the token of a TokenAuthorizer; empty: anything does.
	ValidationExpression string
	// TTL is how long a verdict is kept; 0: it is not.
	TTL time.Duration
	// Issuer and Audience are what a JWTAuthorizer accepts.
	Issuer   string
	Audience []string
}

// CORS is the CorsConfiguration of an HTTP API.
type CORS struct {
	AllowOrigins     []string
	AllowMethods     []string
	AllowHeaders     []string
	ExposeHeaders    []string
	AllowCredentials bool
	// MaxAge is how many seconds browsers may keep the answer; 0: not said.
	MaxAge int
}

// Table is an AWS::DynamoDB::Table.
type Table struct {
	LogicalID string
	// Name is the TableName, or StackName-LogicalID.
	Name string
	// Properties as CloudFormation has them: maps, lists, strings, int64, float64 and bool.
	Properties map[string]any
}

// Table finds a table by its logical id.
func (t *Template) Table(logicalID string) (Table, bool) {
	for _, table := range t.Tables {
		if table.LogicalID == logicalID {
			return table, true
		}
	}
	return Table{}, false
}

// Function finds a function by its logical id.
func (t *Template) Function(logicalID string) (Function, bool) {
	for _, function := range t.Functions {
		if function.LogicalID == logicalID {
			return function, true
		}
	}
	return Function{}, false
}

// Read reads the template at path. Its error lists everything that was not understood.
func Read(path string, options Options) (*Template, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("template: %w", err)
	}
	parsed, err := parse(content, options)
	if err != nil {
		return nil, fmt.Errorf("template %s:\n%w", path, err)
	}
	return parsed, nil
}

func parse(content []byte, options Options) (*Template, error) {
	if options.StackName == "" {
		options.StackName = "local"
	}
	if options.Region == "" {
		options.Region = "ap-northeast-2"
	}
	problems := &problems{}
	root := decode(content, problems)
	if root == nil {
		return nil, problems.err()
	}
	return readSections(root, options, problems), problems.err()
}
