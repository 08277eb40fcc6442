package store

import (
	"context"

	"daemun/shared/session"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// ListSessions returns the user's sessions that are not ended, those among them
// that are over their time, and the ids of those whose items cannot be read,
// which are not ended either.
func (s *Store) ListSessions(ctx context.Context, userID string) (found []*session.Session, corrupt []string, err error) {
	items, err := s.notEnded(ctx, "list sessions", userID, nil)
	if err != nil {
		return nil, nil, err
	}
	for _, i := range items {
		stored, err := readSession(i)
		if err != nil {
			r := &reader{item: i}
			corrupt = append(corrupt, r.text(attrSessionID)) // a key is there, and a text
			continue
		}
		found = append(found, stored)
	}
	return found, corrupt, nil
}

// ListSessionTimes is ListSessions for who asks only which sessions are live:
// it reads ID, CreatedAt and RotatedAt, and passes over items that cannot be
// read, whose tokens are good for nothing.
func (s *Store) ListSessionTimes(ctx context.Context, userID string) ([]*session.Session, error) {
	items, err := s.notEnded(ctx, "list session times", userID, aws.String(attrSessionID+", "+attrCreatedAt+", "+attrRotatedAt))
	if err != nil {
		return nil, err
	}
	var found []*session.Session
	for _, i := range items {
		r := &reader{item: i}
		stored := &session.Session{
			UserID: userID, ID: r.text(attrSessionID), CreatedAt: r.instant(attrCreatedAt), RotatedAt: r.optionalInstant(attrRotatedAt),
		}
		if r.err == nil {
			found = append(found, stored)
		}
	}
	return found, nil
}

// notEnded reads the attributes that the projection names, nil being all, of the
// user's sessions that are not ended, page by page. The pages share the time of
// one method. The expressions are constant, and no name in them is a reserved
// word: they need no builder, which would not fit into callback's package.
func (s *Store) notEnded(ctx context.Context, operation, userID string, projection *string) ([]item, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	pages := dynamodb.NewQueryPaginator(s.db, &dynamodb.QueryInput{
		TableName:                 &s.refreshTokens,
		KeyConditionExpression:    aws.String(attrUserID + " = :user"),
		FilterExpression:          aws.String("attribute_not_exists(" + attrEndedAt + ")"),
		ProjectionExpression:      projection,
		ExpressionAttributeValues: item{":user": text(userID)},
		ConsistentRead:            aws.Bool(true),
	})
	var items []item
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, failure(operation, err)
		}
		items = append(items, page.Items...)
	}
	return items, nil
}
