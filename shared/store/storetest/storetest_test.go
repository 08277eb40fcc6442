package storetest_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"daemun/shared/store/storetest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
)

// newClient is a client that repeats nothing.
func newClient(t testing.TB, db *storetest.DB) *dynamodb.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return dynamodb.NewFromConfig(aws.Config{
		Region:       db.Environment()["AWS_REGION"],
		BaseEndpoint: aws.String(db.Proxy.URL()),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			environment := db.Environment()
			return aws.Credentials{AccessKeyID: environment["AWS_ACCESS_KEY_ID"], SecretAccessKey: environment["AWS_SECRET_ACCESS_KEY"]}, nil
		}),
		HTTPClient: &http.Client{Transport: transport},
		Retryer:    func() aws.Retryer { return aws.NopRetryer{} },
	})
}

func put(ctx context.Context, c *dynamodb.Client, db *storetest.DB, id, value string) error {
	_, err := c.PutItem(ctx, &dynamodb.PutItemInput{TableName: &db.OneTime, Item: map[string]types.AttributeValue{
		"id": &types.AttributeValueMemberS{Value: id}, "value": &types.AttributeValueMemberS{Value: value},
	}})
	return err
}

func TestDB_TablesAreTheTemplates(t *testing.T) {
	db := storetest.New(t)
	db.Put(t, db.Users, storetest.Item{"pk": "a", "sk": "b"})
	db.Put(t, db.RefreshTokens, storetest.Item{"user_id": "a", "session_id": "b"})
	db.Put(t, db.OneTime, storetest.Item{"id": "a"})
	if diff := cmp.Diff([]storetest.Item{{"id": "a"}}, db.Scan(t, db.OneTime)); diff != "" {
		t.Error(diff)
	}
	if len(db.Proxy.Counts()) != 0 {
		t.Errorf("counted %v", db.Proxy.Counts())
	}
}

func TestDB_EachTestHasItsOwn(t *testing.T) {
	one, other := storetest.New(t), storetest.New(t)
	one.Put(t, one.OneTime, storetest.Item{"id": "a"})
	if got := other.Scan(t, other.OneTime); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestDB_ChangesItems(t *testing.T) {
	db := storetest.New(t)
	key := storetest.Item{"id": "a"}
	if got := db.Get(t, db.OneTime, key); got != nil {
		t.Errorf("got %v", got)
	}
	db.Put(t, db.OneTime, storetest.Item{"id": "a", "x": 1, "y": []any{"z"}})
	db.Set(t, db.OneTime, key, storetest.Item{"x": 2, "v": true})
	db.Remove(t, db.OneTime, key, "y")
	if diff := cmp.Diff(storetest.Item{"id": "a", "x": 2.0, "v": true}, db.Get(t, db.OneTime, key)); diff != "" {
		t.Error(diff)
	}
	db.Delete(t, db.OneTime, key)
	if got := db.Get(t, db.OneTime, key); got != nil {
		t.Errorf("got %v", got)
	}
}

// Each fault, as a client sees it, and whether the engine did the call.
func TestProxy_Faults(t *testing.T) {
	for _, c := range []struct {
		name    string
		fault   storetest.Fault
		applied bool
		is      func(error) bool
	}{
		{"throttled", storetest.Error("ThrottlingException"), false, as[*types.ThrottlingException]},
		{"internal", storetest.Error("InternalServerError"), false, as[*types.InternalServerError]},
		{"canceled", storetest.Canceled("None", "TransactionConflict"), false, as[*types.TransactionCanceledException]},
		{"any answer", storetest.Answer(http.StatusBadGateway, "<html>"), false, func(err error) bool { return err != nil }},
		{"request lost", storetest.RequestLost(), false, isReset},
		{"answer lost", storetest.AnswerLost(), true, isReset},
		{"answer hangs", storetest.AnswerHangs(), true, func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }},
		{"slow", storetest.Slow(time.Millisecond), true, func(err error) bool { return err == nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := storetest.New(t)
			db.Proxy.On("PutItem", 1, c.fault)
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			if err := put(ctx, newClient(t, db), db, "a", "x"); !c.is(err) {
				t.Errorf("got %v", err)
			}
			if applied := len(db.Scan(t, db.OneTime)) == 1; applied != c.applied {
				t.Errorf("applied: %v", applied)
			}
		})
	}
}

func as[E error](err error) bool {
	var target E
	return errors.As(err, &target)
}

func isReset(err error) bool { return errors.Is(err, syscall.ECONNRESET) }

func TestProxy_RuleMeetsTheNthCall(t *testing.T) {
	db := storetest.New(t)
	c := newClient(t, db)
	db.Proxy.On("PutItem", 2, storetest.Error("ThrottlingException"))
	db.Proxy.On("GetItem", 0, storetest.Error("ThrottlingException"))
	var failed []int
	for i := 1; i <= 3; i++ {
		if put(t.Context(), c, db, "a", "x") != nil {
			failed = append(failed, i)
		}
	}
	if diff := cmp.Diff([]int{2}, failed); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"PutItem": 3}, db.Proxy.Counts()); diff != "" {
		t.Error(diff)
	}
	db.Proxy.Reset()
	if len(db.Proxy.Counts()) != 0 {
		t.Errorf("counts after reset: %v", db.Proxy.Counts())
	}
	if err := put(t.Context(), c, db, "a", "x"); err != nil {
		t.Errorf("after reset: %v", err)
	}
}

func TestProxy_ChoiceMeetsCallsThatNoRuleFits(t *testing.T) {
	db := storetest.New(t)
	c := newClient(t, db)
	db.Proxy.On("PutItem", 2, storetest.Answer(http.StatusBadGateway, ""))
	db.Proxy.Choose(func(call storetest.Call) storetest.Fault {
		if call.N == 1 {
			return nil
		}
		return storetest.Error("ThrottlingException")
	})
	var throttled []bool
	for range 3 {
		throttled = append(throttled, as[*types.ThrottlingException](put(t.Context(), c, db, "a", "x")))
	}
	if diff := cmp.Diff([]bool{false, false, true}, throttled); diff != "" {
		t.Error(diff)
	}
	db.Proxy.Choose(nil)
	if err := put(t.Context(), c, db, "a", "x"); err != nil {
		t.Errorf("after the end of the choice: %v", err)
	}
}

// A hook that blocks orders two calls as it likes.
func TestProxy_HookOrdersCalls(t *testing.T) {
	db := storetest.New(t)
	c := newClient(t, db)
	secondIsDone := make(chan struct{})
	db.Proxy.Hook(func(call storetest.Call, at storetest.Point) {
		switch {
		case call.N == 1 && at == storetest.BeforeForward:
			<-secondIsDone
		case call.N == 2 && at == storetest.AfterForward:
			close(secondIsDone)
		}
	})
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			if err := put(t.Context(), c, db, "a", "x"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := db.Proxy.Counts()["PutItem"]; got != 2 {
		t.Errorf("%d calls", got)
	}
}

// F-27: only reads that do not ask for consistency are stale.
func TestProxy_ServesStaleReads(t *testing.T) {
	db := storetest.New(t)
	c := newClient(t, db)
	db.Proxy.ServeStale(t)
	read := func(consistent bool) string {
		t.Helper()
		output, err := c.GetItem(t.Context(), &dynamodb.GetItemInput{
			TableName: &db.OneTime, ConsistentRead: &consistent,
			Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "a"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		value, ok := output.Item["value"].(*types.AttributeValueMemberS)
		if !ok {
			return "none"
		}
		return value.Value
	}
	writes := []func() error{
		func() error { return put(t.Context(), c, db, "a", "1") },
		func() error { return put(t.Context(), c, db, "a", "2") },
		func() error {
			_, err := c.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
				{Put: &types.Put{TableName: &db.OneTime, Item: map[string]types.AttributeValue{
					"id": &types.AttributeValueMemberS{Value: "a"}, "value": &types.AttributeValueMemberS{Value: "3"},
				}}},
			}})
			return err
		},
		func() error {
			_, err := c.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{
				TableName: &db.OneTime, Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "a"}},
			})
			return err
		},
	}
	want := []string{"none", "1", "2", "3", "none"}
	for i, write := range writes {
		if err := write(); err != nil {
			t.Fatal(err)
		}
		if stale, fresh := read(false), read(true); stale != want[i] || fresh != want[i+1] {
			t.Errorf("after write %d: stale %s, fresh %s", i+1, stale, fresh)
		}
	}
}
