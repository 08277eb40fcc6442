package store

import (
	"context"

	"daemun/shared/session"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// ListSessions returns every stored session of the user, ended ones too.
func (s *Store) ListSessions(ctx context.Context, userID string) ([]session.Session, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	ofUser, err := expression.NewBuilder().
		WithKeyCondition(expression.Key(attrUserID).Equal(expression.Value(userID))).
		Build()
	if err != nil {
		return nil, mistake("list sessions", err)
	}
	pages := dynamodb.NewQueryPaginator(s.db, &dynamodb.QueryInput{
		TableName:                 &s.refreshTokens,
		KeyConditionExpression:    ofUser.KeyCondition(),
		ExpressionAttributeNames:  ofUser.Names(),
		ExpressionAttributeValues: ofUser.Values(),
		ConsistentRead:            aws.Bool(true),
	})
	var sessions []session.Session
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, failure("list sessions", err)
		}
		for _, found := range page.Items {
			stored, err := readSession(found)
			if err != nil {
				return nil, err
			}
			sessions = append(sessions, *stored)
		}
	}
	return sessions, nil
}
