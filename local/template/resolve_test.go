package template

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// inFunction is a template whose only function has one variable, X, of the given value.
func inFunction(value string) string {
	return `
Parameters:
  Name: {Type: String, Default: daemun}
  Empty: {Type: String}
  List: {Type: CommaDelimitedList, Default: 'a, b,c'}
Conditions:
  Yes: !Equals [!Ref Name, daemun]
  No: !Not [!Condition Yes]
  Circle: !Or [!Condition No, !Condition Circle]
Resources:
  AFunction:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: provided.al2023
      Environment: {Variables: {X: ` + value + `}}
  Table:
    Type: AWS::DynamoDB::Table
    Properties: {TableName: !Sub '${Name}-table'}
  Left:
    Type: AWS::DynamoDB::Table
    Condition: No
  Role:
    Type: AWS::IAM::Role
  Api:
    Type: AWS::Serverless::HttpApi
`
}

func TestRead_ResolvesIntrinsics(t *testing.T) {
	tests := map[string]string{
		`plain`:            "plain",
		`!Ref Name`:        "daemun",
		`!Ref Empty`:       "",
		`{Ref: Name}`:      "daemun",
		`!Ref Table`:       "daemun-table",
		`!Ref Api`:         "api",
		`!Ref AFunction`:   "a",
		`!Ref AWS::Region`: "ap-northeast-2",
		`!Sub '${AWS::AccountId}/${AWS::Partition}'`:      "123456789012/aws",
		`!Sub '${AWS::StackName}.${AWS::URLSuffix}'`:      "local.amazonaws.com",
		`!GetAtt Table.Arn`:                               "arn:aws:dynamodb:ap-northeast-2:123456789012:table/daemun-table",
		`{Fn::GetAtt: [Role, Arn]}`:                       "arn:aws:iam:ap-northeast-2:123456789012:Role",
		`!Sub '<${Table.Arn}>'`:                           "<arn:aws:dynamodb:ap-northeast-2:123456789012:table/daemun-table>",
		`!Sub 'a ${Name} ${!Name}'`:                       "a daemun ${Name}",
		`!Sub ['${Name}${y}', {y: !Ref Table}]`:           "daemundaemun-table",
		`!If [Yes, !Ref Name, !FindInMap [a, b, c]]`:      "daemun",
		`!If [No, a, !If [Yes, b, c]]`:                    "b",
		`!Join ['-', [a, !Ref Name, 3, true]]`:            "a-daemun-3-true",
		`!Join [',', !Ref List]`:                          "a,b,c",
		`!Select [1, !Ref List]`:                          "b",
		`!Select ['0', [x, y]]`:                           "x",
		`!Join ['+', !Split [':', 'a:b:c']]`:              "a+b+c",
		`{Fn::Join: ['', {Fn::Split: ['a', !Ref Name]}]}`: "demun",
		`!Equals [1, '1']`:                                "true",
		`!And [!Condition Yes, !Not [!Condition No]]`:     "true",
		`!Or [!Condition No, !Equals [a, b]]`:             "false",
		`!ImportValue daemun-arn`:                         "arn:imported",
		`{Fn::ImportValue: !Sub '${Name}-arn'}`:           "arn:imported",
		`1.5`:                                             "1.5",
		`false`:                                           "false",
		`2012-10-17`:                                      "2012-10-17",
	}
	for value, want := range tests {
		t.Run(value, func(t *testing.T) {
			got, err := parse([]byte(inFunction(value)), Options{Imports: map[string]string{"daemun-arn": "arn:imported"}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got.Functions[0].Environment["X"]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRead_ReportsIntrinsicsThatItCannotResolve(t *testing.T) {
	const here = "Resources.AFunction.Properties.Environment.Variables.X"
	tests := map[string]string{
		`!FindInMap [a, b, c]`:    here + ".Fn::FindInMap: this intrinsic function is not understood",
		`!ImportValue x`:          here + `.Fn::ImportValue: no template before this one exports "x"`,
		`!Ref Nobody`:             here + `.Ref: there is no parameter or resource "Nobody"`,
		`!Ref [a]`:                here + ".Ref: its arguments are not understood",
		`!Ref Left`:               here + ".Ref: Left is left out by its condition No",
		`!Sub '${Nobody}'`:        here + `.Fn::Sub: there is no parameter or resource "Nobody"`,
		`!Sub [a]`:                here + ".Fn::Sub: its arguments are not understood",
		`!GetAtt Table.StreamArn`: here + ".Fn::GetAtt: attribute StreamArn of AWS::DynamoDB::Table is not understood",
		`!GetAtt Table`:           here + ".Fn::GetAtt: its arguments are not understood",
		`!If [Maybe, a, b]`:       here + `.Fn::If: there is no condition "Maybe"`,
		`!If [Yes, a]`:            here + ".Fn::If: its arguments are not understood",
		`!If [Circle, a, b]`:      "Conditions.Circle.Fn::Or[1]: condition Circle depends on itself",
		`!Join [',', a]`:          here + ".Fn::Join: its arguments are not a delimiter and a list",
		`!Select [7, [a]]`:        here + ".Fn::Select: its arguments are not an index and a list that has it",
		`!Split [a]`:              here + ".Fn::Split: its arguments are not a delimiter and a string",
		`!Not [a]`:                here + ".Fn::Not[0]: this condition is not understood",
		`[a]`:                     here + ": a list or a mapping where a string is needed",
		`!Join ['', [!Ref List]]`: here + ".Fn::Join[1][0]: a list or a mapping where a string is needed",
	}
	for value, want := range tests {
		t.Run(value, func(t *testing.T) {
			_, err := parse([]byte(inFunction(value)), Options{})
			if err == nil || !strings.Contains("\n"+err.Error()+"\n", "\n"+want+"\n") {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

func TestRead_ReportsWhatItDoesNotUnderstand(t *testing.T) {
	const function = "Resources: {F: {Type: AWS::Serverless::Function, Properties: {Runtime: provided.al2023, "
	const event = function + "Events: {E: {Type: HttpApi, Properties: {"
	tests := map[string]string{
		"Transform: [AWS::LanguageExtensions]":                   "Transform: ",
		"Hooks: {}":                                              "Hooks: is not understood",
		"Globals: {SimpleTable: {}}":                             "Globals.SimpleTable: is not understood",
		"Parameters: {P: {Type: AWS::EC2::VPC::Id}}":             `Parameters.P.Type: "AWS::EC2::VPC::Id" is not understood`,
		"Resources: {Q: {Type: AWS::SQS::Queue}}":                `Resources.Q.Type: resources of type "AWS::SQS::Queue" are not understood`,
		"Resources: {Q: {Type: AWS::IAM::Role, Connectors: {}}}": "Resources.Q.Connectors: is not understood",
		function + "Layers: [a]}}}":                              "Resources.F.Properties.Layers: is not understood",
		function + "Timeout: soon}}}":                            `Resources.F.Properties.Timeout: "soon" is not a whole number`,
		"Resources: {F: {Type: AWS::Serverless::Function, Properties: {Runtime: nodejs22.x}}}":                        `Resources.F.Properties.Runtime: "nodejs22.x" is not one that runs a binary`,
		function + "Events: {E: {Type: Schedule}}}}}":                                                                 `Resources.F.Properties.Events.E.Type: events of type "Schedule" are not understood`,
		event + "PayloadFormatVersion: '1.0'}}}}}}":                                                                   "Resources.F.Properties.Events.E.Properties.PayloadFormatVersion: 1.0: only 2.0 is understood",
		event + "ApiId: another}}}}}}":                                                                                "Resources.F.Properties.Events.E.Properties.ApiId: does not refer to an API of the event's type in this template",
		event + "Stage: x}}}}}}":                                                                                      "Resources.F.Properties.Events.E.Properties.Stage: is not understood",
		"Resources: {A: {Type: AWS::Serverless::HttpApi, Properties: {StageName: prod}}}":                             `Resources.A.Properties.StageName: "prod": only the stage $default is understood`,
		"Resources: {A: {Type: AWS::Serverless::HttpApi, Properties: {DefinitionBody: {}}}}":                          "Resources.A.Properties.DefinitionBody: is not understood",
		"Resources: {A: {Type: AWS::Serverless::HttpApi, Properties: {CorsConfiguration: true}}}":                     "Resources.A.Properties.CorsConfiguration: is not a mapping",
		"Resources: {A: {Type: AWS::Serverless::HttpApi, Properties: {CorsConfiguration: {AllowOrigins: x}}}}":        "Resources.A.Properties.CorsConfiguration.AllowOrigins: is not a list",
		"Resources: {A: {Type: AWS::Serverless::HttpApi, Properties: {CorsConfiguration: {AllowCredentials: jein}}}}": `Resources.A.Properties.CorsConfiguration.AllowCredentials: "jein" is neither true nor false`,
		"Description: a\nDescription: b":                                                                              "",
		"x: &a 1\ny: *a":                                                                                              "y: line 2: aliases are not understood",
		"[a]":                                                                                                         "YAML: a template is a mapping",
		"a: {b":                                                                                                       "YAML: ",
		"":                                                                                                            "YAML: ",
	}
	for content, want := range tests {
		t.Run(content, func(t *testing.T) {
			_, err := parse([]byte(content), Options{})
			if err == nil || !strings.Contains("\n"+err.Error(), "\n"+want) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

func TestRead_ImplicitAPITakesGlobals(t *testing.T) {
	got, err := parse([]byte(`
Globals: {HttpApi: {CorsConfiguration: {AllowOrigins: ['*']}}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {Runtime: provided.al2023, Events: {E: {Type: HttpApi, Properties: {Method: GET, Path: /}}}}
`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []API{{LogicalID: "ServerlessHttpApi", ID: "serverlesshttpapi", Stage: "$default", CORS: &CORS{AllowOrigins: []string{"*"}}}}
	if diff := cmp.Diff(want, got.APIs); diff != "" {
		t.Error(diff)
	}
}
