package template

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	kindFunction = "AWS::Serverless::Function"
	kindHTTPAPI  = "AWS::Serverless::HttpApi"
	kindRESTAPI  = "AWS::Serverless::Api"
	kindTable    = "AWS::DynamoDB::Table"
)

// ignoredKinds are resources without which the system works on one machine.
var ignoredKinds = []string{
	"AWS::ApiGatewayV2::ApiMapping", "AWS::ApiGatewayV2::DomainName", "AWS::CertificateManager::Certificate",
	"AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm", "AWS::CloudWatch::Dashboard",
	"AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::Role", "AWS::KMS::Alias", "AWS::KMS::Key",
	"AWS::Lambda::Permission", "AWS::Logs::LogGroup", "AWS::Logs::MetricFilter", "AWS::Route53::RecordSet",
	"AWS::SNS::Subscription", "AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "AWS::SSM::Parameter",
}

// A resource is what Ref and Fn::GetAtt need to know.
type resource struct {
	kind       string
	condition  string
	physicalID string
	arn        string
}

// register makes every resource known before any property is resolved, since properties refer to resources.
func (r *resolver) register(resources object) {
	for _, id := range resources.names() {
		attributes := resources.object(id)
		found := resource{kind: attributes.text("Type"), condition: attributes.text("Condition"), physicalID: id}
		attributes.ignore("Properties", "Metadata", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "CreationPolicy", "UpdatePolicy")
		attributes.done()
		switch {
		case found.kind == kindFunction:
			found.physicalID = functionName(id)
			found.arn = r.arn("lambda", "function:"+found.physicalID)
		case found.kind == kindHTTPAPI, found.kind == kindRESTAPI:
			found.physicalID = strings.ToLower(id)
		case found.kind == kindTable:
			found.physicalID = r.options.StackName + "-" + id
		case slices.Contains(ignoredKinds, found.kind):
			service := strings.ToLower(strings.Split(found.kind, "::")[1])
			found.arn = r.arn(service, id)
		default:
			attributes.problem("Type", "resources of type %q are not understood", found.kind)
		}
		r.resources[id] = found
	}
	for _, id := range r.ofKind(kindTable) {
		table := r.resources[id]
		if name := resources.object(id).object("Properties").text("TableName"); name != "" {
			table.physicalID = name
		}
		table.arn = r.arn("dynamodb", "table/"+table.physicalID)
		r.resources[id] = table
	}
}

func (r *resolver) arn(service, name string) string {
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, r.options.Region, AccountID, name)
}

// ofKind lists the logical ids of the resources of a kind whose conditions hold.
func (r *resolver) ofKind(kind string) []string {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(r.resources)) {
		found := r.resources[id]
		if found.kind == kind && r.holds("Resources."+id+".Condition", found.condition) {
			ids = append(ids, id)
		}
	}
	return ids
}

var capital = regexp.MustCompile(`([a-z0-9])([A-Z])`)

func functionName(logicalID string) string {
	name := strings.TrimSuffix(logicalID, "Function")
	return strings.ToLower(capital.ReplaceAllString(name, "$1-$2"))
}

func (r *resolver) readTable(id string, resources object) Table {
	properties, _ := resources.object(id).value("Properties").(map[string]any)
	return Table{LogicalID: id, Name: r.resources[id].physicalID, Properties: properties}
}

func (r *resolver) readFunction(id string, resources, globals object, apis []*described) Function {
	own := resources.object(id).object("Properties")
	properties := r.object(own.path, merged(globals.members, own.members))
	properties.ignore("Architectures", "AutoPublishAlias", "CodeUri", "DeadLetterQueue", "DeploymentPreference", "Description",
		"FunctionName", "LoggingConfig", "PermissionsBoundary", "Policies", "PropagateTags", "ProvisionedConcurrencyConfig",
		"ReservedConcurrentExecutions", "Role", "RuntimeManagementConfig", "Tags", "Tracing", "VersionDescription", "VpcConfig")
	if runtime := properties.text("Runtime"); !strings.HasPrefix(runtime, "provided") {
		properties.problem("Runtime", "%q is not one that runs a binary", runtime)
	}
	function := Function{
		LogicalID:   id,
		Name:        r.resources[id].physicalID,
		ARN:         r.resources[id].arn,
		Handler:     properties.text("Handler"),
		MemoryMB:    properties.integer("MemorySize", 128),
		Timeout:     time.Duration(properties.integer("Timeout", 3)) * time.Second,
		Environment: environment(properties.object("Environment")),
	}
	events := properties.object("Events")
	properties.done()
	for _, name := range events.names() {
		if route, ok := readRoute(events.object(name), apis); ok {
			function.Routes = append(function.Routes, route)
		}
	}
	return function
}

func environment(environment object) map[string]string {
	variables := environment.object("Variables")
	environment.done()
	values := map[string]string{}
	for _, name := range variables.names() {
		if value := variables.value(name); value != nil {
			values[name] = variables.resolver.text(join(variables.path, name), value)
		}
	}
	return values
}
