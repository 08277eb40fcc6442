package store

import (
	"context"

	"daemun/shared/user"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// ReplaceAnswers writes the user's answers and whether the profile is complete,
// in one write, and returns the user as they stand after it. It does so only if
// both are of the revision that old has, and the user is there and not disabled:
// if not, replaced is false and found is the user as they stood at that instant,
// nil if there is none. A write of our own whose answer was lost leaves a user
// with these answers.
func (s *Store) ReplaceAnswers(
	ctx context.Context, old *user.User, answers user.Answers, complete bool,
) (found *user.User, replaced bool, err error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	replacement, err := replaceAnswers(old, answers, complete)
	if err != nil {
		return nil, false, mistake("replace answers", err)
	}
	output, err := s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                           &s.users,
		Key:                                 userKey(old.ID),
		UpdateExpression:                    replacement.Update(),
		ConditionExpression:                 replacement.Condition(),
		ExpressionAttributeNames:            replacement.Names(),
		ExpressionAttributeValues:           replacement.Values(),
		ReturnValues:                        types.ReturnValueAllNew,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	was, refused := refusedItem(err)
	switch {
	case refused && len(was) == 0:
		return nil, false, nil
	case refused:
		found, err = readUser(old.ID, was)
		return found, false, err
	case err != nil:
		return nil, false, failure("replace answers", err)
	default:
		found, err = readUser(old.ID, output.Attributes)
		return found, err == nil, err
	}
}

// replaceAnswers compares the revision and not the answers: text that an operator
// has spelt in another way is the same answers, and not the same text.
func replaceAnswers(old *user.User, answers user.Answers, complete bool) (expression.Expression, error) {
	after, err := answers.Text()
	if err != nil {
		return expression.Expression{}, err
	}
	stored, revision := expression.Name(attrAnswers), expression.Name(attrRevision)
	unchanged := revision.Equal(expression.Value(old.Revision))
	if old.Revision == 0 {
		unchanged = revision.AttributeNotExists()
	}
	update := expression.
		Set(expression.Name(attrProfileComplete), expression.Value(complete)).
		Set(revision, expression.Value(old.Revision+1))
	if after != "" {
		update = update.Set(stored, expression.Value(after))
	} else {
		update = update.Remove(stored)
	}
	return expression.NewBuilder().
		WithUpdate(update).
		WithCondition(unchanged.And(expression.Name(attrDisabled).Equal(expression.Value(false)))).
		Build()
}
