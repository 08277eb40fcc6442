package store

import (
	"context"

	"daemun/shared/session"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// RotateSession applies the rotation if its condition holds, in one write, and
// returns the session as it stands after it. If not, rotated is false and found
// is the session as it stood at that instant, nil if there is none. A write of
// our own whose answer was lost leaves such a session: Judge finds that the
// presented token is the current one's parent.
func (s *Store) RotateSession(ctx context.Context, r session.Rotation) (found *session.Session, rotated bool, err error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	rotation, err := expression.NewBuilder().
		WithUpdate(expression.
			Set(expression.Name(attrGeneration), expression.Value(r.Presented+1)).
			Set(expression.Name(attrKeyID), expression.Value(r.KeyID)).
			Set(expression.Name(attrRotatedAt), expression.Value(r.Now.UnixMilli()))).
		WithCondition(mayRotate(r)).
		Build()
	if err != nil {
		return nil, false, mistake("rotate session", err)
	}
	output, err := s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                           &s.refreshTokens,
		Key:                                 sessionKey(r.UserID, r.SessionID),
		UpdateExpression:                    rotation.Update(),
		ConditionExpression:                 rotation.Condition(),
		ExpressionAttributeNames:            rotation.Names(),
		ExpressionAttributeValues:           rotation.Values(),
		ReturnValues:                        types.ReturnValueAllNew,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	old, refused := refusedItem(err)
	switch {
	case refused && len(old) == 0:
		return nil, false, nil
	case refused:
		found, err = readSession(old)
		return found, false, err
	case err != nil:
		return nil, false, failure("rotate session", err)
	default:
		found, err = readSession(output.Attributes)
		return found, err == nil, err
	}
}

// mayRotate is the condition of session.Rotation. Stored times are whole
// milliseconds, so a limit that is cut to them still says the same: t > limit
// for a whole t if and only if t > the limit rounded down.
func mayRotate(r session.Rotation) expression.ConditionBuilder {
	createdAt, rotatedAt := expression.Name(attrCreatedAt), expression.Name(attrRotatedAt)
	capped := expression.Value(r.Now.Add(-r.Rule.Absolute).UnixMilli())
	idle := expression.Value(r.Now.Add(-r.Rule.Idle).UnixMilli())
	recent := expression.Value(r.Now.Add(-r.Rule.Grace).UnixMilli())

	neverRotated := expression.AttributeNotExists(rotatedAt).And(createdAt.GreaterThan(idle))
	rotatedBefore := rotatedAt.GreaterThan(idle).And(rotatedAt.LessThanEqual(recent))
	return expression.Name(attrGeneration).Equal(expression.Value(r.Presented)).And(
		expression.AttributeNotExists(expression.Name(attrEndedAt)),
		createdAt.GreaterThan(capped),
		expression.Or(neverRotated, rotatedBefore),
	)
}
