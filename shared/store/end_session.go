package store

import (
	"context"
	"time"

	"daemun/shared/session"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// keptEnded is how long the mark of an end stays at least: longer than a delayed
// write takes, which must find it, and than an access token lives. After that its
// refresh tokens are refused because there is no such session.
const keptEnded = 24 * time.Hour

// EndSession marks the session as ended; the first end stays. Lists read past
// what is ended, so the cleaner takes it soon. No error if there is no such
// session. It asks nothing else of the session, least of all its
// generation: a rotation at the same instant must not save it.
func (s *Store) EndSession(ctx context.Context, userID, sessionID string, why session.EndReason, now time.Time) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	endedAt, endedWhy := expression.Name(attrEndedAt), expression.Name(attrEndedWhy)
	end, err := expression.NewBuilder().
		WithUpdate(expression.
			Set(endedAt, endedAt.IfNotExists(expression.Value(now.UnixMilli()))).
			Set(endedWhy, endedWhy.IfNotExists(expression.Value(why))).
			Set(expression.Name(attrExpiresAt), expression.Value(now.Add(keptEnded).Unix()))).
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
