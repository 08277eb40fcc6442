package store

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// newPut is a put on the condition that no item has the key, of which keyName
// is one attribute. Its refusal shows the item that has.
func newPut(table, keyName string, i item) (*types.Put, error) {
	absent, err := expression.NewBuilder().
		WithCondition(expression.AttributeNotExists(expression.Name(keyName))).
		Build()
	if err != nil {
		return nil, err
	}
	return &types.Put{
		TableName:                           &table,
		Item:                                i,
		ConditionExpression:                 absent.Condition(),
		ExpressionAttributeNames:            absent.Names(),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}, nil
}

// putNew does a newPut. present is the item that stood in its way.
func (s *Store) putNew(ctx context.Context, operation, table, keyName string, i item) (present item, done bool, err error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	put, err := newPut(table, keyName, i)
	if err != nil {
		return nil, false, mistake(operation, err)
	}
	_, err = s.db.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:                           put.TableName,
		Item:                                put.Item,
		ConditionExpression:                 put.ConditionExpression,
		ExpressionAttributeNames:            put.ExpressionAttributeNames,
		ReturnValuesOnConditionCheckFailure: put.ReturnValuesOnConditionCheckFailure,
	})
	if present, refused := refusedItem(err); refused {
		return present, false, nil
	}
	return nil, err == nil, failure(operation, err)
}
