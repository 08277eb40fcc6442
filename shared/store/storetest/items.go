package storetest

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Item is an item, or the key of one, in Go's own types: string, bool, float64,
// []string for a set, []any, map[string]any, nil for NULL.
type Item map[string]any

// These go past the proxy: they are not counted, and no fault meets them.

// Put writes the item over what is there.
func (db *DB) Put(t testing.TB, table string, item Item) {
	t.Helper()
	_, err := db.direct.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: &table, Item: marshal(t, item)})
	if err != nil {
		t.Fatal(err)
	}
}

// Get reads one item, nil if there is none.
func (db *DB) Get(t testing.TB, table string, key Item) Item {
	t.Helper()
	output, err := db.direct.GetItem(context.Background(), &dynamodb.GetItemInput{
		TableName: &table, Key: marshal(t, key), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(output.Item) == 0 {
		return nil
	}
	return unmarshal(t, output.Item)
}

// Set changes attributes of an item: to age it, or to break it.
func (db *DB) Set(t testing.TB, table string, key, attributes Item) {
	t.Helper()
	var update expression.UpdateBuilder
	for name, value := range attributes {
		update = update.Set(expression.Name(name), expression.Value(value))
	}
	db.update(t, table, key, update)
}

// Remove takes attributes out of an item.
func (db *DB) Remove(t testing.TB, table string, key Item, names ...string) {
	t.Helper()
	var update expression.UpdateBuilder
	for _, name := range names {
		update = update.Remove(expression.Name(name))
	}
	db.update(t, table, key, update)
}

func (db *DB) update(t testing.TB, table string, key Item, update expression.UpdateBuilder) {
	t.Helper()
	built, err := expression.NewBuilder().WithUpdate(update).Build()
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.direct.UpdateItem(context.Background(), &dynamodb.UpdateItemInput{
		TableName:                 &table,
		Key:                       marshal(t, key),
		UpdateExpression:          built.Update(),
		ExpressionAttributeNames:  built.Names(),
		ExpressionAttributeValues: built.Values(),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Delete removes an item, as time to live does.
func (db *DB) Delete(t testing.TB, table string, key Item) {
	t.Helper()
	_, err := db.direct.DeleteItem(context.Background(), &dynamodb.DeleteItemInput{TableName: &table, Key: marshal(t, key)})
	if err != nil {
		t.Fatal(err)
	}
}

// Scan reads every item of a table, in no order.
func (db *DB) Scan(t testing.TB, table string) []Item {
	t.Helper()
	var items []Item
	pages := dynamodb.NewScanPaginator(db.direct, &dynamodb.ScanInput{TableName: &table, ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			items = append(items, unmarshal(t, item))
		}
	}
	return items
}

func marshal(t testing.TB, item Item) map[string]types.AttributeValue {
	t.Helper()
	values, err := attributevalue.MarshalMap(item)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func unmarshal(t testing.TB, values map[string]types.AttributeValue) Item {
	t.Helper()
	var item Item
	if err := attributevalue.UnmarshalMap(values, &item); err != nil {
		t.Fatal(err)
	}
	return item
}
