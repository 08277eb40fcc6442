package engine

import (
	"context"
	"fmt"
	"time"
)

// Table is what CreateTables makes: the Properties of an AWS::DynamoDB::Table as a template has them, under Name
// (a TableName among the properties is ignored).
type Table struct {
	Name       string
	Properties map[string]any
}

// createMembers are the properties that mean something to an engine on this machine and that CreateTable takes as the
// template has them. Encryption, backups, tags, classes and protection are not emulated.
var createMembers = []string{
	"AttributeDefinitions", "KeySchema", "BillingMode", "ProvisionedThroughput",
	"GlobalSecondaryIndexes", "LocalSecondaryIndexes",
}

// CreateTables makes the tables at endpoint and returns when they can be used. A table that exists is left as it is,
// and not compared with its definition.
func CreateTables(ctx context.Context, endpoint string, tables []Table) error {
	for _, table := range tables {
		if err := createTable(ctx, endpoint, table); err != nil {
			return fmt.Errorf("table %s: %w", table.Name, err)
		}
	}
	return nil
}

func createTable(ctx context.Context, endpoint string, table Table) error {
	input := map[string]any{"TableName": table.Name}
	for _, member := range createMembers {
		if value, ok := table.Properties[member]; ok {
			input[member] = value
		}
	}
	if stream, ok := table.Properties["StreamSpecification"].(map[string]any); ok {
		input["StreamSpecification"] = map[string]any{"StreamEnabled": true, "StreamViewType": stream["StreamViewType"]}
	}
	err := call(ctx, endpoint, "CreateTable", input, nil)
	if err != nil && !isType(err, "ResourceInUseException") {
		return err
	}
	if err := awaitActive(ctx, endpoint, table.Name); err != nil {
		return err
	}
	return enableTTL(ctx, endpoint, table)
}

func awaitActive(ctx context.Context, endpoint, name string) error {
	for {
		var described struct {
			Table struct{ TableStatus string }
		}
		if err := call(ctx, endpoint, "DescribeTable", named(name), &described); err != nil {
			return err
		}
		if described.Table.TableStatus == "ACTIVE" {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it is still %s: %w", described.Table.TableStatus, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// enableTTL looks first, because DynamoDB refuses to enable what is enabled.
func enableTTL(ctx context.Context, endpoint string, table Table) error {
	wanted, ok := table.Properties["TimeToLiveSpecification"].(map[string]any)
	if !ok || wanted["Enabled"] != true {
		return nil
	}
	var described struct {
		TimeToLiveDescription struct{ TimeToLiveStatus string }
	}
	if err := call(ctx, endpoint, "DescribeTimeToLive", named(table.Name), &described); err != nil {
		return err
	}
	switch described.TimeToLiveDescription.TimeToLiveStatus {
	case "ENABLED", "ENABLING":
		return nil
	}
	input := named(table.Name)
	input["TimeToLiveSpecification"] = wanted
	return call(ctx, endpoint, "UpdateTimeToLive", input, nil)
}

func named(table string) map[string]any { return map[string]any{"TableName": table} }
