package store

import (
	"context"
	"time"

	"daemun/shared/session"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// EndSession marks the session as ended; the first end stays. No error if there
// is no such session. It asks nothing else of the session, least of all its
// generation: a rotation at the same instant must not save it.
func (s *Store) EndSession(ctx context.Context, userID, sessionID string, why session.EndReason, now time.Time) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	endedAt, endedWhy := expression.Name(attrEndedAt), expression.Name(attrEndedWhy)
	end, err := expression.NewBuilder().
		WithUpdate(expression.
			Set(endedAt, endedAt.IfNotExists(expression.Value(now.UnixMilli()))).
			Set(endedWhy, endedWhy.IfNotExists(expression.Value(why)))).
		WithCondition(expression.AttributeExists(expression.Name(attrSessionID))).
		Build()
	if err != nil {
		return mistake("end session", err)
	}
	_, err = s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &s.refreshTokens,
		Key:                       sessionKey(userID, sessionID),
		UpdateExpression:          end.Update(),
		ConditionExpression:       end.Condition(),
		ExpressionAttributeNames:  end.Names(),
		ExpressionAttributeValues: end.Values(),
	})
	if _, missing := refusedItem(err); missing {
		return nil
	}
	return failure("end session", err)
}
